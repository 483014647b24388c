"""Patterns over the text of a JSON string."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar import string_patterns
from strictgate.core.grammar.lark import RuleBook
from strictgate.core.grammar.regexes import UnsupportedRegex
from strictgate.core.schema import patterns
from tests.core.grammar.reader import Reader
from tests.corpora import rows

PATTERNS = [
    *(
        "",
        "^",
        "$",
        "^$",
        "a$|^b",
        "(^a|b)c",
        "x(y|z$)",
        "(^a$|^b$)",
        "^(a$|b)",
        "((^a)|b)",
        "a|^$",
    ),
    *(r'["\\]', "[^a]", r"\s", r"\S", ".", r"^[\x00-\x1f]+$", r"^\w{2,3}$", "^(ab?)*$", "[^\n]"),
]
TEXTS = st.text(st.sampled_from('abcxyz "\\\n\t\x01\x7fé😀_'), max_size=5)


def reader(pattern):
    return Reader(RuleBook().grammar_text(string_patterns.pattern_terminal(pattern)))


READERS = {pattern: reader(pattern) for pattern in PATTERNS}


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=TEXTS)
def test_a_terminal_matches_what_the_validator_does(pattern, text):
    """Anchors at the edges of branches, escapes, any character."""
    accepts = READERS[pattern].accepts(json.dumps(text, ensure_ascii=False))
    assert accepts is patterns.pattern_predicate(pattern)(text)


@pytest.mark.parametrize("pattern", ["a^b", "a$b", "(^a)+", "(a|$)b", "(?:^a|b)*c"])
def test_anchors_elsewhere_are_refused(pattern):
    """They can be met in rare cases, or never; no terminal says so."""
    with pytest.raises(UnsupportedRegex):
        string_patterns.pattern_terminal(pattern)


def test_long_ones_are_refused():
    """A terminal has a limit."""
    with pytest.raises(UnsupportedRegex):
        string_patterns.pattern_terminal("[^a]" * 2000)


def test_real_patterns_match_what_the_validator_does():
    """Those of real schemas, on the strings that come with them."""
    seen = {
        (row["schema"]["pattern"], row["data"])
        for draft in ("draft7", "draft2020-12")
        for row in rows(f"jsts/{draft}.jsonl")
        if isinstance(row["schema"], dict) and isinstance(row["schema"].get("pattern"), str)
        if isinstance(row["data"], str)
    }
    assert len(seen) > 50
    for pattern, text in seen:
        try:
            accepts = reader(pattern).accepts(json.dumps(text, ensure_ascii=False))
        except UnsupportedRegex:
            continue
        assert accepts is patterns.pattern_predicate(pattern)(text), (pattern, text)
