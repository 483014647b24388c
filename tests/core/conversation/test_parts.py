"""A wide document, asked for in parts."""

from dataclasses import replace

import pytest

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.errors import OutputInvalid, UpstreamError, UpstreamTimeout
from strictgate.core.plan.plan import DocumentPart
from strictgate.core.plan.splitting import split_schema
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import admit
from strictgate.gateway.worker_messages import dumped, loaded
from tests.core.talks import body, contents, hold, planner, refused, said, stream, turns

NUMBER = {"type": "number"}
SCHEMA = {
    "type": "object",
    "properties": {"a": NUMBER, "b": NUMBER, "c": NUMBER, "d": {"enum": ["x", "y"]}},
    "required": ["a", "b", "c", "d"],
}
FIRST, SECOND = '{"a": 1.50, "b": 2}', '{"c":3,"d":"x"}'
WHOLE = '{"a": 1.50, "b": 2, "c": 3, "d": "x"}'


def talk(capabilities=None, schema=SCHEMA, rules=None, **changes):
    """A conversation about a document in parts of two fields."""
    whole = planner(body(schema, **changes), capabilities or Capabilities())
    parts = tuple(
        DocumentPart(admit(each.source, name="mood"), each.paths)
        for each in split_schema(schema, 2)
    )
    return Conversation(replace(whole, parts=parts), Enforcement(**(rules or {})))


def schema_of(ask):
    return ask.body["response_format"]["json_schema"]["schema"]


def test_parts():
    """Each is asked for by its own schema, and told of those before it; the whole keeps the model's
    own characters, and costs what all have cost."""
    held = talk()
    outcome, asks = hold(held, said(FIRST), said(SECOND))
    assert contents(outcome) == [WHOLE]
    assert [[*schema_of(ask)["properties"]] for ask in asks] == [["a", "b"], ["c", "d"]]
    assert "these members alone: /c, /d" in asks[1].body["messages"][-1]["content"]
    assert FIRST in asks[1].body["messages"][-1]["content"]
    assert outcome.body["usage"] == {"total_tokens": 20}
    told = held.record.details(held.plan, outcome.steps)
    assert [each["part"] for each in told["attempts"]] == [1, 2]
    assert outcome.origins[0].length == len(WHOLE)


def test_a_part_that_is_wrong():
    """It alone is asked for again; what was mended of it is told."""
    outcome, asks = hold(talk(), said(FIRST), said('{"c": 3}'), said('{"c": "3", "d": "x"}'))
    assert contents(outcome) == [WHOLE]
    assert len(asks) == 3
    assert [(index, step.path) for index, step in outcome.steps] == [(0, "/c")]


def test_a_part_that_does_not_come():
    """Then there is no document, and the error has all attempts."""
    with pytest.raises(OutputInvalid) as invalid:
        hold(talk(rules={"max_attempts": 1}), said(FIRST), said('{"c": 3}'))
    assert [each["part"] for each in invalid.value.details["attempts"]] == [1, 2]


def test_a_refusal():
    """It is passed on as it is."""
    outcome, _ = hold(talk(), said(FIRST), said(None, refusal="I will not."))
    assert outcome.body["choices"][0]["message"]["refusal"] == "I will not."


def test_what_one_part_has_shown():
    """A mode that was refused, or a field, is not tried again for the next part."""
    refusal = refused(400, "This model does not support response format `json_schema`.")
    outcome, asks = hold(talk(), refusal, said(FIRST), said(SECOND))
    assert [ask.plan.mode for ask in asks] == [Mode.NATIVE, Mode.JSON_OBJECT, Mode.JSON_OBJECT]
    assert contents(outcome) == [WHOLE]


def test_the_callers_limit():
    """What the parts before have used of `max_tokens` is gone."""
    counted = said(FIRST, usage={"completion_tokens": 30, "total_tokens": 40})
    _, asks = hold(talk(max_tokens=100), counted, said(SECOND))
    assert [ask.body["max_tokens"] for ask in asks] == [100, 70]


def test_nothing_goes_out_early():
    """A stream is whole before it goes out; each part is under guard, and gone on from."""
    able = Capabilities(modes=(Mode.PROMPT,), prefill=Prefill.TRAILING)
    held = talk(able, stream=True)
    answers = (*stream(FIRST), *stream('{"c": 3, "d": "z"}'), *stream(' "x"}'))
    outcome, _ = turns(held, *answers)
    assert contents(outcome) == [WHOLE]
    assert outcome.sent == {}


def test_it_can_be_moved():
    """Begun anew in another process, it asks for the same parts."""
    outcome, asks = hold(loaded(dumped(talk())), said(FIRST), said(SECOND))
    assert contents(outcome) == [WHOLE]
    assert len(asks) == 2


def test_parts_that_make_no_document():
    """What is not valid as a whole is asked for whole; what the parts cost is counted."""
    held = talk()
    never = {"not": {"properties": {"a": {"const": 1.5}}}}
    whole = replace(held.planner, schema=admit(SCHEMA | never, name="mood"))
    held = Conversation(whole, Enforcement(max_attempts=1))
    with pytest.raises(OutputInvalid):
        hold(held, said(FIRST), said(SECOND), said(WHOLE))
    assert [each.part for each in held.record.attempts] == [1, 2, 0]


def test_a_part_that_is_cut_off():
    """The caller's limit is the caller's: it is not asked for again, nor is the whole."""
    cut = said('{"c": 3', finish_reason="length")
    with pytest.raises(OutputInvalid) as invalid:
        hold(talk(max_tokens=60), said(FIRST), cut)
    told = invalid.value.details["attempts"]
    assert [(each["part"], each["outcome"]) for each in told] == [(1, "valid"), (2, "truncated")]
    assert "max_tokens" in invalid.value.message


@pytest.mark.parametrize(
    "error",
    [UpstreamTimeout("It is late."), refused(429, "Rate limit reached.", code="rate_limit")],
    ids=["the deadline", "over its limits"],
)
def test_an_error_amid_the_parts(error):
    """It is the answer, and tells what the parts before it have cost."""
    with pytest.raises((UpstreamTimeout, UpstreamError)) as failed:
        hold(talk(), said(FIRST), error)
    assert [each["part"] for each in failed.value.details["attempts"]] == [1]
    assert failed.value.details["usage"] == {"total_tokens": 10}
