"""Give a document the types and the spelling that its schema wants, where one reading fits.

The schema's own problems drive it: each kind of problem has a function in a table that proposes
edits of the text, so that everything else keeps the model's own characters. The edits are made,
the text is read and judged again, for as long as that gets on. What a mend may do is turn data into
the same data; it never fills in, completes or chooses. In a union each branch proposes for itself;
where more than one proposal holds, none is taken.

Only a document that is valid in the end comes out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from strictgate.core.jsontext import spans
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.jsontext.spans import MemberSpan, ValueSpan
from strictgate.core.output import coercions, edits
from strictgate.core.output.coercions import Coercion, fold
from strictgate.core.output.edits import Edit
from strictgate.core.repair_steps import LenientRepair, LosslessRepair, Repair, Step
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import Schema

_ROUNDS = 8
_PROBLEMS = 1000  # in one round
_TRIALS = 16  # of rival proposals, each of which costs reading and judging the document


@dataclass(frozen=True, slots=True)
class SchemaRepaired:
    """A valid document, and what was done to it."""

    text: str
    value: Any
    steps: tuple[Step, ...]


def repair_to_schema(text: str, value: Any, schema: Schema, level: Repair) -> SchemaRepaired | None:
    """Return the document `text` made valid; None if that cannot be done at this level."""
    steps: tuple[Step, ...] = ()
    task = _Task(schema, is_lenient=level.includes(Repair.LENIENT))
    for _ in range(_ROUNDS):
        problems = schema.problems(value, _PROBLEMS)
        if not problems:
            return SchemaRepaired(text, value, steps) if schema.is_valid(value) else None
        made = _Round(text, value, task).edits(problems)
        if not made:
            return None
        text = edits.apply(text, made)
        try:
            value = parse_json(text)
        except NotJSON:
            return None
        steps += tuple(edit.step for edit in made)
    return None


class _Task:
    """What all rounds of one mending share."""

    def __init__(self, schema: Schema, *, is_lenient: bool) -> None:
        self.schema = schema
        self.is_lenient = is_lenient
        self.trials = _TRIALS

    @cached_property
    def declared(self) -> frozenset[str]:
        """Every name that the schema declares, at whatever place."""
        return frozenset(_declared(self.schema.source))


class _Round:
    """Proposes edits for the problems of one reading of the document."""

    def __init__(self, text: str, value: Any, task: _Task) -> None:
        self._text = text
        self._value = value
        self._task = task
        self._places: dict[Path, ValueSpan] = {}

    def edits(self, problems: tuple[Problem, ...]) -> tuple[Edit, ...]:
        self._places = spans.locate_values(self._text, set(_paths(problems)))
        return edits.settled(edit for each in problems for edit in self._propose(each) or ())

    def _propose(self, problem: Problem) -> tuple[Edit, ...] | None:
        """Return the edits that would solve `problem`; None if there are none."""
        propose = self._PROPOSALS.get(problem.kind)
        place = self._places.get(problem.path)
        return propose(self, problem, place) if propose and place else None

    def _source(self, place: ValueSpan) -> str:
        return self._text[place.span.start : place.span.end]

    def _type(self, problem: Problem, place: ValueSpan) -> tuple[Edit, ...] | None:
        value, source = _at(self._value, problem.path), self._source(place)
        reading = coercions.in_type(value, source, problem.expected)
        if reading is None and self._task.is_lenient:
            reading = coercions.alone_in_array(value, source, problem.expected)
        return _replacing(place, reading, problem.path)

    def _option(self, problem: Problem, place: ValueSpan) -> tuple[Edit, ...] | None:
        value, source = _at(self._value, problem.path), self._source(place)
        return _replacing(place, coercions.as_option(value, source, problem.expected), problem.path)

    def _missing(self, problem: Problem, place: ValueSpan) -> tuple[Edit, ...] | None:
        """A missing property may be there under a name that differs in case or blanks."""
        strangers = [each for each in place.members if each.name not in self._task.declared]
        renamed = _renames(place.members, strangers, problem.expected)
        if len(renamed) < len(problem.expected):
            return None
        return _renaming(renamed, problem.path)

    def _forbidden(self, problem: Problem, place: ValueSpan) -> tuple[Edit, ...] | None:
        strangers = [each for each in place.members if each.name in problem.expected]
        wanted = {fold(each.name) for each in strangers}
        targets = [name for name in self._task.declared if fold(name) in wanted]
        renamed = _renames(place.members, strangers, targets)
        names = {each.name for each in strangers} - {each.name for each, _ in renamed}
        if names and (not self._task.is_lenient or len(names) == len(place.members)):
            return None  # to drop all would leave nothing of what the model said
        steps = {
            name: Step(LenientRepair.DROPPED, pointer((*problem.path, name))) for name in names
        }
        return _renaming(renamed, problem.path) + edits.removal(place, names, steps)

    def _union(self, problem: Problem, place: ValueSpan) -> tuple[Edit, ...] | None:
        proposals = {
            tuple((edit.start, edit.end, edit.text) for edit in proposal): proposal
            for branch in problem.branches
            if (proposal := self._branch(branch))
        }
        if len(proposals) < 2:
            return next(iter(proposals.values()), None)
        holding = [each for each in proposals.values() if self._holds(each, problem.path)]
        return holding[0] if len(holding) == 1 else None

    def _branch(self, problems: tuple[Problem, ...]) -> tuple[Edit, ...]:
        """Return edits that solve every problem of a branch; nothing if there are none."""
        proposed: list[Edit] = []
        for problem in problems:
            made = self._propose(problem)
            if made is None:
                return ()
            proposed += made
        return () if edits.disagree(proposed) else edits.settled(proposed)

    def _holds(self, proposal: tuple[Edit, ...], path: Path) -> bool:
        """Whether the proposal leaves no problem at `path`, nor below it.

        Where that is no longer to be found out, every proposal holds, and so none is taken.
        """
        self._task.trials -= 1
        if self._task.trials < 0:
            return True
        try:
            value = parse_json(edits.apply(self._text, proposal))
        except NotJSON:
            return False
        problems = self._task.schema.problems(value, _PROBLEMS)
        return all(each.path[: len(path)] != path for each in problems)

    _PROPOSALS: ClassVar[
        dict[str, Callable[["_Round", Problem, ValueSpan], tuple[Edit, ...] | None]]
    ] = {
        "Type": _type,
        "Enum": _option,
        "Constant": _option,
        "Required": _missing,
        "AdditionalProperties": _forbidden,
        "UnevaluatedProperties": _forbidden,
        "AnyOf": _union,
        "OneOfNotValid": _union,
    }


def _paths(problems: tuple[Problem, ...]) -> Iterator[Path]:
    for problem in problems:
        yield problem.path
        for branch in problem.branches:
            yield from _paths(branch)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _declared(source: Any) -> Iterator[str]:
    ahead = [source]
    while ahead:
        node = ahead.pop()
        if isinstance(node, dict):
            properties = node.get("properties")
            yield from properties if isinstance(properties, dict) else ()
            ahead.extend(node.values())
        elif isinstance(node, list):
            ahead.extend(node)


def _replacing(place: ValueSpan, reading: Coercion | None, path: Path) -> tuple[Edit, ...] | None:
    if reading is None:
        return None
    step = Step(reading.step, pointer(path))
    return (Edit(place.span.start, place.span.end, reading.text, step),)


def _renames(
    members: tuple[MemberSpan, ...], strangers: list[MemberSpan], targets: list[str]
) -> list[tuple[MemberSpan, str]]:
    """Pair each of `strangers` with the one of `targets` whose name it has but for case or blanks;
    where several could be meant, on either side, none is."""
    present = {member.name for member in members}
    by_fold: dict[str, tuple[list[MemberSpan], set[str]]] = {}
    for stranger in strangers:
        by_fold.setdefault(fold(stranger.name), ([], set()))[0].append(stranger)
    for target in targets:
        if target not in present and fold(target) in by_fold:
            by_fold[fold(target)][1].add(target)
    pairs = [
        (found, wanted) for found, wanted in by_fold.values() if len(found) == 1 == len(wanted)
    ]
    return [(found[0], wanted.pop()) for found, wanted in pairs]


def _renaming(renamed: list[tuple[MemberSpan, str]], path: Path) -> tuple[Edit, ...]:
    return tuple(
        Edit(
            member.key.start,
            member.key.end,
            write_json(name),
            Step(LosslessRepair.NAME, pointer((*path, name))),
        )
        for member, name in renamed
    )
