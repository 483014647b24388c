"""The drafts of JSON Schema: which one a document is in, and where its subschemas live.

`SCHEMA_KEYWORDS` is the one table of the keywords that hold schemas; every walk over a schema uses
it, so that a property called `$ref`, or data under `enum`, is never taken for a keyword. It is the
union of all drafts: a place that a draft does not know is still walked, which only makes checks
wider.

A declared draft is a lower bound. Real documents declare draft 4 and use `const` (draft 6); by the
letter that keyword would then say nothing. So a document is read in the oldest draft, from the
declared one on, that knows every keyword and every shape of value that the document uses
(`KEYWORD_SINCE`, `_SHAPES_SINCE`), provided that this draft's meta-schema accepts the document;
else it is read in the declared draft. What the declared draft wrote differently is rewritten by
`_REWRITES`, in a copy for the validator: the caller's own stays as it is.

A document that declares none is in the newest draft. Where that refuses it, it may be an older one
(OpenAPI 3.0 has `exclusiveMinimum: true`, many have `items: […]`): see `choose_undeclared_draft`.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from enum import Enum, IntEnum
from functools import cache
from typing import Any

import jsonschema_rs

from strictgate.core.jsontext.pointer import Path
from strictgate.core.value_type import value_type


class Draft(IntEnum):
    """The drafts in the order of their age."""

    DRAFT_4 = 4
    DRAFT_6 = 6  # draft 5 has draft 4's meta-schema, and counts as draft 4: see _DECLARED
    DRAFT_7 = 7
    DRAFT_2019_09 = 201909
    DRAFT_2020_12 = 202012

    @property
    def label(self) -> str:
        """The name of the draft as people write it: `7`, `2020-12`."""
        digits = str(self.value)
        return f"{digits[:4]}-{digits[4:]}" if len(digits) > 1 else digits

    @property
    def id_keyword(self) -> str:
        """The keyword that gives a schema its URI."""
        return "id" if self is Draft.DRAFT_4 else "$id"

    @property
    def ref_stands_alone(self) -> bool:
        """Whether `$ref` switches off the keywords beside it, as up to draft 7."""
        return self <= Draft.DRAFT_7


DEFAULT = Draft.DRAFT_2020_12

Rewrite = Callable[[dict[str, Any]], None]

VALIDATORS: dict[Draft, type[jsonschema_rs.Validator]] = {
    Draft.DRAFT_4: jsonschema_rs.Draft4Validator,
    Draft.DRAFT_6: jsonschema_rs.Draft6Validator,
    Draft.DRAFT_7: jsonschema_rs.Draft7Validator,
    Draft.DRAFT_2019_09: jsonschema_rs.Draft201909Validator,
    Draft.DRAFT_2020_12: jsonschema_rs.Draft202012Validator,
}

REGISTRY_DRAFTS: dict[Draft, int] = {
    Draft.DRAFT_4: jsonschema_rs.Draft4,
    Draft.DRAFT_6: jsonschema_rs.Draft6,
    Draft.DRAFT_7: jsonschema_rs.Draft7,
    Draft.DRAFT_2019_09: jsonschema_rs.Draft201909,
    Draft.DRAFT_2020_12: jsonschema_rs.Draft202012,
}

META_SCHEMAS: dict[Draft, str] = {
    Draft.DRAFT_4: "http://json-schema.org/draft-04/schema",
    Draft.DRAFT_6: "http://json-schema.org/draft-06/schema",
    Draft.DRAFT_7: "http://json-schema.org/draft-07/schema",
    Draft.DRAFT_2019_09: "https://json-schema.org/draft/2019-09/schema",
    Draft.DRAFT_2020_12: "https://json-schema.org/draft/2020-12/schema",
}


@cache  # each is made for the first schema of its draft: the five together take 4 MiB
def _meta_validator(draft: Draft) -> jsonschema_rs.Validator:
    """Return what a schema of the draft must be valid against.

    Formats are not checked: patterns.py has better errors for patterns, and an `$id` need not be a
    URI.
    """
    about = {"$ref": META_SCHEMAS[draft]}
    return VALIDATORS[draft](about, validate_formats=False, offline=True)


_DECLARED: dict[str, Draft] = {uri.partition("://")[2]: d for d, uri in META_SCHEMAS.items()} | {
    "json-schema.org/schema": DEFAULT,  # once "the latest"
    "json-schema.org/draft-05/schema": Draft.DRAFT_4,
    "json-schema.org/draft-04/hyper-schema": Draft.DRAFT_4,
    "json-schema.org/draft-06/hyper-schema": Draft.DRAFT_6,
    "json-schema.org/draft-07/hyper-schema": Draft.DRAFT_7,
    "json-schema.org/draft/2019-09/hyper-schema": Draft.DRAFT_2019_09,
    "json-schema.org/draft/2020-12/hyper-schema": Draft.DRAFT_2020_12,
    "spec.openapis.org/oas/3.1/dialect/base": Draft.DRAFT_2020_12,
}
"""The drafts by all names under which documents declare them, without the scheme and the `#`."""

_FUTURE = re.compile(r"json-schema\.org/(?:draft/[\w-]+|v\d+(?:/[\w-]+)?)(?:/schema)?")
"""Drafts that are not known yet, as `draft/next`: they are read as the newest."""

KEYWORD_SINCE: dict[str, Draft] = {
    "const": Draft.DRAFT_6,
    "contains": Draft.DRAFT_6,
    "propertyNames": Draft.DRAFT_6,
    "if": Draft.DRAFT_7,
    "$anchor": Draft.DRAFT_2019_09,
    "$recursiveRef": Draft.DRAFT_2019_09,
    "dependentRequired": Draft.DRAFT_2019_09,
    "dependentSchemas": Draft.DRAFT_2019_09,
    "maxContains": Draft.DRAFT_2019_09,
    "minContains": Draft.DRAFT_2019_09,
    "unevaluatedItems": Draft.DRAFT_2019_09,
    "unevaluatedProperties": Draft.DRAFT_2019_09,
    "$dynamicRef": Draft.DRAFT_2020_12,
    "prefixItems": Draft.DRAFT_2020_12,
}
"""The keywords that change verdicts and that draft 4 does not have, with the draft that brought
each. A keyword that is not listed is in every draft."""


class Holds(Enum):
    """The shape of a keyword's value, for keywords that hold schemas."""

    SCHEMA = "a schema"
    SCHEMAS = "a list of schemas"
    EITHER = "a schema or a list of schemas"
    NAMED = "schemas by name"


