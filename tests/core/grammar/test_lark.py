"""The language of the grammars."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar import lark
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.grammar.lark import RuleBook
from tests.core.grammar.reader import Reader, spellings

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)
ANY = Reader(RuleBook().grammar_text(lark.ANY))


@given(VALUES)
def test_any_value_is_read(value):
    """In every spelling, the characters 7F and beyond raw."""
    for text in spellings(value):
        assert ANY.accepts(text)


@pytest.mark.parametrize("text", ['"\x1f"', '"\\q"', "[1,]", "{,}", "nul", "01", "1.", '{"a" 1}'])
def test_what_is_no_json_is_not(text):
    """It is refused, or not whole."""
    assert not ANY.accepts(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_literal_matches_that_string_alone(text):
    """Whatever characters it has."""
    reader = Reader(RuleBook().grammar_text(lark.json_literal(text)))
    assert reader.accepts(json.dumps(text, ensure_ascii=False))
    assert not reader.accepts(json.dumps(text + "x", ensure_ascii=False))


def test_equal_rules_are_made_once():
    """One word needs no rule; two do, and one only."""
    rules = RuleBook()
    assert rules.rule(["STR"]) == "STR"
    assert rules.rule(["STR", "NUM", "STR"]) == rules.rule(["STR", "NUM"])
    assert rules.terminal("/a/") == rules.terminal("/a/") != rules.terminal("/b/")
    assert len(rules) == 3


def test_rules_have_limits():
    """In number and in length."""
    rules = RuleBook()
    for index in range(RuleBook.MAX_RULES):
        rules.terminal(f"/{index}/")
    with pytest.raises(NotExpressible):
        rules.terminal("/x/")
    with pytest.raises(NotExpressible):
        RuleBook().define("r", "x" * RuleBook.MAX_SIZE)
