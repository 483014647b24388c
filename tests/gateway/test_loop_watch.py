"""What keeps the event loop from turning is told."""

import asyncio
import time

from strictgate.gateway import loop_watch
from strictgate.gateway.loop_watch import LoopWatch
from strictgate.observe.process_events import LoopBlocked

LOOK = 0.005


def computing(seconds):
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass


def also_computing(seconds):
    computing(seconds)


def seen(work):
    """What is told while `work` runs on the loop."""
    events = []

    async def run():
        async with LoopWatch(events.append, LOOK):
            await asyncio.sleep(5 * LOOK)
            await work()
            for _ in range(200):
                await asyncio.sleep(LOOK)  # until it is told, which takes one look
        return events

    asyncio.run(run())
    return events


def test_a_long_stretch():
    """How long it was, and what ran."""

    async def work():
        computing(2 * loop_watch.BLOCKED)

    (event,) = seen(work)
    assert isinstance(event, LoopBlocked)
    assert event.seconds >= loop_watch.BLOCKED
    assert "test_loop_watch.py" in event.where
    assert "computing" in event.where
    assert event.times == 1


def test_waiting_is_no_computing():
    """A loop that waits, or whose thread does, is not blocked by what it computes."""

    async def work():
        await asyncio.sleep(3 * loop_watch.BLOCKED)
        time.sleep(3 * loop_watch.BLOCKED)  # noqa: ASYNC251 (as on a busy machine)

    assert seen(work) == []


def test_with_pauses():
    """What lets others run in between is no stretch, however long it takes."""

    async def work():
        for _ in range(40):
            computing(loop_watch.BLOCKED / 10)
            await asyncio.sleep(0)

    assert seen(work) == []


def test_again_and_again():
    """The same place is told at the first, second, fourth time: no log is flooded."""
    told = []
    watch = LoopWatch(told.append)
    for _ in range(9):
        watch._tell(0.2, "here")
    watch._tell(0.2, "there")
    assert [(each.where, each.times) for each in told] == [
        *(("here", times) for times in (1, 2, 4, 8)),
        ("there", 1),
    ]


def test_many_places(monkeypatch):
    """Only so many are counted for themselves."""
    monkeypatch.setattr(loop_watch, "PLACES", 2)
    told = []
    watch = LoopWatch(told.append)
    for number in range(5):
        watch._tell(0.2, f"place {number}")
    assert [each.where for each in told] == ["place 0", "place 1", "elsewhere", "elsewhere"]
