"""One choice of a reply, evaluated."""

import json

import pytest

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.core.conversation.protocol import Ask
from strictgate.core.errors import OutputInvalid, UpstreamError
from strictgate.core.guard import document_reader
from strictgate.core.repair_steps import Completion, Repair
from strictgate.core.request.options import StreamMode
from strictgate.core.wire.reply import parse_reply
from tests.core.guards import PERSON
from tests.core.talks import (
    Late,
    body,
    contents,
    conversation,
    hold,
    said,
    stream,
    streamed,
    turns,
)

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
    assert [each.origin.value for each in outcome.origins[0].ranges] == ["model", "forced"]
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


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_what_is_stopped_is_invalid_however_much_had_come(size):
    """The schema refused it, though what came of the value may be too little to say why."""
    wrong = '{"mood": "happy", "name": "Ann", "age": 7}'
    pieces = [wrong[at : at + size] for at in range(0, len(wrong), size)]
    held = talk(repair=Repair.OFF)
    outcome, _ = turns(held, *stream(*pieces), *stream(GOOD))

    assert contents(outcome) == [GOOD]
    assert [each.outcome for each in held.record.attempts] == ["invalid", "valid"]


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


FAILED = {"finish_reason": "error", "error": {"message": "Provider gone", "code": "503"}}


def failing(text, **more):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, **FAILED, **more}
    return parse_reply({"choices": [choice]})


@pytest.mark.parametrize("text", [GOOD, GOOD[:20], ""])
def test_a_host_that_fails_has_given_no_answer(text):
    """It is asked again; in the end the error has its own words and status."""
    held = talk(max_attempts=2)
    outcome, _ = turns(held, failing(text), said(GOOD))
    assert contents(outcome) == [GOOD]
    assert [each.outcome for each in held.record.attempts] == ["broken", "valid"]
    with pytest.raises(UpstreamError) as failed:
        turns(talk(max_attempts=1), failing(text))
    assert (failed.value.status, failed.value.message) == (503, "Provider gone")


def test_what_came_before_a_host_failed_is_gone_on_from():
    """As from a connection that broke."""
    end = LONG.index(' "calm"')
    broken = [*stream(*LONG[:end])[:-1], Late(failing(LONG[:end]))]
    outcome, taken = turns(talk(ABLE), *broken, said(LONG[end:]))
    assert contents(outcome) == [LONG]
    assert len([turn for turn in taken if isinstance(turn, Ask)]) == 2


def test_a_value_in_place_of_text():
    """Some hosts parse the document: it is written again, which is told."""
    value = said(json.loads(GOOD))
    outcome, _ = turns(talk(), value)
    assert json.loads(contents(outcome)[0]) == json.loads(GOOD)
    assert [step.name for _, step in outcome.steps] == ["content_object"]


@pytest.mark.parametrize("prefill", [Prefill.NONE, Prefill.TRAILING])
@pytest.mark.parametrize("size", [7, 5000])
def test_more_mends_than_are_made_as_it_comes(monkeypatch, prefill, size):
    """One text has one result: beyond them a stream is judged as what came whole is."""
    monkeypatch.setattr(document_reader, "MOST_MENDS", 20)
    schema = {"type": "array", "items": {"type": "number"}}
    wanted = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    text = '{"a": [' + ", ".join(f'"{number}"' for number in range(50)) + "]}"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    def told(*answer):
        return contents(hold(talk(Capabilities(prefill=prefill), wanted), *answer)[0])

    assert (
        told(*streamed(*pieces)) == told(said(text)) == [text.replace('"', "").replace("a", '"a"')]
    )


def test_an_object_in_prose_is_no_beginning():
    """What may be an example is not gone on from."""
    outcome, taken = turns(
        talk(ABLE), said('With {"name": "x", "age": no} I mean it'), said(GOOD[1:])
    )
    assert contents(outcome) == [GOOD]
    assert taken[-1] is not None


WRONG_AGE, WRONG_MOOD = GOOD.replace("7", "true"), GOOD.replace("calm", "happy")
UP_TO_AGE, UP_TO_MOOD = GOOD[: GOOD.index(" 7")], GOOD[: GOOD.index(' "calm"')]


@pytest.mark.parametrize(
    ("first", "anew", "prefixes"),
    [
        (WRONG_MOOD, WRONG_AGE, [UP_TO_MOOD, UP_TO_MOOD]),
        (WRONG_AGE, WRONG_MOOD, [UP_TO_AGE, UP_TO_MOOD]),
        (WRONG_MOOD, WRONG_MOOD, [UP_TO_MOOD, UP_TO_MOOD]),
    ],
)
def test_the_longer_document_is_kept(first, anew, prefixes):
    """A model that begins anew where it was to go on is followed if it comes further so."""
    outcome, asks = hold(talk(ABLE), said(first), said(anew), said(' "calm"}'))
    assert contents(outcome) == [GOOD]
    assert [ask.body["messages"][-1]["content"] for ask in asks[1:]] == prefixes


@pytest.mark.parametrize(
    ("schema", "beginning", "prefix", "rest"),
    [
        ({"properties": {"a": {"not": {"const": "bad"}}}}, '{"a":"bad', '{"a":', '"good"}'),
        ({"propertyNames": {"pattern": "^[a-z]+$"}}, '{"a":1, "1', '{"a":1,', ' "b":2}'),
    ],
)
def test_what_is_wrong_as_a_whole_is_not_steered(schema, beginning, prefix, rest):
    """Where the validator alone refuses the end of a string, more text would only hide it."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)
    tops = [{"token": '"', "logprob": -1}, {"token": "more", "logprob": -2}]
    tokens = [[{"token": beginning}], [{"token": '"', "top_logprobs": tops}]]
    held = talk(able, {"type": "object"} | schema)
    outcome, asks = hold(held, *stream(beginning, '"', "}", logprobs=tokens), said(rest))
    assert asks[1].body["messages"][-1]["content"] == prefix
    assert contents(outcome) == [prefix + rest]
    assert outcome.steps == ()
