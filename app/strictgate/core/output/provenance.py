"""How much of a document is the model's own, and how sure it was, as the caller is told.

By bytes over all of it, and by path: of each value that is not wholly the model's own, and of each
name of a member, how many bytes are forced, chosen or mended. Where the upstream gave
log-probabilities, each value that is the model's own has a confidence: the product of the
probabilities of the tokens that it is made of, those that reach over its ends included. It says how
likely these tokens were, one after the other; not how likely the value is right.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.spans import Span, locate_parts
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins
from strictgate.core.value_type import value_type

MOST_PATHS = 200  # that are told; of more, only how many there are
_MOST_TEXT = 1 << 20  # characters; to walk through takes a second for a few million
_OWN = frozenset({ByteOrigin.MODEL, ByteOrigin.CONTINUED})


@value_type
class ScoredToken:
    """A token of a document, and how likely it was."""

    start: int
    """In bytes of the document; it may begin before a value, and end behind it."""
    end: int
    logprob: float
    """The natural logarithm of its probability."""


def is_own(origins: DocumentOrigins) -> bool:
    """Whether every byte of a document is the model's own."""
    ranges = origins.ranges
    if len(ranges) == 1:
        return ranges[0].origin in _OWN
    return all(each.origin in _OWN for each in ranges)


def origin_details(
    text: str, origins: DocumentOrigins, tokens: Sequence[ScoredToken], *, by_path: bool
) -> dict[str, Any]:
    """Return what is told of a document, as it stands in `x_strictgate`.

    Args:
        text: the document.
        tokens: those of them that there are, in their order.
        by_path: whether values are told of, too.
    """
    counts = {origin.value: count for origin, count in origins.counts().items()}
    if not by_path or len(text) > _MOST_TEXT:
        return {"bytes": counts}
    entries = _entries(text, origins, tokens)
    told = list(islice(entries, MOST_PATHS))
    more = sum(1 for _ in entries)
    return {"bytes": counts, "paths": told} | ({"more_paths": more} if more else {})


def _entries(
    text: str, origins: DocumentOrigins, tokens: Sequence[ScoredToken]
) -> Iterator[dict[str, Any]]:
    ranges, scores = _Sorted(origins.ranges), _Sorted(tokens)
    offsets = _Offsets(text)
    for part in locate_parts(text):
        path, is_name = {"path": pointer(part.path)}, part.is_name
        start, end = offsets.of(part.span)
        if foreign := _foreign(ranges, start, end):
            yield path | ({"part": "name"} if is_name else {}) | foreign
        elif not is_name and (sure := _confidence(scores, start, end)) is not None:
            yield path | {"confidence": sure}


class _Sorted:
    """Ranges in their order, of which those are wanted that overlap with others, also in order."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items
        self._at = 0

    def within(self, start: int, end: int) -> Iterator[Any]:
        """Yield those that overlap with `start` to `end`, which never goes back."""
        items = self._items
        while self._at < len(items) and items[self._at].end <= start:
            self._at += 1
        for each in islice(items, self._at, None):
            if each.start >= end:
                return
            yield each


def _foreign(ranges: _Sorted, start: int, end: int) -> dict[str, int]:
    """Return how many bytes there are of each origin, but for the model's own."""
    counts: dict[str, int] = {}
    for each in ranges.within(start, end):
        if each.origin not in _OWN:
            bytes_in = min(each.end, end) - max(each.start, start)
            counts[each.origin.value] = counts.get(each.origin.value, 0) + bytes_in
    return counts


def _confidence(scores: _Sorted, start: int, end: int) -> float | None:
    """Return the product over the tokens of a value; None where one is not known."""
    total, covered = 0.0, start
    for each in scores.within(start, end):
        if each.start > covered:
            return None
        total += each.logprob
        covered = each.end
    return float(f"{math.exp(min(total, 0.0)):.4g}") if covered >= end > start else None


class _Offsets:
    """Places in a text as bytes of UTF-8; they are asked for in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._length = 0

    def of(self, span: Span) -> tuple[int, int]:
        """Return where `span` starts and ends."""
        return self._of(span.start), self._of(span.end)

    def _of(self, position: int) -> int:
        self._length += len(self._text[self._at : position].encode())
        self._at = position
        return self._length
