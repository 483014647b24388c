"""llguidance in a few words: a grammar over single bytes, and what may come next by it.

Its matcher never raises: over one of LIMITS, it refuses everything from then on, and says so. The
limits bound the memory of one grammar to about 20 MiB and one step to some 20 ms, whatever the
schema; they are far from what real ones need.

Going ahead and back again costs microseconds at every length of document. A copy costs 20 µs for
each KiB read; so the forks of one document share one engine, which goes to where the fork stands
that is used (`_Engine`).
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.value_type import state_type, value_type

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

MAX_STATES = 10_000
"""States of the lexer of one grammar."""


@value_type
class MatcherLimits:
    """How much one matcher may take."""

    ways: int
    """To read a text, at once."""


LIMITS = MatcherLimits(20_000)
FEW_WAYS = MatcherLimits(200)
"""With which a byte takes at most about 0.3 ms, however many ways a grammar has to read a text:
they are what grows with it. Grammars that can be read in one way need some tens."""
BLOCK = 4096  # bytes
_FEW, _PIECE = 2, 64
"""Bytes that are tried one by one, and those that are tried at once. The limits of a step hold for
a piece then: with a few hundred ways to go on, and a lexer of a few states, that is a fraction."""
MAX_UNMEASURED = 16 * BLOCK  # bytes of one text, in which the lexer's states were not counted
MAX_RUN = 1024  # bytes that are written because nothing else may follow

Bits = int
"""A set of bytes: bit n stands for the byte n."""
_ENCODED = ((0x80, 0x7FF), (0x800, 0xFFFF), (0x10000, 0x10FFFF))  # in two, three and four bytes


@cache
def engine() -> Any:
    """Return the module of llguidance: its library takes 5 MiB, which a process has a use for once
    it is to guard a document."""
    return import_module("llguidance")


@cache
def _tokenizer() -> "LLTokenizer":
    """Return the one whose token n is the byte n."""
    made: LLTokenizer = engine().LLTokenizer("byte", slices=[])
    return made


def _made(grammar: str, limits: MatcherLimits) -> "LLMatcher":
    bounds = engine().LLParserLimits(
        max_items_in_row=limits.ways,
        initial_lexer_fuel=5_000_000,
        step_lexer_fuel=200_000,
        step_max_items=50_000,
        max_lexer_states=MAX_STATES,
        max_grammar_size=500_000,
        verbose_errors=False,  # they would quote the schema
    )
    matcher: LLMatcher = engine().LLMatcher(_tokenizer(), grammar, log_level=0, limits=bounds)
    return matcher


def bits(data: bytes) -> Bits:
    """Return the set of the bytes of `data`."""
    return sum(1 << byte for byte in set(data))


def members(found: Bits) -> Iterator[bytes]:
    """Yield each byte of a set."""
    while found:
        byte = found.bit_length() - 1
        found ^= 1 << byte
        yield bytes([byte])


@state_type
class Health:
    """What all forks of one matcher share: the engine's lexer, which can be at its limit."""

    is_spent: bool = False


