"""What is kept of a choice over several replies."""

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.plan.planner import Plan, Purpose
from tests.core.talks import said


def plan(purpose):
    return Plan(Mode.PROMPT, {}, False, False, (), purpose)


def test_try_begins_anew():
    """A new try counts its own tokens, and knows nothing of where the last one was stuck."""
    state = ChoiceState(0, spent=70, stuck=2, stuck_at=40, restarts=1, keep_whole_prefix=True)
    state.count(plan(Purpose.TRY), said("x" * 40, usage={"completion_tokens": 10}), None)
    assert (state.tries, state.spent, state.restarts, state.keep_whole_prefix) == (1, 10, 0, False)
    assert state.note_stuck() == 0


def test_continuation_adds_its_tokens():
    """What a continuation took is added to what the try has taken."""
    state = ChoiceState(0)
    state.count(plan(Purpose.TRY), said("x", usage={"completion_tokens": 10}), None)
    state.count(plan(Purpose.CONTINUATION), said("x", usage={"completion_tokens": 5}), None)
    assert (state.tries, state.spent) == (1, 15)


def test_tokens_are_estimated_where_they_are_not_told():
    """Deltas count one each; a text that came whole, a token for every four characters."""
    state = ChoiceState(0)
    state.count(plan(Purpose.TRY), said("x" * 40, usage={}), 7)
    assert state.spent == 7
    state.count(plan(Purpose.TRY), said("x" * 40, usage={}), None)
    assert state.spent == 10


def test_getting_stuck_is_counted_by_place():
    """At the same place, or before it, the count goes on; further on it starts anew."""
    state = ChoiceState(0)
    assert [state.note_stuck() for _ in range(3)] == [0, 1, 2]
    state.stuck_at = -1
    assert state.note_stuck() == 0
