"""One schema out of several that must all hold, as a guide for making a value.

A guide is allowed to be imprecise: what is made by it is checked against the real schema. `$ref`
and `allOf` are taken in; every choice that the schema leaves (`anyOf`, `oneOf`, `if`) becomes a
list of branches beside the guide.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from strictgate.demo.conformance import is_declared
from strictgate.demo.references import References

_MAX_NESTING = 40


@dataclass(slots=True)
class MergedSchema:
    """The keywords that hold in any case, the choices left, and the references followed."""

    keywords: dict[str, Any] = field(default_factory=dict)
    choices: list[list[Any]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    """The schemas that allow no properties but their own."""
    impossible: bool = False


def merge_schema(schema: Any, references: References) -> MergedSchema:
    """Return the guide to `schema`."""
    result = MergedSchema()
    _add(schema, references, result, 0)
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
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            yield schema[keyword]
    if "if" in schema:
        yes = {"allOf": [schema["if"], schema.get("then", True)]}
        no = {"allOf": [{"not": schema["if"]}, schema.get("else", True)]}
        yield [yes, no]


def _merge(into: dict[str, Any], schema: dict[str, Any]) -> None:
    for keyword, argument in schema.items():
        if keyword in _CHOICES:
            continue
        join = _JOINS.get(keyword)
        if keyword not in into:
            into[keyword] = argument
        elif join is not None and into[keyword] != argument:
            into[keyword] = join(into[keyword], argument)


def _list(names: Any) -> list[Any]:
    return list(names) if isinstance(names, list) else [names]


def _types(one: Any, other: Any) -> Any:
    """The types in both; an integer is a number."""
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


_CHOICES = {"anyOf", "oneOf", "allOf", "if", "then", "else", "$ref"}
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
    # Of two values for the rest, the one from the more specific branch is the better guide.
    **dict.fromkeys(("format", "const", "default"), lambda one, other: other),
    "pattern": lambda one, other: f"{one}(?:{other})",  # text for the one, then for the other
}
