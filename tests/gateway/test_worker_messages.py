"""What goes to a worker and back."""

import pytest

from strictgate.core import errors
from strictgate.core.conversation.protocol import StreamPart
from strictgate.core.errors import OutputInvalid, ToolsRefused, UpstreamTimeout
from strictgate.core.schema.drafts import META_SCHEMAS
from strictgate.core.schema.schema import Formats, admit
from strictgate.core.wire.collector import Delta
from strictgate.gateway.worker_messages import (
    LONG,
    Begin,
    Forget,
    GoOn,
    dumped,
    loaded,
    long_texts,
    packed_entries,
    unpacked_entries,
)
from tests.core.talks import MOOD, body, conversation, said

WHOLE = Delta(
    *(1, "text", "thought", "no", ((0, "{"),), "stop", ({"token": "a"},), "reasoning", ("f",))
)


def again(value):
    return loaded(dumped(value))


def test_a_long_text_does_not_come_back():
    """Nor does its beginning, wherever they stand in the answer; a short one is sent."""
    text = "a" * LONG + "b"
    for question in (Begin(1, b"", (), [said("short"), said(text)]), GoOn(1, said(text))):
        texts = long_texts(question)
        answer = {"all": ["".join([*text])], "begun": text[:-1], "short": "short"}
        data = dumped(answer, texts)
        assert len(data) < 200
        there = loaded(data, texts)
        assert there == answer
        assert there["all"][0] is texts[0]
    other = "b" * LONG
    assert len(dumped(other, texts)) > LONG
    assert loaded(dumped(other, texts), texts) == other
    assert long_texts(GoOn(1, None)) == long_texts(Forget(())) == ()


def test_answers_that_are_packed():
    """Several times, in their order."""
    entries = [StreamPart((Delta(0, str(number)),)) for number in range(6)]
    packed = [packed_entries(entries[:2]), packed_entries(entries[2:])]
    assert unpacked_entries(packed) == entries


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
