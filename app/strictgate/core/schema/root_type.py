"""Whether the root of a schema describes objects, or allows nothing at all.

Modes that yield objects only need any other root wrapped. A schema without `type` allows any value;
it counts as one for objects if it has keywords for properties, which only objects have.
"""

from collections.abc import Iterator
from typing import Any

from strictgate.core.schema.references import Node

_OBJECT_KEYWORDS = {
    *("additionalProperties", "dependentRequired", "dependentSchemas", "maxProperties"),
    *("minProperties", "patternProperties", "properties", "propertyNames", "required"),
    "unevaluatedProperties",
}
_ALLOW_ALL: tuple[Any, ...] = ({}, True)
_MAX_STEPS = 64
"""References and unions that are followed. A root that needs more is wrapped, which does no
harm."""


def allows_nothing(document: Any, root: Node | None) -> bool:
    """Whether the root says by itself that no value is valid: `false`, `enum: []`, `not: {}`."""
    if root is None or root.is_mere_reference:
        return document is False
    return root.schema.get("enum") == [] or any(
        root.schema.get("not") == schema for schema in _ALLOW_ALL
    )


def describes_objects(nodes: list[Node]) -> bool:
    """Whether the first of `nodes`, which is the root, describes objects only."""
    return bool(nodes) and _describes_objects(nodes[0], _MAX_STEPS)


def _describes_objects(node: Node, steps: int) -> bool:
    if steps == 0:
        return False
    schema = node.schema
    if not node.is_mere_reference:
        if "type" in schema:
            return schema["type"] in ("object", ["object"])
        for keyword in ("const", "enum"):
            if keyword in schema:
                options = schema[keyword] if keyword == "enum" else [schema[keyword]]
                return all(isinstance(option, dict) for option in options)
        if schema.keys() & _OBJECT_KEYWORDS:
            return True
    if node.target is not None and _describes_objects(node.target, steps - 1):
        return True
    # One branch of `allOf` is enough, as all of them apply; of a union, every branch must be one.
    return any(
        judge(branch is not None and _describes_objects(branch, steps - 1) for branch in branches)
        for keyword, judge in (("allOf", any), ("anyOf", all), ("oneOf", all))
        if (branches := list(_branches(node, keyword)))
    )


def _branches(node: Node, keyword: str) -> Iterator[Node | None]:
    """Yield the schemas under `keyword`; None for a boolean."""
    known: dict[int, Node] = {id(child.schema): child for child in node.in_place}
    branches: list[Any] = node.schema.get(keyword, [])
    for branch in branches:
        yield known.get(id(branch))
