"""What goes to a worker and back."""

import pytest

from strictgate.core import errors
from strictgate.core.conversation.protocol import StreamPart
from strictgate.core.errors import OutputInvalid, ToolsRefused, UpstreamTimeout
from strictgate.core.schema.drafts import META_SCHEMAS
from strictgate.core.schema.schema import Formats, admit
from strictgate.core.wire.collector import Delta
from strictgate.gateway.worker_messages import dumped, loaded
from tests.core.talks import MOOD, body, conversation

WHOLE = Delta(
    *(1, "text", "thought", "no", ((0, "{"),), "stop", ({"token": "a"},), "reasoning", ("f",))
)


def again(value):
    return loaded(dumped(value))


@pytest.mark.parametrize("deltas", [(), (WHOLE,), (Delta(0, "a"), WHOLE)])
def test_a_part_of_a_stream(deltas):
    """Every field of it."""
    assert again(StreamPart(deltas)) == StreamPart(deltas)
    assert again((StreamPart(deltas), None)) == (StreamPart(deltas), None)


@pytest.mark.parametrize("uri", META_SCHEMAS.values())
@pytest.mark.parametrize("formats", Formats)
def test_a_schema_is_compiled_anew(uri, formats):
    """From its text, in its draft; the same one is compiled once."""
    schema = admit(
        {"$schema": uri, "items": {"format": "ipv4"}, "type": ["array", "number"]},
        name="x",
        formats=formats,
    )
    there = again(schema)
    assert (there.text, there.draft, there.formats) == (schema.text, schema.draft, formats)
    for value in (["1.2.3.4"], ["1"], 10**30, "x"):
        assert there.is_valid(value) == schema.is_valid(value)
    assert again(schema) is there


@pytest.mark.parametrize(
    "source",
    [
        *(True, {}, {"const": 10**30}, {"enum": [1.0, "é\u2028"]}),
        {"pattern": "^[A-Z]{2}-[0-9]+$"},
    ],
)
def test_any_schema(source):
    """Big integers, what is no object, patterns that are larger compiled than the schema's text."""
    assert again(admit(source, name="x")).source == source


@pytest.mark.parametrize(
    "error",
    [
        UpstreamTimeout("late", code="x"),
        OutputInvalid("no", failed_generation="{", details={"a": 1}, headers={"h": "v"}),
        ToolsRefused(400, {"message": "no tools"}, {"h": "v"}, frozenset({"f"})),
        errors.NotJudged("too long", failed_generation=""),
    ],
)
def test_errors(error):
    """All that they say."""
    there = again(error)
    assert type(there) is type(error)
    assert there.body() == error.body()
    assert there.__dict__ == error.__dict__
    assert str(there) == str(error)


@pytest.mark.parametrize("temperature", [0.5, 10**30])
def test_a_conversation_is_as_it_was(temperature):
    """Before it was run; with numbers that are not everybody's."""
    one = conversation(body(temperature=temperature))
    run = one.run()
    ask = next(run)
    assert next(again(one).run()) == ask
    assert again(MOOD) == MOOD
