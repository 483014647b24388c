"""The schema of a document that is begun, for a grammar that reads its beginning in one order.

An engine's grammar takes the properties of an object in the order of the schema, the required ones
first, and no others. A model has its own order, and the guard takes any; so what is written comes
first here, as it was written, and is judged no more. This is what is sent: the document is judged
by the caller's schema.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from strictgate.core.jsontext.partial_tree import Container
from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.subschema import dereferenced

_TYPES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}
_ANYTHING = {"type": ["string", "number", "boolean", "null", "object", "array"]}
_CONDITIONS = frozenset(
    {"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if", "not"}
)
_MOST_ORDERS = 8  # of the items of one array
_SHELVES = ("$defs", "definitions")


def rest_schema(source: Any, containers: Sequence[Container], path: Path) -> Any:
    """Return `source` with what is written of the document put first.

    Where a schema is made of several, it stays as it is from there on, and so does a tuple. An item
    of an array may be like each of those that are written, or as the schema has it.

    Args:
        containers: the open containers of the document, outermost first.
        path: where the open value, or the next one, stands.
    """
    made = _begun(source, source, containers, path)
    if made is source or not isinstance(source, Mapping):
        return source
    return {name: source[name] for name in _SHELVES if name in source} | made


def _begun(root: Any, schema: Any, containers: Sequence[Container], path: Path) -> Any:
    target = dereferenced(root, schema)
    if not containers or not isinstance(target, Mapping) or not _CONDITIONS.isdisjoint(target):
        return schema
    outer = containers[0]
    if isinstance(outer, list):
        whole = outer[:-1] if len(containers) > 1 else outer
        return _begun_array(root, target, whole, containers[1:], path[1:]) or schema
    known = target.get("properties") or {}
    open_name = path[0] if path else None
    written = {name: _type(value) for name, value in outer.items() if name != open_name}
    if open_name is not None:
        below = known.get(open_name, target.get("additionalProperties"))
        is_known = isinstance(below, Mapping) and bool(below)
        within = _begun(root, below, containers[1:], path[1:]) if is_known else _ANYTHING
        written[str(open_name)] = within
    to_come = {name: each for name, each in known.items() if name not in written}
    required = [name for name in target.get("required") or () if name not in written]
    made = {"properties": written | to_come, "required": [*written, *required]}
    return {**target, "type": "object"} | made


def _begun_array(
    root: Any,
    target: Mapping[str, Any],
    whole: Sequence[Any],
    within: Sequence[Container],
    path: Path,
) -> Any:
    """Return the schema of an array whose items have orders of their own; None, where all that is
    written is as the schema has it, or nothing can be told.

    Args:
        whole: the items that are whole.
        within: the open containers in it, outermost first.
        path: where, within the open item, the open value stands.
    """
    items = target.get("items")
    if not isinstance(items, Mapping) or "prefixItems" in target:
        return None
    orders = {tuple(each): each for each in whole if isinstance(each, dict) and each}
    forms: list[Any] = [_form(each) for each in list(orders.values())[:_MOST_ORDERS]]
    begun = _begun(root, items, within, path)
    if begun is not items:
        forms.append(begun)
    return {**target, "items": {"anyOf": [*forms, items]}} if forms else None


def _form(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema by which a grammar reads an object that is written."""
    properties = {name: _type(value) for name, value in item.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _type(value: Any) -> dict[str, Any]:
    return {"type": _TYPES.get(type(value), "number")}
