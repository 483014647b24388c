"""What a model made of a prefix that it was asked to go on from.

Some hosts give what comes behind the prefix, some repeat the prefix first, and some models take no
notice and start anew. Which of these it is shows in the text alone, and must be told apart: a new
start that is taken for a continuation writes a document into the middle of itself.

Outside strings blanks do not count, as a model may well space its own prefix differently.
"""

import re
from dataclasses import field
from enum import StrEnum

from strictgate.core.guard.guard import Guard
from strictgate.core.jsontext.lexer import BLANKS, LexicalToken
from strictgate.core.late_pattern import late_pattern
from strictgate.core.value_type import state_type, value_type

_TELLING = 6  # bytes in common with the beginning that are no accident
_DECORATIONS = (b"```", b"<think")
_OPENERS = (b"{", b"[")
_OBJECT = late_pattern(rb'[\[{]+[\s\[{]*"')
_MAY_BE_OBJECT = late_pattern(rb"[\[{][\s\[{]*")
_VALUE = late_pattern(rb"""["}\],:'0-9.+-]|(?:true|false|null|none)\b""", re.IGNORECASE)


class ContinuationKind(StrEnum):
    """What an answer to a prefix is."""

    UNKNOWN = "unknown"
    """More of it must be seen."""
    ECHO = "echo"
    """The prefix again, and what comes behind it."""
    CONTINUATION = "continuation"
    FRESH = "fresh"
    """A new start, or prose."""
    ASTRAY = "astray"
    """It goes on from the prefix, but not as what is out already does."""


@value_type
class Aligned:
    """The kind of an answer, and how many of its bytes repeat what is there already."""

    kind: ContinuationKind
    skip: int = 0


_UNKNOWN = Aligned(ContinuationKind.UNKNOWN)
_FRESH = Aligned(ContinuationKind.FRESH)


@state_type
class Aligner:
    """What was asked to be continued. For one answer, which may come in pieces."""

    guard: Guard
    """Stands behind all that is there."""
    wrapper: bytes
    """What stands before the guard's text."""
    sent: int
    """How many bytes of the guard's text the model was given; the rest it has to repeat."""
    is_proven: bool
    """The model is known to go on from prefixes."""
    _from_start: "Match" = field(init=False)
    _from_sent: "Match" = field(init=False)
    _look_at: int = 64

    def __post_init__(self) -> None:
        text = self.guard.text
        self._from_start = Match(self.wrapper + text)
        self._from_sent = Match(text[self.sent :], in_string=_ends_in_string(text[: self.sent]))

    def align(self, data: bytes, *, final: bool) -> Aligned:
        """Tell what `data`, all of the answer so far, is."""
        stripped = data.lstrip(BLANKS)
        if not stripped:
            return Aligned(ContinuationKind.CONTINUATION) if final else _UNKNOWN
        told = self._in_string(stripped, final=final) or self._decorated(stripped, final=final)
        told = told or self._restart(data, final=final)
        return told or self._continuation(data, final=final)

    def _in_string(self, stripped: bytes, *, final: bool) -> Aligned | None:
        """In a string nearly anything may follow, but no object: its quote would end the string."""
        if self.guard.scanner.token is not LexicalToken.STRING:
            return None
        if _OBJECT.match(stripped):
            whole = self._from_start.wanted
            _, matched = self._from_start.feed(stripped)
            return None if matched >= min(len(stripped), len(whole)) else _FRESH
        return _UNKNOWN if not final and _MAY_BE_OBJECT.fullmatch(stripped) else None

    def _decorated(self, stripped: bytes, *, final: bool) -> Aligned | None:
        """A fence or thinking begins an answer; in a string it may also be part of the text."""
        if any(stripped.startswith(mark) for mark in _DECORATIONS):
            return None if self.is_proven and self._goes_on(stripped) else _FRESH
        if not final and any(mark.startswith(stripped) for mark in _DECORATIONS):
            return _UNKNOWN
        return None

    def _restart(self, data: bytes, *, final: bool) -> Aligned | None:
        """Whether it begins as the document does; None if it does not."""
        wanted = self._from_start.wanted
        used, matched = self._from_start.feed(data)
        if not matched:
            return None
        if matched == len(wanted):
            return self._whole_or_next(data, used, final=final)
        is_told = matched >= _TELLING
        if used == len(data):  # so far it is the beginning, and no more
            return _UNKNOWN if not final else _FRESH if is_told else None
        if matched >= len(self.wrapper) + self.sent:
            return Aligned(ContinuationKind.ASTRAY)
        if not self._goes_on(data):
            return _FRESH
        return _FRESH if is_told and not self.is_proven else None

    def _whole_or_next(self, data: bytes, used: int, *, final: bool) -> Aligned:
        """An echo; or, where a part of the document can begin as the whole does, the next part.

        Then it is the one of the two that all of the text can be.
        """
        if not self.guard.fits(data[:used]):
            return Aligned(ContinuationKind.ECHO, used)
        if not final and len(data) < self._look_at:
            return _UNKNOWN
        self._look_at = 2 * len(data)
        as_echo, as_next = self._reads(data[used:]), self._reads(data)
        if as_echo and as_next and not final:
            return _UNKNOWN
        is_next = as_next and not (as_echo and used >= _TELLING)
        return (
            Aligned(ContinuationKind.CONTINUATION, 0)
            if is_next
            else Aligned(ContinuationKind.ECHO, used)
        )

    def _reads(self, data: bytes) -> bool:
        """Whether all of `data` can follow."""
        twin = self.guard.fork()
        return twin.consume(data) == len(data)

    def _continuation(self, data: bytes, *, final: bool) -> Aligned:
        over = self._from_sent.wanted
        used, matched = self._from_sent.feed(data)
        if matched == len(over):
            return self._behind_quote(data, used, final=final)
        if used == len(data) and not final:
            return _UNKNOWN
        twin = self.guard.fork()
        twin.rollback(len(over))
        return Aligned(ContinuationKind.ASTRAY) if twin.fits(data.lstrip(BLANKS)[:1]) else _FRESH

    def _behind_quote(self, data: bytes, used: int, *, final: bool) -> Aligned:
        """A string that was opened and has no text yet may be opened once more."""
        scanner, rest = self.guard.scanner, data[used:].lstrip(BLANKS)
        is_open = scanner.token is LexicalToken.STRING and scanner.token_start == len(scanner) - 1
        if is_open and rest[:1] == b'"':
            behind = rest[1:].lstrip(BLANKS)[:1]
            if not behind and not final:
                return _UNKNOWN
            if behind not in (b"", b",", b"}", b"]"):
                return Aligned(ContinuationKind.CONTINUATION, len(data) - len(rest) + 1)
        return (
            Aligned(ContinuationKind.CONTINUATION, used) if self._goes_on(data[used:]) else _FRESH
        )

    def _goes_on(self, data: bytes) -> bool:
        """Whether this can be how the document goes on: a wrong value, which is to be dealt with as
        any other violation, can be, prose cannot."""
        rest = data.lstrip(BLANKS)
        if self.guard.scanner.token is not None or not rest:
            return True
        is_value = bool(_VALUE.match(rest)) or (self.is_proven and rest[:1] in _OPENERS)
        return is_value or self.guard.fits(rest[:1])


