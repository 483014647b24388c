"""Deadlines: they are what asyncio.timeout_at is, for all requests by one timer."""

import asyncio
import math

import pytest

from strictgate.gateway.deadlines import Deadlines

SOON = 0.01


def run(scene):
    """Run `scene` with new deadlines; return what it returns."""

    async def with_deadlines():
        return await scene(Deadlines(), asyncio.get_running_loop().time())

    return asyncio.run(with_deadlines())


async def kept_waiting(deadlines, due):
    """Wait for what never comes; return whether the deadline came."""
    deadline = deadlines.at(due)
    with pytest.raises(TimeoutError), deadline:
        await asyncio.Event().wait()
    task = asyncio.current_task()
    return deadline.is_over and not task.cancelling()


def test_what_is_late_is_cancelled():
    """Each at its own time, whichever was first; the task itself goes on, and may wait again."""

    async def scene(deadlines, now):
        times = [now + SOON * each for each in (3, 1, 2, 1)]
        late = await asyncio.gather(*(kept_waiting(deadlines, each) for each in times))
        return late, await kept_waiting(deadlines, now + SOON * 4), len(deadlines)

    assert run(scene) == ([True] * 4, True, 0)


@pytest.mark.parametrize("due", [0, math.inf])
def test_what_is_over_before(due):
    """Nothing comes of its deadline, past or far."""

    async def scene(deadlines, now):
        deadline = deadlines.at(due)
        with deadline:
            told = len(deadlines)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return told, len(deadlines), deadline.is_over

    assert run(scene) == (1, 0, False)


def test_one_that_is_due_already():
    """It is cancelled where it waits for the first time."""

    async def scene(deadlines, now):
        return await kept_waiting(deadlines, now - 1)

    assert run(scene)


def test_others_go_on():
    """Whoever has time left is not touched, and the alarm is theirs next."""

    async def scene(deadlines, now):
        patient = asyncio.ensure_future(kept_waiting(deadlines, now + SOON * 3))
        await asyncio.sleep(0)
        first = await kept_waiting(deadlines, now + SOON)
        return first, patient.done(), await patient

    assert run(scene) == (True, False, True)


def test_a_caller_that_leaves():
    """What somebody else has cancelled, too, is cancelled, and is no timeout."""

    async def scene(deadlines, now):
        async def late():
            with deadlines.at(now):
                try:
                    await asyncio.Event().wait()
                finally:
                    asyncio.current_task().cancel()
                    await asyncio.Event().wait()

        task = asyncio.ensure_future(late())
        return await asyncio.gather(task, return_exceptions=True)

    [end] = run(scene)
    assert isinstance(end, asyncio.CancelledError)


def test_an_error_stays_what_it_is():
    """An error beside the deadline is raised as it is."""

    async def fails(deadline):
        with deadline:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise KeyError from None

    async def scene(deadlines, now):
        deadline = deadlines.at(now)
        with pytest.raises(KeyError):
            await fails(deadline)
        return deadline.is_over, asyncio.current_task().cancelling()

    assert run(scene) == (True, 0)
