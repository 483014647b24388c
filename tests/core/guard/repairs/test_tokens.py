"""What may be misspelt, read from a text that may still grow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.repairs import tokens
from strictgate.core.guard.repairs.tokens import Spelt
from strictgate.core.guard.repairs.violation import WAIT
from strictgate.core.output.quoted_strings import Role
from strictgate.core.output.syntax_repair import repair_syntax
from tests.core.guard.test_judge_text import scraps

ROLES = [Role.MEMBER, Role.ITEM, Role.ROOT]


@pytest.mark.parametrize(
    ("source", "text", "end"),
    [
        ("'x',", '"x"', 3),
        ("True}", "true", 4),
        ("+1 ", "1", 2),
        ('{"a": .5} ]', '{"a": 0.5}', 9),
        ('["]", {"b": "}"}],', '["]", {"b": "}"}]', 17),
        ("{{'a': 1}}}", '{"a": 1}', 10),
        ('"it"s" b" c",', '"it\\"s\\" b"', 9),
    ],
)
def test_values(source: str, text: str, end: int):
    """A value is read as JSON, up to where it ends."""
    spelt = tokens.value(source, 0, Role.MEMBER, final=False)
    assert isinstance(spelt, Spelt)
    assert (spelt.text, spelt.end) == (text, end)


@pytest.mark.parametrize("source", ["", "'x", "'x'", "Tru", "1", '{"a": [1}', '["x'])
def test_an_open_end(source: str):
    """What may go on is waited for, unless nothing comes any more."""
    assert tokens.value(source, 0, Role.ITEM, final=False) is WAIT
    assert tokens.value(source, 0, Role.ITEM, final=True) is not WAIT


@pytest.mark.parametrize("source", ["x ", "05,", ", ", "```", '"\\d', "[1}" * 9, "1" * 600])
def test_no_value(source: str):
    """What is none is not waited for."""
    assert tokens.value(source, 0, Role.ITEM, final=False) is None


@given(scraps, st.sampled_from(ROLES), st.data())
def test_more_text_changes_nothing(text: str, role: Role, data: st.DataObject):
    """What is said of a text, other than to wait, is said of all that it may grow into."""
    start = data.draw(st.sampled_from(["'", '"', "“", "[", "{", "1", "T", ""]))
    source = start + text
    part = source[: data.draw(st.integers(0, len(source)))]
    for read in (
        lambda text, final: tokens.value(text, 0, role, final=final),
        lambda text, final: tokens.name(text, 0, final=final),
        lambda text, final: tokens.member(text, 0, final=final),
        lambda text, final: tokens.gap(text, 0, final=final),
    ):
        early: Any = read(part, False)
        assert early is WAIT or early == read(source, False) == read(source, True)
        assert read(source, True) is not WAIT


def test_members():
    """A member has a name, a value, and a place where the next thing stands."""
    member = tokens.member("a : /* b */ 'x' // c\n , d", 0, final=False)
    assert isinstance(member, tokens.MisspeltMember)
    assert (member.name.text, member.value.text, member.next) == ('"a"', '"x"', 22)
    assert tokens.member('"a" 1, ', 0, final=False) is None


@pytest.mark.parametrize("code", [*range(0x21), 0x7F, 0x85, 0xA0, *range(0x2000, 0x2070), 0xFEFF])
def test_gaps_are_those_of_whole_documents(code: int):
    """What counts as a blank is what syntax_repair.py takes for one."""
    try:
        is_blank = bool(repair_syntax(f"[1,{chr(code)}2]").text)
    except ValueError:
        is_blank = False
    assert (tokens.gap(f"{chr(code)}2", 0, final=True) == 1) == is_blank
