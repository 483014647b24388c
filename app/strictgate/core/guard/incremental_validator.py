"""The engine for every schema: reads strict JSON, and has each value judged.

It looks when a name is closed, when a value begins (with something that stands in for it), when an
open string has got as long as some `maxLength`, and when a value is closed. The byte that brought a
definite error is refused. The root is judged in full when it closes, always.

Where it refuses depends on the text alone, never on how that was cut into pieces.
"""

from functools import cached_property
from typing import Any, NamedTuple, Self

from strictgate.core.guard import final_errors
from strictgate.core.guard.partial_validation import A_LOOK, Known, PartialValidator, PartialValue
from strictgate.core.guard.places import Kind, Places
from strictgate.core.guard.pruned_tree import beside
from strictgate.core.guard.schema_features import Features
from strictgate.core.jsontext import strings
from strictgate.core.jsontext.lexer import LITERALS, LexerEvent, LexicalToken
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.scanner import Scanner, ScannerMark
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.core.work import Work

_STAND_INS: dict[LexicalToken | None, Any] = {LexicalToken.STRING: "", LexicalToken.NUMBER: 0}
_NOTHING_COUNTED = (0, 0, 0)
_STRING = LexicalToken.STRING
_OPENED, _CLOSED = LexerEvent.OPENED, LexerEvent.CLOSED


class _Seen(NamedTuple):
    """What a byte shows of a value."""

    depth: int
    """Of the container that the value is in; -1: it is the root."""
    step: str | int
    """Where it stands there."""
    leaf: Any
    """The value, or what stands in for it."""
    kinds: frozenset[str] | None
    """Which errors about it are final: as in a PartialValue."""
    about: Kind | None
    """All that is known of it, if that is less than the value."""


@value_type
class TrackerMark:
    """A place of an IncrementalValidator to come back to."""

    scanner: ScannerMark
    checking: bool
    problems: tuple[Problem, ...]
    counted: tuple[int, int, int]


