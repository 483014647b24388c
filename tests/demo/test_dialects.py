"""Hosts that refuse what they lack of JSON Schema: which fault is found, and in which words."""

from typing import Any

import orjson
import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.wire.refusal import Refused, classify_refusal
from strictgate.demo.chat import chat
from strictgate.demo.dialects import HOSTS, schema_faults
from tests.demo.client import chat_body

CLOSED = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def answer(host: str, schema: Any, *, strict: bool = False) -> tuple[int, Any]:
    body = chat_body(f"{host}-schemas", schema)
    body["response_format"]["json_schema"]["strict"] = strict
    reply = chat(orjson.dumps(body))
    (raw,) = reply.parts
    assert isinstance(raw, bytes)
    return reply.status, orjson.loads(raw)


def member(schema: Any, **more: Any) -> dict[str, Any]:
    return CLOSED | {"properties": {"a": schema}, "required": ["a"]} | more


@pytest.mark.parametrize(
    ("host", "schema", "reason"),
    [
        ("openai", member({"type": "string", "minLength": 1}), "keyword"),
        ("openai", {"type": "object", "properties": {}}, "closed"),
        ("openai", CLOSED | {"properties": {"a": {"type": "null"}}}, "all_required"),
        ("groq", member({"type": "array", "minItems": 1}), "keyword"),
        ("anthropic", member({}), "typed"),
        ("anthropic", member({"type": "array", "minItems": 2}), "min_items"),
        ("anthropic", member({"$ref": "#"}), "recursion"),
        ("gemini", CLOSED, "keyword"),
        ("gemini", {"type": "object", "properties": {"a": {"type": ["null"]}}}, "single_types"),
        ("moonshot", member({"type": "null", "anyOf": [{"type": "null"}]}), "bare"),
        ("moonshot", member({"type": "string", "pattern": "a"}), "keyword"),
        ("cerebras", member({"anyOf": [{"type": "null"}] * 6}), "branches"),
        ("fireworks", member({"oneOf": [{"type": "null"}]}), "keyword"),
        ("xai", member({"not": {}}), "keyword"),
    ],
)
def test_faults(host: str, schema: Any, reason: str):
    """The first decides, and it is read as one of this schema."""
    fault = next(schema_faults(schema, HOSTS[host]))
    assert fault.reason == reason
    status, body = answer(host, schema, strict=True)
    assert status == 400
    assert classify_refusal(status, body, Mode.NATIVE).kind is Refused.DIALECT


@pytest.mark.parametrize("host", HOSTS)
def test_what_all_take_is_welcome(host: str):
    """A closed object, all of whose members are required; Gemini must not be told that."""
    schema = member({"type": "string"})
    if host == "gemini":
        del schema["additionalProperties"]
    assert answer(host, schema, strict=True)[0] == 200


def test_strict():
    """Some hold strict schemas to their rules alone; one takes no others."""
    odd = {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}
    assert answer("openai", odd)[0] == answer("groq", odd)[0] == 200
    status, body = answer("anthropic", CLOSED)
    assert status == 400
    assert body["error"]["message"] == "response_format.json_schema.strict: Input should be True"
