"""Patterns, parsed into a tree."""

import pytest

from strictgate.core.grammar.regexes import (
    Anchor,
    CharacterClass,
    Disjunction,
    Repetition,
    UnsupportedRegex,
    parse_regex,
)

A = CharacterClass(((0x61, 0x61),))
B = CharacterClass(((0x62, 0x62),))


@pytest.mark.parametrize(
    ("pattern", "tree"),
    [
        ("", Disjunction(((),))),
        ("^a$", Disjunction(((Anchor("^"), A, Anchor("$")),))),
        ("a|b", Disjunction(((A,), (B,)))),
        ("(?:a|b)?", Disjunction(((Repetition(Disjunction(((A,), (B,))), 0, 1),),))),
        ("(?<n>a){2,}?", Disjunction(((Repetition(Disjunction(((A,),)), 2, None),),))),
        ("a{2}b{1,3}", Disjunction(((Repetition(A, 2, 2), Repetition(B, 1, 3)),))),
        (r"[\d.-]", Disjunction(((CharacterClass(((0x2D, 0x2E), (0x30, 0x39))),),))),
        (r"[^\x00-\u{10FFFE}]", Disjunction(((CharacterClass(((0x10FFFF, 0x10FFFF),)),),))),
        (r"\/\n\u0041", Disjunction((tuple(CharacterClass(((p, p),)) for p in (0x2F, 10, 0x41)),))),
    ],
)
def test_patterns_are_read(pattern, tree):
    """Anchors, branches, groups, counts, classes, escapes."""
    assert parse_regex(pattern) == tree


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(?=a)", r"(?!a)", r"(?<=a)b", r"\bfoo", r"(a)\1", r"(?i)a", r"\p{L}", "a**", "a*+"),
        *("[a&&b]", "[[:alpha:]]", "[]", "[b-a]", r"[\d-z]", r"\ud83d", "(a", "a)", "a{,3}", "^*"),
        *("\\", "[a", "(" * 30 + ")" * 30),
    ],
)
def test_what_is_not_certain_is_not_read(pattern):
    """A wrong reading would refuse valid documents; the validator checks what is not read."""
    with pytest.raises(UnsupportedRegex):
        parse_regex(pattern)
