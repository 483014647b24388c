"""Thinking is taken off; the table extract/objects.json has the tags."""

import pytest

from strictgate.core.output.thinking import WithoutThinking, without_thinking


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", WithoutThinking("x")),
        ("<think>x</think>y", WithoutThinking("y", removed=True)),
        ("  <Think>x</THINK>y", WithoutThinking("y", removed=True)),
        ("x</think>y", WithoutThinking("y", removed=True)),
        ("<think>x", WithoutThinking("", unfinished=True)),
        ("<thinker>x", WithoutThinking("<thinker>x")),
        ("<think>a</think>b</think>c", WithoutThinking("c", removed=True)),
        ('<think>a</think> ["</think>"]', WithoutThinking(' ["</think>"]', removed=True)),
        ("a</think>\n```\n</think>", WithoutThinking("\n```\n</think>", removed=True)),
        ('<think>a "</think>" b</think>{}', WithoutThinking("{}", removed=True)),
        ('{"a": "x</think>"}', WithoutThinking('{"a": "x</think>"}')),
        ("```\n</think>\n```", WithoutThinking("```\n</think>\n```")),
        ('x {"a": "</think>{}"}', WithoutThinking('x {"a": "</think>{}"}')),
        ("x {'a': '</think>{}", WithoutThinking("x {'a': '</think>{}")),
        ('x {"a": 1} </think>y', WithoutThinking("y", removed=True)),
        ('x {"a": [ </think>y', WithoutThinking("y", removed=True)),
        (
            '<think>{"</think>x {"a": "</think>[]"}',
            WithoutThinking('x {"a": "</think>[]"}', removed=True),
        ),
        ("<think>x</think\t>y", WithoutThinking("y", removed=True)),
    ],
)
def test_answer(text: str, expected: WithoutThinking):
    """The answer follows the closing tag before a document, else the last."""
    assert without_thinking(text) == expected
