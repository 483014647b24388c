"""Which schema a schema has for one place of a document, as far as it says so plainly.

A schema that is made of several (`anyOf`, `if`…) has no single one; then there is None. This is for
what models and engines are told: documents are judged by the validator.
"""

from collections.abc import Mapping
from typing import Any

from strictgate.core.jsontext.pointer import Path

_MOST = 8  # references to references


def dereferenced(root: Any, schema: Any) -> Any:
    """Return what a reference within the document of `root` points to, if `schema` is one; None
    where it points to nothing."""
    for _ in range(_MOST):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = root
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            schema = schema.get(name) if isinstance(schema, Mapping) else None
    return schema


def subschema_at(root: Any, path: Path) -> Mapping[str, Any] | None:
    """Return the schema of what stands at `path`; None where it is not plain."""
    schema = dereferenced(root, root)
    for step in path:
        if not isinstance(schema, Mapping):
            return None
        below = schema.get("items") if isinstance(step, int) else _member(schema, step)
        schema = dereferenced(root, below)
    return schema if isinstance(schema, Mapping) else None


def _member(schema: Mapping[str, Any], name: str) -> Any:
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and name in properties:
        return properties[name]
    return schema.get("additionalProperties")
