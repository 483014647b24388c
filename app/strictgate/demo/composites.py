"""Objects and arrays for a schema: candidates, the fullest first."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from strictgate.demo.conformance import equality_key
from strictgate.demo.partial_json import OpenArray, OpenObject, PartialJson
from strictgate.demo.patterns import matching_texts, pattern_matches
from strictgate.demo.scalars import string_candidates

_TRIES = 12  # turns taken to find an item unlike the others
_ROOMY_ITEMS = 2


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Where in the document a value stands."""

    name: str = "value"
    """The property, for a text that reads naturally."""
    depth: int = 0
    turn: int = 0
    """Which of several values for the same schema this is."""
    sparse: bool = False
    """Whether to make no more than is required."""
    followed: tuple[str, ...] = ()
    """The references on the way here."""
    begun: PartialJson | None = None
    """What stands of the value already."""

    def through(self, references: list[str]) -> "ValuePlace":
        """Return the place behind `references`; a second time through one is kept short."""
        if not references:
            return self
        again = any(reference in self.followed for reference in references)
        return replace(self, followed=(*self.followed, *references), sparse=self.sparse or again)

    def member(self, name: str) -> "ValuePlace":
        begun = self.begun.parts.get(name) if isinstance(self.begun, OpenObject) else None
        return replace(self, name=name, depth=self.depth + 1, begun=begun)

    def item(self, index: int, turn: int) -> "ValuePlace":
        """Return the place of an item; an item of `features` is a feature."""
        plural = self.name.endswith("s") and not self.name.endswith("ss") and len(self.name) > 3
        name = self.name[:-1] if plural else self.name
        parts = self.begun.parts[index:] if isinstance(self.begun, OpenArray) else ()
        begun = parts[0] if parts else None
        return replace(self, name=name, depth=self.depth + 1, turn=self.turn + turn, begun=begun)


Attempt = Callable[[Any, ValuePlace], list[Any]]
"""Makes a list of the value for a schema, or of none."""


# --- objects -----------------------------------------------------------------------------------


def object_candidates(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt
) -> Iterator[dict[str, Any]]:
    """Yield objects for `schema`: all properties, then fewer, then only what is required."""
    if not place.sparse:
        full = _object(schema, place, attempt, optional=True)
        if full is not None:
            yield full
            yield from _trimmed(schema, full)
    least = _object(schema, replace(place, sparse=True), attempt, optional=False)
    if least is not None:
        yield least
        yield from _extended(schema, least, place, attempt)


