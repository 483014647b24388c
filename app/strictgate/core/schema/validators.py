"""The validators of a schema: of all of it, of a part, and without some of its keywords.

They are those of jsonschema-rs, without network access; the patterns are matched in linear time.
"""

from collections.abc import Collection
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from jsonschema_rs import ReferencingError, Registry

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.schema import patterns
from strictgate.core.schema.drafts import REGISTRY_DRAFTS, VALIDATORS, Draft, walk_subschemas
from strictgate.core.schema.formats import Formats, backported_formats
from strictgate.core.schema.inspection import InspectedSchema
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.schema.references import Node


def compile_validator(document: Any, inspected: InspectedSchema, formats: Formats) -> Any:
    """Return the validator of `document`.

    Args:
        document: that of `inspected`, or the same without some keywords.

    Raises:
        SchemaFault: it cannot be compiled.
    """
    prepared, options = _prepared(document, inspected, formats)
    return _compiled(prepared, inspected.draft, options)


def without_keywords(document: Any, keywords: Collection[str]) -> Any:
    """Return `document` without `keywords`, wherever a schema has them: a copy if any has.

    Args:
        keywords: none that holds a schema, for a reference may lead there.
    """
    if all(schema.keys().isdisjoint(keywords) for _, schema in walk_subschemas(document)):
        return document
    copy = deepcopy(document)
    for _, schema in walk_subschemas(copy):
        for keyword in keywords:
            schema.pop(keyword, None)
    return copy


def _prepared(
    document: Any, inspected: InspectedSchema, formats: Formats
) -> tuple[Any, dict[str, Any]]:
    """Return `document`, which is the inspected one or a part of it, as the validator takes it, and
    the validator's options."""
    is_plain = all(each.is_plain for each in inspected.patterns.values())
    keywords = {} if is_plain else {"pattern": patterns.pattern_keyword()}
    if inspected.draft <= Draft.DRAFT_7 and not all(
        map(patterns.is_ecma_syntax, inspected.patterns)
    ):
        document, by_placeholder = patterns.with_placeholders(document)
        keywords = {"pattern": patterns.pattern_keyword(by_placeholder)}
    return document, {
        "validate_formats": formats is Formats.ASSERT,
        "formats": backported_formats(inspected.draft, inspected.formats),
        "keywords": keywords,
        "pattern_options": patterns.OPTIONS,
        "offline": True,
        "ignore_unknown_formats": True,
    }


def _compiled(document: Any, draft: Draft, options: dict[str, Any]) -> Any:
    try:
        return VALIDATORS[draft](document, **options)
    except ValueError as error:  # the validator's ValidationError is one
        message = str(getattr(error, "message", error))
        raise SchemaFault(
            f"{message[:300]}.", tuple(getattr(error, "instance_path", ()))
        ) from error


class ValidUnions:
    """Says which parts of a value are valid against the unions of a schema.

    The validator of a union is compiled when it is first asked for.
    """

    _MAX_VALIDATORS = 16
    _URI = "urn:document"

    def __init__(self, inspected: InspectedSchema, formats: Formats) -> None:
        self._draft = inspected.draft
        self._document, self._options = _prepared(inspected.document, inspected, formats)
        self._validators: dict[Node, Any] = {}

    def __call__(self, node: Node, value: Any) -> bool:
        """Whether `node` is a union, and `value` is known to be valid against it."""
        if not node.schema.keys() & {"anyOf", "oneOf"}:
            return False
        if node not in self._validators and len(self._validators) < self._MAX_VALIDATORS:
            self._validators[node] = self._compiled(node)
        validator = self._validators.get(node)
        return validator is not None and bool(validator.is_valid(value))

    def _compiled(self, node: Node) -> Any:
        reference = {"$ref": f"{self._URI}#{quote(pointer(node.path))}"}
        try:
            registry = Registry([(self._URI, self._document)], draft=REGISTRY_DRAFTS[self._draft])
            return VALIDATORS[self._draft](reference, registry=registry, **self._options)
        except (ValueError, ReferencingError):  # then no part is known to be valid
            return None
