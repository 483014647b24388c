"""Both engines in step: what one refuses is refused.

The matcher goes first: it is quick, and sees most violations at their first byte. The tracker reads
behind it, judges what the grammar could not hold, and has the last word when the root closes. A
matcher that gives up (it met a limit of its own) is no violation: the tracker goes on alone. So it
does behind MAX_MATCHED, and sooner where the schema is broad.
"""

from typing import Self

from strictgate.core.guard.grammar_matcher import CompiledGrammar, GrammarMatcher
from strictgate.core.guard.incremental_validator import IncrementalValidator, TrackerMark
from strictgate.core.guard.partial_validation import Known
from strictgate.core.guard.schema_features import Features
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.core.work import Work

MAX_MATCHED = 24 << 10
"""Bytes of a document that are matched with a grammar. The engine keeps some 75 bytes for each of
them, to be able to go back; behind them the validator refuses what is wrong, but nothing that must
follow is known."""
_BROAD, _MANY_NAMES = 648, 64
"""Squares of a schema's breadth, and properties of one object, for which matching costs as much
more, and fewer bytes are matched: the engine follows all branches of a union that are open, and all
properties that may come next. With 300 arrays of different lengths a byte takes 20 ms."""
_A_CALL, _A_BYTE, _MATCHED = 10, 2, 1
"""Units of work: of a call, and of each byte, to read it and to match it with a grammar. What the
validator is asked beside that is counted where it is asked (partial_validation.py)."""
_MATCHED_IF_BROAD, _MOST_IF_BROAD = 3, 128 << 10
_LEAST_MATCHED = 64  # bytes; for fewer it is not worth it: 26 of them took 0.3 s


@value_type
class GuardMark:
    """A place of a guard to come back to."""

    matcher: GrammarMatcher | None
    tracker: TrackerMark

    @property
    def low(self) -> int:
        """Up to where the guard's text has stayed the same since."""
        return self.tracker.scanner.low


