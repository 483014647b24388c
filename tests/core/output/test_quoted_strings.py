"""Strings in quotes of any kind; the tables of test_syntax_repair.py have most cases."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strictgate.core.jsontext.reader import NotJSON
from strictgate.core.output.quoted_strings import CLOSERS, Quoted, Role, read_quoted
from strictgate.core.repair_steps import SyntaxRepair


def test_a_strict_string_is_kept():
    """Escapes stay as they are written."""
    assert read_quoted(r'x"\u00e9\n": 1', 1, Role.NAME) == Quoted(r'"\u00e9\n"', 11)


@pytest.mark.parametrize("role", list(Role))
def test_a_string_that_does_not_end(role: Role):
    """No string is closed that is open."""
    with pytest.raises(NotJSON, match="Unterminated"):
        read_quoted('["abc, 1]', 1, role)


def test_quotes_in_a_name_end_it():
    """A name has no pairs of quotes within: too much hangs on where it ends."""
    assert read_quoted('"a"b": 1', 0, Role.NAME).end == 3


def test_the_role_decides_what_may_follow():
    """A comma and a string may follow an item, but not a member's value: that takes a name."""
    text = '"say "yes", "no" now"'
    assert read_quoted(text, 0, Role.MEMBER).steps == {SyntaxRepair.UNESCAPED_QUOTE}
    with pytest.raises(NotJSON, match="may or may not end"):
        read_quoted(text, 0, Role.ITEM)


@given(st.text(), st.sampled_from(sorted(CLOSERS)), st.sampled_from(list(Role)))
def test_content_is_kept(content: str, opening: str, role: Role):
    """What stands between quotes of any kind is the content of the string."""
    closing = CLOSERS[opening][0]
    assume(not set(content) & {*CLOSERS[opening], "\\"})
    string = read_quoted(f"{opening}{content}{closing}", 0, role)
    assert json.loads(string.text) == content
    assert string.end == len(content) + 2
