"""Accepted choices as the outcome of a conversation."""

from strictgate.core.conversation.choice_result import Accepted
from strictgate.core.conversation.outcome import outcome_of
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins
from strictgate.core.repair_steps import Extraction, Rewriting, Step

OWN = DocumentOrigins.of(ByteOrigin.MODEL, 3)
FENCE = Step(Extraction.FENCE)


def accepted(text, *steps, **others):
    return Accepted({"index": 7, "message": {"content": text}}, steps, passed_on=False, **others)


def test_the_first_reply_with_other_choices():
    """Its members stay, but for what is ours: the choices, in their order, and the usage."""
    body = {"id": "c", "object": "x", "choices": ["bad"], "usage": {"total_tokens": 1}}
    outcome = outcome_of(body, [accepted("1"), accepted("2", FENCE)], {"total_tokens": 3})

    assert outcome.body == {
        "id": "c",
        "object": "chat.completion",
        "choices": [
            {"index": 0, "message": {"content": "1"}},
            {"index": 1, "message": {"content": "2"}},
        ],
        "usage": {"total_tokens": 3},
    }
    assert outcome.steps == ((1, FENCE),)
    assert outcome.sent == outcome.origins == outcome.call_origins == outcome.scores == {}


def test_a_usage_that_nobody_counted_stays():
    """As the upstream has it, null too."""
    assert outcome_of({"usage": None}, [accepted("1")], {}).body["usage"] is None


def test_what_is_known_of_a_choice_is_told_by_its_position():
    """Of those of which anything is known."""
    calls = {0: OWN}
    outcome = outcome_of({}, [accepted("1"), accepted("2", origins=OWN, call_origins=calls)], {})
    assert outcome.origins == {1: OWN}
    assert outcome.call_origins == {1: calls}


def test_what_was_written_down_says_so_first():
    """Before what was done to it."""
    outcome = outcome_of({}, [accepted("1", FENCE)], {}, is_written_down=True)
    assert outcome.steps == ((0, Step(Rewriting.WRITTEN_DOWN)), (0, FENCE))
