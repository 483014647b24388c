"""The kinds of value."""

import pytest

from strictgate.core.grammar.conjunction import Conjunct
from strictgate.core.grammar.json_types import ALL, FRACTION, INTEGER, NUMBER, kind, kinds


@pytest.mark.parametrize(
    ("types", "left"),
    [
        ([], ALL),
        (["string"], {"string"}),
        (["number"], NUMBER),
        (["number", "integer"], {INTEGER}),
        ([["null", "number"], ["integer", "null", "object"]], {INTEGER, "null"}),
        (["string", "null"], set()),
    ],
)
def test_types_are_intersected(types, left):
    """An integer is a number; a number need not be one."""
    assert kinds(Conjunct({"type": each}) for each in types) == left


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "boolean"),
        ("", "string"),
        ([], "array"),
        ({}, "object"),
        (1, INTEGER),
        (1.0, INTEGER),
        (1.5, FRACTION),
    ],
)
def test_values_have_a_kind(value, expected):
    """A boolean is no integer, `1.0` is one."""
    assert kind(value) == expected
