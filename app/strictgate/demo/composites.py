"""Candidates for the objects and arrays of a schema, the fullest first.

Nothing here is certain to be valid: document.py takes the first candidate that is.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from strictgate.demo.conformance import equality_key
from strictgate.demo.partial_json import OpenArray, OpenObject, PartialJson
from strictgate.demo.patterns import matching_texts, pattern_matches
from strictgate.demo.scalars import string_candidates

_MAX_VARIANTS = 12
"""Variants tried for an item that must be unlike the others."""
_NATURAL_ITEMS = 2
"""Items of an array near the root, if the schema does not say how many."""
_MAX_TRIMMED = 40
_MAX_EXTENDED = 20
"""Properties of an object that are left out, or added, one at a time."""


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """The place of a value in the document, and how the value must be made there."""

    name: str = "value"
    """The name of the property, from which natural texts are made."""
    depth: int = 0
    variant: int = 0
    """Which of several values for the same schema this is."""
    minimal: bool = False
    """Whether only required parts are made."""
    followed: tuple[str, ...] = ()
    """The references that lead to this place."""
    partial: PartialJson | None = None
    """The beginning of the value that is there already."""

    def through(self, references: list[str]) -> "ValuePlace":
        """Return the place behind references. A recursion through one is kept minimal."""
        if not references:
            return self
        again = any(reference in self.followed for reference in references)
        return replace(self, followed=(*self.followed, *references), minimal=self.minimal or again)

    def member(self, name: str) -> "ValuePlace":
        """Return the place of the member called `name`."""
        partial = self.partial.parts.get(name) if isinstance(self.partial, OpenObject) else None
        return replace(self, name=name, depth=self.depth + 1, partial=partial)

    def item(self, index: int, variant: int) -> "ValuePlace":
        """Return the place of an item. Its name is in the singular: `feature` for `features`."""
        plural = self.name.endswith("s") and not self.name.endswith("ss") and len(self.name) > 3
        name = self.name[:-1] if plural else self.name
        parts = self.partial.parts[index:] if isinstance(self.partial, OpenArray) else ()
        partial = parts[0] if parts else None
        return replace(
            self, name=name, depth=self.depth + 1, variant=self.variant + variant, partial=partial
        )


Attempt = Callable[[Any, ValuePlace], list[Any]]
"""A function that returns a list with the value for a schema, or an empty one."""


# --- objects -----------------------------------------------------------------------------------


def object_candidates(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt
) -> Iterator[dict[str, Any]]:
    """Yield objects for a schema: with all properties, then fewer, then the required ones only."""
    if not place.minimal:
        full = _object(schema, place, attempt, optional=True)
        if full is not None:
            yield full
            yield from _trimmed(schema, full)
    least = _object(schema, replace(place, minimal=True), attempt, optional=False)
    if least is not None:
        yield least
        yield from _extended(schema, least, place, attempt)


def _trimmed(schema: dict[str, Any], full: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `full` without one optional property each: a condition may forbid that property."""
    required = schema.get("required", ())
    if len(full) > _MAX_TRIMMED:
        return
    for left_out in full:
        if left_out not in required:
            yield {name: value for name, value in full.items() if name != left_out}


def _extended(
    schema: dict[str, Any], least: dict[str, Any], place: ValuePlace, attempt: Attempt
) -> Iterator[dict[str, Any]]:
    """Yield `least` with one optional property each: a condition may ask for that property."""
    for name in list(schema.get("properties", ()))[:_MAX_EXTENDED]:
        if name not in least:
            for value in attempt(_member(schema, name), replace(place.member(name), minimal=True)):
                yield {**least, name: value}


def _object(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt, *, optional: bool
) -> dict[str, Any] | None:
    """Return an object, with optional properties or without; None if a required one is missing."""
    required = _required(schema)
    properties = list(schema.get("properties", ()))
    names = [name for name in properties if optional or name in required]
    names += [name for name in required if name not in properties]
    if isinstance(place.partial, OpenObject):
        needed = _needed(schema, place.partial, names)
        required = [*required, *needed]
        names = list(dict.fromkeys([*needed, *names]))
    made: dict[str, Any] = {}
    for name in names:
        values = attempt(_member(schema, name), place.member(name))
        if values:
            made[name] = values[0]
        elif name in required:
            return None
    _pad(schema, place, attempt, made, optional=optional)
    return _without_excess(schema, made, required)


def _needed(schema: dict[str, Any], partial: OpenObject, names: list[str]) -> list[str]:
    """Return the names that the object has already, and the next one, if one must come.

    The next one begins as the prefix has begun it. It is one of `names` if possible, then one that
    the schema knows, then a made-up one.
    """
    awaited = partial.awaited_name
    if awaited is None:
        return list(partial.parts)
    known = chain(names, schema.get("properties", ()), islice(_names(schema), 40))
    made_up = (awaited.shortest + "_" * more for more in range(len(partial.parts) + 2))
    for name in chain(known, made_up):
        if name and name not in partial.parts and awaited.can_become(name):
            return [*partial.parts, name]
    return []


