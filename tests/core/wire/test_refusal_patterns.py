"""The tables of patterns: that each earns its place, and that no text makes one slow."""

import re

import pytest

from strictgate.core.wire import refusal_patterns as words
from strictgate.core.wire.error_body import error_text
from tests.tables import load

TEXTS = [
    text
    for row in (
        *load("wire_fixtures"),
        *load("refusals")["cases"],
    )
    for text in error_text(row["body"]).texts
]
TABLES = ["OUTPUT", "JSON_WORD", "NEVER", "DIALECT", "CONFLICT", "SAYS_NO", "TOOL_SAYS_NO"]
PATTERNS = [(name, key) for name in TABLES for key in getattr(words, name).groupindex]


@pytest.mark.parametrize(("table", "name"), PATTERNS)
def test_each_pattern_has_a_text(table: str, name: str):
    """Every pattern matches words that the tables of cases have: none is there on suspicion."""
    whole = getattr(words, table)
    alone = re.search(rf"\(\?P<{name}>(.*?)\)(?:\|\(\?P<|$)", whole.pattern, re.DOTALL)
    assert alone
    assert any(re.search(alone[1], text, re.IGNORECASE) for text in TEXTS)


def test_name_of():
    """The name of the pattern that matched is given, and none for none."""
    match = words.JSON_WORD.search("must contain the word 'json'")
    assert words.name_of(match) == "word"
    assert words.name_of(None) == ""


@pytest.mark.parametrize(
    "name", sorted(name for name, each in vars(words).items() if isinstance(each, re.Pattern))
)
def test_no_pattern_is_nested(name: str):
    """No unbounded repetition holds another, which is what makes a search exponential."""
    pattern = getattr(words, name).pattern
    assert not re.search(r"\([^()]*[^\\][*+][^()]*\)[*+]", pattern)
