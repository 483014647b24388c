"""Items of kept responses."""

import pytest

from strictgate.core.surfaces.responses.stored_items import (
    is_reference,
    item_of,
    listed_items,
    response_of,
)

RESPONSE = {"id": "resp_ab", "output": [{"id": "fc_ab_0", "name": "f"}, {"type": "odd"}]}
GIVEN = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": "yes"},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "so"}]},
    {"type": "function_call", "id": "mine", "name": "f"},
]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "item_reference", "id": "x"}, True),
        ({"id": "x"}, True),
        ({"type": "message", "id": "x", "role": "user", "content": "hi"}, False),
        ({"id": "x", "role": "user", "content": "hi"}, False),
        ({"type": "item_reference"}, False),
        ("x", False),
    ],
    ids=str,
)
def test_is_reference(item, expected):
    """The AI SDK says the type, OpenAI's own may go without."""
    assert is_reference(item) is expected


@pytest.mark.parametrize("identity", ["fc_ab_0", "msg_ab", "rs_ab_1", "in_ab_2"])
def test_response_of(identity):
    """Every id says of which response it is."""
    assert response_of(identity) == "resp_ab"


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("fc_ab_0", RESPONSE["output"][0]),
        ("fc_ab_1", None),
        ("in_ab_1", GIVEN[1]),
        ("in_ab_9", None),
        ("in_ab", None),
        ("x", None),
    ],
)
def test_item_of(identity, expected):
    """What came out, and what went in."""
    assert item_of(RESPONSE, GIVEN, identity) == expected


def test_listed():
    """Messages are in parts, and everything has an id."""
    first, second, third, call = listed_items(GIVEN, "ab")

    assert first == {
        "id": "in_ab_0",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "hi"}],
    }
    assert second["content"][0]["type"] == "output_text"
    assert third["content"] == GIVEN[2]["content"]
    assert call == GIVEN[3]
