r"""One spelling for every character of a string, for the grammar's eyes.

JSON lets a character be written in many ways: `é`, `\u00e9`, `\u00E9`; `/`, `\/`. A grammar would
have to hold them all at every place. Instead the text is respelt on its way to the grammar into the
one spelling that grammars are made of (grammar/lark.py), which is that of
`json.dumps(…, ensure_ascii=False)`: `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u00xx` in small
letters for the other control characters, and UTF-8 for everything else.

Lengths and offsets that others see are those of the source; `Piece` tells the two apart, and is
kept for escapes only. An escape that is not finished is *held*: it belongs to the source, while the
grammar has not seen it. What cannot become the escape of a character (`\x`, a lone surrogate,
anything outside strings) is not taken in. The document itself is never changed.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import field, replace
from operator import attrgetter
from typing import NamedTuple

from strictgate.core.value_type import state_type

_ESCAPE = re.compile(
    rb'\\(?:["\\/bfnrt]|u(?:'
    rb"[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}"
    rb"|[dD][0-7][0-9a-fA-F]{2}"
    rb"|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_WHOLE = (rb"\u0000", rb"\ud800\udc00")
"""What completes any beginning of an escape, from where that ends."""
_LONGEST = len(_WHOLE[1])
_NAMED = dict(zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True))
_SHORT = {code: b"\\%c" % name for name, code in _NAMED.items() if chr(name) != "/"}
SPELT = {code: _SHORT.get(code, rb"\u%04x" % code) for code in (*range(0x20), 0x22, 0x5C)}
"""The characters that the grammar has escaped, by their code points."""
_HIGH, _LOW, _BEYOND = 0xD800, 0xDC00, 0xE000  # the surrogates

Span = tuple[int, int]
"""The first and the last code point of a range."""


def respelt(escape: bytes) -> bytes:
    """Return the canonical spelling of the character that a whole `escape` stands for."""
    if escape[1] != ord("u"):
        code = _NAMED[escape[1]]
    elif len(escape) == _LONGEST:
        code = _astral(int(escape[2:6], 16), int(escape[8:], 16))
    else:
        code = int(escape[2:], 16)
    return SPELT.get(code) or chr(code).encode()


def is_whole(text: bytes) -> bool:
    """Whether `text` is one escape, from its backslash to its end."""
    return _ESCAPE.fullmatch(text) is not None


def is_beginning(text: bytes) -> bool:
    """Whether `text`, which is not empty, may become an escape by what follows."""
    return any(
        len(text) < len(whole) and _ESCAPE.fullmatch(text + whole[len(text) :]) for whole in _WHOLE
    )


def reach(beginning: bytes) -> Iterator[Span]:
    r"""Yield the characters that `beginning`, of an escape, may come to stand for; no surrogates.

    `\u00e` may become U+00E0 to U+00EF. What has no digits yet may become any character.
    """
    digits = beginning[2:6]
    first, last = int(digits.ljust(4, b"0"), 16), int(digits.ljust(4, b"f"), 16)
    if first < _HIGH:
        yield first, min(last, _HIGH - 1)
    if first < _LOW and last >= _HIGH:
        rest = beginning[8:]
        low, high = int(rest.ljust(4, b"0"), 16), int(rest.ljust(4, b"f"), 16)
        yield (
            _astral(max(first, _HIGH), max(low, _LOW)),
            _astral(min(last, _LOW - 1), min(high, _BEYOND - 1)),
        )
    if last >= _BEYOND:
        yield max(first, _BEYOND), last


def _astral(high: int, low: int) -> int:
    return 0x10000 + ((high - _HIGH) << 10) + (low - _LOW)


class Piece(NamedTuple):
    """A part of the source that the grammar sees in other bytes, or as a whole only."""

    start: int
    end: int
    plain_start: int
    plain_end: int
    in_string: bool
    """Whether it begins inside a string."""

    @property
    def is_text(self) -> bool:
        """Whether it is text of a string that the grammar was not given."""
        return self.in_string and self.plain_start == self.plain_end


_BEGINNING = attrgetter("plain_start")


@state_type
class EscapeNormalizer:
    """Respells a text while it grows, and can go back."""

    source: bytearray = field(default_factory=bytearray)
    """All that was taken in."""
    plain_length: int = 0
    """How many bytes the grammar was given for it."""
    held: bytes = b""
    """The unfinished escape at its end, if there is one."""
    in_string: bool = False
    _pieces: list[Piece] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.source)

    @property
    def is_skipping(self) -> bool:
        """Whether the grammar was given nothing for the last bytes, though it had begun, and they
        are blanks behind the document."""
        last = self._last
        return last is not None and not last.in_string and 0 < last.plain_start == last.plain_end

    @property
    def is_passing_over(self) -> bool:
        """Whether the grammar was given nothing for the last bytes, which are text of a string."""
        if not self.in_string or not self._pieces:
            return False
        last = self._pieces[-1]
        return last.plain_start == last.plain_end and last.end == len(self.source)

    @property
    def is_standing_in(self) -> bool:
        """Whether something else than the last bytes was given for them, outside strings."""
        last = self._last
        return last is not None and not self.in_string and last.plain_start < last.plain_end

    @property
    def _last(self) -> Piece | None:
        """The piece that the source ends with."""
        last = self._pieces[-1] if self._pieces else None
        return last if last and last.end == len(self) else None

    def fork(self) -> "EscapeNormalizer":
        """Return one that stands where this one does and goes its own way."""
        return replace(self, source=self.source[:], _pieces=self._pieces[:])

    def feed(self, data: bytes) -> bytes:
        """Take in `data`, up to a byte that no escape can have; return what the grammar gets."""
        if not self.held and b"\\" not in data:
            return self._verbatim(data)
        data = self._let_go() + data
        given, at = [], 0
        while (start := data.find(b"\\", at)) >= 0:
            given.append(self._verbatim(data[at:start]))
            if not self.in_string:
                return b"".join(given)
            escape = _ESCAPE.match(data, start)
            if escape is None:
                self.hold(_longest_beginning(data[start : start + _LONGEST]))
                return b"".join(given)
            at = escape.end()
            given.append(respelt(escape.group()))
            self.stand_in(escape.group(), given[-1])
        return b"".join([*given, self._verbatim(data[at:])])

    def stand_in(self, source: bytes, plain: bytes) -> None:
        """Take in `source`, for which the grammar is given `plain`."""
        start, plain_start = len(self), self.plain_length
        self.source += source
        self.plain_length += len(plain)
        piece = Piece(start, len(self), plain_start, self.plain_length, self.in_string)
        self._pieces.append(piece)

    def pass_over(self, text: bytes) -> None:
        """Take in text of the open string, for which the grammar is given nothing: behind it, it
        stands where it does now."""
        source, plain = self.source, self.plain_length
        start = len(source)
        if self.is_passing_over:
            start = self._pieces.pop().start
        source += text
        self._pieces.append(Piece(start, len(source), plain, plain, in_string=True))

    def hold(self, beginning: bytes) -> None:
        """Take in the beginning of an escape, in the place of any that is held."""
        self._let_go()
        self.source += beginning
        self.held = beginning

    def place(self, plain: int) -> tuple[int, bytes]:
        """Return where in the source that byte of the grammar's comes from.

        That is an offset, and the whole escape that it is of, if it is of one.
        """
        index = bisect_right(self._pieces, plain, key=_BEGINNING) - 1
        if index < 0:
            return plain, b""
        piece = self._pieces[index]
        if plain < piece.plain_end:
            return piece.start, bytes(self.source[piece.start : piece.end])
        return piece.end + plain - piece.plain_end, b""

    def rollback(self, count: int) -> int:
        """Take back the last `count` bytes; return how many the grammar has to take back."""
        target, before, held = len(self) - count, self.plain_length, self._let_go()
        position = len(self)
        if target >= position:
            self.hold(held[: target - position])
            return 0
        cut = b""
        while self._pieces and self._pieces[-1].end > target:
            piece = self._pieces.pop()
            position, self.plain_length = piece.start, piece.plain_start
            self.in_string = piece.in_string
            if piece.is_text and piece.start < target:
                self._pieces.append(piece._replace(end=target))
                position = target
            cut = bytes(self.source[position:target])
        if position > target:
            self.in_string ^= bool(self.source.count(b'"', target, position) & 1)
            self.plain_length -= position - target
        del self.source[min(position, target) :]
        self.hold(cut)
        return before - self.plain_length

    def _verbatim(self, data: bytes) -> bytes:
        self.source += data
        self.plain_length += len(data)
        self.in_string ^= bool(data.count(b'"') & 1)
        return data

    def _let_go(self) -> bytes:
        """Take the beginning of an escape back out."""
        held, self.held = self.held, b""
        if held:
            del self.source[-len(held) :]
        return held


def _longest_beginning(text: bytes) -> bytes:
    return next(text[:end] for end in range(len(text), 0, -1) if is_beginning(text[:end]))
