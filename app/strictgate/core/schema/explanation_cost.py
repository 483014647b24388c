"""What it takes to explain why a value is invalid.

Judging is memoised by the validator; explaining is not: it visits a schema again on every way that
leads to it, and a union keeps the complaints of all its branches. A recursion that branches doubles
the visits with each level of the value: 16 levels took 18 seconds; and nobody else is served in the
meantime. So the visits are counted first,
each pair of schema and part of the value once, and what would take too many is not explained.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.cost import in_place_visits
from strictgate.core.schema.references import Node

MAX_VISITS = 4_000
"""4,000 failing visits take about 25 milliseconds; …"""
MAX_REPEATED = 2
"""… a large value that takes more is explained where they are not repeated more than this."""
MAX_PAIRS = 200_000
"""Pairs that are counted; more are taken to be too many."""

_Pair = tuple[Node, Any]


def is_explainable(
    root: Node | None, value: Any, is_valid: Callable[[Node, Any], bool] = lambda node, part: False
) -> bool:
    """Whether an explanation of `value` against `root` takes a bearable time.

    What is known to be valid, by `is_valid`, needs none.
    """
    if root is None:
        return True
    visits: dict[tuple[Node, int], int] = {}
    pairs = 0
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
    """Equal scalars may share an identity: what is visited in them is the same."""
    return pair[0], id(pair[1])


def _parts(node: Node, value: Any) -> Iterator[_Pair]:
    """Yield what a visit of `node` with `value` leads to; at times more, never less."""
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