class _Engine:
    """The engine of one document, and the forks that share it; one of them is seated.

    What has been read by a fork that is not seated is `taken[:shared]` and then `own`. What the
    seated one takes back is kept by the others that have read it, as their own.
    """

    def __init__(self, matcher: "LLMatcher", *, is_light: bool = False) -> None:
        self.matcher = matcher
        self.is_light = is_light
        """A step of many bytes is far from its limits: see `_PIECE`."""
        self._taken = bytearray()
        self._seated: LlguidanceMatcher | None = None
        self._others: WeakSet[LlguidanceMatcher] | None = None
        """All forks but the first, as long as that stays seated, as most do; None: there are none.
        """

    def __len__(self) -> int:
        return len(self._taken)

    def join(self, fork: "LlguidanceMatcher", parent: "LlguidanceMatcher | None") -> None:
        """Let `fork` stand where `parent` does; None: it is the first."""
        if parent is not None:
            self.seat(parent)
        fork.shared, fork.own = len(self._taken), b""
        if parent is None:
            self._seated = fork
        else:
            self._note(fork)

    def _note(self, fork: "LlguidanceMatcher") -> None:
        if self._others is None:
            self._others = WeakSet()
        self._others.add(fork)

    def seat(self, fork: "LlguidanceMatcher") -> "LLMatcher":
        """Go to where `fork` stands; return the engine there."""
        if self._seated is not fork:
            if self._seated is not None:
                self._seated.shared = len(self._taken)
                self._note(self._seated)
            self._seated = None
            self.rollback(len(self._taken) - fork.shared)
            self._seated = fork
            own, fork.own = fork.own, b""
            self.consume(own)
        return self.matcher

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as fits where the seated fork stands."""
        if self.is_light and len(data) > _FEW:
            taken = self._consume_pieces(data)
        else:
            taken = self.matcher.try_consume_tokens(list(data)) if data else 0
        self._taken += data[:taken]
        return taken

    def _consume_pieces(self, data: bytes) -> int:
        """Take in as much as fits: the same, but each piece is tried as a whole, which takes the
        engine half the time of trying each byte before it is taken in."""
        taken = 0
        for start in range(0, len(data), _PIECE):
            piece = list(data[start : start + _PIECE])
            fitting = self.matcher.validate_tokens(piece)
            if fitting:
                self.matcher.consume_tokens(piece[:fitting])
            taken += fitting
            if fitting < len(piece):
                break
        return taken

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""
        if not count:
            return
        length = len(self._taken) - count
        for fork in self._others or ():
            if fork is not self._seated and fork.shared > length:
                fork.own = bytes(self._taken[length : fork.shared]) + fork.own
                fork.shared = length
        self.matcher.rollback(count)
        del self._taken[length:]


class LlguidanceMatcher:
    """Where one document stands in a grammar."""

    shared: int
    """How many bytes that the engine has taken in are also this one's, while it is not seated; …"""
    own: bytes
    """… and what it has read behind these."""

    def __init__(self, engine: _Engine, health: "Health | None" = None) -> None:
        self._engine = engine
        self._health = health or Health()
        self._unmeasured = 0

    @property
    def _matcher(self) -> "LLMatcher":
        """The engine, where this one stands."""
        return self._engine.seat(self)

    @classmethod
    def load(cls, grammar: str, limits: MatcherLimits = LIMITS, *, is_light: bool = False) -> Self:
        """Make a grammar ready. Takes milliseconds, and lets other threads run meanwhile.

        Args:
            is_light: it is small, and has no expression that a lexer may have many states for.

        Raises:
            NotExpressible: it is over a limit.
        """
        matcher = _made(grammar, limits)
        if matcher.is_error():
            raise NotExpressible(matcher.get_error())
        return cls._joined(_Engine(matcher, is_light=is_light), None)

    @classmethod
    def _joined(
        cls, engine: _Engine, parent: "LlguidanceMatcher | None", health: "Health | None" = None
    ) -> Self:
        fork = cls(engine, health)
        engine.join(fork, parent)
        return fork

    def fork(self) -> Self:
        """Return one that stands where this one does and goes its own way.

        Before its first byte that is a new document, which may be read in another thread.
        """
        if self._engine.seat(self) and not len(self._engine):
            original = self._engine
            copy = _Engine(original.matcher.deep_copy(), is_light=original.is_light)
            return self._joined(copy, None, self._health)
        return self._joined(self._engine, self, self._health)

    def is_broken(self) -> bool:
        """Whether it, or another fork, met a limit: what they share is then of no use to any."""
        self._health.is_spent = self._health.is_spent or self._matcher.is_error()
        return self._health.is_spent

    def is_accepting(self) -> bool:
        """Whether the document may end here."""
        return self._matcher.is_accepting()

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as fits; return how many bytes."""
        taken = 0
        for start in range(0, len(data), BLOCK):
            block = data[start : start + BLOCK]
            self._engine.seat(self)
            fitting = self._engine.consume(block)
            self._measure(fitting)
            taken += fitting
            if fitting < len(block):
                break
        return taken

    def _measure(self, count: int) -> None:
        """Have the lexer's states counted; the engine does it only when asked what is next."""
        self._unmeasured += count
        if self._unmeasured >= BLOCK:
            self._unmeasured = 0
            self._matcher.compute_bitmask()

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""
        if count:
            self._engine.seat(self)
            self._engine.rollback(count)

    def fits(self, data: bytes) -> bool:
        """Whether all of `data` may come next."""
        return self._matcher.validate_tokens(list(data)) == len(data)

    def next(self) -> Bits:
        """Return the bytes that may come next."""
        return int.from_bytes(self._matcher.compute_bitmask()[:32], "little")

    def run(self) -> bytes:
        """Return what must come next, blanks included."""
        return self._matcher.compute_ff_bytes()

    def has_character(self, first: int, last: int, among: Bits) -> bool:
        """Whether a character of that range of code points may come next.

        Args:
            among: those of ASCII that count.
        """
        if first < 0x80 and self.next() & among & ((2 << min(last, 0x7F)) - (1 << first)):
            return True
        ranges = ((max(first, low), min(last, high)) for low, high in _ENCODED)
        return any(
            low <= high and self._has_between(chr(low).encode(), chr(high).encode())
            for low, high in ranges
        )

    def _has_between(self, low: bytes, high: bytes) -> bool:
        """Whether bytes of one character from `low` to `high` may come next."""
        if len(low) == 1 or low[0] < high[0] - 1:
            inner = 1 if len(low) > 1 else 0
            if self.next() & ((2 << high[0] - inner) - (1 << low[0] + inner)):
                return True
        tail = len(low) - 1
        if not tail:
            return False
        if low[0] == high[0]:
            return self._has_behind(low[:1], low[1:], high[1:])
        return self._has_behind(low[:1], low[1:], b"\xbf" * tail) or self._has_behind(
            high[:1], b"\x80" * tail, high[1:]
        )

    def _has_behind(self, lead: bytes, low: bytes, high: bytes) -> bool:
        if not self.consume(lead):
            return False
        found = self._has_between(low, high)
        self.rollback(1)
        return found