class Applicator(Enum):
    """Where in the value the subschemas of a keyword apply, in the specification's terms.

    Source: JSON Schema 2020-12 core, sections 10.2 (in place) and 10.3 (child instances).
    """

    IN_PLACE = "to the same value"
    CHILD = "to a part of the value"
    NONE = "only where something refers to it"


@value_type
class SchemaKeyword:
    """What is known of a keyword that holds schemas: the columns of SCHEMA_KEYWORDS."""

    holds: Holds
    applicator: Applicator


_LIST_IN_PLACE = SchemaKeyword(Holds.SCHEMAS, Applicator.IN_PLACE)
_ONE_IN_PLACE = SchemaKeyword(Holds.SCHEMA, Applicator.IN_PLACE)
_NAMED_IN_PLACE = SchemaKeyword(Holds.NAMED, Applicator.IN_PLACE)
_ONE_CHILD = SchemaKeyword(Holds.SCHEMA, Applicator.CHILD)
_NAMED_CHILDREN = SchemaKeyword(Holds.NAMED, Applicator.CHILD)
_DEFINITIONS = SchemaKeyword(Holds.NAMED, Applicator.NONE)

SCHEMA_KEYWORDS: dict[str, SchemaKeyword] = {
    "$defs": _DEFINITIONS,
    "additionalItems": _ONE_CHILD,
    "additionalProperties": _ONE_CHILD,
    "allOf": _LIST_IN_PLACE,
    "anyOf": _LIST_IN_PLACE,
    "contains": _ONE_CHILD,
    "contentSchema": SchemaKeyword(Holds.SCHEMA, Applicator.NONE),
    "definitions": _DEFINITIONS,
    "dependencies": _NAMED_IN_PLACE,
    "dependentSchemas": _NAMED_IN_PLACE,
    "else": _ONE_IN_PLACE,
    "if": _ONE_IN_PLACE,
    "items": SchemaKeyword(Holds.EITHER, Applicator.CHILD),
    "not": _ONE_IN_PLACE,
    "oneOf": _LIST_IN_PLACE,
    "patternProperties": _NAMED_CHILDREN,
    "prefixItems": SchemaKeyword(Holds.SCHEMAS, Applicator.CHILD),
    "properties": _NAMED_CHILDREN,
    "propertyNames": _ONE_CHILD,
    "then": _ONE_IN_PLACE,
    "unevaluatedItems": _ONE_CHILD,
    "unevaluatedProperties": _ONE_CHILD,
}


