"""The meter: what is spent, what is afforded, and how it ends."""

import pytest

from strictgate.core.work import StretchSpent, Work, WorkSpent


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


def test_a_stretch_ends_before_the_budget():
    """What is begun anew counts from there; at the budget it is spent, whatever was allowed."""
    work = Work(100)
    work.begin_stretch(10)
    work.spend(10)
    with pytest.raises(StretchSpent):
        work.spend(1)
    work.begin_stretch(1000)
    work.spend(89)
    with pytest.raises(WorkSpent):
        work.spend(1)


def test_the_end_of_a_stretch_is_no_error():
    """Nothing that mends what goes wrong may mend that."""
    assert not issubclass(StretchSpent, Exception)
