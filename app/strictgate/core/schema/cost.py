"""What a schema costs when its references are expanded, and the loops in them.

Everything is computed on the graph of references.py, where each node is visited once. Expanding the
schema itself would not do: a schema of 60 definitions, each of which refers twice to the next one,
has 2⁶⁰ nodes. Nothing recurses, so a chain of 50,000 references does no harm either.

* A loop of references that stays at the same value never ends and says nothing. It is refused. A
  loop that goes down into the value is a recursion, and is fine.
* The cost of a node is the number of nodes that one validation visits: 1, and the costs of all
  nodes that it leads to. In a recursion, an edge into a child value that leads back costs 1.
* The chain is the longest path that stays at the same value.
* The width is the number of nodes that one value meets at most, a long `enum` among them.
"""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.schema.references import Node
from strictgate.core.value_type import value_type

_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_CEILING = 10**18  # where the sums stop growing, as they would double with each definition
_META_SCHEMA_COST = 200  # about what the official meta-schemas cost
_ENUM_SHARE = 16  # members of an `enum` that are compared in the time of one node


@value_type
class Expansion:
    """The size of a schema with its references expanded, in nodes."""

    cost: int = 1
    chain: int = 1
    width: int = 1


def measure_expansion(nodes: list[Node]) -> Expansion:
    """Return the size of the graph whose root is the first of `nodes`.

    Raises:
        SchemaFault: a loop of references stays at the same value.
    """
    if not nodes:
        return Expansion()
    order = _innermost_first(nodes)
    component = _components(nodes)
    # Sorting is stable: inside a component, the nodes of one value keep their order.
    costs = _costs(sorted(order, key=component.__getitem__), component)
    return Expansion(
        cost=costs[nodes[0]], chain=_longest_chain(order), width=max(_widths(order).values())
    )


def in_place_visits(node: Node) -> int:
    """Return how often the validator visits the subschemas of `node` for the same value.

    `unevaluatedProperties` and `unevaluatedItems` make it visit them again to learn what they have
    evaluated: three times in all, as measured over 12 of them inside each other.
    """
    return 1 if node.schema.keys().isdisjoint(_UNEVALUATED) else 3


def _innermost_first(nodes: list[Node]) -> list[Node]:
    """Return `nodes` ordered so that each comes after the nodes that it applies in place.

    Raises:
        SchemaFault: there is no such order, because of a loop.
    """
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


def _widths(order: Iterable[Node]) -> dict[Node, int]:
    widths: dict[Node, int] = {}
    for node in order:
        options = node.schema.get("enum")
        own = 1 + (len(options) // _ENUM_SHARE if isinstance(options, list) else 0)
        widths[node] = min(own + sum(widths[child] for child in node.in_place), _CEILING)
    return widths


def _components(nodes: list[Node]) -> dict[Node, int]:
    """Number the strongly connected components, so that a node leads to no higher number.

    This is Kosaraju's algorithm: the components are found on the reversed graph, from the nodes
    that a depth-first search finishes last. Two nodes of one recursion have the same number.
    """
    leads_from: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for child in node.successors:
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
    """Return `nodes` in the order in which a depth-first search finishes them."""
    finished: list[Node] = []
    seen: set[Node] = set()
    for start in nodes:
        waiting = [] if start in seen else [(start, iter(start.successors))]
        seen.add(start)
        while waiting:
            node, rest = waiting[-1]
            child = next((each for each in rest if each not in seen), None)
            if child is None:
                finished.append(node)
                waiting.pop()
            else:
                seen.add(child)
                waiting.append((child, iter(child.successors)))
    return finished
