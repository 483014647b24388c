"""Numbers within bounds, as regular expressions."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar import ranges

BOUNDS = st.decimals(-1100, 1100, places=2) | st.integers(-120, 120).map(Decimal)
NUMBERS = st.decimals(-1200, 1200, places=3) | BOUNDS


def text(number):
    """As JSON has it: no exponent."""
    return f"{number:f}"


@given(BOUNDS, NUMBERS)
def test_bounds_are_kept(bound, number):
    """From it on, above it, up to it, below it, and just it."""
    for is_kept, expression in (
        (number >= bound, ranges.at_least(bound, strictly=False)),
        (number > bound, ranges.at_least(bound, strictly=True)),
        (number <= bound, ranges.at_most(bound, strictly=False)),
        (number < bound, ranges.at_most(bound, strictly=True)),
        (number == bound, ranges.exactly(bound)),
    ):
        assert bool(re.fullmatch(expression, text(number))) is is_kept, expression


@pytest.mark.parametrize("zero", ["0", "-0", "0.0", "-0.000"])
def test_zero_has_two_signs(zero):
    """JSON has a negative zero, which is zero."""
    assert re.fullmatch(ranges.at_least(Decimal(0), strictly=False), zero)
    assert re.fullmatch(ranges.at_most(Decimal(0), strictly=False), zero)
    assert re.fullmatch(ranges.exactly(Decimal(0)), zero)
    assert not re.fullmatch(ranges.at_least(Decimal(0), strictly=True), zero)
    assert not re.fullmatch(ranges.at_most(Decimal(0), strictly=True), zero)


def test_long_bounds_are_told():
    """Beyond forty digits a bound is not written."""
    assert ranges.is_short(Decimal("-1e39"))
    assert not ranges.is_short(Decimal("1e40"))
    assert not ranges.is_short(Decimal("1e-41"))
