"""All checks of a schema before it may be compiled.

Their order is: limits, draft, meta-schema, references, loops and cost, patterns. Limits come first,
because no other check is safe on a schema of any size. The first fault is raised, as a SchemaFault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema import cost, drafts, patterns, references, root_type, tool_dialects
from strictgate.core.schema.cost import Expansion
from strictgate.core.schema.drafts import META_SCHEMAS, Draft
from strictgate.core.schema.limits import Limits, OverLimit, SchemaFault, measure
from strictgate.core.schema.patterns import Pattern
from strictgate.core.schema.problems import locate_error
from strictgate.core.schema.references import Node

_MAX_SHOWN = 200
"""Characters of a value that a message shows."""
_ADVICE = "Please ensure it is a valid JSON Schema."


@dataclass(frozen=True, slots=True, eq=False)
class InspectedSchema:
    """A schema that may be compiled, and what the checks have found out."""

    source: Any
    """The schema as the caller gave it, without the top-level `$schema`."""
    text: str
    """`source` as compact JSON."""
    document: Any
    """`source` as it is meant (tool_dialects.py) and as `draft` writes it, for the validator and
    for the grammar."""
    draft: Draft
    """The draft that it is read in."""
    is_object_root: bool
    """Whether it describes objects only."""
    root: Node | None
    """The root of its graph; None if the schema is a boolean."""
    nodes: int
    """The number of its values: see `Limits`, also for the next two."""
    depth: int
    cost: int
    width: int
    """How many subschemas one value meets at most: see cost.py."""
    patterns: Mapping[str, Pattern]
    """The regular expressions of `pattern` and `patternProperties`, as the engine takes them."""
    formats: frozenset[str]
    """The values of `format`, known or not."""
    weight: int
    """About how many bytes of memory the schema takes, parsed and compiled: see `weigh`."""
    derived: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What is found out of it where that is needed, by the class of it: kept as long as this is."""


def inspect_schema(given: Any, limits: Limits) -> InspectedSchema:
    """Check a schema as the caller gave it.

    Raises:
        SchemaFault: it is no schema, or not one that can be enforced.
        OverLimit: it is over a limit.
    """
    if not isinstance(given, dict | bool):
        raise SchemaFault("a schema is an object or a boolean. " + _ADVICE, None)
    source = without_declaration(given)
    measured = measure(source, limits)
    declared = _declared_draft(given)
    meant = tool_dialects.as_meant(source, is_declared=declared is not None)
    draft, document = _checked_by_meta_schema(meant, declared)
    document = references.with_encoded_uris(document)
    nodes = references.schema_graph(document, draft)
    expanded = cost.measure_expansion(nodes)
    _check_expansion(expanded, limits)
    found = _patterns(nodes, limits)
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
        width=expanded.width,
        patterns=found,
        formats=frozenset(_formats(nodes)),
        weight=weigh(
            measured.text,
            measured.nodes,
            measured.containers,
            sum(each.size for each in found.values()),
        ),
    )


_FIXED_WEIGHT = 4096
_TEXT_WEIGHT = 5
"""Per byte of the schema's text, which is kept several times."""
_CONTAINER_WEIGHT = 900
"""Per object or array: most are schemas, which are parsed, in the graph, and compiled."""
_SCALAR_WEIGHT = 190


def weigh(text: str, nodes: int, containers: int, compiled: int = 0) -> int:
    """Return about how many bytes of memory a schema takes.

    The figures are fitted to the resident memory of 20 families of schemas, which
    `benchmarks/memory.py` prints beside the weight.

    Args:
        text: the schema as compact JSON.
        nodes: the number of its values, and …
        containers: … of those that are objects or arrays; 0 if nothing is compiled from them.
        compiled: bytes of its patterns.
    """
    values = _CONTAINER_WEIGHT * containers + _SCALAR_WEIGHT * (nodes - containers)
    return _FIXED_WEIGHT + _TEXT_WEIGHT * len(text) + values + compiled


def without_declaration(given: Any) -> Any:
    """Return the schema without the top-level `$schema`, on which some models go astray."""
    if not isinstance(given, dict):
        return given
    return {keyword: value for keyword, value in given.items() if keyword != "$schema"}


def _declared_draft(given: Any) -> Draft | None:
    if not isinstance(given, dict) or given.get("$schema") is None:
        return None
    draft = drafts.draft_of_uri(given["$schema"])
    if draft is None:
        known = ", ".join(f"'{uri}'" for uri in META_SCHEMAS.values())
        message = f"'$schema' {_shown(given['$schema'])} is not known. Known are {known}."
        raise SchemaFault(message, ("$schema",), "unknown_dialect")
    return draft


