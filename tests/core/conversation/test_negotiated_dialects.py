"""Conversations with upstreams that refuse a schema: its keywords, its dialect."""

import json

import pytest

from strictgate.core.capabilities import Capabilities, Fact
from strictgate.core.conversation.attempt_log import MAX_REPAIRS
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.judging_cost import LIGHT
from strictgate.core.conversation.protocol import HeavyStep
from strictgate.core.errors import OutputInvalid, ToolsRefused
from strictgate.core.plan.planner import Planner
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import admit
from tests.core.talks import GOOD, body, contents, conversation, hold, modes, refused, said, turns

NAMED = {
    "type": "object",
    "properties": {"choice": {"type": "string", "maxLength": 9}},
    "required": ["choice"],
}


def sent_schemas(asks):
    return [each.body["response_format"]["json_schema"]["schema"] for each in asks]


def test_a_keyword_that_is_refused_by_its_name():
    """The same mode without it; what is left out is told in the prompt; the keyword is a lesson."""
    talk = conversation(body(NAMED))
    refusal = refused(400, "response_format/json_schema/mood: maxLength is not supported")
    _, asks = hold(talk, refusal, said(GOOD))

    assert modes(asks) == ["native", "native"]
    assert "maxLength" in str(sent_schemas(asks)[0])
    assert "maxLength" not in str(sent_schemas(asks)[1])
    assert "maxLength" in asks[1].body["messages"][0]["content"]
    assert talk.record.facts == [(Fact.NO_KEYWORD, ("maxLength",))]
    assert not talk.record.proven_refusals()
    told = talk.record.details(talk.plan, ())["compiled"]
    assert told == {"dialect": "free", "left_out": ["/properties/choice/maxLength"]}


def test_what_was_left_out_is_told():
    """By its places, the first of very many; of a schema that was sent as it is, nothing."""
    properties = {f"p{n}": {"type": "string", "maxLength": 9} for n in range(MAX_REPAIRS + 2)}
    wide = {"type": "object", "properties": properties}
    talk = conversation(body(wide), Capabilities(dialect="fireworks"))
    with pytest.raises(OutputInvalid):
        hold(talk, said("no"), said("no"), said("no"))
    told = talk.record.details(talk.plan, ())
    assert told["compiled"]["dialect"] == "fireworks"
    assert len(told["compiled"]["left_out"]) == MAX_REPAIRS
    assert told["compiled"]["not_listed"] == 2

    talk = conversation(body(NAMED), Capabilities())
    hold(talk, said(GOOD))
    assert "compiled" not in talk.record.details(talk.plan, ())


def test_a_schema_that_is_refused_for_another_reason():
    """Once in the plainest dialect, which is a lesson about this schema."""
    talk = conversation(body(NAMED))
    _, asks = hold(talk, refused(400, "Invalid JSON schema for response_format."), said(GOOD))

    assert modes(asks) == ["native", "native"]
    assert sent_schemas(asks)[1]["additionalProperties"] is False
    assert talk.record.facts == [(Fact.PLAIN_FOR_SCHEMA, ("native", talk.planner.schema.text))]


def test_a_schema_that_is_refused_in_every_dialect():
    """The next mode, for this schema; what was of no use is no lesson."""
    talk = conversation(body(NAMED))
    by_name = refused(400, "maxLength is not supported")
    _, asks = hold(talk, by_name, by_name, by_name, said(GOOD))

    assert modes(asks) == ["native", "native", "native", "json_object"]
    assert talk.record.facts == []
    assert [each.for_schema for each in talk.record.proven_refusals()] == [True]


