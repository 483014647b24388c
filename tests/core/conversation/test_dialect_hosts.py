"""Conversations with hosts that refuse what they lack of JSON Schema: the native mode is kept."""

import json

import orjson
import pytest

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Ask, Compile, HeavyStep
from strictgate.core.errors import BadRequest
from strictgate.core.plan.sent_schema import sent_schema
from strictgate.core.request.contract import Contract
from strictgate.core.request.options import Enforcement, StrictRules
from strictgate.core.schema.dialect_parts import NotInDialect
from strictgate.core.schema.schema import admit
from strictgate.core.wire.reply import Failure, parse_reply
from strictgate.demo.chat import chat
from strictgate.demo.dialects import HOSTS, schema_faults
from tests.core.talks import body, contents, machine, planner
from tests.corpora import rows

SCHEMAS = {
    "limits": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "default": "x"},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "rate": {"type": "number", "minimum": -100, "exclusiveMaximum": 1000},
        },
        "required": ["name", "tags", "rate"],
        "additionalProperties": False,
    },
    "unions": {
        "type": "object",
        "title": "Shape",
        "properties": {"id": {"type": "integer"}},
        "oneOf": [
            {"properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}},
            {"properties": {"kind": {"const": "dot"}}},
        ],
        "required": ["id", "kind"],
    },
    "references": {
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/P"}, "b": {"$ref": "#/definitions/P"}},
        "required": ["a"],
        "definitions": {
            "P": {
                "type": "object",
                "allOf": [{"properties": {"x": {"type": ["integer", "null"]}}, "required": ["x"]}],
            }
        },
    },
    "lists": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 100},
}


def converse(talk):
    """Let the demonstration upstream answer; return the outcome, and each answer's mode, status."""
    run, told = talk.run(), []
    step = next(run)
    while True:
        give = None
        if isinstance(step, Compile):
            give = machine(step.schema.source)
        elif isinstance(step, Ask):
            sent = {key: value for key, value in step.body.items() if "stream" not in key}
            reply = chat(orjson.dumps(sent))
            (raw,) = reply.parts
            given = json.loads(raw)
            ok = reply.status == 200
            told.append((step.plan.mode.value, reply.status))
            give = parse_reply(given) if ok else Failure(reply.status, given, {})
        else:
            assert isinstance(step, HeavyStep)
        try:
            step = run.send(give)
        except StopIteration as done:
            return done.value, told


def talk_with(host, schema, *, dialect):
    model = f"demo/{host}-schemas"
    request = body(schema, model=model)
    request["response_format"]["json_schema"]["strict"] = host in ("openai", "groq")
    asked = planner(request, Capabilities(dialect=dialect), model)
    return Conversation(asked, Enforcement(strict_rules=StrictRules.OFF))


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_known(host, name):
    """Its dialect is sent at once, and nothing is refused."""
    outcome, told = converse(talk_with(host, SCHEMAS[name], dialect=host))
    assert set(told) == {("native", 200)}
    assert admit(SCHEMAS[name], name="x").is_valid(json.loads(contents(outcome)[0]))


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("host", sorted({*HOSTS} - {"gemini", "anthropic"}))
def test_a_host_that_is_not_known(host, name):
    """It refuses what it lacks, and is asked in another way; its native mode is kept."""
    outcome, told = converse(talk_with(host, SCHEMAS[name], dialect=""))
    assert {mode for mode, _ in told} == {"native"}
    assert told[-1] == ("native", 200)
    assert admit(SCHEMAS[name], name="x").is_valid(json.loads(contents(outcome)[0]))


@pytest.mark.parametrize("host", HOSTS)
def test_real_schemas(host):
    """What is compiled breaks none of the rules that the host itself tells."""
    said = 0
    for row in rows("maskbench/dev.jsonl")[[*HOSTS].index(host) % 8 :: 8]:
        try:
            schema = admit(row["schema"], name="x")
        except BadRequest:
            continue
        contract = Contract("m", row["schema"], strict=True)
        wrapped = not schema.is_object_root
        try:
            sent = sent_schema(
                schema, contract, Capabilities(dialect=host), Mode.NATIVE, wrapped=wrapped
            )
        except NotInDialect:
            continue
        said += 1
        fault = next(schema_faults(sent.source, HOSTS[host]), None)
        assert fault is None, (row["id"], fault)
    assert said > 30
