"""Chat completions as a surface."""

import json

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.chat.surface import CHAT, GROQ_CHAT
from strictgate.core.wire.request_body import RequestBody
from tests.core.surfaces.test_surface import HEAD, IDENTITY, WHOLE, events

FORMAT = '"response_format":{"type":"json_object"}'


def carried(text):
    return CHAT.carried(RequestBody(text.encode()))


def test_carried():
    """The format, and the functions."""
    assert carried(f"{{{FORMAT}}}").document
    assert carried('{"functions":[{"name":"f","strict":true}]}').strict_tools


@pytest.mark.parametrize("second", ["null", '{"type":"text"}'])
def test_a_hidden_format(second):
    """A second member of the same name does not hide the first: some reader would count it."""
    with pytest.raises(BadRequest, match="Duplicate property name"):
        carried(f'{{{FORMAT},"response_format":{second}}}')


def test_the_word_elsewhere():
    """The name of the format may stand in a schema as well."""
    properties = {"response_format": {}}
    tool = {"name": "f", "parameters": {"type": "object", "properties": properties}}
    text = json.dumps({"response_format": None, "functions": [tool]})

    assert not carried(text).document


def test_odd_names_pass():
    """Other members twice are not ours to refuse."""
    assert not carried('{"a":1,"a":2}').document


@pytest.mark.parametrize("options", [None, "odd", {}, {"include_usage": True}], ids=str)
def test_usage(options):
    """It is streamed where it was asked for."""
    writer = CHAT.read_request({"stream_options": options}).writer(IDENTITY)
    last = events(b"".join(writer.rest(WHOLE | {"usage": {"total_tokens": 1}}, {})))[-1]

    assert (last["choices"] == []) is (options == {"include_usage": True})


def test_the_head():
    """A chunk has the completion's own id and time."""
    first = events(b"".join(CHAT.read_request({}).writer(IDENTITY).rest(WHOLE, {})))[0]

    assert HEAD.items() <= first.items()


def test_what_groq_always_says():
    """Under Groq's root a field that its clients count on is null where the upstream has none."""
    bare = {key: value for key, value in WHOLE.items() if key != "service_tier"}

    assert GROQ_CHAT.read_request({}).writer(IDENTITY).body(bare)["service_tier"] is None
    assert "service_tier" not in CHAT.read_request({}).writer(IDENTITY).body(bare)
    said = GROQ_CHAT.read_request({}).writer(IDENTITY).body(bare | {"service_tier": "flex"})
    assert said["service_tier"] == "flex"