class Match:
    """How far a text that comes in pieces is the same as the one that is wanted.

    Blanks outside strings are passed over on both sides.
    """

    def __init__(self, wanted: bytes, *, in_string: bool = False) -> None:
        self.wanted = wanted
        self._in_string = in_string
        self._at = 0
        self._there = 0

    def feed(self, data: bytes) -> tuple[int, int]:
        """Return how many bytes of `data`, all so far, and of the wanted text are the same."""
        while self._there < len(self.wanted):
            if not self._in_string:
                self._there = _behind_blanks(self.wanted, self._there)
                self._at = _behind_blanks(data, self._at)
            size = self._step(data)
            if not size:
                break
            self._at, self._there = self._at + size, self._there + size
        return self._at, self._there

    def _step(self, data: bytes) -> int:
        """Return how many bytes more are the same, up to where a string may begin or end."""
        wanted = _RUN.match(self.wanted, self._there)
        if wanted is None:
            return 0
        if data[self._at : self._at + len(wanted[0])] != wanted[0]:
            return _same(data[self._at : self._at + len(wanted[0])], wanted[0])
        if wanted[0] == b'"':
            self._in_string = not self._in_string
        return len(wanted[0])


_RUN = late_pattern(rb'"|\\.|[^"\\ \t\r\n]{1,1024}|[ \t\r\n]', re.DOTALL)
"""A part of a text at once: no more than a piece, for each piece of a long word begins anew."""


def _same(one: bytes, other: bytes) -> int:
    """Return the length of what both begin with, but no part of an escape."""
    if other[:1] == b"\\":
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _behind_blanks(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in BLANKS:
        at += 1
    return at


def _ends_in_string(text: bytes) -> bool:
    quotes = re.sub(rb"\\.", b"", text, flags=re.DOTALL).count(b'"')
    return quotes % 2 == 1
