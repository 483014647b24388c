"""Refusals in the providers' own words, and only where they refuse."""

from typing import Any

import orjson
import pytest

from strictgate.demo.chat import chat
from tests.demo.client import THREAD_SCHEMA, chat_body

MODE = {"response_format": {"type": "json_object"}}
TOOLS = {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}
QUIET = {"messages": [{"role": "user", "content": "Hello"}]}
WITH_DEFAULT = {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}
NAMED_DEFAULT = {"type": "object", "properties": {"default": {"type": "integer"}}}


def answer(model: str, schema: Any = None, **more: Any) -> tuple[int, bytes]:
    reply = chat(orjson.dumps(chat_body(model, schema, **more)))
    (body,) = reply.parts
    assert isinstance(body, bytes)
    return reply.status, body


@pytest.mark.parametrize(
    ("model", "schema", "more", "body"),
    [
        ("no-json-schema", THREAD_SCHEMA, {},
         b'{"error":{"message":"This model does not support response format `json_schema`. See '
         b'supported models at https://console.groq.com/docs/structured-outputs#supported-models",'
         b'"type":"invalid_request_error","param":"response_format"}}\n'),
        ("no-json-object", None, MODE,
         b"""{"error":"'response_format.type' must be 'json_schema' or 'text'"}"""),
        ("json-schema-unavailable", THREAD_SCHEMA, {},
         b'{"error":{"message":"This response_format type is unavailable now","type":"invalid_requ'
         b'est_error","param":null,"code":"invalid_request_error"}}'),
        ("groq-invalid", THREAD_SCHEMA, {},
         b'{"error":{"message":"Generated JSON does not match the expected schema. Please adjust '
         b"your prompt. See 'failed_generation' for more details. Error: jsonschema: '/choice' "
         b'does not validate with /properties/choice/enum: value must be \\"angry\\"","type":'
         b'"invalid_request_error","code":"json_validate_failed","failed_generation":"{\\"choice\\"'
         b':\\"happy\\"}"}}\n'),
        ("rejects-unknown", None, {"strictgate": {}},
         b'{"error":{"message":"property \'strictgate\' is unsupported","type":'
         b'"invalid_request_error"}}\n'),
    ],
)  # fmt: skip
def test_literal_bodies(model: str, schema: Any, more: dict[str, Any], body: bytes):
    """These bodies were recorded at providers, and are given byte for byte."""
    assert answer(model, schema, **more) == (400, body)


@pytest.mark.parametrize(
    ("model", "schema", "more"),
    [
        ("text-only", THREAD_SCHEMA, {}),
        ("text-only", None, MODE),
        ("text-only", None, TOOLS),
        ("no-tools", None, TOOLS),
        ("no-json-with-tools", THREAD_SCHEMA, TOOLS),
        ("no-json-with-stream", None, MODE | {"stream": True}),
        ("moonshot-dialect", WITH_DEFAULT, {}),
        ("moonshot-dialect", {"$schema": "https://json-schema.org/draft/2020-12/schema"}, {}),
        ("needs-json-word", None, MODE | QUIET),
        ("one-choice", None, {"n": 2}),
        ("groq-truncated", None, MODE),
        ("groq-invalid", None, TOOLS | {"tool_choice": "required"}),
    ],
)
def test_refused(model: str, schema: Any, more: dict[str, Any]):
    """Each of these is a 400 with an error."""
    status, body = answer(model, schema, **more)
    assert status == 400
    assert orjson.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    ("model", "schema", "more"),
    [
        ("no-json-schema", None, MODE),
        ("no-json-object", THREAD_SCHEMA, {}),
        ("text-only", None, {}),
        ("no-tools", THREAD_SCHEMA, {}),
        ("no-json-with-tools", None, TOOLS),
        ("no-json-with-stream", None, MODE),
        ("moonshot-dialect", NAMED_DEFAULT, {}),
        ("needs-json-word", None, MODE),
        ("rejects-unknown", THREAD_SCHEMA, {"stream_options": None}),
        ("one-choice", None, {"n": 1}),
        ("groq-truncated", None, {}),
        ("groq-invalid", None, {}),
    ],
)
def test_welcome(model: str, schema: Any, more: dict[str, Any]):
    """What a behaviour does not speak of is answered."""
    assert answer(model, schema, **more)[0] == 200
