"""A schema: admitted, compiled once, ready to judge values.

What `admit` lets through is compiled without network, with patterns that are matched in linear
time. The caller's schema is never changed, but for the top-level `$schema`, which decides the draft
and is then left out: some models go astray on it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import orjson
from jsonschema_rs import ReferencingError, Registry

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.lru_cache import LruCache
from strictgate.core.schema import drafts, openai_strict, patterns, problems
from strictgate.core.schema.drafts import REGISTRY_DRAFTS, VALIDATORS, Draft
from strictgate.core.schema.error_context import RESPONSE_FORMAT, SchemaContext
from strictgate.core.schema.explanation_cost import is_explainable
from strictgate.core.schema.formats import FORMAT_SINCE, backported_formats
from strictgate.core.schema.inspection import InspectedSchema, inspect_schema
from strictgate.core.schema.limits import Limits, SchemaFault
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.references import Node
from strictgate.core.schema.root_type import describes_nothing


class Formats(StrEnum):
    """What `format` does."""

    ASSERT = "assert"
    ANNOTATE = "annotate"


@dataclass(frozen=True, slots=True)
class Schema:
    """An admitted JSON Schema."""

    source: Any
    """As the caller gave it, less the top-level `$schema`."""
    text: str
    """`source` as compact JSON, for prompts: the same bytes for the same schema."""
    validator: Any
    inspected: InspectedSchema
    formats: Formats

    @property
    def draft(self) -> str:
        """The draft that it is read in, never older than the declared one: `2020-12`."""
        return self.inspected.draft.label

    @property
    def is_object_root(self) -> bool:
        """Whether it describes objects; if not, modes that yield objects need it wrapped."""
        return self.inspected.is_object_root

    def is_valid(self, value: Any) -> bool:
        return bool(self.validator.is_valid(value))

    def problems(self, value: Any, limit: int = 10) -> tuple[Problem, ...]:
        """Return what is wrong with `value`, at most `limit` problems, best first."""
        if self.is_valid(value):
            return ()
        root = self.inspected.root
        if not is_explainable(root, value) and not is_explainable(root, value, _Unions(self)):
            return (problems.UNEXPLAINED,)
        return problems.collect_problems(self.validator.iter_errors(value), value, limit)


def admit(
    source: Any,
    *,
    name: str,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    formats: Formats = Formats.ASSERT,
    context: SchemaContext = RESPONSE_FORMAT,
) -> Schema:
    """Check and compile `source`.

    Args:
        source: a JSON Schema as read from JSON.
        name: what the caller named it, for messages.
        context: where in the request it came, for messages.

    Raises:
        BadRequest, SchemaTooComplex: in OpenAI's words, with what is wrong and where.
    """
    try:
        inspected = inspect_schema(source, limits)
        document, options = _prepared(inspected, formats)
        validator = _compiled(document, inspected.draft, options)
    except SchemaFault as fault:
        raise context.error(name, fault) from fault
    return Schema(inspected.source, inspected.text, validator, inspected, formats)


def check_satisfiable(
    schema: Schema, *, name: str, context: SchemaContext = RESPONSE_FORMAT
) -> None:
    """Refuse an admitted schema that lets nothing pass: every answer would be paid for in vain.

    Raises:
        BadRequest
    """
    if describes_nothing(schema.inspected.document, schema.inspected.root):
        fault = SchemaFault("no document can be valid against this schema.", None)
        raise context.error(name, fault) from fault


def _prepared(inspected: InspectedSchema, formats: Formats) -> tuple[Any, dict[str, Any]]:
    """Return the document as the validator takes it, and with what options."""
    document = inspected.document
    is_plain = all(patterns.parse_pattern(each).is_plain for each in inspected.patterns)
    keywords = {} if is_plain else {"pattern": patterns.PatternKeyword}
    if inspected.draft <= Draft.DRAFT_7 and not all(map(patterns.is_legal, inspected.patterns)):
        document, names = patterns.masked(document)
        keywords = {"pattern": patterns.keyword(names)}
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


class _Unions:
    """Judges parts of a value by the unions of a schema, each compiled when it is asked for."""

    _MOST = 16
    _URI = "urn:document"

    def __init__(self, schema: Schema) -> None:
        self._draft = schema.inspected.draft
        self._document, self._options = _prepared(schema.inspected, schema.formats)
        self._validators: dict[Node, Any] = {}

    def __call__(self, node: Node, value: Any) -> bool:
        """Whether `node` is a union and `value` known to be valid against it."""
        if not node.schema.keys() & {"anyOf", "oneOf"}:
            return False
        if node not in self._validators and len(self._validators) < self._MOST:
            self._validators[node] = self._compiled(node)
        validator = self._validators.get(node)
        return validator is not None and bool(validator.is_valid(value))

    def _compiled(self, node: Node) -> Any:
        reference = {"$ref": f"{self._URI}#{quote(pointer(node.path))}"}
        try:
            registry = Registry([(self._URI, self._document)], draft=REGISTRY_DRAFTS[self._draft])
            return VALIDATORS[self._draft](reference, registry=registry, **self._options)
        except (ValueError, ReferencingError):  # then nothing is known
            return None


# --- what will be enforced -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of an admitted schema."""

    draft: str
    root_is_wrapped: bool
    """In modes that yield objects only."""
    bytes: int
    nodes: int
    depth: int
    cost: int
    patterns: int
    formats_asserted: tuple[str, ...]
    formats_annotated: tuple[str, ...]
    keywords_enforced: tuple[str, ...]
    keywords_unknown: tuple[str, ...]
    """No draft has them, so they say nothing here: misspelt, or of another tool (`nullable`)."""


