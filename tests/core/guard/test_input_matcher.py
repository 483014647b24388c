"""Inputs of custom tools by their grammars."""

import pickle

import pytest

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.input_matcher import MAX_DEFINITION, InputMatcher
from strictgate.core.guard.input_text import MAX_INPUT

LINES = 'start: ("+" /.*/ LF)+\n%import common.LF\n'
TOO_COMPLEX = "the grammar is too complex to judge it by"


@pytest.mark.parametrize(
    ("syntax", "definition", "text", "fault"),
    [
        ("lark", LINES, "+a\n+é\n", None),
        ("lark", LINES, "", "it ends too early"),
        ("lark", LINES, "+a", "it ends too early"),
        ("lark", LINES, "+a\n-b\n", "line 2, column 1: '-b\\n' is not allowed there"),
        ("lark", 'start: "é" "a"', "éb", "line 1, column 2: 'b' is not allowed there"),
        ("lark", 'start: "é"', "è", "line 1, column 1: 'è' is not allowed there"),
        ("lark", "start: /a*/", "a" * MAX_INPUT, None),
        ("lark", "start: /a*/", "a" * (MAX_INPUT + 1), f"it is longer than {MAX_INPUT} bytes"),
        ("lark", "start: /.*/", "\ud800", "line 1, column 1: '\\ud800' is not allowed there"),
        ("regex", "^[a-z]+$", "abc", None),
        ("regex", "[a-z]+", "abc1", "line 1, column 4: '1' is not allowed there"),
    ],
)
def test_inputs(syntax, definition, text, fault):
    """All of the text must match; what is wrong is told with its place."""
    matcher = InputMatcher(syntax, definition)

    assert matcher.judged(text).problem() == fault
    assert pickle.loads(pickle.dumps(matcher)).judged(text).problem() == fault


@pytest.mark.parametrize(
    ("syntax", "definition"),
    [
        ("lark", "begin: /a/"),
        ("lark", "start: other"),
        ("lark", "start: (("),
        ("lark", ""),
        ("lark", 'start: "a"' + " " * MAX_DEFINITION),
        ("regex", "(?=a)b"),
        ("regex", r"(a)\1"),
        ("regex", "("),
    ],
)
def test_no_grammars(syntax, definition):
    """What is no grammar is refused in one line."""
    with pytest.raises(NotExpressible) as refused:
        InputMatcher(syntax, definition)

    assert refused.value.reason
    assert "\n" not in refused.value.reason


def test_broken():
    """A grammar whose limit is met judges nothing: no input matches it."""
    matcher = InputMatcher(
        "lark", "start: " + " ".join(f"/(a|b)*a(a|b){{{n}}}/" for n in (60,) * 9)
    )
    fault = matcher.judged("ab" * 4000).problem()

    assert fault is not None
    assert matcher.is_broken() == ("too complex" in fault)


@pytest.mark.parametrize(
    "definition", ['start: s\ns: s s | "a"', 'start: s\ns: "a" s | "a"', 'start: ("a"? "a"?)* "b"']
)
def test_bounded(definition):
    """Where a text can be read in more and more ways, a short one is judged, and a long one is too
    complex; so it takes no longer than its length says."""
    matcher = InputMatcher("lark", definition, is_bounded=True)
    end = "b" if "b" in definition else ""

    assert matcher.judged("a" * 40 + end).problem() is None
    assert matcher.judged("a" * 20_000 + end).problem() in (None, TOO_COMPLEX)


def test_bounded_in_many_ways():
    """That is what grows: it is refused."""
    matcher = InputMatcher("lark", 'start: s\ns: s s | "a"', is_bounded=True)
    assert matcher.judged("a" * 400).problem() == TOO_COMPLEX
    assert matcher.is_broken()


def test_bounded_in_one_way():
    """What real grammars are is judged at any length."""
    matcher = InputMatcher("lark", LINES, is_bounded=True)
    assert matcher.judged("+a line\n" * 4000).problem() is None
