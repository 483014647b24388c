"""How many schemas the validator visits on the way to a place in a document.

An error is told once for every way through the schema that leads to it; and where a recursion
branches, the ways are multiplied at each level. They are counted without any document: which of
them lead to a place depends on its path alone.
"""

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from heapq import heapify, heappop, heappush

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.cost import in_place_visits
from strictgate.core.schema.references import Node

_KEPT = 1024  # paths
_ANY_MEMBER = frozenset({"additionalProperties", "patternProperties", "unevaluatedProperties"})
_ANY_ITEM = frozenset({"additionalItems", "contains", "items", "unevaluatedItems"})

_Counts = dict[Node, int]


class VisitCounts:
    """The ways through a schema, whose `nodes` begin with its root."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._roots = dict.fromkeys(list(nodes)[:1], 1)
        sorter = TopologicalSorter({node: node.in_place for node in nodes})
        self._order = list(sorter.static_order())[::-1]
        self._rank = {node: rank for rank, node in enumerate(self._order)}
        self._known: dict[Path, tuple[_Counts, int]] = {}
        self._children = {node: _Children(node) for node in self._order}

    def visits(self, path: Path) -> int:
        """Return how many schemas are visited from the root on to what is at `path`."""
        return self._at(path)[1]

    def _at(self, path: Path) -> tuple[_Counts, int]:
        """Return how often each schema is visited there, and how many so far."""
        known = self._known.get(path)
        if known is not None:
            return known
        if path:
            around, before = self._at(path[:-1])
            counts = self._expanded(self._below(around, path[-1]))
        else:
            before, counts = 0, self._expanded(self._roots)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[path] = counts, before + sum(counts.values())
        return self._known[path]

    def _below(self, counts: _Counts, step: str | int) -> _Counts:
        """Return how often each schema applies to the member or item `step`."""
        below: _Counts = {}
        for node, count in counts.items():
            for child in self._children[node].at(step):
                below[child] = below.get(child, 0) + count
        return below

    def _expanded(self, counts: _Counts) -> _Counts:
        """Add what applies to the same value."""
        counts = dict(counts)
        waiting = [self._rank[node] for node in counts]
        heapify(waiting)
        while waiting:
            node = self._order[heappop(waiting)]
            for child in node.in_place:
                if child not in counts:
                    counts[child] = 0
                    heappush(waiting, self._rank[child])
                counts[child] += in_place_visits(node) * counts[node]
        return counts


class _Children:
    """The schemas that one schema applies to parts of a value: `properties` by their names, for
    there may be thousands, and the others."""

    def __init__(self, node: Node) -> None:
        self._named: dict[str | int, Node] = {}
        self._others: list[tuple[Path, Node]] = []
        for where, child in node.children:
            if where[0] == "properties":
                self._named[where[1]] = child
            else:
                self._others.append((where, child))

    def at(self, step: str | int) -> Iterator[Node]:
        """Yield those that apply to the member or item `step`."""
        if step in self._named and isinstance(step, str):
            yield self._named[step]
        yield from (child for where, child in self._others if _leads_to(where, step))


def _leads_to(where: Path, step: str | int) -> bool:
    """Whether the subschema at `where` may apply to the member or item `step`."""
    match where, step:
        case ("items" | "prefixItems", int(index)), int():
            return index == step
        case (keyword, *_), str():
            return keyword in _ANY_MEMBER
        case (keyword, *_), _:
            return keyword in _ANY_ITEM
    return False
