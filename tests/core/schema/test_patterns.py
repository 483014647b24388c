"""Regular expressions in linear time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.schema import patterns
from strictgate.core.schema.patterns import Pattern, PatternTooLarge, UnsupportedPattern

DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"
EMAIL = (
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[a-z]{2,}$"
)
DURATION = (
    r"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?"
    r"(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$"
)


@pytest.mark.parametrize(
    "pattern",
    ["^a+$", r"^\w{1,255}$", r"^\p{Letter}+$", r"^\/\-[\w-]+$", "(a+)+$", "^(?:a|b)$", ""],
)
def test_plain_patterns_are_taken_as_they_are(pattern):
    """What the engine knows needs no reading; ECMA 262's escapes are among it."""
    assert patterns.parse_pattern(pattern).is_plain


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("^(?!a)b", Pattern(("^b",), ("^(?:a)",))),
        ("^(?=.*[0-9])(?!x|y).{8,}$", Pattern(("^.{8,}$", "^(?:.*[0-9])"), ("^(?:x|y)",))),
        (r"^(?!\)[)(])b", Pattern(("^b",), (r"^(?:\)[)(])",))),
        (r"^(?!a)b(?<!\()$", Pattern(("^b$",), (r"(?:\()$", "^(?:a)"))),
        (r"b(?<=[)])(?<!c)$", Pattern(("b$", "(?:[)])$"), ("(?:c)$",))),
    ],
)
def test_leading_look_ahead_is_parted(pattern, parts):
    """`^(?!A)B` is B without A, two patterns that the engine takes."""
    assert patterns.parse_pattern(pattern) == parts


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (DECIMAL, ["1", "-1.50", ".5", "007"], ["", ".", "+", "-.", "1.2.3", "a"]),
        (EMAIL, ["a@b.io", "a.b+c@d.e.fr"], [".a@b.io", "a..b@c.io", "a@b", "a@b..io"]),
        ("^(?=.*[0-9])(?=.*[a-z]).{3,}$", ["a1b", "00a"], ["abc", "123", "a1"]),
    ],
)
def test_parted_patterns_mean_the_same(pattern, good, bad):
    """As the ECMA pattern would have it, for values of both kinds."""
    matches = patterns.pattern_predicate(pattern)
    assert all(map(matches, good))
    assert not any(map(matches, bad))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a(?=b)", "uses look-ahead"),
        ("(?!a)b", "uses look-ahead"),
        ("^(?!a)b|c", "uses look-ahead"),
        ("^(?!a)?b", "uses look-ahead"),
        ("^(?!a(?!b))c", "uses look-ahead"),
        ("(?<=a)b", "uses look-behind"),
        ("b(?<!a)", "uses look-behind"),
        ("(b(?<!a)$)", "uses look-behind"),
        ("c|b(?<!a)$", "uses look-behind"),
        ("b(?<!a(?<!c))$", "uses look-behind"),
        (r"b\(?<!a)$", "uses look-behind"),
        (r"(a)\1", "uses a back-reference"),
        (r"(?<n>a)\k<n>", "uses a back-reference"),
        (r"(?<!a)\1", "uses look-behind and a back-reference"),
        ("(", "is not a regular expression"),
        ("^(?!a", "uses look-ahead"),
        ("[z-a]", "is not a regular expression"),
        ("a)(b", "is not a regular expression"),
        ("(a{1000}){1000}", "too large"),
        ("a" * 8193, "is longer than 8192 characters"),
    ],
)
def test_all_else_is_refused_with_the_reason(pattern, reason):
    """Nothing that could hang, and nothing that is no pattern, gets through."""
    with pytest.raises(UnsupportedPattern, match=reason):
        patterns.parse_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "kib"),
    [
        ("^[a-z]+$", 8),
        (r"^\d{4}-\d{2}-\d{2}$", 8),
        (r"^[\w.-]{1,64}@[a-z]+$", 16),
        ("^[a-z]{1,100}$", 16),
        ("^[a-z]{1,500}$", 64),
        ("^(?:[a-z]{1,50}){1,50}$", 512),
        ("^.{1,500}$", 512),
        (r"^\S{1,200}$", 512),
        (r"^\p{L}+$", 64),
        (r"^[\p{L}\p{N}]{1,100}$", 8192),
        ("^(?!x)[a-z]{1,500}$", 64 + 8),
    ],
)
def test_sizes(pattern, kib):
    """Counted repetitions multiply, classes of Unicode characters are hundreds of states, and the
    parts of a split pattern are added up."""
    assert patterns.parse_pattern(pattern).size == kib << 10
    assert patterns.parse_pattern(pattern, room=kib << 10).size == kib << 10
    with pytest.raises(PatternTooLarge):
        patterns.parse_pattern(pattern, room=(kib << 10) - 1)


@pytest.mark.parametrize("pattern", ["abcde", "^x-10", "^(ab|cd)$", "(?i)abc"])
def test_mere_texts_take_next_to_nothing(pattern):
    """The engine needs no states for them, nor for a choice of them."""
    assert patterns.parse_pattern(pattern).size <= 10 * len(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a{1000}){1000}", r"((\p{L}{100}){100}){100}", r"^(?!x)((\w{1,99}){99}){99}"]
)
def test_one_pattern_has_a_limit_of_its_own(pattern):
    """Whatever the room is; it is no syntax error."""
    with pytest.raises(PatternTooLarge, match="is too large a regular expression"):
        patterns.parse_pattern(pattern, room=1 << 40)


@given(st.from_regex(r"\AP?(\d{0,2}[WYMD]){0,3}(T(\d{0,2}[HMS.,]){0,4})?[\dW]?\Z"))
def test_an_equivalent_pattern_means_the_same(text):
    """Durations by zod, as another engine judges them that knows look-ahead."""
    wanted = re.search(DURATION, text, re.ASCII) is not None
    assert patterns.pattern_predicate(DURATION)(text) is wanted


def test_equivalents_are_not_plain():
    """The engine does not take the pattern itself."""
    assert not patterns.parse_pattern(DURATION).is_plain
    assert patterns.pattern_predicate(DURATION)("P1Y2M3DT4H5M6,7S")


def test_masked_patterns_have_names():
    """In a copy, wherever a schema has one, and nowhere else."""
    document = {"pattern": "a]", "items": {"pattern": "b"}, "const": {"pattern": "c"}}
    copy, by_placeholder = patterns.with_placeholders(document)
    assert [by_placeholder[copy["pattern"]], by_placeholder[copy["items"]["pattern"]]] == [
        "a]",
        "b",
    ]
    assert copy["const"] == {"pattern": "c"}
    assert document["pattern"] == "a]"


def test_a_document_compiles_a_split_pattern_once():
    """The validator makes the keyword anew wherever the pattern stands."""
    keyword = patterns.pattern_keyword()
    for _ in range(3):
        keyword(None, "^(?!a)b", None).validate("bc")
    assert list(keyword.predicates) == ["^(?!a)b"]
    assert patterns.pattern_keyword().predicates == {}