def _checked_by_meta_schema(source: Any, least: Draft | None) -> tuple[Draft, Any]:
    """Return the draft to read the schema in, and the schema as that draft writes it."""
    try:
        if least is None:
            return drafts.choose_undeclared_draft(source)
        return drafts.choose_draft(source, least)
    except jsonschema_rs.ValidationError as error:
        path, _ = locate_error(source, error)
        raise SchemaFault(_message(error), path) from error


def _message(error: jsonschema_rs.ValidationError) -> str:
    """Return what the meta-schema says, in the words of OpenAI's errors."""
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.AnyOf():
            return f"{_shown(error.instance)} is not valid under any of the given schemas."
        case jsonschema_rs.ValidationErrorKind.Type(types):
            return f"{_shown(error.instance)} is not of type {_listed(types)}."
        case jsonschema_rs.ValidationErrorKind.Enum(options):
            return f"{_shown(error.instance)} is not one of {_listed(options)}."
        case _:
            return error.message[:_MAX_SHOWN] + "."


def _shown(value: Any) -> str:
    """Return a value as a message shows it: cut, if it is long."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _listed(values: list[Any]) -> str:
    return ", ".join(map(repr, values))


def _check_expansion(expanded: Expansion, limits: Limits) -> None:
    if expanded.cost > limits.cost:
        message = f"a cost of {expanded.cost:.3g}, with every $ref expanded,"
        raise OverLimit(f"{message} exceeds limit of {limits.cost}.")
    if expanded.chain > limits.chain:
        message = f"{expanded.chain} schemas inside each other, all for one value,"
        raise OverLimit(f"{message} exceeds limit of {limits.chain}.")


def _patterns(nodes: list[Node], limits: Limits) -> dict[str, Pattern]:
    """Return all patterns, each of which can be matched in linear time.

    Raises:
        SchemaFault: one of them cannot.
        OverLimit: there are too many, or they take too much memory.
    """
    found: dict[str, Pattern] = {}
    room = limits.pattern_bytes
    for pattern, where, is_name in _written_patterns(nodes):
        if pattern not in found:
            if len(found) == limits.patterns:
                message = (
                    f"more than {limits.patterns} patterns exceeds limit of {limits.patterns}."
                )
                raise OverLimit(message, where)
            found[pattern] = _parsed_pattern(pattern, where, room, limits)
            room -= found[pattern].size
        # A keyword of our own stands in for `pattern` where that is split (see patterns.py), but
        # the validator has no such way for `patternProperties`.
        if is_name and not found[pattern].is_plain:
            raise _unsupported(pattern, where, "uses look-ahead, which names cannot be matched by")
    return found


def _written_patterns(nodes: list[Node]) -> Iterator[tuple[str, Path, bool]]:
    """Yield each pattern, its path, and whether it is one of `patternProperties`."""
    for node in nodes:
        if node.is_mere_reference:
            continue
        pattern = node.schema.get("pattern")
        if isinstance(pattern, str):
            yield pattern, (*node.path, "pattern"), False
        names = node.schema.get("patternProperties")
        if isinstance(names, dict):
            yield from ((name, (*node.path, "patternProperties", name), True) for name in names)


def _parsed_pattern(pattern: str, where: Path, room: int, limits: Limits) -> Pattern:
    try:
        return patterns.parse_pattern(pattern, room)
    except patterns.PatternTooLarge as error:
        allowed = min(limits.pattern_bytes, patterns.MAX_SIZE)
        before = limits.pattern_bytes - room
        message = (
            f"the pattern {_shown(pattern)} takes too much memory when it is compiled: "
            f"{allowed} bytes are allowed, of which the patterns before it take {before}. "
            "Lower the numbers in its {}, use fewer classes of Unicode characters in what is "
            "repeated, or raise limits.schema_pattern_bytes."
        )
        raise OverLimit(message, where) from error
    except patterns.UnsupportedPattern as error:
        raise _unsupported(pattern, where, str(error)) from error


def _unsupported(pattern: str, where: Path, reason: str) -> SchemaFault:
    message = f"the pattern {_shown(pattern)} {reason}."
    return SchemaFault(message, where, "unsupported_pattern")


def _formats(nodes: list[Node]) -> Iterator[str]:
    """Yield the values of `format`."""
    for node in nodes:
        name = node.schema.get("format")
        if isinstance(name, str) and not node.is_mere_reference:
            yield name
