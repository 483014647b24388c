"""The engine for every schema: reads strict JSON, and has each value judged.

It looks when a name is closed, when a value begins (with something that stands in for it), when an
open string has got as long as some `maxLength`, and when a value is closed. The byte that brought a
definite error is refused. The root is judged in full when it closes, always.

Where it refuses depends on the text alone, never on how that was cut into pieces.
"""

from dataclasses import dataclass
from typing import Any, Self

from strictgate.core.guard import final_errors
from strictgate.core.guard.partial_validation import Known, PartialValidator, PartialValue
from strictgate.core.guard.pruned_tree import beside
from strictgate.core.guard.schema_features import Features
from strictgate.core.jsontext import strings
from strictgate.core.jsontext.lexer import LITERALS, LexerEvent, LexicalToken
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.scanner import Scanner, ScannerMark
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import Schema
from strictgate.core.work import Work

_STAND_INS: dict[LexicalToken | None, Any] = {LexicalToken.STRING: "", LexicalToken.NUMBER: 0}
_NOTHING_COUNTED = (0, 0, 0)


@dataclass(frozen=True, slots=True)
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
        self._judge = PartialValidator(schema, work, known)
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
        return twin

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
        is_string = scanner.last is not None and scanner.last[0] is LexicalToken.STRING
        if self.checking and event is LexerEvent.CLOSED and is_string:
            back = self._too_long(scanner.last_path, length - 1)
            if back is not None:
                return back
        if event is LexerEvent.CLOSED and not scanner.containers:
            valid = self._judge.schema.is_valid(scanner.value)
            text = b"" if valid else scanner.part(0, length)
            self._problems = () if valid else self._judge.of_root(scanner.value, text)
        elif self.checking:
            look = self._look(event, length)
            self._problems = self._judge.of(look) if look else ()
        return length - 1 if self._problems else None

    def _look(self, event: LexerEvent, length: int) -> PartialValue | None:
        if event is LexerEvent.CLOSED:
            return self._look_back(length)
        scanner = self.scanner
        around = scanner.containers
        match event, scanner.token:
            case LexerEvent.NAMED, _ if not self._judge.features.has_names:
                return None
            case LexerEvent.NAMED, _:
                return PartialValue(around, scanner.path, None, final_errors.NAMED, length)
            case LexerEvent.OPENED, None:
                path = scanner.open_path
                return PartialValue(around[:-1], path, around[-1], final_errors.ENTERED, length)
            case LexerEvent.OPENED, LexicalToken.LITERAL:  # which one, its first byte tells
                first = scanner.part(scanner.token_start, length)[0]
                return PartialValue(around, scanner.path, LITERALS[first][1], None, length)
        return PartialValue(
            around, scanner.path, _STAND_INS[scanner.token], final_errors.BEGUN, length
        )

    def _look_back(self, length: int) -> PartialValue | None:
        """Look at the value that was closed; a literal was looked at when it began."""
        scanner = self.scanner
        around = scanner.containers
        if scanner.last is not None and scanner.last[0] is LexicalToken.LITERAL:
            return None
        leaf = around[-1][scanner.last_path[-1]]  # type: ignore[index]
        return PartialValue(around, scanner.last_path, leaf, None, length)

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
