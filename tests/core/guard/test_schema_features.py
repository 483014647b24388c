"""What there is in a schema."""

import pytest

from strictgate.core.guard.schema_features import features
from strictgate.core.schema.schema import admit

CASES = [
    ({"items": {"maxLength": 5}, "maxLength": 2.0}, "lengths", (2, 5)),
    ({"const": {"maxLength": 5}}, "lengths", ()),
    ({"maxItems": 3, "prefixItems": [{"maxProperties": 1}, True]}, "counts", frozenset({1, 2, 3})),
    ({"prefixItems": [{}, True]}, "fixed", 2),
    ({"properties": {"a": {"uniqueItems": True}}}, "has_unique", True),
    ({"uniqueItems": False}, "has_unique", False),
    ({"additionalProperties": True}, "has_names", False),
    ({"additionalProperties": False}, "has_names", True),
    ({"additionalProperties": {}}, "has_names", True),
    ({"properties": {"a": False}}, "has_names", True),
    ({"not": {"anyOf": [{}]}}, "has_unions", True),
    ({"properties": {"anyOf": {}}}, "has_unions", False),
    ({"items": {"$ref": "#"}}, "visits", None),
    ({"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {}}}, "visits", 3),
    (
        {"items": {"properties": {"a": {"type": "string"}}}, "type": "array"},
        "has_whole_arrays",
        False,
    ),
    ({"items": {"properties": {"a": {"minItems": 1}}}}, "has_whole_arrays", True),
    ({"items": {"enum": [1]}}, "has_whole_arrays", True),
    ({"x-unknown": 1}, "has_whole_arrays", True),
    (True, "nodes", ()),
    ({"anyOf": [{"type": "array"}] * 3 + [{"const": 1}, {"enum": [2]}]}, "breadth", 4 * 6),
    ({"items": {"allOf": [{}, {"anyOf": [{}, {}]}]}}, "breadth", 5 * 6),
    ({"anyOf": [{"type": "object"}] * 3, "type": ["object", "null"]}, "breadth", 4),
    ({"items": {"properties": {"a": {}, "b": {}}}, "properties": {"c": {}}}, "names", 2),
]


@pytest.mark.parametrize(("schema", "name", "expected"), CASES)
def test_features(schema, name, expected):
    """Wherever in the schema it is, and nowhere else."""
    assert getattr(features(admit(schema, name="x").inspected), name) == expected


def test_they_are_kept_with_the_schema():
    """Found out once; no longer there than the schema is."""
    inspected = admit({"properties": {"a": {}}}, name="x").inspected
    found = features(inspected)

    assert features(inspected) is found
    assert [*inspected.derived.values()] == [found]
