"""The same data in another type; the tables repair/*.json show it in documents."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext.reader import json_type
from strictgate.core.output.coercions import (
    Coercion,
    alone_in_array,
    as_option,
    in_each_type,
    in_type,
)
from strictgate.core.repair_steps import LenientRepair, LosslessRepair

TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]


@pytest.mark.parametrize(
    ("value", "wanted", "reading"),
    [
        (" 4.50", ["number"], Coercion("4.50", LosslessRepair.STRING_TO_NUMBER)),
        ("4.0", ["integer"], Coercion("4.0", LosslessRepair.STRING_TO_NUMBER)),
        ("4.5", ["integer"], None),
        ("True", ["boolean", "null"], Coercion("true", LosslessRepair.STRING_TO_BOOLEAN)),
        ("null", ["null"], Coercion("null", LosslessRepair.STRING_TO_NULL)),
        ("", ["null"], None),
        ('{"a": 1}', ["object"], Coercion('{"a": 1}', LosslessRepair.STRING_TO_OBJECT)),
        ('"x"', ["string", "number"], None),
        (1.5, ["string"], Coercion('"1.5"', LosslessRepair.NUMBER_TO_STRING)),
        (2.0, ["integer"], Coercion("2", LosslessRepair.NUMBER_TO_INTEGER)),
        (2.0, ["integer", "string"], None),
        (True, ["number"], None),
        (None, ["string"], None),
    ],
)
def test_in_type(value: Any, wanted: list[str], reading: Coercion | None):
    """There is a reading where exactly one type fits."""
    source = json.dumps(value)
    assert in_type(value, source, wanted) == reading
    each = (in_type(value, source, (one,)) for one in TYPES)
    assert [*in_each_type(value, source, TYPES)] == [found for found in each if found]


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        ("ANGRY ", ["angry", "happy"], '"angry"'),
        ("A", ["a", "A "], None),
        ("1", [1, True], "1"),
        ("true", [1, True], "true"),
        (1, ["1", "2"], '"1"'),
        (1, [True], None),
        ("[1]", [[1]], None),
    ],
)
def test_as_option(value: Any, options: list[Any], text: str | None):
    """There is a reading where exactly one option fits."""
    reading = as_option(value, json.dumps(value), options)
    assert (reading and reading.text) == text


def test_alone_in_array():
    """A lone value goes into an array, but not nothing, and not an array."""
    assert alone_in_array("x", '"x"', ["array"]) == Coercion('["x"]', LenientRepair.WRAPPED)
    assert alone_in_array(None, "null", ["array"]) is None
    assert alone_in_array([], "[]", ["array"]) is None
    assert alone_in_array(1, "1", ["object"]) is None


SCALARS = st.booleans() | st.integers() | st.integers(-99, 99).map(float)
HELD = (SCALARS | st.none()).map(json.dumps) | st.sampled_from([" 5 ", "TRUE", "[1]", '{"a": 1}'])


@given(SCALARS | st.floats(allow_nan=False, allow_infinity=False))
def test_a_reading_of_a_scalar_has_its_characters(value: Any):
    """In quotes or without, and perhaps without a fraction of zero."""
    source = json.dumps(value)
    readings = [each for wanted in TYPES if (each := in_type(value, source, [wanted]))]
    assert readings
    for reading in readings:
        assert reading.text.strip('"') in (source, source.removesuffix(".0"))


@given(HELD | st.text())
def test_a_reading_of_a_text_is_what_it_says(value: str):
    """Without the quotes, it has the same characters, bar case and blanks around it."""
    readings = [each for wanted in TYPES if (each := in_type(value, json.dumps(value), [wanted]))]
    for reading in readings:
        assert reading.text.lower() == value.strip().lower()
        assert json_type(json.loads(reading.text)) != "string"
