"""What waits is dealt with in its order, once, and before anybody looks."""

import asyncio
import queue

from strictgate.observe.batching import MOST, Batch


def batch():
    dealt = []
    return Batch(dealt.extend), dealt


def test_what_is_put_waits():
    """Until somebody wants to see what became of it."""

    async def run():
        waiting, dealt = batch()
        waiting.put(1)
        waiting.put(2)
        assert dealt == []

        waiting.flush()
        assert dealt == [1, 2]

    asyncio.run(run())


def test_it_waits_for_a_moment_only(monkeypatch):
    """Whether or not more comes; and so does what comes afterwards."""
    monkeypatch.setattr("strictgate.observe.batching.DELAY", 0)

    async def run():
        dealt = asyncio.Queue()
        waiting = Batch(lambda items: [dealt.put_nowait(each) for each in items])
        for number in (1, 2):
            waiting.put(number)
            assert dealt.empty()
            assert await dealt.get() == number

    asyncio.run(run())


def test_no_more_wait_than_a_few():
    """However many come before the timer."""

    async def run():
        waiting, dealt = batch()
        for number in range(MOST + 1):
            waiting.put(number)

        assert dealt == [*range(MOST)]

    asyncio.run(run())


def test_what_is_added_goes_with_what_is_put():
    """In their order."""

    async def run():
        waiting, dealt = batch()
        waiting.add(1)
        waiting.put(2)
        waiting.add(3)
        waiting.flush()
        assert dealt == [1, 2, 3]

    asyncio.run(run())


def test_nothing_waits_outside_of_an_event_loop():
    """There is nobody to deal with it later."""
    waiting, dealt = batch()
    waiting.put(1)

    assert dealt == [1]


def test_an_event_loop_that_has_ended_holds_nothing_up(monkeypatch):
    """Its timer never comes: the next loop has one of its own."""
    dealt = queue.Queue()
    waiting = Batch(lambda items: [dealt.put(each) for each in items])

    async def put(number):
        waiting.put(number)

    asyncio.run(put(1))
    assert dealt.empty()
    monkeypatch.setattr("strictgate.observe.batching.DELAY", 0)

    async def put_and_wait():
        waiting.put(2)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(put_and_wait())
    assert [dealt.get_nowait(), dealt.get_nowait()] == [1, 2]
