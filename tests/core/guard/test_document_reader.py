"""The text of one document, from its first byte."""

import pytest

from strictgate.core.guard.document_reader import (
    DocumentReader,
    DocumentState,
    DocumentText,
    read_document,
)
from strictgate.core.guard.guard import Guard
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from tests.core.guards import draft

ANYTHING = admit(True, name="x")


@pytest.mark.parametrize(
    ("text", "document", "steps"),
    [
        (' {"a": 1}\n', '{"a": 1}', []),
        ("12.", "12.0", ["number"]),
        ("{'a': 1,} // so", '{"a": 1}', ["quotes", "trailing_comma", "comment"]),
        ("{} /* so */ # yes", "{}", ["comment"]),
        ("/* so */ {}", "{}", ["comment"]),
        ('{{"a": 1}}', '{"a": 1}', ["doubled_brace"]),
        ('"x"', '"x"', []),
    ],
)
def test_a_whole_document(text, document, steps):
    """All of the text, comments behind it too."""
    found = read_document(text, Guard(ANYTHING, None), Repair.SYNTAX)
    assert isinstance(found, DocumentText)
    assert (found.text, [step.name for step in found.steps]) == (document, steps)


@pytest.mark.parametrize(
    "text", ['{"a": 1} x', '{"a": 1}}', '{"a": 1', "", "{} {}", '"x" "y"', "tru"]
)
def test_other_text(text):
    """What is not the document, or not all of it, is none."""
    assert isinstance(read_document(text, Guard(ANYTHING, None), Repair.SYNTAX), DocumentReader)


def test_comments_are_for_those_who_mend():
    """At level `off` the text must be JSON."""
    for text in ("{} // so", "{'a': 1}"):
        assert isinstance(read_document(text, Guard(ANYTHING, None), Repair.OFF), DocumentReader)


def test_how_far_it_was_read():
    """At a violation, what was refused is ahead."""
    reader = read_document('{"a": x}', Guard(ANYTHING, None), Repair.SYNTAX)
    assert isinstance(reader, DocumentReader)
    assert (reader.state, reader.refused_at) == (DocumentState.VIOLATED, len('{"a": '))
    assert reader.ahead.startswith(b"x}")


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pieces_make_no_difference(size):
    """The same document, however it arrives."""
    text = '{\'name\': \'Ann\', age: "7", "mood": "CALM",} so'
    reader = DocumentReader(draft(), Repair.LOSSLESS)
    for start in range(0, len(text), size):
        reader.feed(text[start : start + size])
    reader.flush()
    assert reader.state is DocumentState.CLOSED
    assert reader.draft.text == '{"name": "Ann", "age": 7, "mood": "calm"}'
    assert reader.behind.text.lstrip().startswith(b"so")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_origins(size):
    """What was mended on the way is told, however the text was cut; the rest is the model's own."""
    text = '{"name": \'Ann\', "AGE": "7", "mood": "Calm",}'
    made = draft(level=Repair.LOSSLESS)
    reader = DocumentReader(made, Repair.LOSSLESS)
    for at in range(0, len(text), size):
        reader.feed(text[at : at + size])
    reader.flush()
    assert made.text == '{"name": "Ann", "age": 7, "mood": "calm"}'
    mended = [each for each in made.text_origins().ranges if each.origin is ByteOrigin.MENDED]
    texts = [made.text[each.start : each.end] for each in mended]
    assert texts == ['"Ann"', "age", "7", "calm"]
