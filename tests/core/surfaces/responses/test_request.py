"""A request of the Responses API, as a chat completion."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.items import items_in
from strictgate.core.surfaces.responses.request import (
    read_natively,
    read_request,
    translate_error,
)
from strictgate.core.surfaces.responses.tools import read_tool_table

BODY = {"model": "m", "input": "hi"}
SCHEMA = {"type": "object"}
FUNCTION = {"type": "function", "name": "f", "parameters": SCHEMA}


def to_chat(body):
    return read_request(body, items_in(body)).chat


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
        ("tools[1].function.parameters", "tools[2].tools[0].parameters"),
        ("model", "model"),
        (None, None),
    ],
)
def test_translate_error(chat, ours):
    """Errors blame the part of this API's request."""
    error = BadRequest(f"Missing required parameter: '{chat}'.", param=chat)
    spaced = {"type": "namespace", "name": "n", "tools": [FUNCTION]}
    translate_error(error, read_tool_table({"tools": [FUNCTION, {"type": "mcp"}, spaced]}))

    assert error.param == ours
    assert error.message == f"Missing required parameter: '{ours}'."


def test_left_out():
    """What only a host runs is left out, and said so."""
    read = read_request(BODY | {"tools": [{"type": "web_search"}, FUNCTION]}, items_in(BODY))

    assert [tool["function"]["name"] for tool in read.chat["tools"]] == ["f"]
    assert read.dropped == ("tools[0] (web_search)",)
    assert "tools" not in to_chat(BODY | {"tools": [{"type": "web_search"}]})


def test_natively():
    """Of what goes on as it is, the functions and the format are read; the rest is the host's."""
    tools = [FUNCTION, {"type": "custom", "name": "c"}, {"type": "apply_patch"}]
    body = {"model": "m", "previous_response_id": "theirs", "background": True, "tools": tools}
    chat = read_natively(body | {"text": {"format": {"type": "json_object"}}}).chat

    assert chat["response_format"] == {"type": "json_object"}
    assert chat["tools"][0] == {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
    assert chat["tools"][1:] == [
        {"type": "custom", "custom": {"name": "c"}},
        {"type": "custom", "custom": {"name": "apply_patch"}},
    ]


@pytest.mark.parametrize(
    ("tools", "choice", "expected"),
    [
        ([FUNCTION], "required", "required"),
        ([FUNCTION, {"type": "web_search"}], "required", None),
        ([FUNCTION], {"type": "function", "name": "f"}, {"name": "f"}),
        ([FUNCTION, {"type": "shell"}], {"type": "shell"}, None),
    ],
    ids=str,
)
def test_native_choice(tools, choice, expected):
    """A choice that a hosted tool may meet demands no call here."""
    made = read_natively(BODY | {"tools": tools, "tool_choice": choice}).chat.get("tool_choice")

    assert (made["function"] if isinstance(made, dict) else made) == expected
