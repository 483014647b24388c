"""Multiples of a decimal."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar.multiple_of import multiples_regex


@pytest.mark.parametrize("step", ["0.5", "0.25", "0.01", "0.05", "0.002", "0.125", "0.1", "0.004"])
@given(number=st.decimals(-20, 20, places=4), zeros=st.integers(0, 3))
def test_multiples_are_told_by_their_digits(step, number, zeros):
    """However many zeros stand at the end."""
    plain = f"{number:f}".rstrip("0").rstrip(".")
    text = plain + "0" * zeros if "." in plain else plain
    is_multiple = number % Decimal(step) == 0
    assert bool(re.fullmatch(multiples_regex(Decimal(step)) or "", text)) is is_multiple


@pytest.mark.parametrize("step", ["0.07", "2.5", "0.3"])
def test_others_are_not(step):
    """2.5: its multiples show in a digit before the point."""
    assert multiples_regex(Decimal(step)) is None
