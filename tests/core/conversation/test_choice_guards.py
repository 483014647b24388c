"""What a conversation needs to put documents under guard."""

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_guards import Guarding
from strictgate.core.conversation.choice_result import Judging
from strictgate.core.conversation.choice_state import Pursuit
from strictgate.core.conversation.protocol import Compile
from strictgate.core.plan.planner import Purpose
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from tests.core.guards import PERSON
from tests.core.talks import planner

PLAN = planner().plan(Mode.PROMPT)


def guarding(*, is_loaded=True):
    by = Judging(admit(PERSON, name="s"), Repair.LOSSLESS, has_tools=False)
    made = Guarding(by, tells=True)
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
    pursuit = Pursuit(3)
    listener = made.listener(PLAN, pursuit, None, by_call=False)
    assert (listener.index, listener.tells) == (3, True)
    assert pursuit.draft is listener.draft


def test_a_new_try_behind_given_text_keeps_still():
    """What it writes may differ from what the caller has."""
    made = guarding()
    pursuit = Pursuit(0, made.draft())
    pursuit.draft.guard.consume(b'{"name": "Ann", "age": 7,')
    pursuit.draft.release(pursuit.draft.final())
    listener = made.listener(PLAN, pursuit, None, by_call=False)
    assert PLAN.purpose is Purpose.TRY
    assert not listener.tells
    assert pursuit.draft is not listener.draft
    assert pursuit.given == b'{"name": "Ann", "age": 7'