def draft_of_uri(uri: Any) -> Draft | None:
    """Return the draft that a value of `$schema` names; None if it names no known draft."""
    if not isinstance(uri, str):
        return None
    name = uri.removeprefix("https://").removeprefix("http://").removesuffix("#").removesuffix("/")
    return _DECLARED.get(name, DEFAULT if _FUTURE.fullmatch(name) else None)


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[Path, Applicator, Any]]:
    """Yield the subschemas directly under `schema`, objects and booleans, in the order written.

    Each comes with its path from `schema`, and with where it applies.
    """
    for keyword in schema:
        known = SCHEMA_KEYWORDS.get(keyword)
        if known is None:
            continue
        for step, subschema in _held_schemas(known.holds, schema[keyword]):
            if isinstance(subschema, dict | bool):
                yield (keyword, *step), known.applicator, subschema


def _held_schemas(holds: Holds, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield the schemas in a keyword's value, with their paths.

    A value of the wrong shape holds none; it is the meta-schema that refuses it.
    """
    if holds is Holds.NAMED:
        if isinstance(value, dict):
            yield from (((name,), subschema) for name, subschema in value.items())
    elif isinstance(value, list):
        if holds is not Holds.SCHEMA:
            yield from (((index,), subschema) for index, subschema in enumerate(value))
    elif holds is not Holds.SCHEMAS:
        yield (), value


_DEFINING = frozenset({"$defs", "definitions", "contentSchema"})

ENFORCED = frozenset(SCHEMA_KEYWORDS) - _DEFINING | frozenset(
    {
        *("$ref", "$dynamicRef", "$recursiveRef", "type", "enum", "const", "format", "pattern"),
        *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minContains"),
        *("maxContains", "minProperties", "maxProperties", "required", "dependentRequired"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
"""The keywords that can make a value invalid, in any draft."""

ANNOTATIONS = _DEFINING | frozenset(
    {
        *("$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$comment"),
        *("$vocabulary", "title", "description", "default", "examples", "deprecated"),
        *("readOnly", "writeOnly", "contentEncoding", "contentMediaType"),
    }
)
"""The keywords that name, describe or hold something, and make no value invalid."""


def walk_subschemas(document: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every schema object of a document with its path, in the order written."""
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting:
        path, schema = waiting.pop()
        if isinstance(schema, dict):
            yield path, schema
            found = [(path + step, subschema) for step, _, subschema in subschemas(schema)]
            waiting += reversed(found)


def keywords_of(document: Any) -> set[str]:
    """Return every keyword that is used anywhere in a document."""
    return {keyword for _, schema in walk_subschemas(document) for keyword in schema}


# --- reading in a newer draft than the declared one ----------------------------------------------


def choose_draft(document: Any, least: Draft) -> tuple[Draft, Any]:
    """Return the draft to read `document` in, and the document as that draft writes it.

    Args:
        document: a schema that declares a draft.
        least: the draft that it declares.

    Raises:
        jsonschema_rs.ValidationError: the meta-schema of the declared draft refuses the document.
    """
    wanted = max((_oldest_draft(schema) for _, schema in walk_subschemas(document)), default=least)
    if wanted > least:
        rewritten = _rewritten(document, least, wanted)
        if _meta_schema_error(rewritten, wanted) is None:
            return wanted, rewritten
    error = _meta_schema_error(document, least)
    if error is not None:
        raise error
    return least, document


def choose_undeclared_draft(document: Any) -> tuple[Draft, Any]:
    """Return the draft to read a document without `$schema` in, and the document as it writes it.

    The document may be written as in an older draft. It is only read in drafts that know all of its
    keywords, and that respect the keywords beside `$ref`: 2019-09 and newer.

    Raises:
        jsonschema_rs.ValidationError: the meta-schema of the newest draft refuses the document.
    """
    error = _meta_schema_error(document, DEFAULT)
    if error is None:
        return DEFAULT, document
    # Only draft 4 has the keyword `id`. In a document that does not declare it, `id` is unknown.
    rewritten = _rewritten(document, Draft.DRAFT_4, DEFAULT, except_for=_rename_id)
    needed = max(_oldest_draft(schema) for _, schema in walk_subschemas(rewritten))
    for draft in (DEFAULT, Draft.DRAFT_2019_09):
        if draft >= needed and _meta_schema_error(rewritten, draft) is None:
            return draft, rewritten
    raise error


def _oldest_draft(schema: dict[str, Any]) -> Draft:
    """Return the oldest draft that knows all keywords of a schema object, and their values."""
    keywords = [KEYWORD_SINCE[keyword] for keyword in schema.keys() & KEYWORD_SINCE.keys()]
    shapes = [draft for draft, is_used in _SHAPES_SINCE if is_used(schema)]
    return max(keywords + shapes, default=Draft.DRAFT_4)


def _has_numeric_exclusive(schema: dict[str, Any]) -> bool:
    limits = (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
    return any(isinstance(limit, int | float) and not isinstance(limit, bool) for limit in limits)


def _has_boolean_schema(schema: dict[str, Any]) -> bool:
    in_draft_4 = {("additionalItems",), ("additionalProperties",)}
    return any(
        isinstance(child, bool) and path not in in_draft_4 for path, _, child in subschemas(schema)
    )


_SHAPES_SINCE: tuple[tuple[Draft, Callable[[dict[str, Any]], bool]], ...] = (
    (Draft.DRAFT_6, _has_numeric_exclusive),
    (Draft.DRAFT_6, _has_boolean_schema),
    (Draft.DRAFT_6, lambda schema: schema.get("required") == []),
)
"""What is new about the values of older keywords: the draft that brought it, and whether a schema
object uses it."""


def _meta_schema_error(document: Any, draft: Draft) -> jsonschema_rs.ValidationError | None:
    """Return the first error that the draft's meta-schema finds in a document."""
    if isinstance(document, bool):
        return None
    return next(iter(_meta_validator(draft).iter_errors(document)), None)


def _rewritten(document: Any, least: Draft, draft: Draft, except_for: Rewrite | None = None) -> Any:
    """Return a document of the draft `least` as `draft` writes it: a copy if that changes any."""
    rewrites = [
        rewrite for since, rewrite in _REWRITES if least < since <= draft and rewrite != except_for
    ]
    if not rewrites:
        return document
    copy = deepcopy(document)
    for _, schema in walk_subschemas(copy):
        for rewrite in rewrites:
            rewrite(schema)
    return copy


def _rename_id(schema: dict[str, Any]) -> None:
    """Turn `id` into `$id`."""
    if isinstance(schema.get("id"), str):
        schema.setdefault("$id", schema.pop("id"))


def _merge_exclusive(schema: dict[str, Any]) -> None:
    """Turn `minimum: 3, exclusiveMinimum: true` into `exclusiveMinimum: 3`."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool):
            is_exclusive = schema.pop(exclusive)
            if is_exclusive and limit in schema:
                schema[exclusive] = schema.pop(limit)


def _split_id(schema: dict[str, Any]) -> None:
    """Turn `$id: "#name"` into `$anchor: "name"`."""
    uri, _, name = str(schema.get("$id", "")).partition("#")
    if name:
        schema["$anchor"] = name
        schema["$id"] = uri
        if not uri:
            del schema["$id"]


_REWRITES: tuple[tuple[Draft, Rewrite], ...] = (
    (Draft.DRAFT_6, _rename_id),
    (Draft.DRAFT_6, _merge_exclusive),
    (Draft.DRAFT_2019_09, _split_id),
)
"""What older drafts wrote differently: the draft that changed it, and the change to one schema
object in place."""
