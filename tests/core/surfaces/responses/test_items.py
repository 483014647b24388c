"""Items of a conversation, as messages."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.items import messages

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}


def test_string():
    """A string is the user's."""
    assert messages("hi") == [{"role": "user", "content": "hi"}]


def test_parts():
    """Texts, images and files are parts of a message."""
    content = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:x", "detail": "low"},
        {"type": "input_file", "file_data": "data:y", "filename": "a.pdf"},
    ]

    assert messages([{"role": "user", "content": content}])[0]["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}},
        {"type": "file", "file": {"file_data": "data:y", "filename": "a.pdf"}},
    ]


def test_calls_and_results():
    """Calls of one turn are one message, with the text before them; results are messages."""
    items = [
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "id": "rs", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        CALL,
        CALL | {"call_id": "c2"},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {
            "type": "function_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "two"}],
        },
    ]
    user, assistant, first, second = messages(items)

    assert user == {"role": "user", "content": "hi"}
    assert assistant["content"] == "a"
    assert [call["id"] for call in assistant["tool_calls"]] == ["c1", "c2"]
    assert first == {"role": "tool", "tool_call_id": "c1", "content": "one"}
    assert second["content"] == "two"


def test_refusal():
    """A refusal of an earlier turn is one still."""
    item = {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}

    assert messages([item]) == [{"role": "assistant", "content": None, "refusal": "no"}]


def test_history():
    """Earlier turns come first."""
    assert [each["content"] for each in messages("b", [{"role": "user", "content": "a"}])] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        (3, "input"),
        ([], "input"),
        (["hi"], "input[0]"),
        ([{"content": "x"}], "input[0].role"),
        ([{"role": "boss", "content": "x"}], "input[0].role"),
        ([{"role": "user"}], "input[0].content"),
        ([{"role": [], "content": "x"}], "input[0].role"),
        ([{"type": [None]}], "input[0].type"),
        ([{"role": "user", "content": [{"text": "x"}]}], "input[0].content[0].type"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "input[0].content[0].text"),
        (
            [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}],
            "input[0].content[0].image_url",
        ),
        ([{"type": "item_reference", "id": "x"}], "input[0].type"),
        ([{"type": "web_search_call", "id": "x"}], "input[0].type"),
        ([{"type": "function_call", "call_id": "c", "name": "f"}], "input[0].arguments"),
        ([{"type": "function_call_output", "call_id": "c"}], "input[0].output"),
    ],
    ids=str,
)
def test_malformed(given, param):
    """What is wrong is named with its place."""
    with pytest.raises(BadRequest) as refused:
        messages(given)

    assert refused.value.param == param
