"""Schemas that must all hold, as one guide."""

from typing import Any

import pytest

from strictgate.demo.merging import merge_schema
from strictgate.demo.references import References


def merged(*schemas: Any) -> Any:
    schema = {"allOf": list(schemas)}
    return merge_schema(schema, References(schema))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"type": ["string", "null"]}, {"type": "string"}, {"type": ["string"]}),
        ({"type": "number"}, {"type": "integer"}, {"type": ["integer"]}),
        ({"minimum": 3}, {"minimum": 5}, {"minimum": 5}),
        ({"maxItems": 3}, {"maxItems": 5}, {"maxItems": 3}),
        ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}),
        ({"enum": [1, 2, 3]}, {"enum": [3, 1]}, {"enum": [1, 3]}),
        ({"additionalProperties": {}}, {"additionalProperties": False},
         {"additionalProperties": False}),
        ({"format": "date"}, {"format": "time"}, {"format": "time"}),
        ({"pattern": "a"}, {"pattern": "b"}, {"pattern": "a(?:b)"}),
        ({"items": {"type": "string"}}, {"items": {"minLength": 1}},
         {"items": {"allOf": [{"type": "string"}, {"minLength": 1}]}}),
        ({"properties": {"a": {"minimum": 1}, "b": {}}}, {"properties": {"a": {"maximum": 2}}},
         {"properties": {"a": {"allOf": [{"minimum": 1}, {"maximum": 2}]}, "b": {}}}),
        ({"title": "one"}, {"title": "other"}, {"title": "one"}),
    ],
)  # fmt: skip
def test_keywords_are_joined(one: Any, other: Any, both: Any):
    """Each in its own way; of two that cannot be, the first or the more specific."""
    assert merged(one, other).keywords == both


def test_choices_stand_beside_the_guide():
    """What the schema leaves open: unions, and both ways of a condition."""
    found = merged({"anyOf": [1, 2]}, {"oneOf": [3]}, {"if": {"a": 1}, "then": {"b": 1}})
    yes = {"allOf": [{"a": 1}, {"b": 1}]}
    assert found.choices == [[1, 2], [3], [yes, {"allOf": [{"not": {"a": 1}}, True]}]]


def test_references_are_followed_once():
    """A circle adds nothing; in old drafts the neighbours of a reference do not count."""
    schema = {"$defs": {"a": {"minimum": 1, "allOf": [{"$ref": "#/$defs/a"}]}}}
    found = merge_schema({"$ref": "#/$defs/a", "maximum": 2}, References(schema))
    assert (found.followed, found.keywords) == (["#/$defs/a"], {"minimum": 1, "maximum": 2})
    old = References({"$schema": "http://json-schema.org/draft-07/schema#", **schema})
    assert "maximum" not in merge_schema({"$ref": "#/$defs/a", "maximum": 2}, old).keywords


def test_what_nothing_can_meet_is_told():
    """One false among them, or more levels than are worth it."""
    assert merged({"minimum": 1}, False).impossible
    deep: Any = {}
    for _ in range(50):
        deep = {"allOf": [deep]}
    assert merged(deep).impossible
    assert not merged({}).impossible


def test_a_closed_schema_knows_only_its_own_properties():
    """What the others declare is left out."""
    closed = {"properties": {"a": {}}, "additionalProperties": False}
    assert merged(closed, {"properties": {"b": {}}}).keywords["properties"] == {"a": {}}