def _required(schema: dict[str, Any]) -> list[str]:
    """Return the required names, and those that they require in turn (`dependentRequired`)."""
    named = schema.get("required")
    names = list(named) if isinstance(named, list) else []
    needs = {**schema.get("dependencies", {}), **schema.get("dependentRequired", {})}
    for name in names:  # which grows meanwhile
        more = needs.get(name)
        names += [other for other in (more if isinstance(more, list) else ()) if other not in names]
    return names


def _member(schema: dict[str, Any], name: str) -> Any:
    """Return the schema of the property `name`."""
    found = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    found += [
        subschema
        for pattern, subschema in schema.get("patternProperties", {}).items()
        if pattern_matches(pattern, name)
    ]
    if not found:
        return schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
    return found[0] if len(found) == 1 else {"allOf": found}


def _pad(
    schema: dict[str, Any],
    place: ValuePlace,
    attempt: Attempt,
    made: dict[str, Any],
    *,
    optional: bool,
) -> None:
    """Add properties until there are enough; a map that would be empty gets one."""
    wanted = max(int(schema.get("minProperties", 0)), int(optional and _is_map(schema)))
    for name in _names(schema):
        if len(made) >= wanted:
            return
        if name not in made:
            for value in attempt(_member(schema, name), place.member(name)):
                made[name] = value


def _is_map(schema: dict[str, Any]) -> bool:
    """Whether a schema describes its members without declaring any."""
    members = schema.get("additionalProperties")
    described = isinstance(members, dict) and bool(members)
    return not schema.get("properties") and (described or bool(schema.get("patternProperties")))


def _names(schema: dict[str, Any]) -> Iterator[str]:
    """Yield names that the object may have, the declared ones first."""
    yield from schema.get("properties", ())
    for variant in range(3):
        for pattern in schema.get("patternProperties", ()):
            made = list(matching_texts(pattern, variant, (0, 1, 2)))
            ideas = (f"key{variant + 1}", *(f"{name}{variant + 1}" for name in made), *made)
            yield from (name for name in ideas if pattern_matches(pattern, name))
    rule = schema.get("propertyNames")
    for variant in range(9):
        if isinstance(rule, dict):
            yield from (str(option) for option in rule.get("enum", ())[variant : variant + 1])
            yield from islice(string_candidates(rule, f"key {variant + 1}", variant), 3)
        yield f"key{variant + 1}"


def _without_excess(
    schema: dict[str, Any], made: dict[str, Any], required: list[str]
) -> dict[str, Any]:
    """Remove optional members until there are no more than `maxProperties`."""
    excess = len(made) - int(schema.get("maxProperties", len(made)))
    for name in [each for each in reversed(made) if each not in required][: max(excess, 0)]:
        del made[name]
    return made


# --- arrays ------------------------------------------------------------------------------------


def array_candidates(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt
) -> Iterator[list[Any]]:
    """Yield arrays for a schema: with an item or two, then as short as they may be."""
    least = int(schema.get("minItems", 0))
    most = int(schema.get("maxItems", 1 << 30))
    first = _prefix(schema)
    natural = max(least, len(first) or (_NATURAL_ITEMS if place.depth < _NATURAL_ITEMS else 1))
    counts = [least] if place.minimal else [min(natural, most), least]
    if isinstance(place.partial, OpenArray):
        counts = [max(count, place.partial.least_length) for count in counts]
    if "contains" in schema:
        counts.append(max(least, int(schema.get("minContains", 1))))
    for count in dict.fromkeys(counts):
        made = _array(schema, place, attempt, count)
        if len(made) >= least:
            yield made
    yield []


def _prefix(schema: dict[str, Any]) -> list[Any]:
    """Return the schemas of `prefixItems`, which is a list under `items` up to 2019-09."""
    before = schema.get("prefixItems", schema.get("items"))
    return before if isinstance(before, list) else []


def _array(schema: dict[str, Any], place: ValuePlace, attempt: Attempt, count: int) -> list[Any]:
    made: list[Any] = []
    seen: set[Hashable] = set()
    for index in range(count):
        item = _item(schema, place, attempt, index, seen)
        if not item:
            break
        made += item
    return made


def _item(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt, index: int, seen: set[Hashable]
) -> list[Any]:
    """Return a list with the item at `index`, or an empty one.

    With `uniqueItems`, the item must be unlike those in `seen`, and is added to them.
    """
    item_schema = _item_schema(schema, index)
    for variant in range(index, index + _MAX_VARIANTS):
        item = attempt(item_schema, place.item(index, variant))
        if not schema.get("uniqueItems") or not item:
            return item
        if equality_key(item[0]) not in seen:
            seen.add(equality_key(item[0]))
            return item
    return []


def _item_schema(schema: dict[str, Any], index: int) -> Any:
    """Return the schema of the item at `index`; the first items also serve `contains`."""
    first = _prefix(schema)
    if index < len(first):
        found = first[index]
    elif isinstance(schema.get("items"), list):
        found = schema.get("additionalItems", True)
    else:
        found = schema.get("items", True)
    if index < int(schema.get("minContains", 1)) and "contains" in schema:
        return {"allOf": [found, schema["contains"]]}
    return found
