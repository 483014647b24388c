"""What a model means to say behind a text that is not its own."""

from typing import Any

import pytest

from strictgate.demo.continuation import continued_document
from strictgate.demo.partial_json_reader import parse_partial_json

MOOD = {"enum": ["angry", "calm"]}
SCHEMA = {
    "type": "object",
    "properties": {"mood": MOOD, "age": {"type": "integer"}, "tags": {"type": "array"}},
    "required": ["mood", "age"],
    "additionalProperties": False,
}
INTENDED = {"mood": "angry", "age": 3, "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("prefix", "document"),
    [
        ("", INTENDED),
        ('{"mood": "an', INTENDED),
        ('{"age": 3', INTENDED),
        ('{"mood": "calm"', {"mood": "calm", "age": 3, "tags": ["a", "b"]}),
        ('{"tags": ["x"', {"tags": ["x", "b"], "mood": "angry", "age": 3}),
        ('{"age": 7,', {"age": 7, "mood": "angry", "tags": ["a", "b"]}),
    ],
)
def test_the_document_is_kept_wherever_it_can_be(prefix: str, document: Any):
    """What stands is taken over; the rest is what was intended."""
    assert continued_document(SCHEMA, INTENDED, parse_partial_json(prefix)) == document


def test_another_is_made_up_where_it_cannot():
    """One that begins so, and is valid."""
    made = continued_document(SCHEMA, INTENDED, parse_partial_json('{"mood": "c'))
    assert made["mood"] == "calm"
    made = continued_document(SCHEMA, INTENDED, parse_partial_json('{"tags": ["x", "y", '))
    assert made["tags"][:2] == ["x", "y"]
    assert len(made["tags"]) > 2
    assert (
        continued_document({"type": "array", "items": MOOD}, [], parse_partial_json('["c'))[0]
        == "calm"
    )


def test_what_is_no_better_otherwise_stays():
    """If what was intended is not valid either, it keeps to it."""
    assert continued_document(SCHEMA, {"mood": 1}, parse_partial_json('{"age": "x"')) == {
        "age": "x",
        "mood": 1,
    }
