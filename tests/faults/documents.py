"""Schemas, a good document of each that carries a nonce, and a validator that is not ours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

NONCE = re.compile(r"n0nce-[0-9a-f]{12}")
"""What marks an answer as that of one request."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A schema, and how to write a document that is valid against it."""

    schema: Mapping[str, Any]
    document: Callable[[str], Any]
    """From the nonce to the document."""


def _object(**properties: Any) -> dict[str, Any]:
    names = ["nonce", *properties]
    return {
        "type": "object",
        "properties": {"nonce": {"type": "string"}, **properties},
        "required": names,
        "additionalProperties": False,
    }


_TREE = {
    "type": "object",
    "properties": {
        "nonce": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}, "maxItems": 4},
    },
    "required": ["nonce", "children"],
    "additionalProperties": False,
}

KINDS: Mapping[str, Kind] = {
    "choice": Kind(
        _object(choice={"enum": ["angry", "calm"]}),
        lambda nonce: {"nonce": nonce, "choice": "calm"},
    ),
    "numbers": Kind(
        _object(
            many={"type": "array", "items": {"type": "integer"}, "minItems": 3},
            share={"type": "number", "minimum": 0, "maximum": 1},
        ),
        lambda nonce: {"nonce": nonce, "many": [1, -2, 300], "share": 0.25},
    ),
    "formats": Kind(
        _object(
            on={"type": "string", "format": "date"},
            code={"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        ),
        lambda nonce: {"nonce": nonce, "on": "2024-02-29", "code": "AB-12"},
    ),
    "union": Kind(
        _object(
            value={
                "anyOf": [
                    {"type": "string", "minLength": 2},
                    _object(kind={"const": "b"}),
                    {"type": "null"},
                ]
            }
        ),
        lambda nonce: {"nonce": nonce, "value": {"nonce": nonce, "kind": "b"}},
    ),
    "tree": Kind(
        {"$defs": {"tree": _TREE}, "$ref": "#/$defs/tree"},
        lambda nonce: {"nonce": nonce, "children": [{"nonce": nonce, "children": []}] * 3},
    ),
    "nullable": Kind(
        _object(note={"type": "string", "nullable": True}),  # OpenAPI's word for "or null"
        lambda nonce: {"nonce": nonce, "note": None},
    ),
    "long": Kind(
        _object(words={"type": "array", "items": {"type": "string"}, "maxItems": 100}),
        lambda nonce: {"nonce": nonce, "words": ['wörd\u2028 "x" \\ ' + nonce] * 60},
    ),
}


def is_valid(kind: str, document: Any) -> bool:
    """Whether a document is valid against the schema of this kind."""
    return _validator(kind).is_valid(document)


def _validator(kind: str) -> Draft202012Validator:
    schema = _standard(KINDS[kind].schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _standard(schema: Any) -> Any:
    """Return the schema with OpenAPI's `nullable` in JSON Schema's words: null is valid, too."""
    if isinstance(schema, list):
        return [_standard(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {name: _standard(each) for name, each in schema.items() if name != "nullable"}
    return {"anyOf": [rest, {"type": "null"}]} if schema.get("nullable") is True else rest