def test_null_for_what_is_absent():
    """Asked for whole, and taken out again; it is as it was asked for."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    talk = conversation(body(schema, stream=True), Capabilities(dialect="cerebras"))
    outcome, asks = hold(talk, said('{"a":"x","b":null}'))

    assert contents(outcome) == ['{"a":"x"}']
    assert "stream" not in asks[0].body
    assert asks[0].body["response_format"]["json_schema"]["strict"] is True
    assert [(step.name, step.path) for _, step in outcome.steps] == [("null_for_absent", "/b")]
    assert talk.record.attempts[0].is_clean


def test_many_nulls_are_taken_out_elsewhere():
    """Where that takes long, it is said first; all of them are counted, the first are listed."""
    row = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    schema = {"type": "object", "properties": {"r": {"type": "array", "items": row}}}
    talk = conversation(body(schema), Capabilities(dialect="cerebras"))
    outcome, turned = turns(talk, said(json.dumps({"r": [{"a": "x", "b": None}] * 2000})))

    assert [each.cost > LIGHT for each in turned if isinstance(each, HeavyStep)] == [True]
    assert contents(outcome) == [json.dumps({"r": [{"a": "x"}] * 2000})]
    assert len(outcome.steps) == MAX_REPAIRS
    assert outcome.more_steps == (("null_for_absent", 2000 - MAX_REPAIRS),)


def test_what_a_rejected_answer_with_nulls_is_shown_as():
    """As the model wrote it: to the model, and in the error."""
    schema = {"properties": {"b": {"type": "string"}, "c": {"type": "integer"}}, "required": ["c"]}
    wrong = '{"b":null,"c":"no"}'
    talk = conversation(
        body({"type": "object"} | schema), Capabilities(dialect="cerebras"), max_attempts=2
    )
    with pytest.raises(OutputInvalid) as caught:
        hold(talk, said(wrong), said(wrong))

    assert caught.value.failed_generation == wrong


def test_a_function_in_its_host_s_dialect():
    """It is sent without what the host lacks, and the arguments judged by the caller's own."""
    parameters = NAMED | {"additionalProperties": False}
    function = {"name": "mood", "parameters": parameters, "strict": True}
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "required",
    }
    wanted = read_contract(request)
    tools = wanted.toolbox.judged_by({"mood": admit(parameters, name="mood")})
    schema, able = admit({"type": "object"}, name="d"), Capabilities(dialect="openai")
    talk = Conversation(Planner(wanted, schema, able, request, "m", tools=tools), Enforcement())
    calls = [
        said(None, finish_reason="tool_calls", tool_calls=[{"id": "c", "function": made}])
        for made in (
            {"name": "mood", "arguments": '{"choice":"indescribable"}'},
            {"name": "mood", "arguments": GOOD},
        )
    ]
    outcome, asks = hold(talk, *calls)

    [call] = outcome.body["choices"][0]["message"]["tool_calls"]
    sent = asks[0].body["tools"][0]["function"]
    assert "maxLength" not in sent["parameters"]["properties"]["choice"]
    assert (sent["strict"], len(asks), call["function"]["arguments"]) == (True, 2, GOOD)
    told = talk.record.details(talk.plan, ())["compiled"]
    assert told == {"functions": {"mood": ["/properties/choice/maxLength"]}}


def calling(*judged):
    """A conversation about two functions, of which those named are judged here."""
    tools = [{"type": "function", "function": {"name": name, "parameters": NAMED}} for name in "fg"]
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": tools}
    schemas = {name: admit(NAMED, name=name) if name in judged else None for name in "fg"}
    toolset = Toolset(schemas, frozenset("fg"), must_call=False)
    wanted = read_contract(asked)
    made = Planner(wanted, admit(True, name="x"), Capabilities(), asked, "m", tools=toolset)
    return Conversation(made, Enforcement())


def sent_parameters(asks):
    return [[each["function"]["parameters"] for each in ask.body["tools"]] for ask in asks]


NO_LENGTHS = refused(400, "Invalid schema for function 'f': 'maxLength' is not permitted.")


def test_a_keyword_of_a_function():
    """The calls are asked for without it, and judged with it: that is no reason to tell the
    functions in the prompt."""
    talk = calling("f", "g")
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": GOOD}}
    outcome, asks = hold(talk, NO_LENGTHS, said("", tool_calls=[call]))

    first, second = sent_parameters(asks)
    assert first == [NAMED, NAMED]
    assert "maxLength" not in str(second)
    assert outcome.body["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "f"
    assert talk.record.facts == [(Fact.NO_KEYWORD, ("maxLength",))]
    assert talk.record.proven_facts == 1


def test_a_keyword_of_a_function_that_is_not_judged():
    """What it takes is the caller's affair, and nothing would hold it to what is left out."""
    with pytest.raises(ToolsRefused) as refusal:
        hold(calling("g"), NO_LENGTHS)
    assert refusal.value.functions == {"f"}


def test_a_function_that_is_refused_without_the_keyword():
    """Then it is told in the prompt."""
    talk = calling("f", "g")
    with pytest.raises(ToolsRefused):
        hold(talk, NO_LENGTHS, NO_LENGTHS)
    assert talk.record.proven_facts == 0
