"""Whether a store is asked, and what is told of it."""

import asyncio

import pytest

from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.observe.events import SharedStoreChanged
from strictgate.shared.reachability import PAUSE, Reachability


class Fault(Exception):
    pass


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Commands:
    def __init__(self, patience=10.0):
        self.events, self.clock, self.asked = [], Clock(), 0
        self.reach = Reachability((Fault,), patience, self.events.append, self.clock)

    def ask(self, end):
        async def command():
            self.asked += 1
            if isinstance(end, Exception):
                raise end
            return end

        return asyncio.run(self.reach.ask(command))


@pytest.mark.parametrize("fault", [Fault("no"), OSError("no"), TimeoutError()])
def test_down_and_up(fault):
    """It is told once, asked again after a pause, and told once more."""
    commands = Commands()
    assert commands.ask(1) == 1
    for _ in range(3):
        with pytest.raises(SharedUnavailable):
            commands.ask(fault)
    assert commands.asked == 2
    commands.clock.now = PAUSE
    with pytest.raises(SharedUnavailable):
        commands.ask(fault)
    commands.clock.now = 2 * PAUSE
    assert commands.ask(2) == 2

    down, up = commands.events
    assert (down.is_up, down.error) == (False, f"{type(fault).__name__}: {fault}")
    assert up == SharedStoreChanged(is_up=True)


def test_a_bug_is_none():
    """What the client does not raise for a store out of reach is not taken for it."""
    with pytest.raises(KeyError):
        Commands().ask(KeyError())


def test_silence():
    """A store that does not answer in time is down."""
    commands = Commands(patience=0.01)

    async def work():
        answer = asyncio.Event()
        with pytest.raises(SharedUnavailable):
            await commands.reach.ask(answer.wait)
        answer.set()
        await commands.reach.end()

    asyncio.run(work())
    assert [each.is_up for each in commands.events] == [False]
