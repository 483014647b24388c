"""The input of a custom tool, as it is written: text in, and as much of it as its grammar takes.

The text is fed as it comes, over all the replies that it is written in. What the grammar refuses is
not kept; what it leaves no choice about can be written without asking (`complete`). A fence or
blanks around a text whose grammar has no place for them are taken off, and named.

    state      what it means                              what comes, and the next state
    START      nothing is in the text but what may be     a byte that fits: READING
               around it                                  a byte that cannot: VIOLATED
    READING    all that was fed is in the text            a refused byte: TAIL, where the text may
                                                          end here, else VIOLATED
    TAIL       the text may end here, and only what may   anything else: VIOLATED
               be around it has come behind it            the end: CLOSED
    CLOSED     the text has ended, and is whole
    VIOLATED   what follows cannot belong to the text

READING is left at the end of the text for CLOSED, if it may end there; else it is unfinished.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from strictgate.core.guard.llguidance_matcher import ForeignMatcher, bits, members
from strictgate.core.repair_steps import Completion, Extraction, Repair, Resumption, Step

MAX_INPUT = 1024 * 1024  # bytes of an input; a megabyte takes a second
HELD_BACK = 64  # bytes of the text's end that another continuation may still write otherwise
_MAX_AROUND = 256  # bytes that may stand before a text, or behind it
_MAX_SHOWN = 40
_BLANK_BITS = bits(b" \t\r\n")
_HEAD = re.compile(rb"[ \t\r\n]*(?:(```)[^\n`]*\n)?")
_MAY_BE_HEAD = re.compile(rb"[ \t\r\n]*(?:`{1,2}|```[^\n`]*)?")
_TAIL = re.compile(rb"[ \t\r\n]*(?:```[ \t\r\n]*)?")
_MAY_BE_TAIL = re.compile(rb"[ \t\r\n]*`{0,2}")
_BLANKS = re.compile(rb"[ \t\r\n]*")


class InputState(StrEnum):
    """How far an input has come: see the table above."""

    START = "start"
    READING = "reading"
    TAIL = "tail"
    CLOSED = "closed"
    VIOLATED = "violated"


class InputText:
    """One input; lengths are bytes of UTF-8."""

    def __init__(self, matcher: ForeignMatcher, level: Repair) -> None:
        """Begin before the text.

        Args:
            matcher: stands before its first byte, and is this text's own.
        """
        self.state = InputState.START
        self.steps: list[Step] = []
        self.released = 0
        """How many bytes of it the caller has: these cannot be taken back."""
        self.ahead = b""
        """What was fed and is not in the text; at a violation it begins with what was refused."""
        self._matcher = matcher
        self._level = level
        self._good = bytearray()
        self._is_fenced = False
        self._is_forced = False
        """What was written last is not the model's own."""
        self._is_too_long = False

    def __len__(self) -> int:
        return len(self._good)

    @property
    def data(self) -> bytes:
        """The text, as far as it is good."""
        return bytes(self._good)

    @property
    def text(self) -> str:
        """The same; it ends with a whole character."""
        return self._good.decode()

    @property
    def is_whole(self) -> bool:
        """Whether the text may end here."""
        is_over = self.state in (InputState.CLOSED, InputState.READING)
        return is_over and self._matcher.is_accepting() and not self._matcher.is_broken()

    @property
    def is_final(self) -> bool:
        """Whether it is whole, and nothing may follow."""
        return self.is_whole and not self._matcher.next()

    def may_be_cut_off(self) -> bool:
        """Whether more may have been to come than one blank, if nobody knows that it has ended."""
        ways = self._matcher.next()
        if ways & ~_BLANK_BITS:
            return True
        for blank in members(ways):
            self._matcher.consume(blank)
            has_more = bool(self._matcher.next())
            self._matcher.rollback(1)
            if has_more:
                return True
        return False

    def fits(self, data: bytes) -> bool:
        """Whether all of `data` may come next."""
        return self._matcher.fits(data)

    # --- reading ---------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        """Take in the next piece."""
        data = text.encode("utf-8", "surrogatepass")  # half a pair is refused, not replaced
        self._is_too_long |= len(self) + len(self.ahead) + len(data) > MAX_INPUT
        if self._is_too_long:
            self.state = InputState.VIOLATED
        self.ahead += data
        if self.state is InputState.START:
            self._begin()
        elif self.state is InputState.READING:
            self._go_on()
        elif self.state is InputState.TAIL:
            self._look_behind()

    def flush(self) -> None:
        """The text is at its end."""
        around = {InputState.START: _BLANKS, InputState.TAIL: self._tail()}.get(self.state)
        if around is not None and not around.fullmatch(self.ahead):
            self.state = InputState.VIOLATED
        elif self.state is not InputState.VIOLATED and self._matcher.is_accepting():
            if self.ahead:
                self._take_off(fence=b"`" in self.ahead)
            self.ahead, self.state = b"", InputState.CLOSED

    def _begin(self) -> None:
        """Look for the text's first byte, which is the first one where that fits."""
        if not self.ahead:
            return
        if not self._matcher.fits(self.ahead[:1]):
            head = _HEAD.match(self.ahead)
            assert head is not None, "it matches nothing, too"
            rest = self.ahead[head.end() :]
            is_long = len(self.ahead) > _MAX_AROUND
            if _MAY_BE_HEAD.fullmatch(self.ahead) or not rest:
                self.state = InputState.VIOLATED if is_long else InputState.START
                return
            if not head.end() or not self._matcher.fits(rest[:1]):
                self.state = InputState.VIOLATED
                return
            self._is_fenced = head[1] is not None
            self._take_off(fence=self._is_fenced)
            self.ahead = rest
        self.state = InputState.READING
        self._go_on()

    def _go_on(self) -> None:
        taken = self._matcher.consume(self.ahead)
        self._is_forced = self._is_forced and not taken
        self._good += self.ahead[:taken]
        self.ahead = self.ahead[taken:]
        if self._matcher.is_broken():
            self.state = InputState.VIOLATED
        if self.ahead and self.state is InputState.READING:
            self._give_back(_begun(self._good))
            self.state = InputState.TAIL
            self._look_behind()

    def _look_behind(self) -> None:
        is_around = self._tail().fullmatch(self.ahead) or _MAY_BE_TAIL.fullmatch(self.ahead)
        is_short = len(self.ahead) <= _MAX_AROUND
        if not (is_around and is_short and self._matcher.is_accepting()):
            self.state = InputState.VIOLATED

    def _tail(self) -> re.Pattern[bytes]:
        return _TAIL if self._is_fenced else _BLANKS

    def _take_off(self, *, fence: bool) -> None:
        step = Step(Extraction.FENCE if fence else Extraction.BLANKS)
        if step not in self.steps:
            self.steps.append(step)

    def _give_back(self, count: int) -> None:
        """Take back the last `count` bytes, in favour of what is ahead."""
        if count:
            self._matcher.rollback(count)
            self.ahead = bytes(self._good[-count:]) + self.ahead
            del self._good[-count:]

    # --- what is wrong ---------------------------------------------------------------------------

    def problem(self) -> str | None:
        """Return what is wrong with it, in words, once it has ended; None: nothing."""
        if self._is_too_long:
            return f"it is longer than {MAX_INPUT} bytes"
        if self._matcher.is_broken():
            return "the grammar is too complex to judge it by"
        if self.state is InputState.CLOSED:
            return None
        if self.state is not InputState.VIOLATED:
            return "it ends too early"
        line, column = self._good.count(b"\n") + 1, len(self.text) - self.text.rfind("\n")
        wrong = self.ahead.decode("utf-8", "surrogatepass")[:_MAX_SHOWN]
        return f"line {line}, column {column}: {wrong!r} is not allowed there"

    # --- going on --------------------------------------------------------------------------------

    def complete(self) -> None:
        """Write what the grammar leaves no choice about behind what is good."""
        if self._level is Repair.OFF or self._is_too_long or self._matcher.is_broken():
            return
        forced = self._matcher.run()
        forced = forced[: len(forced) - _begun(forced)]
        if forced:
            self._good += forced[: self._matcher.consume(forced)]
            self._is_forced = True
            self.ahead, self.state = b"", InputState.READING
            if (step := Step(Completion.FORCED)) not in self.steps:
                self.steps.append(step)

    def finish(self) -> None:
        """Write what must follow a text that has ended too early, if it is whole then."""
        if self.state not in (InputState.START, InputState.READING) or self.ahead:
            return
        before, state, steps = len(self), self.state, [*self.steps]
        self.complete()
        self.flush()
        if not self.is_whole:
            self._give_back(len(self) - before)
            self.ahead, self.state, self.steps = b"", state, steps

    def replace(self, count: int, options: Iterable[bytes]) -> bool:
        """Write the first of `options` that fits in place of the last `count` bytes and of what was
        refused behind them; return whether there is one."""
        before = len(self) - count
        if before < self.released:
            return False
        taken = bytes(self._good[before:])
        self._matcher.rollback(count)
        for option in options:
            if option.strip() and not _begun(option) and self._matcher.fits(option):
                self._good[before:] = option[: self._matcher.consume(option)]
                self.ahead, self.state, self._is_forced = b"", InputState.READING, True
                self.steps.append(Step(Resumption.STEERED))
                return True
        self._matcher.consume(taken)
        return False

    def resume(self, *, exact: bool) -> str:
        """Cut the text where a model can go on from it, and return it.

        A prefix that ends in the middle of a word, or in a blank, leads many models astray; so it
        ends with a line or behind a word, unless there is but one.

        Args:
            exact: nothing is cut off.
        """
        if not (exact or self._is_forced or self._good.endswith(b"\n")):
            line = self._good.rfind(b"\n") + 1
            word = len(self._good[: max(self._good.rfind(b" "), 0)].rstrip(b" "))
            self.cut(max(line, word) or len(self))
        self.ahead, self.state = b"", InputState.READING
        return self.text

    def cut(self, length: int) -> None:
        """Take back what is behind the first `length` bytes, but for what the caller has."""
        self._give_back(len(self) - max(length, self.released))
        self.ahead = b""

    def release(self) -> str:
        """Return what the caller does not have yet of what stays as it is; now it has it."""
        end = len(self)
        if self.state is not InputState.CLOSED:
            end -= min(end, HELD_BACK)
            end -= _begun(self._good[:end])
        piece = self._good[self.released : end].decode() if end > self.released else ""
        self.released = max(self.released, end)
        return piece


def _begun(data: bytes | bytearray) -> int:
    """Return how many bytes at the end of `data` are a character that is not whole."""
    for back in range(1, min(len(data), 3) + 1):
        if data[-back] >= 0xC0:
            length = 2 + (data[-back] >= 0xE0) + (data[-back] >= 0xF0)
            return back if back < length else 0
    return 0
