"""What a conversation needs to put documents under guard."""

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_guards import ChoiceGuards
from strictgate.core.conversation.choice_result import Criteria
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.protocol import Compile
from strictgate.core.plan.planner import Purpose
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from tests.core.guards import PERSON
from tests.core.talks import planner

PLAN = planner().plan(Mode.PROMPT)


def guarding(*, is_loaded=True):
    by = Criteria(admit(PERSON, name="s"), Repair.LOSSLESS, has_tools=False)
    made = ChoiceGuards(by, tells=True)
    if is_loaded:
        list(made.load())
    return made


def test_the_grammar_is_asked_for_once():
    """The second time it is there."""
    made = guarding(is_loaded=False)
    assert [type(turn) for turn in made.load()] == [Compile]
    assert list(made.load()) == []


def test_a_try_begins_a_draft():
    """And tells the caller, who has nothing yet; a continuation goes on with the same draft."""
    made = guarding()
    state = ChoiceState(3)
    listener = made.listener(PLAN, state, None, by_call=False)
    assert (listener.index, listener.tells) == (3, True)
    assert state.draft is listener.draft


def test_a_new_try_behind_given_text_keeps_still():
    """What it writes may differ from what the caller has."""
    made = guarding()
    state = ChoiceState(0, made.draft())
    state.draft.guard.consume(b'{"name": "Ann", "age": 7,')
    state.draft.release(state.draft.final())
    listener = made.listener(PLAN, state, None, by_call=False)
    assert PLAN.purpose is Purpose.TRY
    assert not listener.tells
    assert state.draft is not listener.draft
    assert state.given == b'{"name": "Ann", "age": 7'
