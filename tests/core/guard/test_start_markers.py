"""What stands before the document: the marks, in order, each as soon as it is certain."""

import pytest

from strictgate.core.guard.start_markers import Mark, MarkKind, announces, find, wrapper


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


@pytest.mark.parametrize(
    ("prose", "is_one"),
    [
        ("Here:\n", True),
        ("Sure!\n\nHere **you go:** \n\n", True),
        ("\u7b54\u6848\uff1a\n", True),
        ("Here: ", False),
        ("Here.\n", False),
        ("See [1]:\n", False),
        ("Use `x`:\n", False),
        ("Hmm, perhaps:\n", False),
        ("Okay, here it is:\n", True),
        ("Okay, so it is:\n", False),
        ("Here is my thought process:\n", False),
        ("A first draft:\n", False),
        ("<foo>\nHere:\n", False),
        ("<|plan|> Here:\n", False),
        ("We could say:\n", False),
        ("x" * 400 + ":\n", True),
        ("x" * 401 + ":\n", False),
        ('"c":\n', False),
        ("'c':\n", False),
        ('In "c":\n', True),
    ],
)
def test_announcements(prose: str, is_one: bool):
    """Prose without brackets that ends with a colon and a line; no musing, no property's name."""
    text = bytearray(b"<think></think>" + prose.encode() + b'{"a": 1}')
    end = len(text) - len(b'{"a": 1}')
    assert announces(text, 15, end, is_fenced=False) is is_one


def test_announcements_of_a_fence():
    """A fence may open on the line of the colon."""
    text = bytearray(b"Here: ```json\n")
    assert announces(text, 0, 6, is_fenced=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{ "value" : [', '{ "value" : '),
        ('{"v\\u0061lue":1', '{"v\\u0061lue":'),
        ('{"value": ', None),
        ('{"val', None),
        ("{", None),
        ('{"values": 1', ""),
        ('{"\\x": 1', ""),
        ("{'value': 1", ""),
        ("{}", ""),
        ('{"' + "v" * 300, ""),
    ],
)
def test_wrappers(text: str, found: str | None):
    """As the model wrote it, with the blanks behind its colon; not in other quotes."""
    read = wrapper(bytearray(text.encode()), 0, final=False)
    assert (None if read is None else read.decode()) == found


def test_a_wrapper_that_nothing_follows():
    """At the end of the text it is one all the same."""
    assert wrapper(bytearray(b'{"value": '), 0, final=True) == b'{"value": '
