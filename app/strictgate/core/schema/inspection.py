"""Everything that is looked at before a schema may be compiled.

In this order: limits (nothing else is safe before), draft, meta-schema, references, loops and cost,
patterns. The first thing that is wrong is raised, as a SchemaFault.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema import cost, drafts, patterns, references, root_type
from strictgate.core.schema.cost import Expansion
from strictgate.core.schema.drafts import META_SCHEMAS, Draft
from strictgate.core.schema.limits import Limits, OverLimit, SchemaFault, measure
from strictgate.core.schema.problems import locate_error
from strictgate.core.schema.references import Node

_MAX_WORD = 200
_ASK = "Please ensure it is a valid JSON Schema."


@dataclass(frozen=True, slots=True, eq=False)
class InspectedSchema:
    """A schema that may be compiled, and what was seen on the way."""

    source: Any
    """As the caller gave it, less the top-level `$schema`."""
    text: str
    """`source` as compact JSON."""
    document: Any
    """`source` as `draft` writes it, for the validator."""
    draft: Draft
    is_object_root: bool
    root: Node | None
    """Of the graph; None for a boolean."""
    nodes: int
    depth: int
    cost: int
    patterns: frozenset[str]
    formats: frozenset[str]


def inspect_schema(given: Any, limits: Limits) -> InspectedSchema:
    """Look at `given` from all sides.

    Raises:
        SchemaFault: it is no schema, or not one that can be enforced.
        OverLimit: it is over a limit.
    """
    if not isinstance(given, dict | bool):
        raise SchemaFault("a schema is an object or a boolean. " + _ASK, None)
    source = _undeclared(given)
    measured = measure(source, limits)
    draft, document = _settled(source, _declared(given))
    document = references.with_encoded_uris(document)
    nodes = references.schema_graph(document, draft)
    expanded = cost.measure_expansion(nodes)
    _check_expansion(expanded, limits)
    return InspectedSchema(
        source=source,
        text=measured.text,
        document=document,
        draft=draft,
        is_object_root=root_type.describes_objects(nodes),
        root=nodes[0] if nodes else None,
        nodes=measured.nodes,
        depth=measured.depth,
        cost=expanded.cost,
        patterns=_patterns(nodes, limits),
        formats=frozenset(_formats(nodes)),
    )


def _undeclared(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {keyword: value for keyword, value in given.items() if keyword != "$schema"}


def _declared(given: Any) -> Draft | None:
    if not isinstance(given, dict) or "$schema" not in given:
        return None
    draft = drafts.draft_of_uri(given["$schema"])
    if draft is None:
        known = ", ".join(f"'{uri}'" for uri in META_SCHEMAS.values())
        message = f"'$schema' {_word(given['$schema'])} is not known. Known are {known}."
        raise SchemaFault(message, ("$schema",), "unknown_dialect")
    return draft


def _settled(source: Any, least: Draft | None) -> tuple[Draft, Any]:
    """Apply the meta-schema."""
    try:
        if least is None:
            return drafts.choose_undeclared_draft(source)
        return drafts.choose_draft(source, least)
    except jsonschema_rs.ValidationError as error:
        path, _ = locate_error(source, error)
        raise SchemaFault(_complaint(error), path) from error


def _complaint(error: jsonschema_rs.ValidationError) -> str:
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.AnyOf():
            return f"{_word(error.instance)} is not valid under any of the given schemas."
        case jsonschema_rs.ValidationErrorKind.Type(types):
            return f"{_word(error.instance)} is not of type {_listed(types)}."
        case jsonschema_rs.ValidationErrorKind.Enum(options):
            return f"{_word(error.instance)} is not one of {_listed(options)}."
        case _:
            return error.message[:_MAX_WORD] + "."


def _word(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_WORD else text[:_MAX_WORD] + "…"


def _listed(words: list[Any]) -> str:
    return ", ".join(repr(word) for word in words)


def _check_expansion(expanded: Expansion, limits: Limits) -> None:
    if expanded.cost > limits.cost:
        message = f"a cost of {expanded.cost:.3g}, with every $ref expanded,"
        raise OverLimit(f"{message} exceeds limit of {limits.cost}.")
    if expanded.chain > limits.chain:
        message = f"{expanded.chain} schemas inside each other, all for one value,"
        raise OverLimit(f"{message} exceeds limit of {limits.chain}.")


def _patterns(nodes: list[Node], limits: Limits) -> frozenset[str]:
    """Return the patterns, all of which can be matched in linear time.

    Raises:
        SchemaFault: one cannot.
        OverLimit: there are too many.
    """
    seen: set[tuple[str, bool]] = set()
    large = 0
    for pattern, where in _written_patterns(nodes):
        is_name = where[-1] == pattern and where[-2:-1] == ("patternProperties",)
        if (pattern, is_name) in seen:
            continue
        seen.add((pattern, is_name))
        large += patterns.is_large(pattern)
        if len(seen) > limits.patterns:
            message = f"{len(seen)} patterns exceeds limit of {limits.patterns}."
            raise OverLimit(message, where)
        if large > limits.large_patterns:
            message = f"{large} large patterns exceeds limit of {limits.large_patterns}."
            raise OverLimit(message, where)
        _check_pattern(pattern, where, is_name=is_name)
    return frozenset(pattern for pattern, _ in seen)


def _written_patterns(nodes: list[Node]) -> Iterator[tuple[str, Path]]:
    for node in nodes:
        if node.is_mere_reference:
            continue
        pattern = node.schema.get("pattern")
        if isinstance(pattern, str):
            yield pattern, (*node.path, "pattern")
        names = node.schema.get("patternProperties")
        if isinstance(names, dict):
            yield from ((name, (*node.path, "patternProperties", name)) for name in names)


def _check_pattern(pattern: str, where: Path, *, is_name: bool) -> None:
    reason = None
    try:
        if not patterns.parse_pattern(pattern).is_plain and is_name:
            reason = "uses look-ahead, which names cannot be matched by"
    except patterns.Unsupported as error:
        reason = str(error)
    if reason is not None:
        message = f"the pattern {_word(pattern)} {reason}."
        raise SchemaFault(message, where, "unsupported_pattern")


def _formats(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        name = node.schema.get("format")
        if isinstance(name, str) and not node.is_mere_reference:
            yield name
