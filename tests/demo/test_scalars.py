"""Candidates for strings and numbers, the most natural first."""

from itertools import islice
from typing import Any

import pytest

from strictgate.demo.scalars import number_candidates, readable_name, string_candidates


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("product_name", "Product name"),
        ("productName", "Product name"),
        ("x-y", "X y"),
        ("__", "Value"),
    ],
)
def test_words(name: str, spoken: str):
    """A name as a reader would say it."""
    assert readable_name(name) == spoken


@pytest.mark.parametrize(
    ("schema", "variant", "first"),
    [
        ({}, 0, "Unit price"),
        ({}, 2, "Unit price 3"),
        ({"format": "date"}, 0, "2026-01-01"),
        ({"format": "date"}, 1, "2026-01-02"),
        ({"minLength": 14}, 0, "Unit price Uni"),
        ({"maxLength": 5}, 0, "price"),
        ({"maxLength": 0}, 0, ""),
        ({"pattern": "^[a-z_]+$"}, 0, "Unit price"),
    ],
)
def test_strings(schema: dict[str, Any], variant: int, first: str):
    """The name itself, of the length that is wanted, or a sample of the format."""
    assert next(string_candidates(schema, "unit_price", variant)) == first


@pytest.mark.parametrize("pattern", ["^[a-z_]+$", "^unit-price$", "^[A-Z ]+$", "^[A-Z]{2}\\d{4}$"])
def test_some_string_matches(pattern: str):
    """Spellings of the name are tried before texts that are made for the pattern."""
    import re  # noqa: PLC0415

    assert any(
        re.search(pattern, each)
        for each in string_candidates({"pattern": pattern}, "unit_price", 0)
    )


@pytest.mark.parametrize(
    ("schema", "whole", "first"),
    [
        ({}, True, [3, 1, 0]),
        ({}, False, [4.5, 3, 1]),
        ({"minimum": 10, "multipleOf": 7}, True, [3, 1, 0, 14, 21, 10]),
        ({"exclusiveMaximum": -2}, True, [3, 1, 0, -2, -3]),
        ({"minimum": 0, "maximum": 0.5}, False, [4.5, 3, 1, 0, 0, 1]),
    ],
)
def test_numbers(schema: dict[str, Any], whole: bool, first: list[float]):
    """Small ones, then those at the bounds."""
    assert list(islice(number_candidates(schema, 0, whole=whole), len(first))) == first


def test_another_turn_is_another_number():
    """So that items can differ; whole numbers stay whole."""
    assert next(number_candidates({}, 2, whole=True)) == 5
    found = list(number_candidates({"multipleOf": 0.1}, 1, whole=True))
    assert all(isinstance(each, int) for each in found)
