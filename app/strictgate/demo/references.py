"""The targets of `$ref` within one schema.

A reference may be a local pointer, an anchor, or an `$id` that the schema itself holds. Nothing is
ever fetched: any other reference allows every value, except that those to the official meta-schemas
allow the empty object only.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

_LEGACY = ("draft-03", "draft-04", "draft-06", "draft-07")
_META = {"type": "object", "maxProperties": 0}


class References:
    """The subschemas of one schema that a `$ref` can lead to."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._named: dict[str, Any] = {}
        for name, schema in _names(root):
            self._named.setdefault(name, schema)
        is_declared = str(root.get("$schema", "")) if isinstance(root, dict) else ""
        self.ref_stands_alone = any(draft in is_declared for draft in _LEGACY)
        """Whether `$ref` switches off the keywords beside it, as up to draft 7."""

    def resolve(self, reference: str) -> Any:
        """Return the schema that `reference` leads to."""
        if reference in self._named:
            return self._named[reference]
        base, _, fragment = reference.partition("#")
        if "json-schema.org" in base:
            return _META
        start = self._resource(base)
        if fragment and not fragment.startswith("/"):
            return self._named.get("#" + fragment, True)
        return _walk(start, fragment)

    def _resource(self, base: str) -> Any:
        """Return the schema with this `$id`. Relative ones are found by their last part."""
        if not base:
            return self._root
        ends = (
            schema for name, schema in self._named.items() if name.rstrip("#").endswith("/" + base)
        )
        return self._named.get(base, self._named.get(base + "#", next(ends, True)))


def _names(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield the `$id`s and anchors in a schema, each with the schema that has it."""
    if isinstance(schema, dict):
        for keyword, mark in (("$id", ""), ("id", ""), ("$anchor", "#"), ("$dynamicAnchor", "#")):
            if isinstance(schema.get(keyword), str):
                yield mark + schema[keyword], schema
    children: Any = ()
    if isinstance(schema, dict):
        children = schema.values()
    elif isinstance(schema, list):
        children = schema
    for child in children:
        yield from _names(child)


def _walk(schema: Any, fragment: str) -> Any:
    """Follow a JSON Pointer; True if it leads nowhere."""
    for escaped in fragment.split("/")[1:]:
        step = unquote(escaped).replace("~1", "/").replace("~0", "~")
        if isinstance(schema, dict) and step in schema:
            schema = schema[step]
        elif isinstance(schema, list) and step.isdecimal() and int(step) < len(schema):
            schema = schema[int(step)]
        else:
            return True
    return schema
