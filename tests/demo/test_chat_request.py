"""What a request asks for, wherever the schema stands in it."""

import json
from typing import Any

import orjson
import pytest

from strictgate.demo.chat_request import Channel, ChatRequest, MalformedRequest, parse_chat_request
from tests.demo.client import chat_body

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
BLOCK = f"Answer in JSON.\n<json_schema>\n{json.dumps(SCHEMA)}\n</json_schema>"
OTHER = "<json_schema>{}</json_schema>"
TOOL = {"type": "function", "function": {"name": "save", "parameters": SCHEMA}}
NAMED = {"type": "function", "function": {"name": "save"}}


def chat_request(**more: Any) -> ChatRequest:
    return parse_chat_request(orjson.dumps(chat_body("clean", **more)))


@pytest.mark.parametrize(
    ("more", "channel"),
    [
        ({"schema": SCHEMA}, Channel.NATIVE),
        ({"tools": [TOOL], "tool_choice": "required"}, Channel.TOOL),
        ({"tools": [TOOL], "tool_choice": NAMED}, Channel.TOOL),
        ({"messages": [{"role": "system", "content": BLOCK}]}, Channel.PROMPT),
        ({"messages": [{"role": "user", "content": OTHER + BLOCK}]}, Channel.PROMPT),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": BLOCK}]}]},
         Channel.PROMPT),
        ({"messages": [{"role": "developer", "content": BLOCK}],
          "response_format": {"type": "json_object"}}, Channel.JSON_OBJECT),
        ({"response_format": {"type": "json_object", "schema": SCHEMA}}, Channel.JSON_OBJECT),
    ],
)  # fmt: skip
def test_schema_is_found(more: dict[str, Any], channel: Channel):
    """The same schema comes out of every place in which it may stand."""
    found = chat_request(**more)
    assert (found.channel, found.schema, found.schema_json) == (
        channel,
        SCHEMA,
        orjson.dumps(SCHEMA),
    )


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"tools": [TOOL]},
        {"tools": [TOOL], "tool_choice": "auto"},
        {"response_format": {"type": "text"}},
        {"messages": [{"role": "assistant", "content": BLOCK}, {"role": "user", "content": ""}]},
        {"messages": [{"role": "user", "content": "<json_schema>{broken</json_schema>"}]},
    ],
)
def test_text_is_text(more: dict[str, Any]):
    """Where no schema is asked for, none is found."""
    assert chat_request(**more).channel is Channel.TEXT


@pytest.mark.parametrize(
    ("roles", "count"),
    [("su", 0), ("sua", 1), ("suau", 1), ("suat", 1), ("suauau", 2), ("suauu", 0)],
)
def test_earlier_asks(roles: str, count: int):
    """Answers that another request follows are counted."""
    names = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    messages = [{"role": names[role], "content": "x"} for role in roles]
    assert chat_request(messages=messages).earlier_asks == count


def test_last_schema_counts():
    """Of schemas in several messages the last is meant."""
    messages = [{"role": "system", "content": OTHER}, {"role": "user", "content": BLOCK}]
    assert chat_request(messages=messages).schema == SCHEMA


def test_example_is_found():
    """The first JSON object in a message is the example."""
    text = 'Use {this} form: {"a": {"b": 1}} and not {"c": 2}.'
    assert chat_request(messages=[{"role": "system", "content": text}]).example_object() == {
        "a": {"b": 1}
    }
    assert chat_request().example_object() is None


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"[]", b"{}", b'{"model":"m"}', b'{"model":"m","messages":[]}',
        *(orjson.dumps(chat_body("clean", **more)) for more in (
            {"n": 0}, {"max_tokens": 0}, {"tool_choice": "required"},
            {"tool_choice": NAMED, "tools": []},
            {"response_format": {"type": "json_schema"}},
        )),
    ],
)  # fmt: skip
def test_malformed_requests_are_told(raw: bytes):
    """What is not a request is refused with a message."""
    with pytest.raises(MalformedRequest, match=r"."):
        parse_chat_request(raw)


def test_custom_tools_are_refused_by_name():
    """The model has functions alone, and says so."""
    custom = {"type": "custom", "custom": {"name": "patch"}}
    for choice in (custom, "required", "auto"):
        body = chat_body("clean", tools=[custom], tool_choice=choice)
        with pytest.raises(MalformedRequest, match=r"^Invalid value: 'custom'") as raised:
            parse_chat_request(orjson.dumps(body))
        assert raised.value.param == "tools[0].type"
