"""A value of a document that is being written, judged in its place.

The validator is asked about the document as far as it goes, thinned out (pruned_tree.py), with the
value or what stands in for it at its end; only what is final (final_errors.py) counts.

An open object is nearly always invalid, as it lacks what is required; and each missing name is an
error. So an open value and a scalar are judged without the keywords that more text may still
satisfy (`UNTIL_CLOSED`): no error of theirs is final there. Where they decide what another keyword
says (in `not`, `if`, `oneOf`), that one's errors are not final in an open value either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from jsonschema_rs import ValidationError

from strictgate.core.guard import final_errors
from strictgate.core.guard.final_errors import OpenLocation, is_definite, may_matter, remaining
from strictgate.core.guard.pruned_tree import SHORT, PruneLimits, beside, pruned, restored
from strictgate.core.guard.schema_features import Features, features
from strictgate.core.guard.visit_counts import VisitCounts
from strictgate.core.jsontext.partial_tree import Container
from strictgate.core.jsontext.pointer import Path
from strictgate.core.lru_cache import LruCache
from strictgate.core.schema.explanation_cost import A_PAIR, MAX_BYTES, MAX_VISITS, explanation_cost
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.inspection import InspectedSchema
from strictgate.core.schema.problems import Problem, collect_problems, locate_error
from strictgate.core.schema.schema import Schema
from strictgate.core.schema.validators import compile_validator, without_keywords
from strictgate.core.value_type import value_type
from strictgate.core.work import Work

_MOST_PROBLEMS = 10
MOST_AT_ONCE = 100_000
"""Problems of a whole document that are mended at once: each time costs reading all of it again."""
_COMPARED = 128  # items before a new one that it is compared with at once
_COMPARED_AT_ONCE = 16  # items for one unit of work
A_LOOK, _AN_ERROR = 10, 5  # units of work: of each, and of each error that it lists
_MOST_IN_CLOSED = 1_000_000
"""Units of work that may be spent on explaining closed containers before the root closes, which
tells of them all again: each is told with all that is missing around it."""
UNTIL_CLOSED = ("required", "minItems", "minProperties", "dependentRequired", "contains")
_BYTES_PER_VALUE = 8  # about
_COPIED = 30  # bytes of memory that a byte of text takes in a copy, at most
_TOLD_APART = 8  # members by which the branches of a union may be told apart
_MAX_VISITS = 400  # of schemas, for one scalar: that takes a few milliseconds at most


Known = tuple[bytes, tuple[Problem, ...]]
"""The text of a whole document, and what is wrong with it."""


_of_open: LruCache[tuple[InspectedSchema, Formats], Any] = LruCache(32 << 20)
"""Validators of what is open. Each takes no more than its schema does, which is kept elsewhere."""


def open_validator(inspected: InspectedSchema, formats: Formats) -> Any:
    """Return a validator of the schema without the keywords that more text may still satisfy."""
    known = _of_open.get((inspected, formats))
    if known is None:
        document = without_keywords(inspected.document, UNTIL_CLOSED)
        known = compile_validator(document, inspected, formats)
        _of_open.put((inspected, formats), known, inspected.weight)
    return known


@value_type
class PartialValue:
    """A value of the document to be judged, or what stands in for it."""

    around: Sequence[Container]
    """The containers that it is in, outermost first."""
    path: Path
    leaf: Any
    kinds: frozenset[str] | None
    """Which errors about it are final: as in a Spot."""
    length: int
    """Of the text up to there, or of what is left of it beside the way and the value."""


class PartialValidator:
    """Judges values by a schema."""

    def __init__(self, schema: Schema, work: Work | None = None, known: Known = (b"", ())) -> None:
        self.schema = schema
        self._work = work or Work()
        self._spent_in_closed = 0
        self._last = known

    @cached_property
    def features(self) -> Features:
        """What the schema says anywhere."""
        return features(self.schema.inspected)

    @cached_property
    def _of_open(self) -> Any:
        """The validator of what is still open, and of scalars."""
        return open_validator(self.schema.inspected, self.schema.formats)

    @cached_property
    def _ways(self) -> VisitCounts:
        return VisitCounts(self.features.nodes)

    @cached_property
    def kept(self) -> PruneLimits:
        """What stays of a document beside the way to the value that is looked at."""
        features = self.features
        return PruneLimits(features.fixed, _TOLD_APART if features.has_unions else 0)

    def of_root(self, value: Any, text: bytes) -> tuple[Problem, ...]:
        """Return what is wrong with a whole document: all that may be mended at once.

        Args:
            text: what says `value`; the answer about the same text is known, for each mend that is
                tried at the end closes the document again.
        """
        known, problems = self._last
        if text != known:
            problems = self.schema.problems(value, MOST_AT_ONCE, self._work)
            self._last = (text, problems)
        return problems

    def size_in_place(self, size: int, depth: int, most: int) -> int:
        """Return the length of the text that is left of a document with a closed value in it.

        Args:
            size: of the value's own text.
            depth: how many containers it is in.
            most: the length of all that was written.
        """
        if self.kept.items:
            return most
        return min(most, size + SHORT * (self.kept.members + 1) * (depth + 1))

    def is_fine(self, tree: Any, leaf: Any, kinds: frozenset[str] | None) -> bool:
        """Whether `leaf`, in its place in the thinned document `tree`, is seen at once to have
        nothing wrong; what is not, `of` looks at."""
        is_closed = kinds is None and isinstance(leaf, dict | list)
        validator = self.schema.validator if is_closed else self._of_open
        is_valid: bool = validator.is_valid(tree)
        return is_valid

    def of(self, look: PartialValue) -> tuple[Problem, ...]:
        """Return what is wrong for good with a part of one."""
        self._work.spend(A_LOOK)
        tree, spot = self._placed(look)
        is_closed = look.kinds is None and isinstance(look.leaf, dict | list)
        validator = self.schema.validator if is_closed else self._of_open
        if validator.is_valid(tree):
            return ()
        if is_closed and self._spent_in_closed >= _MOST_IN_CLOSED:
            return ()
        before = self._work.spent
        errors = self._errors(validator, tree, look)
        if is_closed:
            self._spent_in_closed += self._work.spent - before
        lasting = [
            error
            for error in errors
            if may_matter(error, spot, look.leaf) and is_definite(error, tree, spot)
        ]
        found = collect_problems(lasting, tree, _MOST_PROBLEMS)
        return tuple(_moved(each, spot.path, look.path) for each in found)

    def _errors(self, validator: Any, tree: Any, look: PartialValue) -> list[ValidationError]:
        if not self._is_explainable(tree, look):
            return []
        errors = list(validator.iter_errors(tree))
        self._work.spend(_AN_ERROR * len(errors))
        return errors

    def missing(self, look: PartialValue) -> tuple[str, ...]:
        """Return the required properties that the object looked at lacks, in their order."""
        tree, spot = self._placed(look)
        if self.schema.is_valid(tree) or not self._is_explainable(tree, look):
            return ()
        found: dict[str, None] = {}
        _find_missing(self.schema.validator.iter_errors(tree), tree, spot, found)
        return tuple(found)

    def _placed(self, look: PartialValue) -> tuple[Any, OpenLocation]:
        around, path, leaf = look.around, look.path, look.leaf
        if not around or not self.concerns_all(around[-1], path[-1], leaf, look.kinds):
            tree, thin = pruned(around, path, leaf, self.kept)
            return tree, OpenLocation(thin, look.kinds)
        inner = beside(around[-1], path[-1], leaf)
        tree, thin = pruned(around[:-1], path[:-1], inner, self.kept)
        return tree, OpenLocation((*thin, look.path[-1]), look.kinds)

    @cached_property
    def may_concern_all(self) -> bool:
        """Whether there is any value that concerns all beside it."""
        return self.features.has_unique or bool(self.features.counts)

    def concerns_all(
        self, container: Container, step: str | int, leaf: Any, kinds: frozenset[str] | None
    ) -> bool:
        """Whether `leaf` must be judged with all that stands beside it in `container`.

        Args:
            step: where it stands there.
            kinds: as in a PartialValue.
        """
        if kinds is not None:
            others = len(container) - (kinds is final_errors.ENTERED)
            return others in self.features.counts
        if not self.features.has_unique or isinstance(container, dict):
            return False
        assert isinstance(step, int)
        self._work.spend(min(step, _COMPARED) // _COMPARED_AT_ONCE)
        return leaf in container[max(0, step - _COMPARED) : step]

    def _is_explainable(self, tree: Any, look: PartialValue) -> bool:
        """Whether errors are told in no time; what is not told is seen when the root closes."""
        visits = self.features.visits
        if not isinstance(look.leaf, dict | list) or not look.leaf:
            is_simple = visits is not None and visits <= _MAX_VISITS
            return is_simple or self._ways.visits(look.path) <= _MAX_VISITS
        errors = None if visits is None else visits * (look.length // _BYTES_PER_VALUE)
        copied = _COPIED * look.length
        if errors is not None and errors <= MAX_VISITS and errors * copied <= MAX_BYTES:
            return True
        cost = explanation_cost(self.schema.inspected.root, tree)
        self._work.spend(A_PAIR * cost.pairs)
        return cost.is_affordable


def _find_missing(
    errors: Iterable[ValidationError], tree: Any, spot: OpenLocation, found: dict[str, None]
) -> None:
    for error in errors:
        kind = error.kind
        if type(kind).__name__ == "Required":
            if locate_error(tree, error)[0] == spot.path:
                found[getattr(kind, "property", "")] = None
        elif len(left := remaining(error, tree, spot)) == 1:
            _find_missing(left[0], tree, spot, found)


def _moved(problem: Problem, thin: Path, full: Path) -> Problem:
    """Return `problem` with the paths of the whole document."""
    if thin == full:
        return problem
    branches = tuple(tuple(_moved(each, thin, full) for each in one) for one in problem.branches)
    return replace(problem, path=restored(problem.path, thin, full), branches=branches)
