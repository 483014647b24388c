"""Sets of characters."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar.charsets import ALL_CODE_POINTS, complement, string_regex, union

RANGES = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)).map(lambda r: (r[0], sum(r))))


def members(characters):
    return {point for low, high in characters for point in range(low, min(high, 400) + 1)}


@given(RANGES)
def test_sets_are_what_was_put_in(ranges):
    """Ranges are sorted, apart from each other, and hold the same as before."""
    merged = union(ranges)
    assert members(merged) == members(ranges)
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(merged))


@given(RANGES)
def test_the_complement_is_all_else(ranges):
    """Nothing in common, nothing missing; twice is once more the same."""
    characters = union(ranges)
    assert members(complement(characters)) == set(range(401)) - members(characters)
    assert complement(complement(characters)) == characters


@pytest.mark.parametrize(
    ("characters", "text"),
    [
        (((0x61, 0x61),), "a"),
        (((0x22, 0x22),), r'(?:\\(?:["]))'),
        (((0x61, 0x7A), (0xE9, 0xE9)), r"[a-z\x{e9}]"),
        (((10, 11), (0x20, 0x20)), r"(?:\x{20}|\\(?:[n]|u000b))"),
        (ALL_CODE_POINTS, None),
    ],
)
def test_characters_are_spelt_as_in_a_string(characters, text):
    """Quotes, backslashes and control characters stand as escapes only."""
    assert string_regex(characters) == text or (
        text is None and re.search(r"u00\[01\]", string_regex(ALL_CODE_POINTS))
    )
