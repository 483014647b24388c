"""Numbers, byte by byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext import numbers

READ = [(b"-0", 0), (b"12", 12), (b"1.50", 1.5), (b"1e3", 1000.0), (b"1e400", None)]


def taken(data):
    """Return how far `data` is a number, and whether it may end there."""
    end, part = numbers.advance(data, 1, numbers.STARTS[data[0]])
    return end, part in numbers.ENDS


@pytest.mark.parametrize(
    ("data", "end", "is_whole"),
    [(b"-", 1, False), (b"01", 1, True), (b"1.", 2, False), (b"1.5.", 3, True), (b"1e+", 3, False)],
)
def test_how_far(data, end, is_whole):
    """As far as the bytes belong to it."""
    assert taken(data) == (end, is_whole)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_taken_in(number):
    """Whole, and worth what it says."""
    data = json.dumps(number).encode()
    assert taken(data) == (len(data), True)
    assert numbers.parse_number(data) == number


@pytest.mark.parametrize(("literal", "number"), READ)
def test_worth(literal, number):
    """An integer, a double, or nothing where it is beyond one."""
    assert repr(numbers.parse_number(literal)) == repr(number)


def test_too_many_digits():
    """An integer that is too long to be read is none; a fraction as long is a double."""
    assert numbers.parse_number(b"9" * 5000) is None
    assert numbers.parse_number(b"0." + b"9" * 5000) == 1.0
