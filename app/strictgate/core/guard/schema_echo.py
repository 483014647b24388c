"""A model that copies the schema out, where it was to write a document of it.

Weak models do: they were shown it last. Where the schema allows members that it does not name, such
a copy is valid, and says nothing. It shows at its first members, which are keywords of the schema
with the schema's own values; those that the schema names as properties are none.
"""

from collections.abc import Mapping
from typing import Any

_KEYWORDS = frozenset(
    {
        *("$schema", "$id", "$ref", "$defs", "id", "type", "title", "description"),
        *("properties", "required", "additionalProperties", "definitions", "items"),
        *("allOf", "anyOf", "oneOf"),
    }
)
_HOLDERS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("properties", "$defs", "definitions"), (dict, list)),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), list),
}
"""Keywords that hold schemas: they show by the type of their value, before it is whole; weak models
make lists of properties."""
_ALIKE = 24  # characters that a text begins with as the schema's own does: copies have mistakes
REASON = "that is the schema: write a document that is valid against it"


def is_schema_echo(schema: Any, document: Any) -> bool:
    """Whether `document`, as far as it has come, copies `schema`."""
    if not isinstance(schema, Mapping) or not isinstance(document, dict):
        return False
    declared = schema.get("properties")
    keywords = _KEYWORDS.intersection(schema)
    if isinstance(declared, Mapping):
        if not declared.keys().isdisjoint(document):
            return False
        keywords -= declared.keys()
    return any(
        isinstance(value, _HOLDERS.get(name, ())) or _is_copy(value, schema[name])
        for name, value in document.items()
        if name in keywords
    )


def _is_copy(value: Any, own: Any) -> bool:
    if isinstance(value, str) and isinstance(own, str) and len(value) >= _ALIKE:
        return value[:_ALIKE] == own[:_ALIKE]
    return bool(value == own)
