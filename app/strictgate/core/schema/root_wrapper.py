"""A root that is not an object, for modes that yield objects only.

The schema becomes the property `value` of an object, and the model answers `{"value": …}`; the
caller sees neither. Definitions move up with their names, and references into the document are
turned to where it now stands, so that the wrapped schema is self-contained.
"""

from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import write_json

WRAPPER_PROPERTY = "value"
_DEFINITIONS = ("$defs", "definitions")
_OF_THE_ROOT = (*_DEFINITIONS, "$id", "id")  # references are relative to where these stand
_DATA = frozenset({"const", "enum", "default", "example", "examples"})
_HOME = f"#/properties/{WRAPPER_PROPERTY}"


def wrap_root(source: Any) -> dict[str, Any]:
    """Return the schema of `{"value": <document>}`."""
    inner = _Turning(_HOME, stay=_DEFINITIONS).turned(source)
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


def embed_schema(source: Any, home: str) -> Any:
    """Return `source` as it has to be to stand at `home`, a JSON Pointer, in another schema."""
    inner = _Turning(f"#{home}", stay=()).turned(source)
    if isinstance(inner, dict):
        return {key: value for key, value in inner.items() if key not in ("$id", "id", "$schema")}
    return inner


@dataclass(frozen=True, slots=True)
class _Turning:
    """Turns references into a document to where that now stands."""

    home: str
    stay: tuple[str, ...]
    """The definitions that do not move with it."""

    def turned(self, node: Any, *, names: bool = False) -> Any:
        """Copy `node` with its references turned; `names`: its keys are property names."""
        if isinstance(node, list):
            return [self.turned(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {key: self._member(key, value, names=names) for key, value in node.items()}

    def _member(self, key: str, value: Any, *, names: bool) -> Any:
        if names:
            return self.turned(value)
        if key == "$ref" and isinstance(value, str):
            return self._reference(value)
        if key in _DATA:
            return value
        return self.turned(value, names=key in _NAMES)

    def _reference(self, reference: str) -> str:
        stays = any(reference.startswith(f"#/{place}/") for place in self.stay)
        is_pointer = reference == "#" or reference.startswith("#/")
        return self.home + reference[1:] if is_pointer and not stays else reference


_NAMES = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "dependencies", *_DEFINITIONS}
)
