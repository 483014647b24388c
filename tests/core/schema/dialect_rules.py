"""What must be true of a schema in a dialect, told from dialects.toml once more; and documents with
null for what is absent, as a model writes them there."""

from typing import Any

import jsonschema_rs

from strictgate.core.schema.dialects import Dialect, Enums, Objects
from strictgate.core.schema.drafts import walk_subschemas

STRUCTURE = {
    *("type", "properties", "required", "items", "enum", "anyOf", "$ref", "$defs"),
    "additionalProperties",
}


def broken_rules(source: Any, dialect: Dialect) -> list[str]:
    """Return what in `source` the dialect's host would refuse."""
    return [
        f"{path}: {rule}"
        for path, schema in walk_subschemas(source)
        for rule, is_kept in _rules(schema, dialect).items()
        if not is_kept
    ]


def _rules(schema: dict[str, Any], dialect: Dialect) -> dict[str, bool]:
    kind, is_union = schema.get("type"), "anyOf" in schema
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    is_array = kind == "array" or (isinstance(kind, list) and "array" in kind)
    names, values = schema.get("properties", {}), schema.get("enum", [])
    beside = {"description", "$defs"} if dialect.beside_ref else {"$defs"}
    return {
        "keywords": schema.keys() <= dialect.keeps | STRUCTURE,
        "formats": dialect.formats is None or schema.get("format") in {None, *dialect.formats},
        "min_items": dialect.min_items is None or schema.get("minItems", 0) in dialect.min_items,
        "closed": not is_object
        or dialect.objects is not Objects.CLOSED
        or schema.get("additionalProperties") is False,
        "unsaid": dialect.objects is not Objects.UNSAID or "additionalProperties" not in schema,
        "required": not is_object
        or not dialect.requires_all
        or {*schema["required"]} == {*names} == {*schema["properties"]},
        "types": not dialect.needs_type or kind is not None or is_union or "$ref" in schema,
        "items": not is_array or not dialect.needs_items or "items" in schema,
        "type_lists": not isinstance(kind, list)
        or (dialect.type_lists and (not dialect.null_lists or len({*kind} - {"null"}) == 1)),
        "refs": "$ref" not in schema or (dialect.refs and schema.keys() - {"$ref"} <= beside),
        "unions": not is_union or dialect.unions,
        "bare": not is_union or not schema.keys() - {"anyOf", "description", "$defs"},
        "enums": dialect.enums is Enums.ANY
        or not any(isinstance(each, dict | list) for each in values),
        "strings": dialect.enums is not Enums.STRINGS
        or all(isinstance(each, str) for each in values),
    }


def with_nulls(root: Any, value: Any) -> Any:
    """Return a document with null for each required property that it lacks."""
    return _filled(root, root, value)


def _filled(root: Any, schema: Any, value: Any) -> Any:
    if "$ref" in schema:
        return _filled(root, _target(root, schema["$ref"]), value)
    for branch in schema.get("anyOf", ()):
        filled = _filled(root, branch, value)
        whole = {**branch, "$defs": root.get("$defs", {})}
        if jsonschema_rs.Draft202012Validator(whole, offline=True).is_valid(filled):
            return filled
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        known = {name: _filled(root, inner.get(name, {}), each) for name, each in value.items()}
        return known | {name: None for name in schema.get("required", ()) if name not in known}
    if isinstance(value, list):
        return [_filled(root, schema.get("items", {}), each) for each in value]
    return value


def _target(root: Any, reference: str) -> Any:
    return root if reference == "#" else root["$defs"][reference.removeprefix("#/$defs/")]
