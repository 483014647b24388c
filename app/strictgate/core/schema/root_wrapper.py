"""Wrap a schema whose root is not an object, for modes that yield objects only.

The schema becomes that of the property `value` of an object, and the model answers `{"value": …}`.
The caller sees neither. Definitions move to the new root with their names, and references into the
document are rewritten to where their targets now stand, so that the wrapped schema needs nothing
from outside.
"""

from typing import Any, TypeGuard

from strictgate.core.jsontext.reader import write_json
from strictgate.core.value_type import value_type

WRAPPER_PROPERTY = "value"
_DEFINITIONS = ("$defs", "definitions")
_OF_THE_ROOT = (*_DEFINITIONS, "$id", "id")  # references are relative to where these stand
_DATA = frozenset({"const", "enum", "default", "example", "examples"})
_NAMED = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "dependencies", *_DEFINITIONS}
)
_POINTER = f"#/properties/{WRAPPER_PROPERTY}"


def wrap_root(source: Any) -> dict[str, Any]:
    """Return the schema of `{"value": <document>}`; `source` is that of the document."""
    inner = _ReferenceRewriter(_POINTER, unmoved=_DEFINITIONS).rewritten(source)
    moved = {}
    if isinstance(inner, dict):
        moved = {key: inner.pop(key) for key in _OF_THE_ROOT if key in inner}
    return {
        "type": "object",
        "properties": {WRAPPER_PROPERTY: inner},
        "required": [WRAPPER_PROPERTY],
        "additionalProperties": False,
        **moved,
    }


def wrapped_schema_text(source: Any) -> str:
    """Return `wrap_root(source)` as compact JSON."""
    return write_json(wrap_root(source))


def is_wrapped(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether `value` is `{"value": …}`, the document in its wrapper."""
    return isinstance(value, dict) and value.keys() == {WRAPPER_PROPERTY}


def embed_schema(source: Any, pointer: str) -> Any:
    """Return a copy of `source` that can stand at `pointer`, a JSON Pointer, in another schema.

    Its URI is left out, so that its references are relative to the other schema.
    """
    inner = _ReferenceRewriter(f"#{pointer}", unmoved=()).rewritten(source)
    if isinstance(inner, dict):
        return {key: value for key, value in inner.items() if key not in ("$id", "id", "$schema")}
    return inner


@value_type
class _ReferenceRewriter:
    """Rewrites the references of a document that moves into another document.

    It walks over every member but data, and not only over known keywords: a JSON Pointer may lead
    to a schema that stands anywhere.
    """

    pointer: str
    """Where the document moves to, as a URI fragment."""
    unmoved: tuple[str, ...]
    """The keywords of the root whose definitions do not move with it."""

    def rewritten(self, node: Any, *, is_named: bool = False) -> Any:
        """Return a copy of `node`; with `is_named`, its keys are names and no keywords."""
        if isinstance(node, list):
            return [self.rewritten(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {key: self._member(key, value, is_named=is_named) for key, value in node.items()}

    def _member(self, key: str, value: Any, *, is_named: bool) -> Any:
        if is_named:
            return self.rewritten(value)
        if key == "$ref" and isinstance(value, str):
            return self._reference(value)
        if key in _DATA:
            return value
        return self.rewritten(value, is_named=key in _NAMED)

    def _reference(self, reference: str) -> str:
        stays = any(reference.startswith(f"#/{keyword}/") for keyword in self.unmoved)
        is_pointer = reference == "#" or reference.startswith("#/")
        return self.pointer + reference[1:] if is_pointer and not stays else reference
