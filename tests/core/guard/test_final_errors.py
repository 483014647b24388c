"""What will stay wrong."""

import pytest

from strictgate.core.guard import final_errors
from strictgate.core.guard.final_errors import OpenLocation, is_definite, may_matter
from strictgate.core.schema.schema import admit

CLOSED = None
CASES = [
    ({"required": ["a"]}, {}, (), final_errors.ENTERED, False),
    ({"type": "array"}, {}, (), final_errors.ENTERED, True),
    ({"type": "integer"}, "", (), final_errors.BEGUN, True),
    ({"minLength": 1}, "", (), final_errors.BEGUN, False),
    ({"maxLength": 1}, "xx", (), final_errors.BEGUN, False),
    ({"maxLength": 1}, "xx", (), final_errors.LENGTHENED, True),
    ({"properties": {"a": {"required": ["b"]}}}, {"a": {}}, ("a",), CLOSED, True),
    ({"properties": {"a": {"required": ["b"]}}}, {"a": {}}, ("a",), final_errors.ENTERED, False),
    ({"maxProperties": 1}, {"a": 1, "b": 1}, ("b",), final_errors.NAMED, True),
    ({"anyOf": [{"type": "null"}, {"required": ["b"]}]}, {"a": 1}, ("a",), CLOSED, False),
    ({"anyOf": [{"type": "null"}, {"maxProperties": 0}]}, {"a": 1}, ("a",), CLOSED, True),
    ({"not": {"required": ["a"]}}, {"a": 1}, ("a",), CLOSED, False),
    ({"if": True, "then": {"properties": {"a": False}}}, {"a": 1}, ("a",), CLOSED, False),
    ({"allOf": [{"properties": {"a": False}}]}, {"a": 1}, ("a",), CLOSED, True),
    ({"items": {"if": True, "then": {"maximum": 0}}}, [1], (0,), CLOSED, True),
    ({"properties": {"then": {"maximum": 0}}}, {"then": 1}, ("then",), CLOSED, False),
]


@pytest.mark.parametrize(("schema", "tree", "path", "kinds", "expected"), CASES)
def test_definite(schema, tree, path, kinds, expected):
    """The first error stays, or may go away."""
    error = next(iter(admit(schema, name="x").validator.iter_errors(tree)))
    assert is_definite(error, tree, OpenLocation(path, kinds)) is expected


@pytest.mark.parametrize(("schema", "tree", "path", "kinds", "expected"), CASES)
def test_nothing_definite_is_passed_over(schema, tree, path, kinds, expected):
    """What its kind rules out is not definite."""
    error = next(iter(admit(schema, name="x").validator.iter_errors(tree)))
    leaf = tree
    for step in path:
        leaf = leaf[step]
    assert may_matter(error, OpenLocation(path, kinds), leaf) or not expected
