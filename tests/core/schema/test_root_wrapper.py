"""Wrapped schemas stay self-contained and mean the same."""

import jsonschema_rs
import pytest

from strictgate.core.schema.root_wrapper import is_wrapped, wrap_root

TREE = {"type": "array", "items": {"$ref": "#"}}
NAMED = {"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "integer"}}}
INNER = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/anyOf/0"}}]}
ODD_NAMES = {
    "type": "array",
    "items": {
        "properties": {"$ref": {"type": "string"}, "enum": {"$ref": "#/items/properties/$ref"}},
        "required": ["enum"],
    },
}
WITH_ID = {
    "$id": "http://example.com/list",
    "type": "array",
    "items": {"$ref": "#/definitions/n"},
    "definitions": {"n": {"type": "integer"}},
}
DATA = {"enum": [{"$ref": "#/x"}, 3]}


@pytest.mark.parametrize(
    ("source", "good", "bad"),
    [
        ({"type": "integer"}, 3, "3"),
        (True, None, ...),
        (TREE, [[[]], []], [[3]]),
        (NAMED, [1, 2], ["a"]),
        (INNER, ["a"], [3]),
        (WITH_ID, [1], ["a"]),
        (ODD_NAMES, [{"enum": "a"}], [{"enum": 3}]),
        (DATA, {"$ref": "#/x"}, {"$ref": "#/properties/value/x"}),
    ],
)
def test_wrap(source, good, bad):
    """The wrapper takes a wrapped document just where the schema takes the document."""
    validator = jsonschema_rs.validator_for(wrap_root(source), offline=True)

    assert validator.is_valid({"value": good})
    assert not validator.is_valid({})
    assert not validator.is_valid({"value": good, "more": 1})
    if bad is not ...:
        assert not validator.is_valid({"value": bad})


def test_source_is_not_changed():
    """The caller's schema is copied."""
    source = {"type": "array", "$defs": {"n": {}}, "items": {"$ref": "#/$defs/n"}}
    before = repr(source)
    wrap_root(source)

    assert repr(source) == before


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"value": 1}, True), ({"value": 1, "more": 2}, False), ({}, False), (["value"], False)],
)
def test_is_wrapped(value, expected):
    assert is_wrapped(value) is expected
