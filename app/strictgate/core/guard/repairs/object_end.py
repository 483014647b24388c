"""Mends at the bracket that closes: what shows to be wrong only once an object or array is whole.

A name that is required may be there in another case; `if`, `oneOf` and their like may decide only
now what a value should have been. What the validator finds wrong is solved problem by problem, by
edits of the text, so that everything else keeps the model's own characters. Of a union each branch
is a way of its own to do that; the guard takes the one that fits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from strictgate.core.guard.repairs import forbidden_members, vocabulary
from strictgate.core.guard.repairs.names import naming
from strictgate.core.guard.repairs.violation import (
    Proposal,
    Proposals,
    Violation,
    ViolationPlace,
    leaves,
)
from strictgate.core.guard.schema_features import Features
from strictgate.core.jsontext import spans
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import parse_json, write_json
from strictgate.core.jsontext.spans import MemberSpan, Span, ValueSpan
from strictgate.core.output import coercions
from strictgate.core.output.coercions import Coercion, fold
from strictgate.core.repair_steps import LenientRepair, Step
from strictgate.core.schema.problems import Problem
from strictgate.core.value_type import value_type

_CLOSERS = {b"{": b"}", b"[": b"]"}
_MOST_WAYS = 16  # each of which costs reading the object or array once more


@value_type
class _Edit:
    """Put `text` in the place of what stands there."""

    span: Span
    text: str
    step: Step


_Edits = tuple[_Edit, ...]


@value_type
class _Whole:
    """The object or array that is about to be closed."""

    text: str
    base: Path
    """Where in the document it stands."""
    places: dict[Path, ValueSpan]
    features: Features
    is_lenient: bool


def lossless(violation: Violation) -> Proposals:
    """Names, and values in another type or case, that are wrong now that all is there."""
    return _proposals(violation, is_lenient=False)


def lenient(violation: Violation) -> Proposals:
    """The same; lone values in an array, and without the members that are forbidden."""
    return _proposals(violation, is_lenient=True)


def may_be_mended(problems: Sequence[Problem]) -> bool:
    """Whether there is a mend for any of `problems`."""
    return any(each.kind in _SOLUTIONS for each in leaves(problems))


def _proposals(violation: Violation, *, is_lenient: bool) -> Proposals:
    closer, scanner = violation.ahead[:1], violation.guard.scanner
    if not scanner.containers or violation.place is not ViolationPlace.SEPARATOR:
        return ()
    base, start = scanner.open_path, scanner.starts[-1]
    if closer != _CLOSERS[violation.text[start : start + 1]]:
        return ()
    problems = violation.problems
    if not problems and (missing := violation.guard.missing()):
        problems = (Problem(base, (), "Required", missing, ""),)
    text = (violation.text[start:] + closer).decode()
    paths = {path[len(base) :] for path in _paths(problems) if path[: len(base)] == base}
    places = spans.locate_values(text, paths) if paths else {}
    whole = _Whole(text, base, places, violation.guard.features, is_lenient)
    ways = _ways(whole, problems, is_branch=False)
    # one way may leave more to be mended; of several, which cost much, one must fit as it is
    apart = [way for way in ways if all(a.span.end <= b.span.start for a, b in pairwise(way))]
    return [_proposal(whole, start, way, is_nested=len(apart) == 1) for way in apart]


def _paths(problems: Iterable[Problem]) -> Iterator[Path]:
    for problem in problems:
        yield problem.path
        for branch in problem.branches:
            yield from _paths(branch)


def _ways(whole: _Whole, problems: Iterable[Problem], *, is_branch: bool) -> list[_Edits]:
    """Return the sets of edits, in order, that may solve all of `problems`; nothing, if many.

    In a branch of a union each problem must be solved. Others may be gone with those that are.
    """
    ways: list[list[_Edit]] = [[]]
    for problem in problems:
        options = list(dict.fromkeys(_options(whole, problem)))
        if is_branch and not options:
            return []
        if len(options) == 1:
            for way in ways:
                way.extend(options[0])
        elif options:
            ways = [[*way, *each] for way in ways for each in options]
        if len(ways) > _MOST_WAYS:
            return []
    return [tuple(sorted(dict.fromkeys(way), key=_start)) for way in ways if way]


def _start(edit: _Edit) -> int:
    return edit.span.start


def _options(whole: _Whole, problem: Problem) -> Iterator[_Edits]:
    for branch in problem.branches:
        yield from _ways(whole, branch, is_branch=True)
    place = whole.places.get(problem.path[len(whole.base) :])
    solve = _SOLUTIONS.get(problem.kind)
    edits = tuple(solve(whole, problem, place)) if solve and place else ()
    if edits:
        yield edits


def _proposal(whole: _Whole, start: int, edits: _Edits, *, is_nested: bool) -> Proposal:
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += (whole.text[position : edit.span.start], edit.text)
        position = edit.span.end
    data = ("".join(parts) + whole.text[position:]).encode()
    steps = tuple(edit.step for edit in edits)
    return Proposal(start, 1, data, steps, is_nested=is_nested)


# --- one problem ----------------------------------------------------------------------------------


def _value(whole: _Whole, problem: Problem, place: ValueSpan) -> Iterator[_Edit]:
    """A value in the type that is wanted, or as the word."""
    source = whole.text[place.span.start : place.span.end]
    value, wanted = parse_json(source), problem.expected
    found: Coercion | None
    if problem.kind == "Type":
        found = coercions.in_type(value, source, wanted)
        if found is None and whole.is_lenient:
            found = coercions.alone_in_array(value, source, wanted)
    else:
        found = coercions.as_option(value, source, wanted)
    if found is not None:
        yield _Edit(place.span, found.text, Step(found.step, pointer(problem.path)))


def _missing(whole: _Whole, problem: Problem, place: ValueSpan) -> Iterator[_Edit]:
    """Names that the schema does not declare, for those that are missing but for case or blanks."""
    strangers = [
        member
        for member in place.members
        if member.name not in vocabulary.names(whole.features, member.name)
    ]
    pairs = _pairs(strangers, problem.expected)
    if len(pairs) == len(problem.expected):
        yield from _renaming(pairs, problem.path)


def _forbidden(whole: _Whole, problem: Problem, place: ValueSpan) -> Iterator[_Edit]:
    """Names that are not allowed, for those that are; leniently, members that are not allowed go,
    if others stay and none of those could be meant."""
    present = {member.name for member in place.members}
    told = set(problem.expected)
    strangers = [member for member in place.members if member.name in told]
    meant = (vocabulary.meant(whole.features, each.name, present) for each in strangers)
    pairs = _pairs(strangers, dict.fromkeys(name for names in meant for name in names))
    left = {each.name for each in strangers} - {each.name for each, _ in pairs}
    may_go = whole.is_lenient and len(left) < len(place.members)
    if left and (not may_go or any(vocabulary.meant(whole.features, each, ()) for each in left)):
        return
    yield from _renaming(pairs, problem.path)
    yield from _removal(place, left, problem.path)


def _removal(place: ValueSpan, names: set[str], path: Path) -> Iterator[_Edit]:
    """Take members out, each with the comma before it, or, at the head, with the one behind."""
    is_first = True
    for index, member in enumerate(place.members):
        if member.name not in names:
            is_first = False
            continue
        start, end = member.key.start, member.value.end
        if not is_first:
            start = place.members[index - 1].value.end
        elif index + 1 < len(place.members):
            end = place.members[index + 1].key.start
        step = Step(LenientRepair.DROPPED, pointer((*path, member.name)))
        yield _Edit(Span(start, end), "", step)


_SOLUTIONS: dict[str, Callable[[_Whole, Problem, ValueSpan], Iterator[_Edit]]] = {
    "Type": _value,
    "Enum": _value,
    "Constant": _value,
    "Required": _missing,
    **dict.fromkeys(forbidden_members.KINDS, _forbidden),
}


def _renaming(pairs: Iterable[tuple[MemberSpan, str]], path: Path) -> Iterator[_Edit]:
    for member, name in pairs:
        yield _Edit(member.key, write_json(name), naming(path, name))


def _pairs(strangers: Iterable[MemberSpan], names: Iterable[str]) -> list[tuple[MemberSpan, str]]:
    """Pair each name with the one of `strangers` that it is but for case or blanks; where several
    could be meant, on either side, none is."""
    by_fold: dict[str, tuple[list[MemberSpan], list[str]]] = {}
    for stranger in strangers:
        by_fold.setdefault(fold(stranger.name), ([], []))[0].append(stranger)
    for name in names:
        by_fold.setdefault(fold(name), ([], []))[1].append(name)
    pairs = [(found[0], wanted[0]) for found, wanted in by_fold.values() if found and wanted]
    is_clear = all(
        len(found) < 2 and len(wanted) < 2 for found, wanted in by_fold.values() if found and wanted
    )
    return pairs if is_clear else []
