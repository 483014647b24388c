"""The grammar engine: follows a document byte by byte, by a grammar made of the schema.

Between the document and the grammar (llguidance_matcher.py) stand two differences. Escapes are
respelt first (escape_normalizer.py), and blanks before and behind the document are taken in here,
for the grammar has them inside only. All lengths here are those of the document.

A grammar that meets a limit of its engine refuses everything from then on. That is no violation:
`is_broken` tells. Nothing here raises for what a document or a schema says.
"""

import re
from itertools import takewhile
from typing import Self

from strictgate.core.grammar.grammar import Grammar
from strictgate.core.guard.escape_normalizer import (
    SPELT,
    EscapeNormalizer,
    is_beginning,
    is_whole,
    reach,
    respelt,
)
from strictgate.core.guard.free_strings import free_length
from strictgate.core.guard.grammar_size import grammar_size
from strictgate.core.guard.llguidance_matcher import (
    Bits,
    LlguidanceMatcher,
    bits,
    members,
)
from strictgate.core.jsontext import strings
from strictgate.core.value_type import value_type

BLANKS = b" \t\r\n"
MAX_FORCED = 4_000  # bytes
_LIGHT = 8 << 10  # characters of a grammar: some hundred rules
MAX_OPTIONS = 60
MAX_OPTION = 120  # bytes

_BLANK_BITS, _SIGN_BITS = bits(BLANKS), bits(b"{}[],:")
_END_BITS = _BLANK_BITS | _SIGN_BITS
_BACKSLASH = bits(b"\\")
_VERBATIM = (1 << 0x80) - 1 & ~sum(1 << code for code in SPELT)
_DIGITS_BUT_ZERO = bits(b"123456789")
_PADDED = re.compile(rb"\.\d*0\Z")
_FRACTION = re.compile(rb"\d\.\d+\Z")
_LETTERS = re.compile(rb'[^"\\\x00-\x1f]++')
_PASSED_OVER = 16  # bytes, at least: for fewer it is not worth it to stop before them
_FREELY = (b"~", b"Q", b"7", b" ", b";")  # a string that takes any of these takes nearly anything


@value_type
class CompiledGrammar:
    """A grammar made ready; any number of matchers start from it, in any thread."""

    native: LlguidanceMatcher
    unsupported_keywords: frozenset[str]
    """See `Grammar`."""
    size: int
    """About how many bytes of memory it takes."""
    free_from: int | None = None
    """How long a string is, in bytes with its quote, from which on the grammar takes any character
    in it, and any number of them: None: that may never be. See free_strings.py."""

    def is_broken(self) -> bool:
        """Whether a matcher met a limit of the engine: then none works any more."""
        return self.native.is_broken()

    def start(self) -> "GrammarMatcher":
        """Return a matcher that stands before the document."""
        return GrammarMatcher(self.native.fork(), EscapeNormalizer(), self.free_from)


def load_grammar(grammar: Grammar) -> CompiledGrammar:
    """Make `grammar` ready. Takes milliseconds, and lets other threads run meanwhile.

    Raises:
        NotExpressible: it is over a limit of the engine.
    """
    size, free_from = grammar_size(grammar.text), free_length(grammar.text)
    is_light = free_from is not None and len(grammar.text) <= _LIGHT
    native = LlguidanceMatcher.load(grammar.text, is_light=is_light)
    return CompiledGrammar(native, grammar.unsupported_keywords, size, free_from)