class ForeignMatcher(LlguidanceMatcher):
    """Where one text stands in a grammar that a caller wrote.

    Where nothing but one byte may follow, and behind it one again, for ever, the engine never comes
    back from computing what is next (`start: "a" " " "b"` with `%ignore / +/`). So it is asked that
    only where there are two ways at least; one byte is tried after the other to know.
    """

    def next(self) -> Bits:
        """Return the bytes that may come next."""
        matcher = self._matcher
        return sum(1 << byte for byte in range(256) if matcher.validate_tokens([byte]))

    def run(self) -> bytes:
        """Return what must come next, up to MAX_RUN bytes; none, where that has no end."""
        found = b""
        while len(found) < MAX_RUN and not self.is_accepting():
            ways = self.next()
            if ways.bit_count() != 1:
                break
            found += next(members(ways))
            self._engine.consume(found[-1:])
        self.rollback(len(found))
        return found if len(found) < MAX_RUN else b""

    def _measure(self, count: int) -> None:
        """Have the lexer's states counted as soon as that can be asked; where it cannot for long,
        the grammar is of no use."""
        self._unmeasured += count
        if self._unmeasured < BLOCK:
            return
        if self.is_accepting() or self.next().bit_count() != 1:
            self._unmeasured = 0
            self._matcher.compute_bitmask()
        elif self._unmeasured > MAX_UNMEASURED:
            self._health.is_spent = True