def describe(schema: Schema) -> Description:
    """Return what will be enforced of `schema`, and what was measured."""
    inspected = schema.inspected
    is_asserting = schema.formats is Formats.ASSERT
    asserted = {each for each in inspected.formats if is_asserting and each in FORMAT_SINCE}
    written = {
        keyword for _, each in drafts.walk_subschemas(inspected.document) for keyword in each
    }
    return Description(
        draft=schema.draft,
        root_is_wrapped=not schema.is_object_root,
        bytes=len(schema.text.encode()),
        nodes=inspected.nodes,
        depth=inspected.depth,
        cost=inspected.cost,
        patterns=len(inspected.patterns),
        formats_asserted=tuple(sorted(asserted)),
        formats_annotated=tuple(sorted(inspected.formats - asserted)),
        keywords_enforced=tuple(sorted(written & drafts.ENFORCED)),
        keywords_unknown=tuple(sorted(written - drafts.ENFORCED - drafts.SILENT)),
    )


# --- cache ---------------------------------------------------------------------------------------


Key = tuple[bytes, Formats, bool]


class SchemaCache:
    """Admitted schemas by their bytes; the least recently used leave when there is no room.

    Refused ones are not kept: a refusal costs little, and is the caller's to put right.
    """

    FACTOR = 16
    """Bytes of memory per byte of schema, and …"""
    CONSTANT = 8192
    """… per schema; measured over real ones."""

    def __init__(self, capacity: int, limits: Limits) -> None:
        self._limits = limits
        self._schemas: LruCache[Key, Schema] = LruCache(capacity)

    def get(
        self,
        source: Any,
        *,
        name: str,
        formats: Formats = Formats.ASSERT,
        strictly: bool = False,
        context: SchemaContext = RESPONSE_FORMAT,
    ) -> Schema:
        """Return `source` admitted, and `strictly` under the rules of `strict: true`.

        See `admit`, `check_satisfiable` and `openai_strict.check_strict` for what is raised.
        """
        try:
            key = (orjson.dumps(source), formats, strictly)
        except TypeError:  # too deep for orjson, or integers beyond 64 bits: rare, so not kept
            key = None
        kept = None if key is None else self._schemas.get(key)
        if kept is not None:
            return kept
        schema = admit(source, name=name, limits=self._limits, formats=formats, context=context)
        check_satisfiable(schema, name=name, context=context)
        if strictly:
            openai_strict.check_strict(source, name=name, context=context)
        if key is not None:
            self._schemas.put(key, schema, self.CONSTANT + self.FACTOR * len(key[0]))
        return schema

    def __len__(self) -> int:
        return len(self._schemas)
