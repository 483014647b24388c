"""Mends of values; the table guard_mends.json has the cases."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import values
from strictgate.core.guard.repairs.violation import Proposal, Violation
from strictgate.core.repair_steps import LenientRepair, LosslessRepair, Step
from strictgate.core.schema.schema import admit

ANY = admit(True, name="x")
DRAFT_4 = admit({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}, name="x")


def violation(schema: Any, text: str) -> Violation:
    guard = Guard(admit(schema, name="x"), None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=True, floor=0)


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("1e2", ("100",)),
        ("6000.0", ("6000",)),
        ("-0.0", ("-0", "0")),
        ("1.50", ("1.5",)),
        ("12E-1", ("1.2",)),
        ("17", ()),
        ("1e999", ()),
    ],
)
def test_plain_numbers(number: str, forms: tuple[str, ...]):
    """The same number in digits and at most a point."""
    assert values.plain_forms(number, ANY) == forms


def test_plain_numbers_of_draft_4():
    """There a number with an exponent is no integer, and does not become one."""
    assert values.plain_forms("1e2", DRAFT_4) == ("100.0",)
    assert values.plain_forms("100.0", DRAFT_4) == ()


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.floats(-1e20, 1e20).map(Decimal))
def test_plain_numbers_are_the_same(number: Decimal):
    """Each form says exactly what the number says."""
    for form in values.plain_forms(str(number), ANY):
        assert Decimal(form) == number
        assert isinstance(json.loads(form), int | float)


def test_rival_readings_are_all_proposed():
    """Which of them fits is for the guard to say; if two do, none is taken."""
    found = violation({"type": ["string", "array"]}, "7.0")
    proposals = values.in_other_type(found)
    assert [each.data for each in proposals if isinstance(each, Proposal)] == [b'"7.0"', b"7"]


def test_steps_have_the_path_of_the_value():
    """As a JSON Pointer."""
    schema = {"properties": {"a/b": {"items": {"type": "integer"}}}}
    (proposal,) = values.in_other_type(violation(schema, '{"a/b": [1, "2"]}'))
    assert proposal.steps == (Step(LosslessRepair.STRING_TO_NUMBER, "/a~1b/1"),)


def test_an_array_around_the_spelling_of_the_model():
    """What goes into the array is mended there, if need be."""
    (proposal,) = values.in_array(violation({"type": "array"}, '{"a": .5}'))
    assert (proposal.data, proposal.is_nested) == (b'[{"a": .5}]', True)
    assert proposal.steps == (Step(LenientRepair.WRAPPED),)


def test_no_array_around_what_holds_one():
    """A string that spells an array in a way of its own is not a lone value."""
    assert values.in_array(violation({"type": "array"}, '"[1, 2"')) == ()
