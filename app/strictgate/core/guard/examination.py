"""A text read by a guard for somebody who looks at it: how much of it is good, and why no more.

It says what a document's reading would come to, and what might have stood where it stopped; nothing
is decided by it.
"""

import re
from enum import StrEnum

from strictgate.core.guard import violation_details
from strictgate.core.guard.document_reader import DocumentReader, DocumentState
from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.partial_document import Begin, PartialDocument
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.repair_steps import Repair, Step
from strictgate.core.schema.problems import Problem
from strictgate.core.value_type import value_type

_OPENER = re.compile(r"[{\[]")
_MAX_NEXT = 80  # bytes of what must follow that are told


class PartKind(StrEnum):
    """What a part of a text is."""

    AROUND = "around"
    """Thinking, prose, fences: no part of the document."""
    GOOD = "good"
    """It is in the document, mended or not."""
    REFUSED = "refused"
    """It cannot follow what stands before it."""


@value_type
class Examined:
    """A text, in parts, and where the document in it stands at their end."""

    parts: tuple[tuple[PartKind, str], ...]
    """They make up the text."""
    is_whole: bool = False
    """There is a whole valid document."""
    path: str = ""
    """A JSON Pointer to where it stands."""
    allowed: tuple[str, ...] = ()
    """What may come there, in the spelling of JSON; empty where there is no short list."""
    problems: tuple[str, ...] = ()
    """What the schema says of what was refused, in sentences."""
    steps: tuple[Step, ...] = ()
    """How the good part was mended."""


def examine(
    text: str, begin: Begin, level: Repair, *, wrapped: bool = False, is_over: bool = True
) -> Examined:
    """Read `text`, an answer of a model, or its beginning.

    Args:
        begin: makes a guard; one without a grammar cannot say what is allowed.
        wrapped: the model was asked for `{"value": <document>}`.
        is_over: nothing more will come.

    Raises:
        WorkSpent: the budget is used up.
    """
    draft = PartialDocument(begin, level)
    bare = not wrapped and not draft.guard.schema.is_object_root
    stream = DocumentStream(draft, level, wrapped=wrapped, bare=bare, aligner=None)
    stream.feed(text)
    if is_over:
        stream.flush()
    if stream.start is not None:
        return _examined(text, stream, stream.start)
    opener = _OPENER.search(text) if is_over else None
    if opener is None:
        return Examined(((PartKind.AROUND, text),) if text else ())
    reader = DocumentReader(draft.anew(), level)  # amid prose, and wrong: it is shown all the same
    reader.feed(text[opener.start() :])
    reader.flush()
    return _examined(text, reader, len(text[: opener.start()].encode("utf-8", "surrogatepass")))


def _examined(text: str, reading: DocumentReader, start: int) -> Examined:
    """Return what came of a reading that began `start` bytes behind the beginning of `text`."""
    scanner, schema = reading.draft.guard.scanner, reading.draft.guard.schema
    is_closed = reading.state is DocumentState.CLOSED
    problems: tuple[Problem, ...] = ()
    if reading.state is DocumentState.VIOLATED and reading.ahead:
        problems = violation_details.explain(reading.draft, reading.ahead, schema)
    return Examined(
        _parts(text, reading, start),
        is_closed or reading.draft.is_whole,
        pointer(scanner.path),
        () if is_closed else _allowed(reading),
        tuple(each.sentence for each in problems),
        tuple(reading.draft.steps),
    )


def _allowed(reading: DocumentReader) -> tuple[str, ...]:
    listed = violation_details.allowed(reading.draft)
    if listed:
        return listed
    forced = reading.draft.guard.forced()[:_MAX_NEXT]
    return (forced.decode(errors="ignore"),) if forced else ()


def _parts(text: str, reading: DocumentReader, start: int) -> tuple[tuple[PartKind, str], ...]:
    data = text.encode("utf-8", "surrogatepass")
    begun = start if not isinstance(reading, DocumentStream) else 0
    end = max(begun + reading.refused_at, start)
    rest = PartKind.AROUND if reading.state is DocumentState.CLOSED else PartKind.REFUSED
    cuts = (
        (PartKind.AROUND, data[:start]),
        (PartKind.GOOD, data[start:end]),
        (rest, data[end:]),
    )
    return tuple((kind, part.decode(errors="replace")) for kind, part in cuts if part)
