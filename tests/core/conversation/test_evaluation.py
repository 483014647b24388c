"""One choice of a reply, weighed."""

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.errors import OutputInvalid
from strictgate.core.repair_steps import Completion, Repair
from strictgate.core.request.options import StreamMode
from tests.core.guards import PERSON
from tests.core.talks import body, contents, conversation, said, stream, turns

GOOD = '{"name": "Ann", "age": 7, "mood": "calm"}'
LONG = GOOD.replace("Ann", "A name that is so long that it is given out while it comes")
ABLE = Capabilities(prefill=Prefill.TRAILING)


def talk(capabilities=None, schema=PERSON, **rules):
    return conversation(body(schema, stream=True), capabilities or Capabilities(), **rules)


def test_the_thread():
    """A one-value enum that the model misses is written by the grammar: one call, valid."""
    schema = {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": ["angry"]}},
        "required": ["choice"],
        "additionalProperties": False,
    }
    held = conversation(body(schema, max_tokens=15))
    outcome, _ = turns(held, said('{"choice":"happy"}'))
    assert contents(outcome) == ['{"choice":"angry"}']
    assert [step.name for _, step in outcome.steps] == [Completion.FORCED]
    assert held.record.tries == 1


def test_forced_brackets_of_a_truncated_document():
    """Where nothing else may follow, the brackets are written; else it stays truncated."""
    closed = PERSON | {"properties": {**PERSON["properties"]}}
    del closed["properties"]["notes"]
    outcome, _ = turns(talk(schema=closed), said(GOOD[:-1], finish_reason="length"))
    assert contents(outcome) == [GOOD]
    with pytest.raises(OutputInvalid):
        turns(talk(), said(GOOD[:-1], finish_reason="length"))


def test_half_a_number_is_not_a_number():
    """A number that the budget cut may have had more digits."""
    with pytest.raises(OutputInvalid):
        turns(talk(schema={"type": "integer"}), said("12", finish_reason="length"))


def test_level_off_adds_nothing():
    """What the model wrote, or an error."""
    with pytest.raises(OutputInvalid):
        turns(talk(repair=Repair.OFF, max_attempts=1), said(GOOD[:-2]))


def test_a_new_try_must_agree_with_what_is_out():
    """What the caller has cannot be taken back: another document is no answer to it."""
    guarded = {"stream": StreamMode.GUARDED, "max_attempts": 2}
    wrong = LONG.replace("calm", "happy")
    outcome, _ = turns(talk(**guarded), *stream(*wrong), *stream(LONG))
    assert contents(outcome) == [LONG]
    with pytest.raises(OutputInvalid) as failed:
        turns(talk(**guarded), *stream(*wrong), *stream(LONG.replace("A name", "No name")))
    assert failed.value.status == 400


def test_refusal_passes():
    """Refusals are passed on, streamed or not."""
    outcome, _ = turns(talk(ABLE), said("", refusal="I cannot."))
    assert outcome.body["choices"][0]["message"]["refusal"] == "I cannot."


def test_a_filter_stops_what_is_out():
    """What the caller has stays; the reason is passed on."""
    outcome, _ = turns(talk(ABLE), *stream(*LONG[:-3], finish_reason="content_filter"))
    choice = outcome.body["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"].startswith(LONG[: outcome.sent[0]["content"]])


def test_an_object_in_prose_is_no_beginning():
    """What may be an example is not gone on from."""
    outcome, taken = turns(
        talk(ABLE), said('With {"name": "x", "age": no} I mean it'), said(GOOD[1:])
    )
    assert contents(outcome) == [GOOD]
    assert taken[-1] is not None
