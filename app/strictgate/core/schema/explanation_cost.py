"""What it would cost to explain why a value is invalid.

The validator memoises its verdicts, but not its errors: for these it visits a schema again on every
path that leads to it, and a union keeps the errors of all its branches. In a recursion that
branches, the visits double with each level of the value. 16 levels took 18 seconds, during which
nobody else is served. So the visits are counted beforehand, each pair of a schema and a part of the
value once. What would take too many visits is not explained.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.cost import in_place_visits
from strictgate.core.schema.references import Node

MAX_VISITS = 4_000
"""Visits that are always affordable: 4,000 that fail take about 25 milliseconds."""
MAX_REPEATED = 2
"""Visits per pair that are affordable for larger values, where they are hardly repeated."""
MAX_PAIRS = 200_000
"""Pairs that are counted; with more, an explanation is too expensive anyway."""

_Pair = tuple[Node, Any]
"""A schema, and a part of the value that it applies to."""


def is_explainable(
    root: Node | None, value: Any, is_valid: Callable[[Node, Any], bool] = lambda node, part: False
) -> bool:
    """Whether the validator can list its errors about `value` in a bearable time.

    Args:
        root: the schema; None for a boolean, which needs no visits.
        value: what is invalid.
        is_valid: whether a pair is known to be valid. Such a pair costs one visit.
    """
    if root is None:
        return True
    visits: dict[tuple[Node, int], int] = {}
    pairs = 0
    # Every pair comes twice: first to put the pairs that it leads to on the stack, then, with the
    # list of them, to add up their visits.
    waiting: list[tuple[_Pair, list[_Pair] | None]] = [((root, value), None)]
    while waiting:
        pair, parts = waiting.pop()
        key = _key(pair)
        if parts is not None:
            below = sum(visits[_key(part)] for part in parts)
            visits[key] = 1 + in_place_visits(pair[0]) * below
        elif key not in visits and is_valid(*pair):
            visits[key] = 1
        elif key not in visits:
            parts = list(_parts(*pair))
            pairs += 1 + len(parts)
            if pairs > MAX_PAIRS:
                return False
            waiting.append((pair, parts))
            waiting += [(part, None) for part in parts]
    total = visits[_key((root, value))]
    return total <= max(MAX_VISITS, MAX_REPEATED * pairs)


def _key(pair: _Pair) -> tuple[Node, int]:
    """Return a key for a pair, by the identity of the part of the value.

    Equal scalars may share an identity, which does no harm: the same is visited in them.
    """
    return pair[0], id(pair[1])


def _parts(node: Node, value: Any) -> Iterator[_Pair]:
    """Yield the pairs that a visit of this pair leads to; there may be more, never fewer."""
    for child in node.in_place:
        yield child, value
    if isinstance(value, dict | list):
        for step, child in node.children:
            for part in _selected(step, value):
                yield child, part


def _selected(step: Path, value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    """Return the parts of `value` that the subschema at `step` applies to."""
    match step, value:
        case ("properties", name), dict():
            return [value[name]] if name in value else []
        case ("propertyNames",), dict():
            return value.keys()
        case (keyword, *_), dict() if keyword in _OF_OBJECTS:
            return value.values()
        case ("items" | "prefixItems", int(index)), list():
            return value[index : index + 1]
        case (keyword, *_), list() if keyword in _OF_ARRAYS:
            return value
        case _:
            return []


_OF_OBJECTS = {"additionalProperties", "patternProperties", "unevaluatedProperties"}
_OF_ARRAYS = {"additionalItems", "contains", "items", "unevaluatedItems"}
