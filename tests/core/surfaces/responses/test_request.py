"""A request of the Responses API, as a chat completion."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.request import to_chat, translate_error

BODY = {"model": "m", "input": "hi"}
SCHEMA = {"type": "object"}


def test_plain():
    """What is the same has the same name; what only a store needs is not sent."""
    chat = to_chat(
        BODY
        | {
            "instructions": "Be brief.",
            "temperature": 0,
            "max_output_tokens": 9,
            "reasoning": {"effort": "low", "summary": "auto"},
            "store": False,
            "truncation": "disabled",
            "metadata": {"a": "b"},
            "strictgate": {"max_attempts": 1},
        }
    )

    assert chat == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi"},
        ],
        "temperature": 0,
        "max_completion_tokens": 9,
        "reasoning_effort": "low",
        "metadata": {"a": "b"},
        "strictgate": {"max_attempts": 1},
    }


def test_stream():
    """A stream's usage is wanted, too."""
    chat = to_chat(BODY | {"stream": True})

    assert (chat["stream"], chat["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ({"format": {"type": "text"}}, None),
        ({"format": {"type": "json_object"}}, {"type": "json_object"}),
        (
            {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}},
            {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
        ),
    ],
    ids=str,
)
def test_format(text, expected):
    """The flat format becomes the nested one."""
    assert to_chat(BODY | {"text": text}).get("response_format") == expected


def test_tools():
    """Flat functions become nested ones, and the choice with them."""
    tool = {"type": "function", "name": "f", "parameters": SCHEMA, "strict": True}
    chat = to_chat(BODY | {"tools": [tool], "tool_choice": {"type": "function", "name": "f"}})

    inner = {"name": "f", "parameters": SCHEMA, "strict": True}
    assert chat["tools"] == [{"type": "function", "function": inner}]
    assert chat["tool_choice"] == {"type": "function", "function": {"name": "f"}}


def test_allowed_tools():
    """A choice among some is one there, too."""
    tool = {"type": "function", "name": "f"}
    choice = {"type": "allowed_tools", "mode": "required", "tools": [tool]}
    chat = to_chat(BODY | {"tools": [tool], "tool_choice": choice})

    assert chat["tool_choice"] == {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": "f"}}],
        },
    }


def test_logprobs():
    """Log-probabilities are asked for where they are to be included."""
    chat = to_chat(BODY | {"include": ["message.output_text.logprobs"], "top_logprobs": 2})

    assert (chat["logprobs"], chat["top_logprobs"]) == (True, 2)
    assert "logprobs" not in to_chat(BODY | {"top_logprobs": 2})


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"input": None}, "input"),
        ({"response_format": {}}, "response_format"),
        ({"background": True}, "background"),
        ({"conversation": "c"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"text": {"format": {}}}, "text.format.type"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": "x"}, "text"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "name": "f"}, {"type": "mcp"}]}, "tools[1].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
        ({"max_output_tokens": "9"}, "max_output_tokens"),
        ({"instructions": ["x"]}, "instructions"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        (
            {"text": {"format": {"type": "json_schema", "json_schema": {}}}},
            "text.format.json_schema",
        ),
    ],
    ids=str,
)
def test_refused(changes, param):
    """What cannot be honoured is named."""
    with pytest.raises(BadRequest) as refused:
        to_chat(BODY | changes)

    assert refused.value.param == param


@pytest.mark.parametrize(
    ("chat", "ours"),
    [
        ("response_format.json_schema.name", "text.format.name"),
        ("response_format.json_schema.schema", "text.format.schema"),
        ("messages", "input"),
        ("max_completion_tokens", "max_output_tokens"),
        ("tools[0].function.parameters", "tools[0].parameters"),
        ("model", "model"),
        (None, None),
    ],
)
def test_translate_error(chat, ours):
    """Errors blame the part of this API's request."""
    error = BadRequest(f"Missing required parameter: '{chat}'.", param=chat)
    translate_error(error)

    assert error.param == ours
    assert error.message == f"Missing required parameter: '{ours}'."
