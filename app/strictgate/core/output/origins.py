"""Where each byte of a document comes from.

A document is the model's own, but for what was mended, what the schema left no choice about, and
what the model was made to choose. `OriginRecorder` notes that while a document is written and taken
back; `DocumentOrigins` is the value that comes of it: ranges of the bytes of UTF-8 of the text that
the caller gets, in order, which cover all of it.

Of a text that was mended as a whole, `edited` compares what the model wrote with what became of it:
the tokens that are new are mended.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from strictgate.core.value_type import value_type

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\w.+-]++|[ \t\r\n]++|.', re.DOTALL)
_MOST_COMPARED = 1 << 18  # bytes; of longer texts only the common beginning and end are told
_WINDOW = 24  # tokens that may be added or left out in one place
_ALIKE = 2  # tokens that must be the same behind it


class ByteOrigin(StrEnum):
    """Who a byte of a document is from."""

    MODEL = "model"
    """The model wrote it, in a reply that begins the document."""
    CONTINUED = "continued"
    """The model wrote it, behind a prefix that it was sent to go on from."""
    CHOSEN = "chosen"
    """The model's choice among what is allowed there: the likeliest of its alternatives, or its
    answer to the question which."""
    FORCED = "forced"
    """The schema leaves no other way to go on."""
    MENDED = "mended"
    """It says what the model wrote, in another spelling or type."""


@value_type
class OriginRange:
    """The bytes from `start` to `end` of a document have one origin."""

    start: int
    end: int
    origin: ByteOrigin


@value_type
class DocumentOrigins:
    """The origins of a whole document."""

    ranges: tuple[OriginRange, ...]
    """In order, without gaps; two that are next to each other differ."""

    @classmethod
    def of(cls, origin: ByteOrigin, length: int) -> "DocumentOrigins":
        """Return the origins of a document of which all `length` bytes have the same."""
        return cls((OriginRange(0, length, origin),) if length else ())

    @property
    def length(self) -> int:
        """The length of the document in bytes."""
        return self.ranges[-1].end if self.ranges else 0

    def first(self, count: int) -> "DocumentOrigins":
        """Return the origins of the beginning of the document: its first `count` ranges."""
        return DocumentOrigins(self.ranges[:count])

    def part(self, start: int, end: int) -> "DocumentOrigins":
        """Return the origins of the bytes from `start` to `end`, as those of a document."""
        return DocumentOrigins(
            tuple(
                OriginRange(max(each.start, start) - start, min(each.end, end) - start, each.origin)
                for each in self.ranges
                if each.start < end and each.end > start
            )
        )

    def counts(self) -> Mapping[ByteOrigin, int]:
        """Return how many bytes have each origin; one that does not occur is left out."""
        counts = dict.fromkeys(ByteOrigin, 0)
        for each in self.ranges:
            counts[each.origin] += each.end - each.start
        return {origin: count for origin, count in counts.items() if count}


@value_type
class TextChange:
    """A part of a text was replaced: `old_start` to `old_end` of what it was is `new_start` to
    `new_end` of what it is."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


_Start = tuple[int, ByteOrigin]
"""Where a range starts; it goes on to the next one."""


class OriginRecorder:
    """The origins of a document that is being written.

    Whoever writes says from where on. What is taken back needs no word: the next to write there
    says so.
    """

    def __init__(self) -> None:
        self._starts: list[_Start] = []

    def write(self, start: int, origin: ByteOrigin) -> None:
        """Note that what stands from `start` on is of `origin`."""
        starts = self._starts
        while starts and starts[-1][0] >= start:
            starts.pop()
        if not starts or starts[-1][1] is not origin:
            starts.append((start, origin))

    def replace(self, changes: Iterable[TextChange], origin: ByteOrigin) -> None:
        """Note that parts of the text were replaced by something of `origin`; what stands behind
        them has moved.

        Args:
            changes: in order; their offsets are those of the text as a whole.
        """
        changes = list(changes)
        if not changes:
            return
        # What stands before the first change stays, and need not be looked at.
        kept = max(bisect_right(self._starts, changes[0].old_start, key=_start) - 1, 0)
        before = _Ranges(self._starts[kept:])
        del self._starts[kept:]
        shifted = before.start  # of the old text, up to where it has been dealt with
        moved = 0
        for each in changes:
            self._take_over(before.between(shifted, each.old_start), moved)
            if each.new_end > each.new_start:
                self.write(each.new_start, origin)
            shifted, moved = each.old_end, each.new_end - each.old_end
        self._take_over(before.between(shifted, None), moved)

    def at(self, offset: int) -> ByteOrigin:
        """Return the origin of the byte at `offset`."""
        found = [origin for start, origin in self._starts if start <= offset]
        return found[-1] if found else ByteOrigin.MODEL

    def until(self, length: int) -> DocumentOrigins:
        """Return the origins of the first `length` bytes."""
        starts = [each for each in self._starts if each[0] < length]
        ends = [*(start for start, _ in starts[1:]), length]
        return DocumentOrigins(
            tuple(
                OriginRange(start, end, origin)
                for (start, origin), end in zip(starts, ends, strict=False)
            )
        )

    def _take_over(self, ranges: Iterable[_Start], moved: int) -> None:
        """Keep these ranges of the old text, which are now `moved` bytes further on."""
        for start, origin in ranges:
            self.write(start + moved, origin)