class Guard:
    """One document under guard, from its first byte on. Offsets and lengths are bytes of UTF-8."""

    def __init__(
        self,
        schema: Schema,
        machine: CompiledGrammar | None,
        *,
        checking: bool = True,
        work: Work | None = None,
        known: Known = (b"", ()),
    ) -> None:
        """Make a guard that stands before the document.

        Args:
            machine: None: the validator is alone.
            checking: whether the validator then looks at more than the root when it closes.
            work: what all reading is counted on; None: on a meter of its own.
            known: what is wrong with one document, so that it need not be found out again.
        """
        self.schema = schema
        self.work = work or Work()
        """Shared with all copies of this guard."""
        self._matcher: GrammarMatcher | None = None
        self._most_matched, self._a_match = MAX_MATCHED, _MATCHED
        if machine is not None and not machine.is_broken():
            self._matcher = machine.start()
            checking = bool(machine.unsupported_keywords)
        self._tracker = IncrementalValidator(schema, self.work, checking=checking, known=known)
        if self._matcher is not None:
            self._expect(self.features)
        self.scanner: Scanner = self._tracker.scanner
        """Where the document stands."""

    def _expect(self, features: Features) -> None:
        """Match less of a document, the more a byte of it takes by what the schema is."""
        more = features.breadth**2 // _BROAD + features.names // _MANY_NAMES
        if more:
            self._most_matched = min(MAX_MATCHED, _MOST_IF_BROAD // (1 + more))
            if self._most_matched < _LEAST_MATCHED:
                self._go_on_alone()
            self._a_match = _MATCHED_IF_BROAD * (1 + more)

    def fork(self) -> Self:
        """Return a guard that stands where this one does and goes its own way."""
        twin = object.__new__(type(self))
        twin.schema, twin.work = self.schema, self.work
        twin._matcher = self._matcher.fork() if self._matcher else None
        twin._most_matched, twin._a_match = self._most_matched, self._a_match
        twin._tracker = self._tracker.fork()
        twin.scanner = twin._tracker.scanner
        return twin

    def mark(self) -> "GuardMark":
        """Mark this place, to come back by `restore`, which costs what was changed meanwhile; a
        copy would cost what there is. Marks are left in the reverse of their order."""
        return GuardMark(self._matcher.fork() if self._matcher else None, self._tracker.mark())

    def restore(self, mark: "GuardMark") -> None:
        """Go back to the marked place."""
        self._matcher = mark.matcher
        self._tracker.restore(mark.tracker)

    def forget(self, mark: "GuardMark") -> None:
        """Stay here; nobody comes back to the marked place."""
        self.scanner.forget(mark.tracker.scanner)

    def become(self, twin: Self) -> None:
        """Stand where `twin` does, which is of no use from then on."""
        self._matcher, self._tracker = twin._matcher, twin._tracker
        self.scanner = twin.scanner

    @property
    def text(self) -> bytes:
        """All that was taken in."""
        return self.scanner.text

    @property
    def features(self) -> Features:
        """What the schema says anywhere."""
        return self._tracker.features

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as fits; return how many bytes: the next one is refused.

        Raises:
            WorkSpent: the budget is used up.
        """
        if self._matcher is None or len(self.scanner) + len(data) <= self._most_matched:
            return self._consume(data)
        room = max(self._most_matched - len(self.scanner), 0)
        read = self._consume(data[:room])
        if read == room:
            self._go_on_alone()
            read += self._consume(data[room:])
        return read

    def _consume(self, data: bytes) -> int:
        taken = self._match(data)
        read = self._tracker.consume(data[:taken] if taken < len(data) else data)
        self.work.spend(_A_CALL + read * (_A_BYTE + (self._a_match if self._matcher else 0)))
        if self._matcher and read < taken:
            self._matcher.rollback(taken - read)
        return read

    def take_text(self, data: bytes) -> bool:
        """Take in plain characters of ASCII, if the open string may go on with any; return whether
        it may. `consume` comes to the same, by a longer way."""
        tracker, matcher = self._tracker, self._matcher
        if not tracker.may_take_text():
            return False
        a_byte = _A_BYTE
        if matcher is not None:
            is_long = len(self.scanner) + len(data) > self._most_matched
            if is_long or not matcher.take_text(data):
                return False
            a_byte += self._a_match
        tracker.take_text(data)
        self.work.spend(_A_CALL + len(data) * a_byte)
        return True

    def _match(self, data: bytes) -> int:
        if self._matcher is None:
            return len(data)
        taken = self._matcher.consume(data)
        if taken < len(data) and self._matcher.is_broken():
            self._go_on_alone()
            return len(data)
        return taken

    def _go_on_alone(self) -> None:
        """Have the validator look at every value from here on, in the matcher's place."""
        self._matcher = None
        self._tracker.checking = True

    def consume_as(self, source: bytes, plain: bytes) -> bool:
        """Take in `source`, which the grammar is to read as `plain`; return whether it fits."""
        if self._matcher is None or not self._matcher.consume_as(source, plain):
            return False
        read = self._tracker.consume(source)
        if read < len(source):
            self._matcher.rollback(len(source))
            self._tracker.rollback(read)
        return read == len(source)

    def fits(self, data: bytes) -> bool:
        """Whether all of `data` would be taken in; nothing changes."""
        read = self.consume(data)
        self.rollback(read)
        return read == len(data)

    def is_grammatical(self, data: bytes) -> bool:
        """Whether the grammar takes `data`, whatever the validator says; nothing changes."""
        if self._matcher is None:
            return True
        taken = self._matcher.consume(data)
        self._matcher.rollback(taken)
        return taken == len(data)

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""
        if count:
            self._tracker.rollback(count)
            if self._matcher:
                self._matcher.rollback(count)

    def is_complete(self) -> bool:
        """Whether this is a whole, valid document; a number may still get longer."""
        return self._tracker.is_accepting()

    def is_closed(self) -> bool:
        """Whether it is whole and nothing may follow."""
        return self.scanner.token is not LexicalToken.NUMBER and self.is_complete()

    def is_free(self) -> bool:
        """Whether the string that is open may go on with nearly anything."""
        return self._matcher is None or self._matcher.is_free()

    def forced(self) -> bytes:
        """Return what must come next, as far as there is one way only."""
        return self._matcher.forced() if self._matcher else b""

    def options(self) -> tuple[bytes, ...]:
        """Return every way to finish the token that is open or comes next, if they are few."""
        return self._matcher.options() if self._matcher else ()

    def problems(self) -> tuple[Problem, ...]:
        """Return what the validator said at the last refusal, if it was the one who refused."""
        return self._tracker.problems()

    def missing(self) -> tuple[str, ...]:
        """Return the required properties that the innermost open object lacks."""
        return self._tracker.missing()
