"""What becomes of a schema when its references are expanded: loops and cost.

All of it is computed on the graph, each node once, so that a schema that doubles 59 times takes 59
steps to price; and nothing recurses, so that a chain of 50,000 references does no harm.

* A loop that stays at the same value never ends, and says nothing: refused. A loop that goes down
  into the value is recursion, and fine.
* The cost of a node is the number of nodes that one validation visits: 1, plus the costs of all
  that it leads to. An edge that goes down and leads back, in a recursion, counts 1.
* The chain is the longest way that stays at the same value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.schema.references import Node

_CEILING = 10**18  # where the sums stop growing
_META_SCHEMA_COST = 200  # about what the official meta-schemas cost


@dataclass(frozen=True, slots=True)
class Expansion:
    """A schema, expanded."""

    cost: int = 1
    chain: int = 1


def measure_expansion(nodes: list[Node]) -> Expansion:
    """Return what becomes of the graph, whose root comes first.

    Raises:
        SchemaFault: a loop consumes nothing.
    """
    if not nodes:
        return Expansion()
    order = _innermost_first(nodes)
    component = _components(nodes)
    costs = _costs(sorted(order, key=component.__getitem__), component)
    return Expansion(cost=costs[nodes[0]], chain=_longest_chain(order))


def in_place_visits(node: Node) -> int:
    """Return how often the validator visits what applies to the same value as `node`.

    For `unevaluatedProperties` and `unevaluatedItems` it visits it again: three times in all, as
    measured over 12 of them inside each other.
    """
    return 3 if node.schema.keys() & {"unevaluatedItems", "unevaluatedProperties"} else 1


def _innermost_first(nodes: list[Node]) -> list[Node]:
    """Order `nodes` so that what applies to the same value comes first."""
    sorter = TopologicalSorter({node: node.in_place for node in nodes})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        loop: list[Node] = error.args[1][::-1]
        shown = " → ".join("#" + pointer(node.path) for node in loop[:8])
        message = f"these references lead back to where they started: {shown}."
        raise SchemaFault(message, loop[0].path, "schema_ref_loop") from error


def _costs(order: Iterable[Node], component: dict[Node, int]) -> dict[Node, int]:
    costs: dict[Node, int] = {}
    for node in order:
        cost = 1 + in_place_visits(node) * sum(costs[child] for child in node.in_place)
        for _, child in node.children:
            cost += 1 if component[child] == component[node] else costs[child]
        cost += _META_SCHEMA_COST * node.refers_to_meta_schema
        costs[node] = min(cost, _CEILING)
    return costs


def _longest_chain(order: Iterable[Node]) -> int:
    chains: dict[Node, int] = {}
    for node in order:
        chains[node] = 1 + max((chains[child] for child in node.in_place), default=0)
    return max(chains.values())


def _components(nodes: list[Node]) -> dict[Node, int]:
    """Number the strongly connected components, those that lead nowhere else first (Kosaraju)."""
    leads_from: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for child in _successors(node):
            leads_from[child].append(node)
    component: dict[Node, int] = {}
    for number, start in enumerate(reversed(_finished(nodes))):
        waiting = [] if start in component else [start]
        while waiting:
            node = waiting.pop()
            if node not in component:
                component[node] = -number
                waiting += leads_from[node]
    return component


def _finished(nodes: list[Node]) -> list[Node]:
    """Return `nodes` in the order in which a depth-first search leaves them."""
    finished: list[Node] = []
    seen: set[Node] = set()
    for start in nodes:
        waiting = [] if start in seen else [(start, iter(_successors(start)))]
        seen.add(start)
        while waiting:
            node, rest = waiting[-1]
            child = next((each for each in rest if each not in seen), None)
            if child is None:
                finished.append(node)
                waiting.pop()
            else:
                seen.add(child)
                waiting.append((child, iter(_successors(child))))
    return finished


def _successors(node: Node) -> list[Node]:
    return node.in_place + [child for _, child in node.children]
