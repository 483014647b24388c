"""The types of JSON values."""

import pytest

from strictgate.core.grammar.conjunction import Conjunct
from strictgate.core.grammar.json_types import (
    ALL_TYPES,
    FRACTION,
    INTEGER,
    NUMBER_TYPES,
    allowed_types,
    type_of,
)


@pytest.mark.parametrize(
    ("types", "left"),
    [
        ([], ALL_TYPES),
        (["string"], {"string"}),
        (["number"], NUMBER_TYPES),
        (["number", "integer"], {INTEGER}),
        ([["null", "number"], ["integer", "null", "object"]], {INTEGER, "null"}),
        (["string", "null"], set()),
    ],
)
def test_types_are_intersected(types, left):
    """An integer is a number; a number need not be one."""
    assert allowed_types(Conjunct({"type": each}) for each in types) == left


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
def test_values_have_a_type(value, expected):
    """A boolean is no integer, `1.0` is one."""
    assert type_of(value) == expected
