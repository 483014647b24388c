"""Fenced blocks."""

import re

import pytest

from strictgate.core.output.fences import MARK, Fence, Fences


def first(text: str) -> str | None:
    """Return what the first fence in `text` holds."""
    mark = re.search(MARK, text)
    fence = Fences(text).opening(mark[0], mark.end()) if mark else None
    return fence and text[fence.start : fence.end]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("```\n[1]\n```", "[1]"),
        ("```\n[1]", "[1]"),
        ('~~~\n["\n~~~\n"]\n~~~', '["\n~~~\n"]'),
        ("```\n 42 \n```\nx\n```", "42"),
        ("```\n42 ``` x", None),
        ("```\n42\n~~~\n", None),
        ("```\nx [1]\n``` \ny", "x [1]"),
        ("```\n[1\n```\nx", "[1"),
        ("```\n\n```", ""),
        ('"```\n[1]\n```"', None),
    ],
)
def test_held(text: str, held: str | None):
    """A block ends behind the document that it starts with, else at the next fence on a line."""
    assert first(text) == held


def test_where_the_answer_goes_on():
    """The closing fence belongs to the block."""
    assert Fences("```\n[1]\n``` x").opening("```", 3) == Fence(4, 7, 11)
