"""The Responses API as a surface."""

import json

import pytest
from openai.types.responses import Response, ResponseErrorEvent

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.wire.request_body import RequestBody
from tests.core.surfaces.test_surface import IDENTITY, WHOLE, events

BODY = {"model": "m", "input": "hi"}
NATIVE = WHOLE | {
    "id": "resp_theirs",
    "choices": [{**WHOLE["choices"][0], "output": [{"type": "web_search_call", "id": "ws"}]}],
}


def carried(body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RESPONSES.carried(RequestBody(raw))


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (None, False),
        ({"format": {"type": "text"}}, False),
        ({"format": {"type": "json_object"}}, True),
        ({"format": "odd"}, True),
        ("odd", False),
    ],
    ids=str,
)
def test_carried(text, document):
    """A format that is not text is a document's."""
    assert carried(BODY | {"text": text}).document is document


def test_carried_tools():
    """Functions stand flat here."""
    tools = [{"type": "function", "name": "f", "strict": True}, {"type": "web_search"}]

    assert carried(BODY | {"tools": tools}).strict_tools
    assert not carried(BODY | {"tools": tools[1:]}).tools


def test_a_hidden_format():
    """A second member of the same name does not hide the first."""
    with pytest.raises(BadRequest, match="Duplicate property name"):
        carried(b'{"text":{"format":{"type":"json_schema"}},"text":null}')


def test_identity():
    """A response has an id and a time of Strictgate's."""
    told = RESPONSES.read_request(BODY).writer(IDENTITY).body(WHOLE)

    Response.model_validate(told)
    assert (told["id"], told["created_at"]) == ("resp_00ff", 7)


@pytest.mark.parametrize("streamed", [False, True])
def test_their_identity(streamed):
    """What an upstream made in this API keeps the id by which it knows it."""
    writer = RESPONSES.read_request(BODY).writer(IDENTITY)
    if streamed:
        told = events(b"".join(writer.rest(NATIVE, {})))[-1]["response"]
    else:
        told = writer.body(NATIVE)

    assert told["id"] == "resp_theirs"
    assert writer.response == told


def test_error_frame():
    """An event that OpenAI's own types can read, with the body that SDKs raise."""
    told = events(RESPONSES.error_frame(BadRequest("No.", code="c")))[-1]

    ResponseErrorEvent.model_validate(told)
    assert told["error"]["code"] == "c"


STRICT = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("function", "strict"),
    [
        ({"parameters": STRICT}, True),
        ({"parameters": STRICT, "strict": None}, True),
        ({"parameters": STRICT, "strict": False}, False),
        ({"parameters": {"type": "object", "properties": {"a": {}}}}, False),
        ({"parameters": {"properties": 3, "required": {}, "anyOf": 7}}, False),
        ({}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("spaced", [False, True])
def test_strict_unsaid(function, strict, spaced):
    """A function is strict if it can be, unless it says that it is not; in namespaces, too."""
    tool = {"type": "function", "name": "f", **function}
    tools = [{"type": "namespace", "name": "n", "tools": [tool]}] if spaced else [tool]

    assert carried(BODY | {"tools": tools}).strict_tools is strict
