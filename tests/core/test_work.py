"""The meter: what is spent, what is afforded, and how it ends."""

import pytest

from strictgate.core.work import Work, WorkSpent


def test_all_of_the_budget_may_be_spent():
    """The last unit is there to be used; the next one is not."""
    work = Work(10)
    work.spend(4)
    work.spend(6)
    assert work.spent == 10
    assert work.is_spent is False
    with pytest.raises(WorkSpent):
        work.spend(1)
    assert work.is_spent


def test_to_ask_counts_nothing():
    """What is merely of help asks first, and is left out."""
    work = Work(10)
    assert work.affords(10)
    assert not work.affords(11)
    assert work.spent == 0


@pytest.mark.parametrize(("spent", "may_try"), [(0, True), (5, True), (6, False), (100, False)])
def test_what_was_dear_is_not_asked_for_once_more(spent, may_try):
    """A twentieth of the budget is much for one answer."""
    work = Work(100)
    work.spend(spent)
    assert work.allows_another_try is may_try


def test_a_cancelled_request_stops_at_the_next_count():
    """However much of the budget is left."""
    work = Work(10)
    work.cancel()
    assert not work.affords(0)
    with pytest.raises(WorkSpent):
        work.spend(0)
