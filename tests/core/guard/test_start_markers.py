"""What stands before the document: the marks, in order, each as soon as it is certain."""

import pytest

from strictgate.core.guard.start_markers import Mark, MarkKind, find


def first(text: str, *, final: bool = False) -> Mark | int:
    return find(bytearray(text.encode()), 0, final=final)


@pytest.mark.parametrize(
    ("text", "kind", "met"),
    [
        ("so <think>", MarkKind.OPENING, "<think>"),
        ("x [THINK]", MarkKind.OPENING, "[THINK]"),
        ("◁think▷", MarkKind.OPENING, "◁think▷"),
        ("x </THOUGHT >", MarkKind.CLOSING, "</THOUGHT >"),
        (
            "<|channel|>final <|constrain|>json<|message|>",
            MarkKind.CLOSING,
            "<|channel|>final <|constrain|>json<|message|>",
        ),
        ("x\n```json", MarkKind.FENCE, "```json"),
        ("~~~ a", MarkKind.FENCE, "~~~ a"),
        ("'```' {}", MarkKind.BRACKET, "{"),
        ("{name} [note] [0, 1) `{` {a: ", MarkKind.BRACKET, "{"),
        ('{{"', MarkKind.BRACKET, "{"),
        ("[tr true [true ", MarkKind.BRACKET, "["),
    ],
)
def test_marks(text: str, kind: MarkKind, met: str):
    """The first one, with its extent; prose that only looks like one is passed over."""
    mark = first(text + "\n")
    assert isinstance(mark, Mark)
    assert mark.kind is kind
    assert text.encode()[mark.start : mark.end].decode() == met
    assert mark.end == len(text.encode()) or kind is MarkKind.BRACKET


@pytest.mark.parametrize(
    "begun",
    [
        *("<", "</thi", "<think  ", "<|chan", "<|channel|>analysis x", "[THI", "[/", "◁thi"),
        *("`", "``", "```", "```js", "{", "{ na", "{name ", "{{", "[", "[-", "[0, 1", "[Tru", "{/"),
    ],
)
def test_what_is_not_decided_waits(begun: str):
    """At its first byte, until more is there or the text is at its end."""
    assert first("so " + begun) == len("so ")
    assert first("so " + begun, final=True) != len("so ")


def test_half_a_character_waits():
    """Tags may begin with one that is not ASCII."""
    assert find(bytearray("so ◁".encode()[:-1]), 0, final=False) == len("so ")
    assert find(bytearray("so “".encode()), 0, final=False) == len("so “".encode())


def test_no_mark_waits_for_ever():
    """A tag that does not end within the window is prose."""
    assert isinstance(first("<|channel|>analysis" + "x" * 300 + '{"'), Mark)
    assert first("<think" + " " * 300) == 306
