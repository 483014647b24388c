"""Merge a schema with what it refers to, so that a value can be made from the result.

The result may be imprecise, because what is made from it is checked against the real schema. The
schemas of `$ref` and `allOf` are merged. Each of `anyOf`, `oneOf` and `if` becomes a choice between
branches, which are not merged.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from strictgate.demo.conformance import is_declared
from strictgate.demo.references import References

_MAX_NESTING = 40


@dataclass(slots=True)
class MergedSchema:
    """One schema out of several that apply to the same value."""

    keywords: dict[str, Any] = field(default_factory=dict)
    """The keywords that hold in any case."""
    choices: list[list[Any]] = field(default_factory=list)
    """The choices that are left: of each, one branch must hold, too."""
    followed: list[str] = field(default_factory=list)
    """The references that were followed."""
    closed: list[dict[str, Any]] = field(default_factory=list)
    """The schemas that allow no properties but their own."""
    impossible: bool = False
    """Whether no value is valid."""


def merge_schema(schema: Any, references: References) -> MergedSchema:
    """Return a schema merged with all that applies to the same value."""
    result = MergedSchema()
    _add(schema, references, result, 0)
    # A property that one of the schemas forbids cannot be made, whoever declares it.
    properties = result.keywords.get("properties", {})
    if any(not is_declared(closed, name) for closed in result.closed for name in properties):
        result.keywords["properties"] = {
            name: subschema
            for name, subschema in properties.items()
            if all(is_declared(closed, name) for closed in result.closed)
        }
    return result


def _add(schema: Any, references: References, into: MergedSchema, depth: int) -> None:
    if schema is False or depth > _MAX_NESTING:
        into.impossible = True
    if not isinstance(schema, dict) or into.impossible:
        return
    reference = schema.get("$ref", schema.get("$dynamicRef", schema.get("$recursiveRef")))
    if isinstance(reference, str) and reference not in into.followed:
        into.followed.append(reference)
        _add(references.resolve(reference), references, into, depth + 1)
    if isinstance(reference, str) and references.ref_stands_alone:
        return
    _merge(into.keywords, schema)
    if schema.get("additionalProperties") is False:
        into.closed.append(schema)
    into.choices.extend(_choices(schema))
    for branch in schema.get("allOf", ()):
        _add(branch, references, into, depth + 1)


def _choices(schema: dict[str, Any]) -> Iterable[list[Any]]:
    """Yield the branches of each choice that a schema object leaves."""
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            yield schema[keyword]
    if "if" in schema:
        met = {"allOf": [schema["if"], schema.get("then", True)]}
        not_met = {"allOf": [{"not": schema["if"]}, schema.get("else", True)]}
        yield [met, not_met]


def _merge(into: dict[str, Any], schema: dict[str, Any]) -> None:
    for keyword, argument in schema.items():
        if keyword in _NOT_MERGED:
            continue
        join = _JOINS.get(keyword)
        if keyword not in into:
            into[keyword] = argument
        elif join is not None and into[keyword] != argument:
            into[keyword] = join(into[keyword], argument)


def _list(names: Any) -> list[Any]:
    return list(names) if isinstance(names, list) else [names]


def _types(one: Any, other: Any) -> Any:
    """Return the types that are in both; an integer is a number."""
    first, second = _list(one), _list(other)
    both = [name for name in first if name in second]
    if ("number" in first and "integer" in second) or ("integer" in first and "number" in second):
        both.append("integer")
    return both


def _both(one: Any, other: Any) -> Any:
    return {"allOf": [one, other]}


def _each(one: Any, other: Any) -> Any:
    joined = dict(one)
    for name, schema in other.items():
        joined[name] = _both(joined[name], schema) if name in joined else schema
    return joined


def _union(one: Any, other: Any) -> Any:
    if not isinstance(one, list) or not isinstance(other, list):
        return one
    return one + [name for name in other if name not in one]


def _additional(one: Any, other: Any) -> Any:
    return False if one is False or other is False else _both(one, other)


def _items(one: Any, other: Any) -> Any:
    return _both(one, other) if not isinstance(one, list) else one


_NOT_MERGED = {"anyOf", "oneOf", "allOf", "if", "then", "else", "$ref"}
_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _each,
    "patternProperties": _each,
    "dependencies": _each,
    "required": _union,
    "additionalProperties": _additional,
    "items": _items,
    "enum": lambda one, other: [option for option in one if option in other],
    "propertyNames": _both,
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), min),
    # One of two values must do: the later one comes from a branch, which is more specific.
    **dict.fromkeys(("format", "const", "default"), lambda one, other: other),
    # A text for one pattern and a text for the other, joined, mostly match both.
    "pattern": lambda one, other: f"{one}(?:{other})",
}
"""How the two values of a keyword that is in both schemas are joined. Without an entry, the first
value is kept."""
