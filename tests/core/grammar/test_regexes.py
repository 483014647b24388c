"""Patterns, read into a tree."""

import pytest

from strictgate.core.grammar.regexes import (
    Alternation,
    Anchor,
    Counted,
    OneOf,
    Unclear,
    parse_regex,
)

A = OneOf(((0x61, 0x61),))
B = OneOf(((0x62, 0x62),))


@pytest.mark.parametrize(
    ("pattern", "tree"),
    [
        ("", Alternation(((),))),
        ("^a$", Alternation(((Anchor("^"), A, Anchor("$")),))),
        ("a|b", Alternation(((A,), (B,)))),
        ("(?:a|b)?", Alternation(((Counted(Alternation(((A,), (B,))), 0, 1),),))),
        ("(?<n>a){2,}?", Alternation(((Counted(Alternation(((A,),)), 2, None),),))),
        ("a{2}b{1,3}", Alternation(((Counted(A, 2, 2), Counted(B, 1, 3)),))),
        (r"[\d.-]", Alternation(((OneOf(((0x2D, 0x2E), (0x30, 0x39))),),))),
        (r"[^\x00-\u{10FFFE}]", Alternation(((OneOf(((0x10FFFF, 0x10FFFF),)),),))),
        (r"\/\n\u0041", Alternation((tuple(OneOf(((p, p),)) for p in (0x2F, 10, 0x41)),))),
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
    with pytest.raises(Unclear):
        parse_regex(pattern)
