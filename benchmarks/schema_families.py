"""Families of schemas: each makes any number of schemas that are alike, and no two the same."""

from collections.abc import Callable
from typing import Any


def _flat(tag: object, count: int, **keywords: Any) -> dict[str, Any]:
    """Return an object of `count` strings, all of them required."""
    properties = {f"p{tag}_{at}": {"type": "string"} for at in range(count)}
    return {"type": "object", "properties": properties, "required": [*properties], **keywords}


def _of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _each(count: int, value: Callable[[int], Any]) -> dict[str, Any]:
    return _of(**{f"p{at}": value(at) for at in range(count)})


def _deep(tag: int, levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = _of(**{f"d{tag}": schema})
    return schema


def _references(tag: int) -> dict[str, Any]:
    schema = _each(50, lambda at: {"$ref": f"#/$defs/d{at}"})
    return schema | {"$defs": {f"d{at}": _flat(f"{tag}_{at}", 3) for at in range(50)}}


def _recursive(tag: int) -> dict[str, Any]:
    child = {"type": "array", "items": {"$ref": "#/$defs/node"}}
    return {"$ref": "#/$defs/node", "$defs": {"node": _of(**{f"c{tag}": child})}}


def _unevaluated(tag: int) -> dict[str, Any]:
    parts = [_flat(f"{tag}_{at}", 3) for at in range(10)]
    return {"type": "object", "allOf": parts, "unevaluatedProperties": False}


_FORMATS = ("date-time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "date", "duration")

FAMILIES: dict[str, Callable[[int], dict[str, Any]]] = {
    "one property": lambda tag: _of(**{f"a{tag}": {"type": "string"}}),
    "20 properties": lambda tag: _flat(tag, 20, additionalProperties=False),
    "200 properties": lambda tag: _flat(tag, 200, additionalProperties=False),
    "enum of 1,000 texts": lambda tag: _of(e={"enum": [f"v{tag}_{at}" for at in range(1000)]}),
    "enum of 1,000 integers": lambda tag: _of(e={"enum": [tag * 1000 + at for at in range(1000)]}),
    "counted pattern": lambda tag: _of(a={"pattern": f"^{tag}[a-z]{{1,500}}$", "type": "string"}),
    "100 counted patterns": lambda tag: _each(
        100, lambda at: {"type": "string", "pattern": f"^{tag}-{at}[a-z]{{1,500}}$"}
    ),
    "100 patterns": lambda tag: _each(
        100, lambda at: {"type": "string", "pattern": f"^x{tag}-{at}[a-z]+$"}
    ),
    "patternProperties": lambda tag: {
        "type": "object",
        "patternProperties": {f"^x{tag}-{at}": {"type": "string"} for at in range(30)},
        "additionalProperties": False,
    },
    "Unicode classes": lambda tag: _of(
        a={"type": "string", "pattern": rf"^{tag}\p{{L}}+ \p{{Lu}}$"}
    ),
    "anyOf of 300": lambda tag: {"anyOf": [_flat(f"{tag}_{at}", 2) for at in range(300)]},
    "25 levels": lambda tag: _deep(tag, 25),
    "50 references": _references,
    "recursive": _recursive,
    "formats": lambda tag: _each(
        27, lambda at: {"type": "string", "format": _FORMATS[at % len(_FORMATS)], "title": f"{tag}"}
    ),
    "big const": lambda tag: _of(c={"const": [{f"k{tag}_{at}": "v" * 10} for at in range(500)]}),
    "long const": lambda tag: _of(c={"const": f"{tag}" + "x" * 20_000}),
    "descriptions": lambda tag: _each(
        20, lambda at: {"type": "string", "description": f"{tag}" + "d" * 500}
    ),
    "unevaluatedProperties": _unevaluated,
    "numbers": lambda tag: _each(
        30, lambda at: {"type": "number", "minimum": tag + at, "multipleOf": 0.01}
    ),
}
