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


MARKS = [
    ("<think>", "</think>"),
    ('<think budget="9">', "</think>"),
    ("<analysis>", "</analysis>"),
    ("<thought_process>", "</thought_process>"),
    ("<longcat_think>", "</longcat_think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|think|>", "<|/think|>"),
    ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("analysis", "assistantfinal"),
    ("Here is my thought process: ", "\nHere is my response: "),
    ("Here are my reasoning steps:\n", "\n[BEGIN FINAL RESPONSE]\n"),
    ("<start_of_thought>", "<end_of_thought>"),
]
DRAFT = 'Perhaps {"a": 1} no.'


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_marks_of_thinking(opening: str, closing: str):
    """What stands between is a thought, with all drafts in it; unclosed, all of it is."""
    found = without_thinking(opening + DRAFT + closing + '{"a": 2}')
    assert (found.text.strip(), found.removed) == ('{"a": 2}', True)
    assert without_thinking(opening + DRAFT) == WithoutThinking("", unfinished=True)


@pytest.mark.parametrize(
    "text",
    ['The "analysis" field: {"a": 1}', "An analysis: {}", 'Sure: {"a": 1}<|end|>', "<answer>{}"],
)
def test_what_is_no_thinking(text: str):
    """Words and tags that answers have."""
    assert without_thinking(text) == WithoutThinking(text)


UNKNOWN = [
    ("<foo>", "</foo>"),
    ("", "</foo>"),  # the opening one is in the prompt
    ("<Plan step='1'>", "</plan >"),
    ("Let me see. <inner_monologue>", "</inner_monologue>\n"),
    ("<outer><inner>", "</inner></outer>"),
    ("<a1>x</a1><foo>", "</foo>"),
    ('<foo>{"a": 3}</foo><bar>', "</bar>"),
    ("<|scratch|>", "<|/scratch|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<｜draft｜>", "<｜/draft｜>"),
    ("<|begin_of_plan|>", "<|end_of_plan|>"),
    ("<|START_PLAN|>", "<|END_PLAN|>"),
    ("<|plan_start|>", "<|plan_end|>"),
    ("[DRAFT]", "[/DRAFT]"),
]


@pytest.mark.parametrize("answer", ['{"a": 2}', '<answer>{"a": 2}</answer>', "```json\n[2]\n```"])
@pytest.mark.parametrize(("opening", "closing"), UNKNOWN)
def test_unknown_tags(opening: str, closing: str, answer: str):
    """A draft in tags that nobody knows is none where the answer follows."""
    found = without_thinking(opening + DRAFT + closing + answer)
    assert (found.text.strip(), found.removed) == (answer, True)


@pytest.mark.parametrize(
    "text",
    [
        '<foo>{"a": 1}</foo>',
        '<foo>{"a": 1}</foo> That is all.',
        '<answer>{"a": 1}</answer><why>{"b": 2}</why>',
        '<item>{"a": 1}</item><item>{"a": 2}</item>',
        'Here: {"a": 1}. <q>x</q> {"a": 2}',
        'Here: {"a": 1}</s>{"a": 2}',
        'Here: {"a": 1}<|end_of_text|>{"a": 2}',
        'Here: {"a": 1}<|im_end|>{"a": 2}',
        'Use <name>x</name>: {"a": 1}',
        '[INST] x [/INST] {"a": 1}',
        '["A"] and [/B] {"a": 1}',
        '{"a": "<foo>{}</foo>"} {"b": 1}',
        'x {"a": "<foo>{}</foo>{}"}',
        "x {'a': '{}</foo>{}",
        '<think {"a": 1} </foo',
    ],
)
def test_what_is_no_draft(text: str):
    """Where nothing follows, it may be the answer that is tagged; documents keep their order."""
    assert without_thinking(text) == WithoutThinking(text)


def test_many_tags():
    """The search is linear."""
    for part in ("<foo>", "x <foo>{}</foo>", "x <a ", "<|a", "[A]{"):
        assert not without_thinking("x" + part * 9000 + "{}" * 9000).unfinished