class GrammarMatcher:
    """Reads one document by a grammar."""

    def __init__(
        self, native: LlguidanceMatcher, respeller: EscapeNormalizer, free_from: int | None
    ) -> None:
        self._native = native
        self._respeller = respeller
        self._free_from = free_from
        self._is_lost = False

    def fork(self) -> Self:
        """Return a matcher that stands where this one does and goes its own way."""
        twin = type(self)(self._native.fork(), self._respeller.fork(), self._free_from)
        twin._is_lost = self._is_lost
        return twin

    def is_accepting(self) -> bool:
        """Whether what was taken in is a whole document. A number may still get longer."""
        return not self._respeller.held and self._native.is_accepting() and not self.is_broken()

    def is_broken(self) -> bool:
        """Whether the engine gave up: it says nothing about the document any more."""
        return self._is_lost or self._native.is_broken()

    # --- reading ----------------------------------------------------------------------------------

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as fits; return how many bytes.

        An escape is refused at the first byte from which on it cannot become one that fits.
        """
        if self.is_broken() or self._would_lengthen(data):
            return 0
        taken = self._skip(data) if self._respeller.plain_length == 0 else 0
        if taken < len(data) and not self._respeller.is_skipping:
            taken += self._take(data[taken:])
        if taken < len(data) and data[taken] in BLANKS and self.is_accepting():
            taken += self._skip(data[taken:])
        return taken

    def consume_as(self, source: bytes, plain: bytes) -> bool:
        """Take in `source`, which the grammar is to read as `plain`; return whether it fits.

        Both are whole tokens, and `plain` is spelt as in the grammar.
        """
        if self._respeller.held or self._respeller.is_skipping or self.is_broken():
            return False
        taken = self._native.consume(plain)
        if taken < len(plain) or not self._may_end():
            self._native.rollback(taken)
            return False
        self._respeller.stand_in(source, plain)
        return True

    def _may_end(self) -> bool:
        """Whether a token may end here."""
        return bool(self._native.next() & _END_BITS) or self._native.is_accepting()

    def _would_lengthen(self, data: bytes) -> bool:
        """Whether `data` goes on with a number that another stands for."""
        respeller = self._respeller
        return (
            respeller.is_standing_in
            and respeller.source[-1:].isdigit()
            and not bits(data[:1]) & _END_BITS
        )

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""
        self._native.rollback(self._respeller.rollback(count))
        part = self._respeller.held
        if part and not is_beginning(part):  # of what another text stood for
            self._respeller.hold(b"")
            self._is_lost = self.consume(part) < len(part)

    def _skip(self, data: bytes) -> int:
        """Take in the blanks that `data` begins with, of which the grammar gets nothing."""
        blanks = data[: len(data) - len(data.lstrip(BLANKS))]
        if blanks:
            self._respeller.stand_in(blanks, b"")
        return len(blanks)

    def take_text(self, data: bytes) -> bool:
        """Take in plain characters of ASCII, if that makes no difference to the grammar; return
        whether it does not."""
        if self._is_lost or not self._is_in_free_text():
            return False
        self._respeller.pass_over(data)
        return True

    def _take(self, data: bytes) -> int:
        """Take in what is no blank around the document; of long strings, the grammar gets as much
        as makes a difference to it."""
        if self._free_from is None or not (len(data) >= _PASSED_OVER or self._is_in_free_text()):
            return self._match(data)
        taken = 0
        while taken < len(data):
            if self._is_in_free_text() and (end := strings.text_until(data, taken)) > taken:
                self._respeller.pass_over(data[taken:end])
                taken = end
                continue
            end = self._before_free_text(data, taken)
            matched = self._match(data[taken:end])
            taken += matched
            if taken < end:
                break
        return taken

    def _is_in_free_text(self) -> bool:
        """Whether a string is open that is free by now: see free_strings.py. Only its end is looked
        at, which must hold no escape, as these are shorter for the grammar."""
        respeller, length = self._respeller, self._free_from
        if length is None or not respeller.in_string or respeller.held:
            return False
        if respeller.is_passing_over:
            return True
        source = respeller.source
        low = len(source) - length
        is_whole = low > 0 and source[-1] < 0x80  # a character
        return is_whole and source.find(b'"', low) < 0 and source.find(b"\\", low) < 0

    def _before_free_text(self, data: bytes, start: int) -> int:
        """Return up to where the grammar is to match `data`: into the next long text, if there is
        one that may be free."""
        assert self._free_from is not None, "else all of it"
        for found in _LETTERS.finditer(data, start):
            if found.end() - found.start() >= self._free_from + _PASSED_OVER:
                return found.start() + self._free_from
        return len(data)

    def _match(self, data: bytes) -> int:
        respeller = self._respeller
        before, plain_before = len(respeller), respeller.plain_length
        plain = respeller.feed(data)
        taken = self._native.consume(plain)
        if taken < len(plain):
            self._retreat(plain_before + taken)
        elif respeller.held:
            respeller.hold(self._fitting(respeller.held))
        return len(respeller) - before

    def _retreat(self, plain: int) -> None:
        """Go back to where in the document the grammar's byte `plain` comes from."""
        place, escape = self._respeller.place(plain)
        self._respeller.rollback(len(self._respeller) - place)
        self._native.rollback(plain - self._respeller.plain_length)
        self._respeller.hold(self._fitting(escape))

    def _fitting(self, escape: bytes) -> bytes:
        """Return as much of an escape as can still become one that fits."""
        parts = (escape[:end] for end in range(1, len(escape) + 1))
        return max(takewhile(self._may_follow, parts), key=len, default=b"")

    def _may_follow(self, escape: bytes) -> bool:
        """Whether that escape, or one that begins so, fits here."""
        if not self._respeller.in_string:
            return False
        if not is_beginning(escape):
            return is_whole(escape) and self._native.fits(respelt(escape))
        return any(self._may_be(*span) for span in reach(escape))

    def _may_be(self, first: int, last: int) -> bool:
        """Whether a character of that range may come next, in the grammar's spelling."""
        return self._native.has_character(first, last, among=_VERBATIM) or any(
            self._native.fits(spelt) for code, spelt in SPELT.items() if first <= code <= last
        )

    # --- what may come next -----------------------------------------------------------------------

    def is_free(self) -> bool:
        """Whether a string is open that may go on with nearly anything."""
        return self._respeller.in_string and (
            self._is_in_free_text() or all(map(self._native.fits, _FREELY))
        )

    def forced(self) -> bytes:
        """Return what must come next, as far as there is one way only; blanks left aside."""
        found = b""
        while len(found) < MAX_FORCED and not self.is_accepting():
            steps = self._steps()
            if len(steps) != 1:
                break
            found += steps[0][: self.consume(steps[0])]
        self.rollback(len(found))
        return found[: _whole_characters(found)]

    def options(self) -> tuple[bytes, ...]:
        """Return every way to finish the token that is open, or comes next, if they are few.

        A string with the quote that closes it; brackets, comma and colon each by themselves;
        numbers without zeros that only lengthen them (`1.0`). Empty: many, or not known.
        """
        found: list[bytes] = []
        return tuple(sorted(found)) if self._gather(b"", found) else ()

    def _gather(self, beginning: bytes, found: list[bytes]) -> bool:
        """Add the tokens that begin with `beginning`, just taken in; False where they are many."""
        tokens, longer = self._tokens(beginning)
        found += tokens
        if len(found) + len(longer) > MAX_OPTIONS or len(beginning) > MAX_OPTION:
            return False
        for step in longer:
            taken = self.consume(step)
            is_done = self._gather(beginning + step, found)
            self.rollback(taken)
            if not is_done:
                return False
        return True

    def _steps(self) -> list[bytes]:
        """Return the ways to go on: bytes, escapes, or all that there is no way around."""
        if self._respeller.held or self._respeller.is_skipping:
            return []
        run = self._native.run().partition(b"\\")[0]
        if run:
            return [run]
        found = self._native.next()
        if not self._respeller.in_string:
            return list(members(self._unpadded(found) & ~_BLANK_BITS))
        escapes = filter(self._native.fits, SPELT.values()) if found & _BACKSLASH else ()
        return [*members(found & ~_BACKSLASH), *escapes]

    def _tokens(self, beginning: bytes) -> tuple[list[bytes], list[bytes]]:
        """Return the tokens that `beginning` makes or is followed by, and steps to longer ones."""
        if self._respeller.in_string:
            return [], [step[: step.find(b'"') + 1 or None] for step in self._steps()]
        if beginning.endswith(b'"'):
            return [beginning], []
        found = self._native.next()
        longer = list(members(self._unpadded(found) & ~_END_BITS))
        if not beginning:
            return list(members(found & _SIGN_BITS)), longer
        ends = self._may_end() and not _PADDED.search(self._respeller.source[-64:])
        return [beginning] if ends else [], longer

    def _unpadded(self, found: Bits) -> Bits:
        """Return `found` without what would only lengthen a number: `.0` and zeros behind it."""
        if not self._may_end():
            return found
        probes = (b"0",) if _FRACTION.search(self._respeller.source[-64:]) else (b".", b".0")
        if any(self._behind(probe) & _DIGITS_BUT_ZERO for probe in probes):
            return found
        return found & ~bits(probes[0])

    def _behind(self, data: bytes) -> Bits:
        """Return what may come behind `data`."""
        taken = self._native.consume(data)
        found = self._native.next()
        self._native.rollback(taken)
        return found


def _whole_characters(text: bytes) -> int:
    """Return the length of `text` without an unfinished character at its end."""
    for back in range(1, min(len(text), 3) + 1):
        if text[-back] >= 0xC0:
            length = 2 + (text[-back] >= 0xE0) + (text[-back] >= 0xF0)
            return len(text) - (back if back < length else 0)
    return len(text)
