"""Texts for patterns, and patterns in ECMA's spelling."""

import pytest

from strictgate.demo.patterns import matching_texts, pattern_matches


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z]+(-[a-z]+)*$",
        r"^\d{3}-[A-F]{2}$",
        r"^(?:yes|no)$",
        r"^(?<year>\d{4})\/\d\d$",
        r"^\p{Lu}\p{L}*$",
        r"^[\p{L}0-9]{2,}$",
        r"^[^a]\S\W\w$",
        r"^.{5}$",
        "^\\u0041$",
    ],
)
@pytest.mark.parametrize("variant", [0, 1, 2])
def test_texts_match(pattern: str, variant: int):
    """What is made for a pattern matches it, in every turn."""
    found = list(matching_texts(pattern, variant, (0, 1)))
    assert found
    assert all(pattern_matches(pattern, text) for text in found), found


def test_unreadable_patterns():
    """A pattern that Python cannot read matches everything and yields nothing."""
    assert pattern_matches("(?<", "x")
    assert list(matching_texts("(?<", 0, (0,))) == []
