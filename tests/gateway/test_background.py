"""What runs beside the requests outlives its own bugs, and says that it had them."""

import asyncio

import pytest

from strictgate.gateway.background import crashes_told, kept_going
from strictgate.observe.process_events import BackgroundCrashed

QUICK = (0.0, 0.0)


def worked(outcomes, pauses=QUICK, ends_at=None):
    """What was told, and how often the work was begun; exceptions among outcomes are raised."""
    told, begun = [], []

    async def run():
        is_ending = asyncio.Event()

        async def work():
            begun.append(True)
            if len(begun) == ends_at:
                is_ending.set()
            outcome = outcomes.pop(0)
            if outcome is not None:
                raise outcome

        async with asyncio.timeout(20):
            await kept_going("task", work, told.append, is_ending, pauses)

    asyncio.run(run())
    return told, len(begun)


def test_it_is_over_when_it_returns():
    """Nothing is told then."""
    assert worked([None, None]) == ([], 1)


def test_a_bug_begins_it_anew():
    """Each is told, with where it was."""
    told, begun = worked([KeyError("x"), ValueError("y"), None])

    assert begun == 3
    assert [type(each) for each in told] == [BackgroundCrashed] * 2
    assert {each.task for each in told} == {"task"}
    assert "KeyError: 'x'" in told[0].traceback
    assert "in work" in told[1].traceback


def test_the_end_is_not_waited_for():
    """Who leaves is not held up by a pause."""
    told, begun = worked([KeyError("x")], pauses=(3600.0, 3600.0), ends_at=1)

    assert (len(told), begun) == (1, 1)


def test_a_cancellation_is_no_bug():
    """It goes on outwards, untold."""
    told = []
    with pytest.raises(asyncio.CancelledError), crashes_told("task", told.append):
        raise asyncio.CancelledError
    assert told == []
