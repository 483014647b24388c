"""Find the document in a model's answer: under thinking, in fences, amid prose.

Texts that may be the document come out best first: the whole answer, then what stands in fences,
then objects and arrays amid prose; of several, the last first, for a model that corrects itself
does so later, and an empty one last of all. The judge takes the first that validates.

What must never come out is a part of a document: nothing from inside an object or array that is
broken or that the text breaks off in, and no other one amid prose once such a one has been met
outside a closed fence, since the answer proper is then in doubt; what stands in a closed fence
before it stays. A bare scalar counts only as the whole
answer or as all of a closed fence.

The search is one pass, and linear: each character is looked at a bounded number of times.
"""

import re
from collections.abc import Iterator
from itertools import islice

from strictgate.core.late_pattern import late_pattern
from strictgate.core.output import brackets, thinking
from strictgate.core.output.brackets import Region, Unclosed
from strictgate.core.output.fences import MARK, Fences
from strictgate.core.repair_steps import Extraction
from strictgate.core.value_type import value_type

MAX_CANDIDATES = 4_000
"""Texts that may be the document, in one answer: among more than these, none is looked for."""
_BLANKS = " \t\r\n"
_EDGES = _BLANKS + "\ufeff\u200b\u200c\u200d\u2060\u00a0\u2028\u2029\f\v"
_EVENT = late_pattern(
    rf"(?P<fence>{MARK})[ \t]*+[\w+#.-]*+|(?P<bracket>[{{\[])|(?P<thinking>{thinking.OPENING})",
    re.IGNORECASE,
)
_BRACKET = late_pattern(r"[{\[]")
_FENCED = late_pattern(r"(?:`{3,}|~{3,})[\w+#.-]*+\s(.*)(?:`{3,}|~{3,})", re.DOTALL)
_SCALAR = late_pattern(r'"(?:[^"\\]++|\\.)*+"|-?\d[\d.eE+-]*+|true|false|null', re.DOTALL)


@value_type
class DocumentCandidate:
    """A text that may be the document, and what was taken off around it."""

    text: str
    steps: tuple[Extraction, ...] = ()


@value_type
class Extracted:
    """What an answer may hold."""

    candidates: tuple[DocumentCandidate, ...]
    """Best first."""
    unfinished: bool
    """The answer breaks off inside a document, or inside its thinking."""
    are_too_many: bool = False
    """There are more than MAX_CANDIDATES, of which none is among the candidates."""


@value_type
class _Find:
    """A part of the answer, from `start` to `end`; with its fence, from `outer` to `behind`."""

    start: int
    end: int
    outer: int
    behind: int
    fenced: bool


class _NoEnd(Exception):
    """The search met a document that has no end."""

    def __init__(self, why: Unclosed, start: int) -> None:
        self.why = why
        self.start = start


def extract(text: str) -> Extracted:
    """Return what may be the document in `text`, best first."""
    trimmed = text.strip(_EDGES)
    answer = thinking.without_thinking(trimmed)
    steps: tuple[Extraction, ...] = (Extraction.THINK,) if answer.removed else ()
    body = answer.text.strip(_EDGES)
    if body != answer.text.strip(_BLANKS) or trimmed != text.strip(_BLANKS):
        steps += (Extraction.BLANKS,)
    if answer.unfinished or not body:
        return Extracted((), unfinished=answer.unfinished)
    finds, why = _search(body)
    if len(finds) > MAX_CANDIDATES:
        whole = DocumentCandidate(body, steps)
        return Extracted((whole,), unfinished=False, are_too_many=True)
    parts = [find for find in sorted(finds, key=_rank) if 0 < find.end - find.start < len(body)]
    found = [_candidate(body, part, steps) for part in parts]
    return Extracted(
        (DocumentCandidate(body, steps), *found), unfinished=why is Unclosed.UNFINISHED
    )


def is_document_alone(text: str) -> bool:
    """Whether all of `text`, blanks and a fence around it aside, is one object, array or string."""
    body = text.strip(_EDGES)
    if fenced := _FENCED.fullmatch(body):
        body = fenced[1].strip(_EDGES)
    if body[:1] in ("{", "["):
        return brackets.closing(body, 0, len(body)) == len(body)
    return bool(_SCALAR.fullmatch(body))


def _rank(find: _Find) -> tuple[bool, bool, int]:
    return not find.fenced, find.end - find.start == len("{}"), -find.start


def _candidate(body: str, find: _Find, steps: tuple[Extraction, ...]) -> DocumentCandidate:
    if find.fenced:
        steps += (Extraction.FENCE,)
    if find.outer > 0 or find.behind < len(body):
        steps += (Extraction.PROSE,)
    return DocumentCandidate(body[find.start : find.end], steps)


def _search(body: str) -> tuple[list[_Find], Unclosed | None]:
    """Return the parts of `body` that may be the document; where one has no end, that one, and why,
    and of the others those in closed fences."""
    found: list[_Find] = []
    try:
        found.extend(islice(_finds(body), MAX_CANDIDATES + 1))
    except _NoEnd as broken:
        end = len(body)
        rest = _Find(broken.start, end, broken.start, end, fenced=False)
        return [*(find for find in found if find.fenced), rest], broken.why
    return found, None


def _finds(body: str) -> Iterator[_Find]:
    fences, region = Fences(body), Region(body, 0, len(body))
    position = 0
    met_part = False
    while event := _EVENT.search(body, position):
        position = event.end()
        if event["thinking"]:
            closed = thinking.CLOSED.search(body, position)
            if closed is None:
                raise _NoEnd(Unclosed.UNFINISHED, len(body))
            position = closed.end()
        elif event["bracket"]:
            span = _document(body, event.start(), len(body))
            if span:
                position = span[1]
                if region.is_part(span):
                    met_part = True
                else:
                    yield _Find(*span, *span, fenced=False)
        elif fence := fences.opening(event["fence"], event.end()):
            position = fence.behind
            if met_part and region.has_surplus(position):
                continue  # in what the part is of
            yield _Find(fence.start, fence.end, event.start(), fence.behind, fenced=True)
            yield from _inside(body, fence.start, fence.end)


def _inside(body: str, start: int, end: int) -> list[_Find]:
    """Return the documents amid what a fence holds; none if one of them has no end."""
    found = []
    region = Region(body, start, end)
    position = start
    try:
        while bracket := _BRACKET.search(body, position, end):
            span = _document(body, bracket.start(), end) or (0, bracket.end())
            position = span[1]
            if span[0] and span != (start, end) and not region.is_part(span):
                found.append(_Find(*span, *span, fenced=True))
    except _NoEnd:
        return []
    return found


def _document(body: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the extent of the document whose bracket is at `start`; None if it is but prose."""
    if not brackets.starts_document(body, start):
        return None
    behind = brackets.closing(body, start, end)
    if isinstance(behind, Unclosed):
        raise _NoEnd(behind, start)
    return start, behind
