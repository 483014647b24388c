"""What is kept of a choice over several replies."""

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_state import Pursuit
from strictgate.core.plan.planner import Plan, Purpose
from tests.core.talks import said


def plan(purpose):
    return Plan(Mode.PROMPT, {}, False, False, (), purpose)


def test_try_begins_anew():
    """A new try counts its own tokens, and knows nothing of where the last one was stuck."""
    pursuit = Pursuit(0, spent=70, stuck=2, stuck_at=40, lies=1, exact=True)
    pursuit.count(plan(Purpose.TRY), said("x" * 40, usage={"completion_tokens": 10}), None)
    assert (pursuit.tries, pursuit.spent, pursuit.lies, pursuit.exact) == (1, 10, 0, False)
    assert pursuit.note_stuck() == 0


def test_continuation_adds_its_tokens():
    """What a continuation took is added to what the try has taken."""
    pursuit = Pursuit(0)
    pursuit.count(plan(Purpose.TRY), said("x", usage={"completion_tokens": 10}), None)
    pursuit.count(plan(Purpose.CONTINUATION), said("x", usage={"completion_tokens": 5}), None)
    assert (pursuit.tries, pursuit.spent) == (1, 15)


def test_tokens_are_estimated_where_they_are_not_told():
    """Deltas count one each; a text that came whole, a token for every four characters."""
    pursuit = Pursuit(0)
    pursuit.count(plan(Purpose.TRY), said("x" * 40, usage={}), 7)
    assert pursuit.spent == 7
    pursuit.count(plan(Purpose.TRY), said("x" * 40, usage={}), None)
    assert pursuit.spent == 10


def test_getting_stuck_is_counted_by_place():
    """At the same place, or before it, the count goes on; further on it starts anew."""
    pursuit = Pursuit(0)
    assert [pursuit.note_stuck() for _ in range(3)] == [0, 1, 2]
    pursuit.stuck_at = -1
    assert pursuit.note_stuck() == 0
