"""Where an object or array ends that is not the document, while the text is still being written.

Nothing from inside it may become the document. Brackets are counted as in extraction/brackets.py:
those in strings and comments do not count, and apostrophes quote only where they quote the first
string. Each byte is looked at once.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from strictgate.core.guard import start_markers
from strictgate.core.jsontext.reader import MAX_DEPTH

_PARTNER = {ord("}"): ord("{"), ord("]"): ord("[")}
_OPENERS = re.compile(rb"[{\[\s]{1,256}+")
_TOKEN = {
    False: re.compile(rb'["{}\[\]/<]|\xe2(?=\x97\x81|\x97?\Z)'),
    True: re.compile(rb"[\"'{}\[\]/<]|\xe2(?=\x97\x81|\x97?\Z)"),
}
_INSIDE = {
    b'"': re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL),
    b"'": re.compile(rb"(?:[^'\\]++|\\.)*+", re.DOTALL),
    b"\n": re.compile(rb"[^\n]*+"),
    b"*/": re.compile(rb"(?:[^*]++|\*(?!/|\Z))*+"),
}
_COMMENTS = {b"//": b"\n", b"/*": b"*/"}


class ExtentEnding(Enum):
    """How it ends."""

    CLOSED = auto()
    BROKEN = auto()
    """Its brackets do not pair, or are too deep."""
    TAGGED = auto()
    """A tag that closes thinking stands in it, outside strings: all that was a thought."""


@dataclass(frozen=True, slots=True)
class ExtentEnd:
    """How it ends, and where: the offset behind the byte, or the tag, that showed it."""

    how: ExtentEnding
    at: int


class Extent:
    """One object or array, followed through the text as it grows."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._position = start
        self._open = bytearray()
        self._until = b""  # what ends the string or comment that is open
        self._apostrophes: bool | None = None

    def follow(self, text: bytearray) -> ExtentEnd | None:
        """Return where it ends; None: not within `text`."""
        if self._apostrophes is None:
            opening = _OPENERS.match(text, self._start)
            behind = opening.end() if opening else self._start
            if behind == len(text) and behind < self._start + 256:
                return None
            self._apostrophes = text[behind : behind + 1] == b"'"
        while self._position < len(text):
            at = self._position
            if self._until:
                self._inside(text)
            elif end := self._outside(text):
                return end
            if self._position == at:
                return None
        return None

    def _inside(self, text: bytearray) -> None:
        """Go to the end of the string or comment."""
        body = _INSIDE[self._until].match(text, self._position)
        self._position = body.end() if body else self._position
        if text.startswith(self._until, self._position):
            self._position += len(self._until)
            self._until = b""

    def _outside(self, text: bytearray) -> ExtentEnd | None:
        """Go to the next string, comment, bracket or tag, and into it."""
        token = _TOKEN[bool(self._apostrophes)].search(text, self._position)
        self._position = token.start() if token else len(text)
        match bytes(token.group()) if token else None:
            case b'"' | b"'" as quote:
                self._until = quote
                self._position += 1
            case b"/":
                self._comment(text)
            case b"<" | b"\xe2" | b"[":
                return self._tag(text)
            case bytes():
                return self._bracket(text[self._position])
        return None

    def _comment(self, text: bytearray) -> None:
        two = bytes(text[self._position : self._position + 2])
        if len(two) == 2:
            self._until = _COMMENTS.get(two, b"")
            self._position += 2 if self._until else 1

    def _tag(self, text: bytearray) -> ExtentEnd | None:
        match start_markers.tag(text, self._position, final=False):
            case start_markers.Mark(kind=start_markers.MarkKind.CLOSING, end=end):
                return ExtentEnd(ExtentEnding.TAGGED, end)
            case start_markers.Mark(end=end):
                self._position = end
            case int(end) if text[self._position] != ord("["):
                self._position = end
            case int():
                return self._bracket(ord("["))
        return None

    def _bracket(self, byte: int) -> ExtentEnd | None:
        self._position += 1
        if byte not in _PARTNER:
            self._open.append(byte)
            return (
                ExtentEnd(ExtentEnding.BROKEN, self._position)
                if len(self._open) > MAX_DEPTH
                else None
            )
        if self._open.pop() != _PARTNER[byte]:
            return ExtentEnd(ExtentEnding.BROKEN, self._position)
        return None if self._open else ExtentEnd(ExtentEnding.CLOSED, self._position)
