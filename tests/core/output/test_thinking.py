"""Thinking is taken off; the table extract/objects.json has the tags."""

import pytest

from strictgate.core.output.thinking import Answer, answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", Answer("x")),
        ("<think>x</think>y", Answer("y", removed=True)),
        ("  <Think>x</THINK>y", Answer("y", removed=True)),
        ("x</think>y", Answer("y", removed=True)),
        ("<think>x", Answer("", unfinished=True)),
        ("<thinker>x", Answer("<thinker>x")),
        ("<think>a</think>b</think>c", Answer("c", removed=True)),
        ('<think>a</think> ["</think>"]', Answer(' ["</think>"]', removed=True)),
        ("a</think>\n```\n</think>", Answer("\n```\n</think>", removed=True)),
        ('<think>a "</think>" b</think>{}', Answer("{}", removed=True)),
        ('{"a": "x</think>"}', Answer('{"a": "x</think>"}')),
        ("```\n</think>\n```", Answer("```\n</think>\n```")),
        ('x {"a": "</think>{}"}', Answer('x {"a": "</think>{}"}')),
        ("x {'a': '</think>{}", Answer("x {'a': '</think>{}")),
        ('x {"a": 1} </think>y', Answer("y", removed=True)),
        ('x {"a": [ </think>y', Answer("y", removed=True)),
        ('<think>{"</think>x {"a": "</think>[]"}', Answer('x {"a": "</think>[]"}', removed=True)),
        ("<think>x</think\t>y", Answer("y", removed=True)),
    ],
)
def test_answer(text: str, expected: Answer):
    """The answer follows the closing tag before a document, else the last."""
    assert answer(text) == expected
