"""Whether a schema describes objects, or nothing at all.

Modes that yield objects only need any other root wrapped. A root that says nothing of its type
takes any value, and is wrapped, unless it speaks of properties, as only objects have them.
"""

from collections.abc import Iterator
from typing import Any

from strictgate.core.schema.references import Node

_OF_OBJECTS = {
    *("additionalProperties", "dependentRequired", "dependentSchemas", "maxProperties"),
    *("minProperties", "patternProperties", "properties", "propertyNames", "required"),
    "unevaluatedProperties",
}
_EVERY: tuple[Any, ...] = ({}, True)
_MAX_STEPS = 64  # of references and unions; what is further off is wrapped, which does no harm


def describes_nothing(document: Any, root: Node | None) -> bool:
    """Whether it says right at its root, in so many words, that no value is valid."""
    if root is None or root.is_mere_reference:
        return document is False
    return root.schema.get("enum") == [] or any(root.schema.get("not") == every for every in _EVERY)


def describes_objects(nodes: list[Node]) -> bool:
    """Whether the first of `nodes` describes objects."""
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
        if schema.keys() & _OF_OBJECTS:
            return True
    if node.target is not None and _describes_objects(node.target, steps - 1):
        return True
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