class _Ranges:
    """The ranges of an old text, gone through once from front to back."""

    def __init__(self, starts: list[_Start]) -> None:
        self._starts = starts
        self._at = 0

    @property
    def start(self) -> int:
        """Where the first one starts; 0, where there is none."""
        return self._starts[0][0] if self._starts else 0

    def between(self, start: int, end: int | None) -> Iterator[_Start]:
        """Yield the ranges between `start` and `end`, None for all that follow, the first cut to
        that; `start` is not before where the last call ended."""
        starts = self._starts
        while self._at + 1 < len(starts) and starts[self._at + 1][0] <= start:
            self._at += 1
        while self._at < len(starts) and (end is None or max(starts[self._at][0], start) < end):
            yield max(starts[self._at][0], start), starts[self._at][1]
            if self._at + 1 < len(starts) and (end is None or starts[self._at + 1][0] < end):
                self._at += 1
            else:
                break


def _start(of_range: _Start) -> int:
    return of_range[0]


def edited(old: bytes, new: bytes) -> DocumentOrigins:
    """Return the origins of `new`, which was made of the model's text `old` by mending it."""
    if old == new:
        return DocumentOrigins.of(ByteOrigin.MODEL, len(new))
    recorder = OriginRecorder()
    recorder.write(0, ByteOrigin.MODEL)
    recorder.replace(changes(old, new), ByteOrigin.MENDED)
    return recorder.until(len(new))


def changes(old: bytes, new: bytes, at: int = 0) -> list[TextChange]:
    """Return what must be replaced in `old` to make it `new`, by whole tokens of JSON.

    The search is for the next place where both are alike again, within a window: it takes time in
    proportion to the length. What is out of the window counts as replaced.

    Args:
        at: where both stand in the text that the offsets are told of.
    """
    if old == new:
        return []
    if max(len(old), len(new)) > _MOST_COMPARED:
        same = _in_common(old, new)
        end = _in_common(old[same:][::-1], new[same:][::-1])
        return [TextChange(at + same, at + len(old) - end, at + same, at + len(new) - end)]
    return list(_changes(_TOKEN.findall(old), _TOKEN.findall(new), at))


def _changes(old: list[bytes], new: list[bytes], at: int) -> Iterator[TextChange]:
    ending = 0  # tokens that both end with
    while ending < min(len(old), len(new)) and old[-1 - ending] == new[-1 - ending]:
        ending += 1
    old_end, new_end = len(old) - ending, len(new) - ending
    one = other = 0
    old_at = new_at = at
    while one < old_end or other < new_end:
        if one < old_end and other < new_end and old[one] == new[other]:
            old_at, new_at = old_at + len(old[one]), new_at + len(new[other])
            one, other = one + 1, other + 1
            continue
        left, added = _alike_again(old, one, old_end, new, other, new_end)
        old_to = old_at + sum(map(len, old[one : one + left]))
        new_to = new_at + sum(map(len, new[other : other + added]))
        yield TextChange(old_at, old_to, new_at, new_to)
        one, other, old_at, new_at = one + left, other + added, old_to, new_to


def _alike_again(
    old: list[bytes], one: int, old_end: int, new: list[bytes], other: int, new_end: int
) -> tuple[int, int]:
    """Return how many tokens of each are replaced, from `one` and `other` on, before both are alike
    again."""
    for total in range(1, _WINDOW + 1):
        for left in range(min(total, old_end - one) + 1):
            mine, its = one + left, other + total - left
            if its > new_end:
                continue
            rest = old[mine : min(mine + _ALIKE, old_end)]
            is_end = old_end - mine == new_end - its
            if rest == new[its : min(its + _ALIKE, new_end)] and (len(rest) == _ALIKE or is_end):
                return left, total - left
    return old_end - one, new_end - other


def _in_common(one: bytes, other: bytes) -> int:
    """Return how many bytes both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low
