"""What in a schema decides where a document may have to be looked at more closely."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from strictgate.core.schema.inspection import InspectedSchema
from strictgate.core.schema.references import Node

_COUNTING = ("maxItems", "maxProperties")
_LISTING = ("items", "prefixItems")
_CLOSED = frozenset({"const", "enum"})
_OF_PARTS = frozenset(
    {
        *("$ref", "$defs", "definitions", "$schema", "$id", "$comment", "title", "description"),
        *("default", "examples", "deprecated", "readOnly", "writeOnly", "type", "items"),
        *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
        *("minProperties", "maxProperties", "minLength", "maxLength", "pattern", "format"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
"""Keywords that say nothing of an array but its type and what each of its items is."""
_AN_ARRAY, _MOST_BREADTH = 6, 6_000


Words = dict[str, tuple[str, ...]]
"""By a word without case and blanks: how a schema spells what it may mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What was found anywhere in a schema, whichever part of a value it applies to."""

    lengths: tuple[int, ...]
    """Every `maxLength`, in order."""
    counts: frozenset[int]
    """Every number of items or properties that may be the most."""
    fixed: int
    """How many items at most have schemas of their own; those behind them are all alike."""
    has_unique: bool
    """Whether items must be unique."""
    has_names: bool
    """Whether a property may be refused for its name."""
    has_unions: bool
    has_whole_arrays: bool
    """Whether an array may turn out to be wrong when it closes, though each of its items was fine;
    False where that is plain."""
    breadth: int
    """How many schemas at most apply to one value that leave open what it is; each of those that
    may be arrays counts for six, by what it takes to follow them."""
    names: int
    """How many properties one schema declares at most."""
    visits: int | None
    """How many schemas are visited at most to explain a scalar; None: that depends on its depth."""
    nodes: tuple[Node, ...]
    """All schemas, the root first."""
    words: dict[str, Words] = field(default_factory=dict)
    """What names and values are looked up by, once they are (repairs/vocabulary.py)."""


def features(inspected: InspectedSchema) -> Features:
    """Return the features of a schema, which are kept with it."""
    found: Features | None = inspected.derived.get(Features)
    if found is None:
        found = inspected.derived[Features] = _found_out(inspected)
    return found


def _found_out(inspected: InspectedSchema) -> Features:
    nodes = _reachable(inspected.root)
    schemas = [node.schema for node in nodes]
    listed = [len(each) for each in _values(schemas, _LISTING) if isinstance(each, list)]
    return Features(
        lengths=tuple(sorted(set(_integers(schemas, ("maxLength",))))),
        counts=frozenset([*_integers(schemas, _COUNTING), *listed]),
        fixed=max(listed, default=0),
        has_unique=any(each is True for each in _values(schemas, ("uniqueItems",))),
        has_names=any(map(_judges_names, schemas)),
        has_unions=any(schema.keys() & {"anyOf", "oneOf"} for schema in schemas),
        has_whole_arrays=any(not schema.keys() <= _OF_PARTS for schema in schemas),
        breadth=_breadth(nodes),
        names=max(map(len, _values(schemas, ("properties",))), default=0),
        visits=None if _is_recursive(nodes) else inspected.cost,
        nodes=tuple(nodes),
    )


def _reachable(root: Node | None) -> list[Node]:
    found: dict[Node, None] = {}
    waiting = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting += node.successors
    return list(found)


def _breadth(nodes: list[Node]) -> int:
    breadths: dict[Node, int] = {}
    for node in TopologicalSorter({node: node.in_place for node in nodes}).static_order():
        own = _openness(node.schema)
        breadth = own + sum(breadths[child] for child in node.in_place)
        breadths[node] = min(breadth, _MOST_BREADTH)
    return max(breadths.values(), default=0)


def _openness(schema: dict[str, Any]) -> int:
    if not schema.keys().isdisjoint(_CLOSED):
        return 0
    kinds = schema.get("type", "array")
    return _AN_ARRAY if "array" in ([kinds] if isinstance(kinds, str) else kinds) else 1


def _is_recursive(nodes: Iterable[Node]) -> bool:
    try:
        TopologicalSorter({node: node.successors for node in nodes}).prepare()
    except CycleError:
        return True
    return False


def _judges_names(schema: dict[str, Any]) -> bool:
    if "propertyNames" in schema or "maxProperties" in schema:
        return True
    if schema.get("additionalProperties", True) is not True:
        return True
    named = _values([schema], ("properties", "patternProperties"))
    return any(False in each.values() for each in named if isinstance(each, dict))


def _values(schemas: Iterable[dict[str, Any]], keywords: tuple[str, ...]) -> Iterator[Any]:
    return (schema[each] for schema in schemas for each in keywords if each in schema)


def _integers(schemas: Iterable[dict[str, Any]], keywords: tuple[str, ...]) -> Iterator[int]:
    return (int(each) for each in _values(schemas, keywords) if isinstance(each, int | float))
