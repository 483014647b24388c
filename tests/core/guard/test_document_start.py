"""Where the document starts. The table says, for each text, from where on it is the document and
how many bytes of that must be there until it is known; null: all of the text is to be judged."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar.compiler import compile_grammar
from strictgate.core.guard.document_start import DocumentStart, Start, Trial
from strictgate.core.guard.grammar_matcher import CompiledGrammar, load_grammar
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.judge_text import ValidText, judge_text
from strictgate.core.jsontext.reader import parse_leniently, write_json
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import Schema, admit
from tests.corpora import rows
from tests.tables import cases, label

HEADS = cases("guard_heads")
EXTRACT = [
    (group, test)
    for group, test in [*cases("extract/objects"), *cases("extract/other_roots")]
    if test.get("document")
]
OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
THE_FIRST_IS_TAKEN = {
    *("two: the last", "of two documents, the last", "the last of two"),  # it is whole and valid
    "the valid one of two",  # what it lacks shows at its end only
}


@cache
def made(source: str) -> tuple[Schema, CompiledGrammar]:
    schema = admit(parse_leniently(source.encode()), name="head")
    return schema, load_grammar(compile_grammar(schema))


class Guards:
    """Makes guards, and counts them."""

    def __init__(self, source: Any, *, tracked: bool = False) -> None:
        self.schema, machine = made(write_json(source))
        self._machine = None if tracked else machine
        self.count = 0

    def __call__(self) -> Guard:
        self.count += 1
        return Guard(self.schema, self._machine)


def head(group: dict[str, Any], *, tracked: bool = False) -> DocumentStart:
    guards = Guards(group["schema"], tracked=tracked)
    return DocumentStart(guards, wrapped=group.get("wrapped", False), bare=group.get("bare", False))


def fed(head: DocumentStart, text: bytes, cuts: Iterable[int]) -> tuple[Start | None, int | None]:
    """Return the start, and how many bytes it took; None: all, and the end."""
    before = 0
    for cut in cuts:
        if start := head.feed(text[before:cut]):
            return start, cut
        before = cut
    return head.feed(text[before:], final=True), None


@pytest.mark.parametrize(("group", "test"), HEADS, ids=label)
def test_the_start(group: dict[str, Any], test: dict[str, Any]):
    """The document, what stands before it, and when that is known."""
    text = test["text"].encode()
    start, known = fed(head(group), text, range(1, len(text) + 1))
    if test["document"] is None:
        assert start is None
        return
    assert start
    assert text[start.at :].decode() == test["document"]
    assert start.wrapper.decode() == test.get("wrapper", "")
    assert [step.name for step in start.steps] == test.get("steps", [])
    assert ("at the end" if known is None else known - start.at) == test["known"]


@pytest.mark.parametrize(("group", "test"), HEADS, ids=label)
@pytest.mark.parametrize("tracked", [False, True])
def test_pieces_make_no_difference(group: dict[str, Any], test: dict[str, Any], tracked: bool):
    """The same start for the whole text, for each byte alone, and for every split."""
    text = test["text"].encode()
    whole = head(group, tracked=tracked).feed(text, final=True)
    assert fed(head(group, tracked=tracked), text, range(1, len(text) + 1))[0] == whole
    for cut in range(1, len(text), 3 if tracked else 1):
        assert fed(head(group, tracked=tracked), text, [cut])[0] == whole


PIECES = [
    *(
        '{"a": 1}',
        '{"a": ',
        "{'a': 1}",
        '{{"a": 1}}',
        "{}",
        "{name}",
        '{"value": ',
        '{"b": "' + "y" * 50,
    ),
    *(
        "{",
        "}",
        "[",
        "]",
        "[1]",
        '"',
        "'",
        "`",
        ":",
        ",",
        "\n",
        " ",
        "x",
        "1",
        "\\",
        "/*",
        "//",
        "é",
    ),
    *("```", "```json\n", "~~~", "<think>", "</think>", "<th", "[/THINK]", "◁/think▷", "\ufeff"),
    *(
        "<|channel|>",
        "<|channel|>final<|message|>",
        "Here:\n",
        "Hmm",
        " z" * 120,
        "“",
        ":-{",
        "[0, 1)",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=9), st.lists(st.integers(0, 400)), st.booleans())
def test_pieces_of_any_text_make_no_difference(parts: list[str], cuts: list[int], wrapped: bool):
    """Nor do they in texts that nobody thought of."""
    text = "".join(parts).encode()
    group = {"schema": {"type": ["object", "number"]}, "wrapped": wrapped, "bare": True}
    whole = head(group).feed(text, final=True)
    assert fed(head(group), text, sorted(cuts))[0] == whole
    assert fed(head(group), text, range(1, len(text) + 1))[0] == whole
    if whole:
        assert text[: whole.at].endswith(whole.wrapper)


@pytest.mark.parametrize(("group", "test"), EXTRACT, ids=label)
def test_the_start_is_where_the_judge_finds_the_document(
    group: dict[str, Any], test: dict[str, Any]
):
    """Save where the first of several gets far enough: what follows is not waited for."""
    if test["description"] in THE_FIRST_IS_TAKEN:
        return
    bare = group["schema"].get("type") not in ("object", "array")
    text = test["text"].encode()
    start = head({**group, "bare": bare}).feed(text, final=True)
    if start is None:
        return
    guard = Guards(group["schema"])()
    taken = guard.consume(text[start.at :])
    assert text[start.at : start.at + taken].decode().strip() == test["document"]
    assert guard.is_complete()


def agreed(row: dict[str, Any], source: Any) -> bool | None:
    """Return whether the judge finds in the whole text what it finds from the start on; None, if it
    finds nothing or there is no start."""
    schema, _ = made(write_json(source))
    text = row["input_text"].encode()
    verdict = judge_text(row["input_text"], schema, Repair.SYNTAX, wrapped=False)
    start = head({"schema": source, "bare": source is True}).feed(text, final=True)
    if not isinstance(verdict, ValidText) or not start:
        return None
    rest = text[start.at :].decode()
    judged = [
        judge_text(each, schema, Repair.SYNTAX, wrapped=False)
        for each in (rest, rest.partition("\n```")[0])
    ]
    return any(isinstance(each, ValidText) and each.value == verdict.value for each in judged)


@pytest.mark.parametrize("name", ["partial_json", "jsonrepair_js", "langchain", "instructor"])
def test_malformed_corpora(name: str):
    """Behind the start stands what the judge finds in the whole text."""
    found = []
    for row in rows(f"malformed/{name}.jsonl"):
        for source in (True, {"type": ["object", "array"]}):
            found.append(agreed(row, source))
            assert found[-1] is not False, row["id"]
    assert any(found)


def test_what_it_tells_beside_the_start():
    """The text so far, the blanks at its end, and whether the model is thinking."""
    searching = head({"schema": OBJECT})
    told = []
    for piece in (b"<thi", b"nk> \n", b" ", b"x</think>", b" {", b"\n "):
        assert searching.feed(piece) is None
        told.append((searching.is_thinking, searching.blanks))
    assert told == [(False, 0), (True, 2), (True, 3), (False, 0), (False, 0), (False, 2)]
    assert searching.text == b"<think> \n x</think> {\n "


def test_it_is_over_once_it_gave_a_start():
    """What is fed then changes nothing."""
    searching = head({"schema": OBJECT})
    start = searching.feed(b'{"a": 1}')
    assert searching.feed(b"</think>{", final=True) == start is not None


@pytest.mark.parametrize(
    "text", ['{"b" ', '{"a": x} ', "[1] ", "{", '{"a": 1, "a": 2} or ', "`{` "]
)
def test_few_guards_are_begun(text: str):
    """However many brackets stand in the prose."""
    guards = Guards(OBJECT)
    searching = DocumentStart(guards, wrapped=False, bare=False)
    fed(searching, ("So: " + text * 200).encode(), range(0, 3000, 7))
    assert guards.count <= 6 + 2


def test_what_is_certain_comes_soon_or_behind_thinking():
    """Behind much prose nothing is certain; but a closing tag makes all of it a thought."""
    prose = b"It goes on. " * 6000
    assert head({"schema": OBJECT}).feed(prose + b'{"a": 1}', final=True) is None
    start = head({"schema": OBJECT}).feed(prose + b'</think>{"a": 1}', final=True)
    assert start
    assert start.at == len(prose) + len("</think>")


@pytest.mark.parametrize("text", ['</think>{"b', '{"a": "</think>', "x</think>y"])
def test_few_answers_are_begun(text: str):
    """However many tags close."""
    guards = Guards(OBJECT)
    searching = DocumentStart(guards, wrapped=False, bare=False)
    fed(searching, ("So " + text * 2000).encode(), range(0, 20000, 7))
    assert guards.count <= 2 * 16 + 1


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ('Well, {"a": "x', True),
        ('Well, {"a": "x   ', True),
        ('Well, {"a": "x"  ', False),
        ('{"b": 1} it\'s "so   ', False),
        ('I say "so', False),
    ],
)
def test_open_strings(text: str, is_open: bool):
    """Of what may be a document; what the prose quotes is none. Blanks at the end do not count."""
    searching = head({"schema": OBJECT})
    assert searching.feed(text.encode()) is None
    assert searching.is_in_string is is_open


def test_a_string_that_is_not_utf_8_is_not_waited_for():
    """Bytes that are no text are prose; nothing is raised."""
    assert head({"schema": OBJECT}).feed(b'\xff\xe2{"\xe2\x97', final=True) is None
    assert head({"schema": OBJECT}).feed(b"\xe2\x97", final=True) is None


class Takes:
    """A guard that takes one text."""

    def __init__(self, text: bytes) -> None:
        self._left = text

    def consume(self, data: bytes) -> int:
        taken = 0
        while taken < len(data) and self._left[:1] == data[taken : taken + 1]:
            self._left, taken = self._left[1:], taken + 1
        return taken

    def is_complete(self) -> bool:
        return not self._left


def test_what_a_trial_took_in():
    """How far it got, and how much of that is no blank."""
    one = Trial(Takes(b'{  "a": 1}'), 0)
    one.feed(bytearray(b'{  "a'))
    assert (one.reach, one.evidence, one.is_alive, one.is_complete) == (5, 3, True, False)
    one.feed(bytearray(b'{  "a": 1} x'))
    assert (one.reach, one.evidence, one.is_alive, one.is_complete) == (10, 7, False, True)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ('Here it is:\n{"a": 12345', len('{"a": 12')),  # blanks do not count
        ("{" + " " * 100 + '"a": 1', None),  # too many of them
        ('{"a": x1, "b"', None),  # refused
        ('{"a":1}', None),  # whole
    ],
)
def test_what_has_been_read_of_the_document(text: str, length: int | None):
    """What the search has read of it need not be read again."""
    guards = Guards({"type": "object"})
    searching = DocumentStart(guards, wrapped=False, bare=False)
    start = searching.feed(text.encode(), final=length is None)
    assert start is not None
    if length is None:
        assert searching.read is None
    else:
        assert searching.read is not None
        guard, read = searching.read
        assert guard.text == text.encode()[start.at :][:read]
        assert guards.count == 1
