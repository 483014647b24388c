"""Patterns that compile themselves when they are used."""

import re
import subprocess
import sys

import pytest

from strictgate.core.late_pattern import late_pattern


@pytest.mark.parametrize(
    ("pattern", "flags", "text"),
    [
        ("a+(?P<rest>b*)", 0, "xAABb aab"),
        ("a+(?P<rest>b*)", re.IGNORECASE, "xAABb aab"),
        (rb"[{\[]", 0, b'{"a": [1]}'),
        ("nothing", 0, ""),
    ],
)
def test_it_is_what_re_compiles(pattern, flags, text):
    """In whatever it is asked, the first time and the second."""
    late, early = late_pattern(pattern, flags), re.compile(pattern, flags)
    for _ in range(2):
        assert late.findall(text) == early.findall(text)
        assert late.split(text) == early.split(text)
        found, expected = late.search(text), early.search(text)
        assert (found and found.span()) == (expected and expected.span())
        assert (late.fullmatch(text) is None) == (early.fullmatch(text) is None)
    assert (late.pattern, late.flags, late.groups) == (early.pattern, early.flags, early.groups)


def test_it_is_late():
    """Its text is there at once; what is wrong with it is seen when it is used."""
    wrong = late_pattern("(")
    assert wrong.pattern == "("
    with pytest.raises(re.error, match="unterminated"):
        wrong.search("")


def test_a_start_compiles_no_words_of_refusal():
    """Nor any other of the dear patterns: importing what has them compiles nothing of theirs."""
    code = (
        "import re\n"
        "seen, compiled = [], re._compile\n"
        "re._compile = lambda pattern, flags: (seen.append(pattern), compiled(pattern, flags))[1]\n"
        "from strictgate.core.output import thinking\n"
        "from strictgate.core.wire import refusal, refusal_patterns\n"
        "late = (thinking.CLOSED, refusal_patterns.OUTPUT, refusal_patterns.SENTENCE)\n"
        "assert not {each.pattern for each in late} & {*seen}, seen\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