def _trimmed(schema: dict[str, Any], full: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `full` less each of its optional properties: one may be what a condition forbids."""
    required = schema.get("required", ())
    if len(full) > 40:
        return
    for left_out in full:
        if left_out not in required:
            yield {name: value for name, value in full.items() if name != left_out}


def _extended(
    schema: dict[str, Any], least: dict[str, Any], place: ValuePlace, attempt: Attempt
) -> Iterator[dict[str, Any]]:
    """Yield `least` with each of the optional properties: one may be what a condition asks for."""
    for name in list(schema.get("properties", ()))[:20]:
        if name not in least:
            for value in attempt(_member(schema, name), replace(place.member(name), sparse=True)):
                yield {**least, name: value}


def _object(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt, *, optional: bool
) -> dict[str, Any] | None:
    required = _required(schema)
    properties = list(schema.get("properties", ()))
    names = [name for name in properties if optional or name in required]
    names += [name for name in required if name not in properties]
    if isinstance(place.begun, OpenObject):
        needed = _needed(schema, place.begun, names)
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
    return _capped(schema, made, required)


def _needed(schema: dict[str, Any], begun: OpenObject, names: list[str]) -> list[str]:
    """Return the names that stand, and one that begins as the next one must, if there must be one.

    That is one of `names` where it can be, else one that `schema` knows.
    """
    awaited = begun.awaited_name
    if awaited is None:
        return list(begun.parts)
    known = chain(names, schema.get("properties", ()), islice(_names(schema), 40))
    made_up = (awaited.shortest + "_" * more for more in range(len(begun.parts) + 2))
    for name in chain(known, made_up):
        if name and name not in begun.parts and awaited.can_become(name):
            return [*begun.parts, name]
    return []


def _required(schema: dict[str, Any]) -> list[str]:
    """Return the required names, with those that they depend on."""
    named = schema.get("required")
    names = list(named) if isinstance(named, list) else []
    needs = {**schema.get("dependencies", {}), **schema.get("dependentRequired", {})}
    for name in names:  # grows while it is read
        more = needs.get(name)
        names += [other for other in (more if isinstance(more, list) else ()) if other not in names]
    return names


def _member(schema: dict[str, Any], name: str) -> Any:
    """Return what `schema` asks of the property `name`."""
    asked = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    asked += [
        subschema
        for pattern, subschema in schema.get("patternProperties", {}).items()
        if pattern_matches(pattern, name)
    ]
    if not asked:
        return schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
    return asked[0] if len(asked) == 1 else {"allOf": asked}


def _pad(
    schema: dict[str, Any],
    place: ValuePlace,
    attempt: Attempt,
    made: dict[str, Any],
    *,
    optional: bool,
) -> None:
    """Add properties until there are enough, and one to a map that would be empty."""
    wanted = max(int(schema.get("minProperties", 0)), int(optional and _is_map(schema)))
    for name in _names(schema):
        if len(made) >= wanted:
            return
        if name not in made:
            for value in attempt(_member(schema, name), place.member(name)):
                made[name] = value


def _is_map(schema: dict[str, Any]) -> bool:
    members = schema.get("additionalProperties")
    described = isinstance(members, dict) and bool(members)
    return not schema.get("properties") and (described or bool(schema.get("patternProperties")))


def _names(schema: dict[str, Any]) -> Iterator[str]:
    """Yield names that the object may have, declared ones first."""
    yield from schema.get("properties", ())
    for turn in range(3):
        for pattern in schema.get("patternProperties", ()):
            made = list(matching_texts(pattern, turn, (0, 1, 2)))
            ideas = (f"key{turn + 1}", *(f"{name}{turn + 1}" for name in made), *made)
            yield from (name for name in ideas if pattern_matches(pattern, name))
    rule = schema.get("propertyNames")
    for turn in range(9):
        if isinstance(rule, dict):
            yield from (str(option) for option in rule.get("enum", ())[turn : turn + 1])
            yield from islice(string_candidates(rule, f"key {turn + 1}", turn), 3)
        yield f"key{turn + 1}"


def _capped(schema: dict[str, Any], made: dict[str, Any], required: list[str]) -> dict[str, Any]:
    excess = len(made) - int(schema.get("maxProperties", len(made)))
    for name in [each for each in reversed(made) if each not in required][: max(excess, 0)]:
        del made[name]
    return made


# --- arrays ------------------------------------------------------------------------------------


def array_candidates(
    schema: dict[str, Any], place: ValuePlace, attempt: Attempt
) -> Iterator[list[Any]]:
    """Yield arrays for `schema`: with an item or two, then as short as it may be."""
    least = int(schema.get("minItems", 0))
    most = int(schema.get("maxItems", 1 << 30))
    first = _prefix(schema)
    natural = max(least, len(first) or (_ROOMY_ITEMS if place.depth < _ROOMY_ITEMS else 1))
    counts = [least] if place.sparse else [min(natural, most), least]
    if isinstance(place.begun, OpenArray):
        counts = [max(count, place.begun.least_length) for count in counts]
    if "contains" in schema:
        counts.append(max(least, int(schema.get("minContains", 1))))
    for count in dict.fromkeys(counts):
        made = _array(schema, place, attempt, count)
        if len(made) >= least:
            yield made
    yield []


def _prefix(schema: dict[str, Any]) -> list[Any]:
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
    """Return the item at `index` in a list, or none; unlike those `seen` where that is asked."""
    asked = _asked(schema, index)
    for turn in range(index, index + _TRIES):
        item = attempt(asked, place.item(index, turn))
        if not schema.get("uniqueItems") or not item:
            return item
        if equality_key(item[0]) not in seen:
            seen.add(equality_key(item[0]))
            return item
    return []


def _asked(schema: dict[str, Any], index: int) -> Any:
    """Return what `schema` asks of the item at `index`."""
    first = _prefix(schema)
    if index < len(first):
        asked = first[index]
    elif isinstance(schema.get("items"), list):
        asked = schema.get("additionalItems", True)
    else:
        asked = schema.get("items", True)
    if index < int(schema.get("minContains", 1)) and "contains" in schema:
        return {"allOf": [asked, schema["contains"]]}
    return asked
