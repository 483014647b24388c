"""A document for a schema: deterministic, natural to read, and valid for nearly every real schema.

Candidates are made by a guide (merging.py), best first, and the first one that fits the schema is
taken (conformance.py), at every level of the document. Recursion ends because a place that is deep,
or inside the reference that it follows, takes the shortest way; and because all of the work of one
document is counted.
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

_WORK = 8000  # schemas visited, and candidates turned down, for one document
_ROOMY = 400  # … after which only what is required is made
_MAX_DEPTH = 24
_ROOMY_DEPTH = 7
_MAX_COMBINATIONS = 24
_MAX_CIRCLES = 12  # times through one reference on the way to one value


class NoDocument(ValueError):
    """No value was found."""


def make_document(schema: Any, begun: PartialJson | None = None) -> Any:
    """Return a document for `schema`; one that is likely wrong where none can be found.

    With `begun` it is one that begins so, wherever that can be.
    """
    for sparse in (False, True):
        try:
            return _Maker(References(schema)).make(schema, ValuePlace(sparse=sparse, begun=begun))
        except NoDocument:
            continue
    for lenient in (schema, True) if begun else (schema,):
        maker = _Maker(References(schema), fit=lambda *_: True)
        try:
            return maker.make(lenient, ValuePlace(sparse=True, begun=begun))
        except NoDocument:
            continue
    return {}


@dataclass(slots=True)
class _Maker:
    """Makes the values of one document, and counts."""

    references: References
    fit: Callable[[Any, Any, References], bool] = is_valid
    visited: int = 0

    def make(self, schema: Any, place: ValuePlace) -> Any:
        """Return a value that fits `schema`.

        Raises:
            NoDocument: where there is none, or none was found in time.
        """
        self.visited += 1
        if self.visited > _WORK or place.depth > _MAX_DEPTH:
            raise NoDocument
        crowded = self.visited > _ROOMY or place.depth > _ROOMY_DEPTH
        place = replace(place, sparse=place.sparse or crowded)
        stands = [place.begun.value] if isinstance(place.begun, CompleteValue) else None
        for candidate in stands or self._candidates(schema, place):
            if can_become(place.begun, candidate) and self.fit(schema, candidate, self.references):
                return candidate
            self.visited += 1 + _size(candidate)
            if self.visited > _WORK:
                break
        raise NoDocument

    def attempt(self, schema: Any, place: ValuePlace) -> list[Any]:
        """Return a list of the value for `schema`, or of none."""
        try:
            return [self.make(schema, place)]
        except NoDocument:
            return []

    def _candidates(self, schema: Any, place: ValuePlace) -> Iterator[Any]:
        found = merge_schema(schema, self.references)
        circling = any(place.followed.count(each) > _MAX_CIRCLES for each in found.followed)
        if found.impossible or circling:
            return
        place = place.through(found.followed)
        if found.choices:
            yield from self._given(found.keywords, place)
            yield from self._combined(found, place)
        else:
            yield from self._plain(found.keywords, place)

    def _combined(self, found: MergedSchema, place: ValuePlace) -> Iterator[Any]:
        """Yield candidates for every combination of the branches that are left to choose."""
        ordered = [self._ordered(branches, place) for branches in found.choices]
        combinations = itertools.product(*ordered)
        for branches in itertools.islice(combinations, _MAX_COMBINATIONS):
            self.visited += 1
            if self.visited > _WORK:
                return
            yield from self._candidates({"allOf": [found.keywords, *branches]}, place)

    def _ordered(self, branches: list[Any], place: ValuePlace) -> list[Any]:
        turn = place.turn % len(branches)
        turned = branches[turn:] + branches[:turn]
        return sorted(turned, key=lambda branch: self._effort(branch, place))

    def _effort(self, branch: Any, place: ValuePlace) -> int:
        """How far a branch leads; with room to spare, only null comes last."""
        kind = branch.get("type") if isinstance(branch, dict) else None
        if not place.sparse:
            return int(kind == "null")
        if isinstance(branch, dict) and "$ref" in branch:
            return 5 + (branch["$ref"] in place.followed)
        efforts = {"null": 0, "object": 4, "array": 3, None: 3}
        return efforts.get(kind, 1) if isinstance(kind, str | None) else 1

    def _plain(self, keywords: dict[str, Any], place: ValuePlace) -> Iterator[Any]:
        if "const" in keywords:
            yield keywords["const"]
        elif "enum" in keywords:
            options = keywords["enum"]
            turn = place.turn % max(len(options), 1)
            yield from options[turn:] + options[:turn]
        else:
            yield from self._given(keywords, place)
            for name in _types(keywords, place):
                yield from self._typed(name, keywords, place)

    def _given(self, keywords: dict[str, Any], place: ValuePlace) -> Iterator[Any]:
        """Yield what the author gave: empty defaults say too little, and an item needs its own."""
        examples = keywords.get("examples")
        given = [keywords.get("default"), *(examples if isinstance(examples, list) else ())]
        told = [value for value in given if value or isinstance(value, int | float)]
        yield from told[place.turn :]

    def _typed(self, name: str, keywords: dict[str, Any], place: ValuePlace) -> Iterator[Any]:
        match name:
            case "object":
                yield from object_candidates(keywords, place, self.attempt)
            case "array":
                yield from array_candidates(keywords, place, self.attempt)
            case "string":
                made = string_candidates(keywords, place.name, place.turn)
                yield from _continued(made, place.begun) if place.begun else made
            case "integer" | "number":
                yield from number_candidates(keywords, place.turn, whole=name == "integer")
                if isinstance(place.begun, OpenScalar):
                    yield place.begun.shortest
            case "boolean":
                yield from (True, False) if place.turn % 2 == 0 else (False, True)
            case "null":
                yield None


def _continued(made: Iterable[str], begun: PartialJson) -> Iterator[str]:
    """Yield strings that begin as one has begun: those `made`, then made-up ones of its start."""
    if isinstance(begun, OpenString):
        ideas, start = list(made), begun.shortest
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
    """Return the types to try: null last, or first where there is no room."""
    named = keywords.get("type")
    if named is None:
        implied = [name for name, hints in _IMPLIED.items() if any(x in keywords for x in hints)]
        return [*implied, *(name for name in _ALL if name not in implied)]
    names = [named] if isinstance(named, str) else list(named)
    return sorted(names, key=lambda name: (name == "null") is not place.sparse)
