"""What a model made of the beginning of an input."""

import pytest

from strictgate.core.guard.continuation_alignment import ContinuationKind
from strictgate.core.guard.input_alignment import InputAligner
from strictgate.core.guard.input_matcher import InputMatcher

LINES = InputMatcher("lark", 'start: "BEGIN" LF ("+" /.*/ LF)+ "END"\n%import common.LF\n')
PREFIX = "BEGIN\n+one\n"
REST = "+two\nEND"


def aligned(*pieces, prefix=PREFIX):
    text = LINES.start()
    text.feed(prefix)
    aligner = InputAligner(text, LINES.start(), prefix)
    for piece in pieces:
        aligner.feed(piece)
    aligner.flush()
    aligner.text.flush()
    return aligner.kind, aligner.text.text, aligner.text.problem()


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (REST, ContinuationKind.CONTINUATION, PREFIX + REST),
        ("\n" + REST, ContinuationKind.CONTINUATION, PREFIX + REST),
        (PREFIX + REST, ContinuationKind.ECHO, PREFIX + REST),
        ("BEGIN\n+other\nEND", ContinuationKind.FRESH, "BEGIN\n+other\nEND"),
        ("```\nBEGIN\n+other\nEND\n```", ContinuationKind.FRESH, "BEGIN\n+other\nEND"),
        (PREFIX, ContinuationKind.ECHO, PREFIX),
        ("BEGIN", ContinuationKind.CONTINUATION, PREFIX),
        ("", ContinuationKind.CONTINUATION, PREFIX),
    ],
    ids=ascii,
)
def test_kinds_in_any_cut(answer, kind, text):
    """An answer is told by its text alone, however it is cut."""
    whole = aligned(answer)

    assert whole[:2] == (kind, text)
    assert aligned(*answer) == whole
    for at in range(len(answer)):
        assert aligned(answer[:at], answer[at:]) == whole
