"""A wide schema as several smaller ones, each for a part of the same document.

A model that has to fill in hundreds of fields loses some. So they are asked for in parts: the
properties of the root, in their order, as many at a time as fit a budget of fields; a required
object that is too wide by itself is divided in the same way. Every part is a schema of the whole
document with the other properties left out, so that paths and references stay what they are.

Only objects are divided of which nothing is said but which properties they have: the parts of a
document that are valid, each by its own schema, are valid together then. What is wide otherwise
(the items of an array, a union) stays whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from strictgate.core.jsontext.pointer import Path
from strictgate.core.value_type import value_type

_PLAIN = frozenset(
    {
        *("type", "properties", "required", "additionalProperties"),
        *("title", "description", "$comment", "default", "examples", "deprecated"),
    }
)
"""What may be said of an object that is divided."""
_OF_ROOT = frozenset({"$schema", "$defs", "definitions"})
_BESIDE_REFERENCE = frozenset({"$ref", "title", "description", "$comment"})
_DEFINITIONS = ("#/$defs/", "#/definitions/")
_NAMED_PLACES = frozenset({"$id", "id", "$anchor", "$dynamicRef", "$recursiveRef"})
"""Keywords that give a reference another meaning than its place in the document."""


@value_type
class SchemaPart:
    """A part of a document."""

    source: Mapping[str, Any]
    """Its schema."""
    paths: tuple[Path, ...]
    """What is in it: each of these values, whole."""


@value_type
class _Unit:
    """A value that is asked for whole, and how many fields it has."""

    path: Path
    fields: int


def split_schema(source: Any, most: int) -> tuple[SchemaPart, ...]:
    """Return the parts of a schema with more than `most` fields; nothing, if it is not divided."""
    if not _is_divisible(source, _PLAIN | _OF_ROOT) or _fields(source, source, ()) <= most:
        return ()
    if not all(map(_is_plain_reference, _keywords(source))):
        return ()
    groups: list[list[_Unit]] = [[]]
    for unit in _units(source, source, (), most):
        if groups[-1] and sum(each.fields for each in groups[-1]) + unit.fields > most:
            groups.append([])
        groups[-1].append(unit)
    if len(groups) == 1:
        return ()
    paths = [tuple(unit.path for unit in group) for group in groups]
    return tuple(SchemaPart(_narrowed(source, source, each), each) for each in paths)


def _is_divisible(schema: Any, known: frozenset[str]) -> bool:
    return (
        isinstance(schema, dict)
        and schema.keys() <= known
        and schema.get("type") == "object"
        and isinstance(schema.get("properties"), dict)
        and isinstance(schema.get("additionalProperties", False), bool)
        and {*schema.get("required", ())} <= schema["properties"].keys()
    )


def _units(root: Any, schema: Any, path: Path, most: int) -> Iterator[_Unit]:
    """Yield what an object that is divided consists of, in the order of its properties."""
    required = schema.get("required") or ()
    for name, inner in schema["properties"].items():
        fields, target = _fields(root, inner, ()), _target(root, inner)
        if fields > most and name in required and _is_divisible(target, _PLAIN):
            yield from _units(root, target, (*path, name), most)
        else:
            yield _Unit((*path, name), fields)


def _narrowed(root: Any, schema: Any, paths: tuple[Path, ...]) -> dict[str, Any]:
    """Return the schema of an object with those of its properties alone that lead to `paths`."""
    kept: dict[str, Any] = {}
    for name, inner in schema["properties"].items():
        rest = tuple(path[1:] for path in paths if path[0] == name)
        if rest:
            kept[name] = inner if () in rest else _narrowed(root, _target(root, inner), rest)
    required = [name for name in schema.get("required") or () if name in kept]
    narrow = {"properties": kept, "required": required, "additionalProperties": False}
    return {**schema, **narrow}


def _fields(root: Any, schema: Any, seen: tuple[str, ...]) -> int:
    """Return how many properties a schema declares, references followed; at least 1."""
    if not isinstance(schema, dict):
        return 1
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference in seen:
            return 1
        target, seen = _target(root, schema), (*seen, reference)
        if not isinstance(target, dict) or target is schema:
            return 1
        schema = target
    properties = schema.get("properties")
    inner = [*properties.values()] if isinstance(properties, dict) else []
    items = schema.get("items")
    inner += [items] if isinstance(items, dict) else []
    for keyword in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(keyword)
        inner += branches if isinstance(branches, list) else []
    return max(1, sum(_fields(root, each, seen) for each in inner))


def _target(root: Any, schema: Any) -> Any:
    """Return what a schema that is nothing but a reference refers to, else the schema itself."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if not isinstance(reference, str) or not reference.startswith(_DEFINITIONS):
        return schema
    if not schema.keys() <= _BESIDE_REFERENCE:
        return schema
    target = root
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        target = target.get(name) if isinstance(target, dict) else None
    return target


def _keywords(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every name with its value, at any depth; data and the names of properties, too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from _keywords(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keywords(inner)


def _is_plain_reference(keyword: tuple[str, Any]) -> bool:
    """Whether it is no reference, or one to a definition, which every part has."""
    name, value = keyword
    if name in _NAMED_PLACES:
        return not isinstance(value, str)
    return name != "$ref" or not isinstance(value, str) or value.startswith(_DEFINITIONS)
