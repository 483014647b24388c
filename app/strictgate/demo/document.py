"""Make a document for a schema: always the same, natural to read, and valid if at all possible.

At every level of the document, candidates are made from the merged schema (merging.py), the best
ones first, and the first candidate that is valid (conformance.py) is taken. A recursion ends for
two reasons: a place that is deep, or that follows a reference inside itself, is made as small as it
may be; and the work on one document is limited.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from strictgate.demo.composites import ValuePlace, array_candidates, object_candidates
from strictgate.demo.conformance import is_valid
from strictgate.demo.merging import MergedSchema, merge_schema
from strictgate.demo.partial_json import (
    CompleteValue,
    OpenScalar,
    OpenString,
    PartialJson,
    can_become,
)
from strictgate.demo.references import References
from strictgate.demo.scalars import number_candidates, string_candidates

_MAX_WORK = 8000
"""Schemas visited, and candidates rejected, for one document."""
_WORK_BEFORE_MINIMAL = 400
"""The work after which only required parts are made."""
_MAX_DEPTH = 24
_DEPTH_BEFORE_MINIMAL = 7
"""The level below which only required parts are made."""
_MAX_COMBINATIONS = 24
_MAX_CIRCLES = 12
"""How often the way to one value may lead through the same reference."""


class NoDocument(ValueError):
    """No value was found for a schema."""


def make_document(schema: Any, partial: PartialJson | None = None) -> Any:
    """Return a document for a schema; if none can be found, one that is probably invalid.

    Args:
        schema: the schema.
        partial: how the document begins. If no valid document does, an invalid one is returned.
    """
    # A full document comes first, then one with the required parts only: the work of a full one
    # may be too much. Without a valid document, validation is left out and, for a prefix that the
    # schema does not allow, the schema as well.
    for minimal in (False, True):
        try:
            return _Maker(References(schema)).make(
                schema, ValuePlace(minimal=minimal, partial=partial)
            )
        except NoDocument:
            continue
    for lenient in (schema, True) if partial else (schema,):
        maker = _Maker(References(schema), accept=lambda *_: True)
        try:
            return maker.make(lenient, ValuePlace(minimal=True, partial=partial))
        except NoDocument:
            continue
    return {}


@dataclass(slots=True)
class _Maker:
    """Makes the values of one document, and counts the work."""

    references: References
    accept: Callable[[Any, Any, References], bool] = is_valid
    visited: int = 0

    def make(self, schema: Any, place: ValuePlace) -> Any:
        """Return a valid value for a schema.

        Raises:
            NoDocument: there is none, or none was found with the work that is left.
        """
        self.visited += 1
        if self.visited > _MAX_WORK or place.depth > _MAX_DEPTH:
            raise NoDocument
        must_save = self.visited > _WORK_BEFORE_MINIMAL or place.depth > _DEPTH_BEFORE_MINIMAL
        place = replace(place, minimal=place.minimal or must_save)
        given = [place.partial.value] if isinstance(place.partial, CompleteValue) else None
        for candidate in given or self._candidates(schema, place):
            if can_become(place.partial, candidate) and self.accept(
                schema, candidate, self.references
            ):
                return candidate
            self.visited += 1 + _size(candidate)
            if self.visited > _MAX_WORK:
                break
        raise NoDocument

    def attempt(self, schema: Any, place: ValuePlace) -> list[Any]:
        """Return a list with the value for a schema, or an empty one if none was found."""
        try:
            return [self.make(schema, place)]
        except NoDocument:
            return []

    def _candidates(self, schema: Any, place: ValuePlace) -> Iterator[Any]:
        """Yield values that may be valid for a schema, the best first."""
        found = merge_schema(schema, self.references)
        circling = any(place.followed.count(each) > _MAX_CIRCLES for each in found.followed)
        if found.impossible or circling:
            return
        place = place.through(found.followed)
        if found.choices:
            yield from self._given_values(found.keywords, place)
            yield from self._combined(found, place)
        else:
            yield from self._without_choices(found.keywords, place)

    def _combined(self, found: MergedSchema, place: ValuePlace) -> Iterator[Any]:
        """Yield candidates for every combination of one branch of each choice."""
        ordered = [self._ordered(branches, place) for branches in found.choices]
        combinations = itertools.product(*ordered)
        for branches in itertools.islice(combinations, _MAX_COMBINATIONS):
            self.visited += 1
            if self.visited > _MAX_WORK:
                return
            yield from self._candidates({"allOf": [found.keywords, *branches]}, place)

    def _ordered(self, branches: list[Any], place: ValuePlace) -> list[Any]:
        """Return the branches in the order of trial, which starts with another for each variant."""
        start = place.variant % len(branches)
        rotated = branches[start:] + branches[:start]
        return sorted(rotated, key=lambda branch: self._effort(branch, place))

    def _effort(self, branch: Any, place: ValuePlace) -> int:
        """Return how much a branch will take. If no room must be saved, only null comes last."""
        kind = branch.get("type") if isinstance(branch, dict) else None
        if not place.minimal:
            return int(kind == "null")
        if isinstance(branch, dict) and "$ref" in branch:
            return 5 + (branch["$ref"] in place.followed)
        efforts = {"null": 0, "object": 4, "array": 3, None: 3}
        return efforts.get(kind, 1) if isinstance(kind, str | None) else 1

    def _without_choices(self, keywords: dict[str, Any], place: ValuePlace) -> Iterator[Any]:
        if "const" in keywords:
            yield keywords["const"]
        elif "enum" in keywords:
            options = keywords["enum"]
            start = place.variant % max(len(options), 1)
            yield from options[start:] + options[:start]
        else:
            yield from self._given_values(keywords, place)
            for name in _types(keywords, place):
                yield from self._typed(name, keywords, place)

    def _given_values(self, keywords: dict[str, Any], place: ValuePlace) -> Iterator[Any]:
        """Yield the default and the examples of the schema, but not empty ones, which say little.

        A later variant leaves out the first ones, so that items of an array differ.
        """
        examples = keywords.get("examples")
        given = [keywords.get("default"), *(examples if isinstance(examples, list) else ())]
        useful = [value for value in given if value or isinstance(value, int | float)]
        yield from useful[place.variant :]

    def _typed(self, name: str, keywords: dict[str, Any], place: ValuePlace) -> Iterator[Any]:
        match name:
            case "object":
                yield from object_candidates(keywords, place, self.attempt)
            case "array":
                yield from array_candidates(keywords, place, self.attempt)
            case "string":
                made = string_candidates(keywords, place.name, place.variant)
                yield from _continued(made, place.partial) if place.partial else made
            case "integer" | "number":
                yield from number_candidates(keywords, place.variant, whole=name == "integer")
                if isinstance(place.partial, OpenScalar):
                    yield place.partial.shortest
            case "boolean":
                yield from (True, False) if place.variant % 2 == 0 else (False, True)
            case "null":
                yield None


def _continued(made: Iterable[str], partial: PartialJson) -> Iterator[str]:
    """Yield the strings `made`, and after them made-up ones that begin as the string has begun."""
    if isinstance(partial, OpenString):
        ideas, start = list(made), partial.shortest
        yield from ideas
        yield start
        yield from (start + idea[len(start) :] for idea in ideas)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, dict | list) else 0


_IMPLIED = {
    "object": ("properties", "required", "additionalProperties", "patternProperties",
               "minProperties", "maxProperties", "propertyNames", "dependencies",
               "dependentRequired", "dependentSchemas"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains",
              "additionalItems"),
    "number": ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"),
}  # fmt: skip
_ALL = ("string", "integer", "boolean", "object", "array", "null")


def _types(keywords: dict[str, Any], place: ValuePlace) -> list[str]:
    """Return the types to try: null comes last, or first if room must be saved."""
    named = keywords.get("type")
    if named is None:
        implied = [name for name, hints in _IMPLIED.items() if any(x in keywords for x in hints)]
        return [*implied, *(name for name in _ALL if name not in implied)]
    names = [named] if isinstance(named, str) else list(named)
    return sorted(names, key=lambda name: (name == "null") is not place.minimal)
