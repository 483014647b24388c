"""Strict JSON over bytes as it grows: what may follow, where it stands, and the tree so far.

It gives the verdicts of `parse_json`, byte by byte: a byte is refused as soon as nothing that
may follow makes a document of it, and never before. A number alone is judged by its size only in
the byte behind it. Going back undoes the last steps, and reads the text again where these do not
reach.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from strictgate.core.jsontext import numbers, strings
from strictgate.core.jsontext.lexer import (
    BLANKS,
    INSIDE,
    STEPS,
    Expects,
    Lexer,
    LexerEvent,
    LexicalToken,
)
from strictgate.core.jsontext.partial_tree import Container
from strictgate.core.jsontext.pointer import Path

_LOOK_BACK = 64  # bytes
_VALUES = frozenset({LexicalToken.STRING, LexicalToken.NUMBER, LexicalToken.LITERAL})

Watch = Callable[[LexerEvent, int], int | None]
"""Asked behind each byte that did something, with the length up to there: where to go back to.

There and in the next calls it sees the state just behind that byte.
"""


@dataclass(slots=True)
class ScannerMark:
    """A place to come back to: its text is the first `low` bytes of the scanner's, then `tail`."""

    low: int
    tail: bytes = b""


class Scanner(Lexer):
    """One document, from its first byte on. Offsets and lengths are bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[ScannerMark] = []

    def __len__(self) -> int:
        return len(self._text)

    @property
    def text(self) -> bytes:
        """All that was taken in."""
        return bytes(self._text)

    def part(self, start: int, end: int) -> bytes:
        """Return what stands from `start` to `end`."""
        return bytes(self._text[start:end])

    @property
    def value(self) -> Any:
        """The tree so far, without what is open; None where there is none yet."""
        if self.token is LexicalToken.NUMBER and not self._tree.open:
            return (
                numbers.parse_number(self._text[self._start :])
                if self._part in numbers.ENDS
                else None
            )
        return self._tree.root

    @property
    def containers(self) -> tuple[Container, ...]:
        """The open containers, outermost first: those of the tree, not to be changed."""
        return tuple(self._tree.open)

    @property
    def nesting(self) -> list[Container]:
        """The same as it changes: to be looked at in passing, and not to be kept."""
        return self._tree.open

    def name_at(self, depth: int) -> str:
        """Return the name of the member begun last of the open object at `depth`."""
        return self._tree.name_at(depth)

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each of the open containers starts."""
        return tuple(offsets[0] for offsets in self._tree.offsets)

    def name_spans(self, depth: int, *, last: bool = False) -> list[tuple[int, int]]:
        """Return where the names of the open container at `depth` stand, with their quotes; `last`:
        the last one alone."""
        starts = self._tree.offsets[depth][1:]
        return [
            (start, strings.whole_until(self._text, start + 1) + 1)
            for start in (starts[-1:] if last else starts)
        ]

    def names_from(self, depth: int, index: int) -> list[tuple[int, bytes]]:
        """Return the names of the open container at `depth` but for the first `index`: where each
        starts, and its text with the quotes."""
        starts = self._tree.offsets[depth][index + 1 :]
        ends = (strings.whole_until(self._text, start + 1) + 1 for start in starts)
        return [(start, self.part(start, end)) for start, end in zip(starts, ends, strict=True)]

    @property
    def innermost(self) -> tuple[int, int, int]:
        """How many containers are open, and where the innermost starts and its last name does: it
        is another value once there is another name, or container."""
        offsets = self._tree.offsets
        return (len(offsets), offsets[-1][0], offsets[-1][-1]) if offsets else (0, 0, 0)

    def last_name_start(self, depth: int) -> int:
        """Return where the last name of the open container at `depth` starts; -1: it has none."""
        starts = self._tree.offsets[depth]
        return starts[-1] if len(starts) > 1 else -1

    @property
    def open_path(self) -> Path:
        """Where the innermost open container stands."""
        return self._tree.open_path

    @property
    def path(self) -> Path:
        """Where the open value, or the next one, stands; for a name, the object that it is in."""
        if not self._tree.open or isinstance(self._tree.open[-1], list):
            return self._tree.next_path
        is_named = self.expects in (Expects.COLON, Expects.VALUE)
        is_inside = self.token in _VALUES or (is_named and self.token is None)
        return self._tree.next_path if is_inside else self._tree.open_path

    @property
    def last_path(self) -> Path:
        """Where the value stands that was closed last, as long as none was begun behind it."""
        return self._tree.last_path

    @property
    def token_start(self) -> int:
        """Where the open token starts; the length, where none is open."""
        return len(self._text) if self.token is None else self._start

    @property
    def units(self) -> tuple[int, int]:
        """Where the whole characters of the string begun last start, and where they end."""
        return self._start + 1, self._whole

    @property
    def blanks(self) -> int:
        """How many blanks the text ends with, outside tokens."""
        return len(self._text) - self.without_blanks() if self.token is None else 0

    def without_blanks(self, end: int | None = None) -> int:
        """Return the length of the first `end` bytes, or of all, without blanks at their end."""
        end, look = len(self._text) if end is None else end, _LOOK_BACK
        while True:
            begin = max(end - look, 0)
            kept = self._text[begin:end].rstrip(BLANKS)
            if kept or not begin:
                return begin + len(kept)
            look *= 4

    def is_complete(self) -> bool:
        """Whether this is a whole document; a number may still get longer."""
        if self.token is LexicalToken.NUMBER and not self._tree.open:
            return self.value is not None
        return self.token is None and self.expects is Expects.NOTHING

    # --- forth and back ------------------------------------------------------------------------

    def consume(self, data: bytes, *, to_close: bool = False, watch: Watch | None = None) -> int:
        """Take in as much of `data` as may belong to a document; return how many bytes.

        Args:
            to_close: stop right behind a byte that closed at least one value.
            watch: is asked behind each byte that names, opens or closes one.
        """
        start = position = len(self._text)
        self._text += data
        end = len(self._text)
        while position < end:
            if self.token is None:
                step = STEPS[self.expects].get(self._text[position])
            else:
                step = INSIDE[self.token]
            if step is None:
                break
            self._event = None
            reached = step(self, position)
            if reached == position:
                break
            position = reached
            if self._event is None:
                continue
            back = watch(self._event, position) if watch else None
            if back is not None:
                self._return_to(back)
                return back - start
            if to_close and self._event is LexerEvent.CLOSED:
                break
        del self._text[position:]
        return position - start

    @property
    def is_in_text(self) -> bool:
        """Whether a string is open that is a value, and no character of it has only begun."""
        return self.token is LexicalToken.STRING and self._whole == len(self._text)

    def take_text(self, data: bytes) -> None:
        """Take in plain characters of ASCII, where `is_in_text`: as `consume` does, by a shorter
        way."""
        self._text += data
        self._whole += len(data)

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""
        if count:
            self._return_to(len(self._text) - count)

    def fork(self) -> Self:
        """Return a scanner that stands where this one does and goes its own way."""
        twin = type(self)()
        twin.__dict__.update(self.__dict__)
        twin._marks = []
        twin._text = self._text.copy()
        twin._journal = self._journal.copy()
        twin._tree = self._tree.fork()
        return twin

    def mark(self) -> ScannerMark:
        """Mark this place, to come back by `restore`; what is changed meanwhile is what that costs.

        Marks are left in the reverse of their order, each by `restore` or by `forget`.
        """
        self._marks.append(ScannerMark(len(self._text)))
        return self._marks[-1]

    def restore(self, mark: ScannerMark) -> None:
        """Go back to the marked place."""
        self.forget(mark)
        self._return_to(mark.low)
        self.consume(mark.tail)

    def forget(self, mark: ScannerMark) -> None:
        """Stay here; nobody comes back to the marked place."""
        assert self._marks.pop() is mark, "marks are left in the reverse of their order"

    def _return_to(self, length: int) -> None:
        for mark in self._marks:
            if mark.low > length:
                mark.tail = bytes(self._text[length : mark.low]) + mark.tail
                mark.low = length
        del self._text[length:]
        if self._undo_to(length):
            self._reenter_token()
            return
        text = self.text
        starts = self._tree.offsets  # as far back as the journal reaches
        depth = sum(offsets[0] < length for offsets in starts)
        begun = starts[depth - 1][0] + 1 if depth else 0
        if depth:  # the container that goes on there is read again, but nothing before it
            self._tree.restart(depth - 1)
            self._journal.clear()
            is_object = isinstance(self._tree.open[-1], dict)
            self.expects = Expects.NAME_OR_END if is_object else Expects.VALUE_OR_END
            self.token = self.last = None
            del self._text[begun:]
        else:
            self._text.clear()
            self._clear()
        self.consume(text[begun:])
