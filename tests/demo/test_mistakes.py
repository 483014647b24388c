"""Documents that are made wrong are wrong, and Groq's sentence says where."""

from typing import Any

import jsonschema_rs
import pytest

from strictgate.demo.document import make_document
from strictgate.demo.mistakes import (
    COMMON_MISTAKES,
    extra_property,
    find_mistake,
    missing_property,
    wrong_case,
    wrong_option,
    wrong_type_of_leaf,
)
from tests.corpora import rows
from tests.demo.client import REVIEW_SCHEMA

HAPPY = {"type": "object", "properties": {"mood": {"enum": ["sad", "happy"]}}}
TREE = {
    "$defs": {"node": {"type": "object", "properties": {"kind": {"const": 1}}}},
    "type": "array",
    "items": {"$ref": "#/$defs/node"},
}


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (wrong_option, "'/sentiment' does not validate with /properties/sentiment/enum: value must "
         'be one of "positive", "negative", "neutral"'),
        (wrong_case, "'/sentiment' does not validate with /properties/sentiment/enum: value must "
         'be "positive"'),
        (missing_property, "'' does not validate with /required: missing properties: "
         "'key_features'"),
        (extra_property, "'' does not validate with /additionalProperties: additionalProperties "
         "'extra_note' not allowed"),
        (wrong_type_of_leaf, "'/product_name' does not validate with /properties/product_name/"
         "type: expected string"),
    ],
)  # fmt: skip
def test_each_kind_has_its_place(kind: Any, sentence: str):
    """A mistake is made where the schema forbids it, and told in Groq's grammar."""
    found = find_mistake(REVIEW_SCHEMA, make_document(REVIEW_SCHEMA), (kind,))
    assert found is not None
    assert found.sentence == f"jsonschema: {sentence}"
    assert not jsonschema_rs.is_valid(REVIEW_SCHEMA, found.value)


def test_happy_may_be_allowed():
    """Where happy is an option, unhappy is not."""
    found = find_mistake(HAPPY, {"mood": "sad"}, (wrong_option,))
    assert found is not None
    assert found.value == {"mood": "unhappy"}


def test_through_references():
    """Options behind a reference, in an array, are found."""
    found = find_mistake(TREE, [{"kind": 1}], (wrong_option,))
    assert found is not None
    assert found.value == [{"kind": "happy"}]


def test_no_room_for_a_mistake():
    """A schema that accepts everything cannot be broken; one without options has no wrong one."""
    assert find_mistake({}, {"a": 1}, COMMON_MISTAKES) is None
    assert find_mistake({"type": "string"}, "x", (wrong_option, wrong_case)) is None


@pytest.mark.parametrize("name", ["doc_schemas/groq_docs.jsonl", "generated_schemas/schemas.jsonl"])
def test_real_schemas_are_broken(name: str):
    """What is found wrong here is wrong for a real judge, in every real schema."""
    broken = 0
    for row in rows(name):
        found = find_mistake(row["schema"], make_document(row["schema"]), COMMON_MISTAKES)
        try:
            judge = jsonschema_rs.validator_for(row["schema"], offline=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            continue
        assert found is None or not judge.is_valid(found.value), row["id"]
        broken += found is not None
    assert broken > len(rows(name)) / 2