class IncrementalValidator:
    """One document against one schema."""

    def __init__(
        self,
        schema: Schema,
        work: Work | None = None,
        *,
        checking: bool = True,
        known: Known = (b"", ()),
    ) -> None:
        self.scanner = Scanner()
        self.checking = checking
        """Whether more is judged than the root when it closes."""
        self._work = work or Work()
        self._judge = PartialValidator(schema, self._work, known)
        self._problems: tuple[Problem, ...] = ()
        self._counted = _NOTHING_COUNTED  # of the open string: its start, until where, characters

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as can belong to a valid document; return how many bytes."""
        self._problems = ()
        scanner = self.scanner
        begun = len(scanner)
        scanner.consume(data, watch=self._watch)
        if self.checking and scanner.token is LexicalToken.STRING and not self._problems:
            back = self._too_long(scanner.path, len(scanner))
            if back is not None:
                scanner.rollback(len(scanner) - back)
        return len(scanner) - begun

    def may_take_text(self) -> bool:
        """Whether a string is open that may go on with any character."""
        is_limited = self.checking and bool(self._judge.features.lengths)
        return self.scanner.is_in_text and not is_limited

    def take_text(self, data: bytes) -> None:
        """Take in plain characters of ASCII, where that may be."""
        self._problems = ()
        self.scanner.take_text(data)

    def is_accepting(self) -> bool:
        """Whether what was taken in is a whole, valid document. A number may still get longer."""
        if not self.scanner.is_complete():
            return False
        is_judged = self.scanner.token is None
        return is_judged or self._judge.schema.is_valid(self.scanner.value)

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""
        self.scanner.rollback(count)
        self._counted = _NOTHING_COUNTED

    def mark(self) -> TrackerMark:
        """Mark this place, to come back by `restore`."""
        return TrackerMark(self.scanner.mark(), self.checking, self._problems, self._counted)

    def restore(self, mark: TrackerMark) -> None:
        """Go back to the marked place."""
        self.scanner.restore(mark.scanner)
        self.checking, self._problems, self._counted = mark.checking, mark.problems, mark.counted

    def fork(self) -> Self:
        """Return a tracker that stands where this one does and goes its own way."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.scanner = self.scanner.fork()
        if "_places" in self.__dict__:
            twin._places = self._places.fork()
        return twin

    @cached_property
    def _places(self) -> Places:
        return Places(self._judge.kept)

    @property
    def features(self) -> Features:
        """What the schema says anywhere."""
        return self._judge.features

    def problems(self) -> tuple[Problem, ...]:
        """Return what was wrong at the last refusal; nothing, where that was no JSON."""
        return self._problems

    def missing(self) -> tuple[str, ...]:
        """Return the required properties that the innermost open object lacks, in their order."""
        scanner = self.scanner
        around, path = scanner.containers, scanner.open_path
        if not around or isinstance(around[-1], list):
            return ()
        begun = scanner.path[len(path) :]
        leaf = beside(around[-1], begun[0], None) if begun else around[-1]
        return self._judge.missing(
            PartialValue(around[:-1], path, leaf, final_errors.ENTERED, len(scanner))
        )

    # --- what is looked at ---------------------------------------------------------------------

    def _watch(self, event: LexerEvent, length: int) -> int | None:
        """Return where to go back to, if the last byte may not come."""
        scanner = self.scanner
        is_closed = event is _CLOSED
        is_string = is_closed and scanner.last is not None and scanner.last[0] is _STRING
        if self.checking and is_string and self._judge.features.lengths:
            back = self._too_long(scanner.last_path, length - 1)
            if back is not None:
                return back
        if is_closed and not scanner.nesting:
            valid = self._judge.schema.is_valid(scanner.value)
            text = b"" if valid else scanner.part(0, length)
            self._problems = () if valid else self._judge.of_root(scanner.value, text)
        elif self.checking:
            self._problems = self._look(event, length)
        return length - 1 if self._problems else None

    def _look(self, event: LexerEvent, length: int) -> tuple[Problem, ...]:
        """Return what is wrong for good with the value that `event` is about."""
        seen = self._seen(event, length)
        if seen is None:
            return ()
        nesting, judge, places = self.scanner.nesting, self._judge, self._places
        may_be_known = seen.depth >= 0 and not (
            judge.may_concern_all
            and judge.concerns_all(nesting[seen.depth], seen.step, seen.leaf, seen.kinds)
        )
        if may_be_known:
            if not places.is_in(nesting[seen.depth]):
                places.enter(nesting, seen.depth, self.scanner.name_at)
            if seen.about is not None and places.is_known(seen.step, seen.about):
                self._work.spend(A_LOOK)
                return ()
            if judge.is_fine(places.filled(seen.step, seen.leaf), seen.leaf, seen.kinds):
                if seen.about is not None:
                    places.learn(seen.step, seen.about)
                self._work.spend(A_LOOK)
                return ()
        path = (*self.scanner.open_path[: seen.depth], seen.step) if seen.depth >= 0 else ()
        around = self.scanner.containers[: seen.depth + 1]
        size = length
        if may_be_known and event is _CLOSED and isinstance(seen.leaf, dict | list):
            size = judge.size_in_place(length - self.scanner.closed_from, seen.depth, length)
        found = judge.of(PartialValue(around, path, seen.leaf, seen.kinds, size))
        if may_be_known and seen.about is not None and not found:
            places.learn(seen.step, seen.about)
        return found

    def _seen(self, event: LexerEvent, length: int) -> _Seen | None:
        """Return what `event` shows of which value; None: nothing that may be wrong."""
        scanner = self.scanner
        nesting, token = scanner.nesting, scanner.token
        is_closed = event is _CLOSED
        is_entered = token is None and event is _OPENED
        depth = len(nesting) - 1 - is_entered
        step: str | int = 0
        if depth >= 0:
            is_object = isinstance(nesting[depth], dict)
            is_put = is_entered or is_closed
            step = scanner.name_at(depth) if is_object else len(nesting[depth]) - is_put
        if is_closed:
            leaf = nesting[depth][step]  # type: ignore[index]
            was_seen = scanner.last is not None and scanner.last[0] is LexicalToken.LITERAL
            if type(leaf) is list and not self._judge.features.has_whole_arrays:
                was_seen = True  # each of its items was looked at
            if was_seen:
                return None
            return _Seen(depth, step, leaf, None, None)
        if event is not _OPENED:
            has_names = self._judge.features.has_names
            return _Seen(depth, step, None, final_errors.NAMED, event) if has_names else None
        if is_entered:
            return _Seen(depth, step, nesting[-1], final_errors.ENTERED, type(nesting[-1]))
        if token is LexicalToken.LITERAL:  # which one, its first byte tells
            first = scanner.part(scanner.token_start, length)[0]
            return _Seen(depth, step, LITERALS[first][1], None, first)
        return _Seen(depth, step, _STAND_INS[token], final_errors.BEGUN, token)

    # --- long strings --------------------------------------------------------------------------

    def _too_long(self, path: Path, until: int) -> int | None:
        """Return where the string at `path` gets too long, whose text has come to `until`."""
        lengths = self._judge.features.lengths
        start, end = self.scanner.units
        if not lengths or until - start <= lengths[0]:
            return None
        before, count = self._count(start, end)
        self._counted = (start, end, count)
        begun = count + (end < until)
        for limit in lengths:
            if before <= limit < begun and self._is_too_long(path, limit, until):
                return start + strings.offset(self.scanner.part(start, end), limit)
        return None

    def _count(self, start: int, end: int) -> tuple[int, int]:
        """Return how many characters had been counted, and how many there are."""
        known_start, known_end, known = self._counted
        if known_start != start or known_end > end:
            known_end, known = start, 0
        return known, known + strings.length(self.scanner.part(known_end, end))

    def _is_too_long(self, path: Path, limit: int, length: int) -> bool:
        longer = "x" * (limit + 1)
        look = PartialValue(self.scanner.containers, path, longer, final_errors.LENGTHENED, length)
        self._problems = self._judge.of(look)
        return bool(self._problems)
