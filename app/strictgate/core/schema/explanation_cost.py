"""What it would cost to explain why a value is invalid.

The validator memoises its verdicts, but not its errors: for these it visits a schema again on every
path that leads to it, and a union keeps the errors of all its branches. In a recursion that
branches, the visits double with each level of the value. 16 levels took 18 seconds, during which
nobody else is served. So the visits are counted beforehand, each pair of a schema and a part of the
value once.

Each error also holds a copy of the part that it is about, and makes it before the first error can
be read: 2,000 wrong names of one object of 22 KiB took 880 MiB. So the bytes of these copies are
estimated beforehand as well. What would take too much is not explained in full.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import json_type
from strictgate.core.schema.cost import in_place_visits
from strictgate.core.schema.inspection import InspectedSchema
from strictgate.core.schema.references import Node
from strictgate.core.value_type import value_type

MAX_VISITS = 4_000
"""Visits that are always affordable: 4,000 that fail take about 25 milliseconds."""
MAX_REPEATED = 2
"""Visits per pair that are affordable for larger values, where they are hardly repeated."""
MAX_PAIRS = 100_000
"""Pairs that are counted, which takes about half a second; with more, an explanation is too
expensive anyway."""
A_PAIR = 5
"""Units of work to count a pair."""
MAX_BYTES = 32 << 20
"""Memory that the copies may take in all errors together: about 0.2 seconds to make them."""

_CONTAINERS = (dict, list)  # quicker than a union
_ENTRY = 200  # bytes of memory that a member of an object, or an item, takes in a copy
_UNIONS = frozenset({"anyOf", "oneOf"})
_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})

_Pair = tuple[Node, Any]
"""A schema, and a part of the value that it applies to."""


@value_type
class ExplanationCost:
    """What the errors about one value take. The true cost may be lower, never much higher."""

    visits: int
    """Of schemas."""
    pairs: int
    """Different pairs of a schema and a part of the value."""
    copies: int
    """Bytes of memory of the copies that all errors hold."""
    copies_in_unions: int
    """Of these, the ones that a single error may hold, because it is about a union."""
    is_whole: bool = True
    """False: there are more pairs than are counted."""

    @property
    def is_affordable(self) -> bool:
        """Whether all errors can be listed in a bearable time."""
        return self.is_whole and self._is_quick and self.copies <= MAX_BYTES

    @property
    def is_first_affordable(self) -> bool:
        """Whether at least one error can be."""
        return self.is_whole and self._is_quick and self.copies_in_unions <= MAX_BYTES

    @property
    def _is_quick(self) -> bool:
        return self.visits <= max(MAX_VISITS, MAX_REPEATED * self.pairs)


@value_type
class SchemaShape:
    """What the graph of a schema says of every explanation, whatever the value is."""

    has_unions: bool
    is_plain: bool
    """Whether the validator meets each part of a value at most once for each schema, in whatever
    way; and there are no unions: then the first error is found in linear time, and holds one copy
    of the part that it is about."""


def schema_shape(inspected: InspectedSchema) -> SchemaShape:
    """Return the shape of a schema, which is kept with it."""
    found: SchemaShape | None = inspected.derived.get(SchemaShape)
    if found is None:
        found = inspected.derived[SchemaShape] = _shape(inspected.root)
    return found


def _shape(root: Node | None) -> SchemaShape:
    waiting = [] if root is None else [root]
    edges: Counter[Node] = Counter(waiting)
    has_unions = is_repeated = False
    while waiting:
        node = waiting.pop()
        has_unions |= bool(node.schema.keys() & _UNIONS)
        is_repeated |= bool(node.schema.keys() & _UNEVALUATED)
        for child in node.successors:
            edges[child] += 1
            if edges[child] == 1:
                waiting.append(child)
            is_repeated |= edges[child] > (2 if child is root else 1)
    return SchemaShape(has_unions, is_plain=not has_unions and not is_repeated)


class _Sums(NamedTuple):
    """What a pair costs, with all that it leads to."""

    visits: int
    copies: int
    copies_in_unions: int


_NOTHING = _Sums(0, 0, 0)


def explanation_cost(
    root: Node | None,
    value: Any,
    is_valid: Callable[[Node, Any], bool] = lambda node, part: False,
    sizes: dict[int, int] | None = None,
) -> ExplanationCost:
    """Return what it would take to list the validator's errors about `value`.

    Args:
        root: the schema; None for a boolean, which needs no visits.
        value: what is invalid.
        is_valid: whether a pair is known to be valid. Such a pair costs one visit.
        sizes: of the containers of `value`, by identity: kept here for a second count.
    """
    if root is None:
        return ExplanationCost(0, 0, 0, 0)
    sums: dict[tuple[Node, int], _Sums] = {}
    copies = _Copies({} if sizes is None else sizes)
    leaves = _Leaves(copies)
    pairs = 0
    # Every pair comes twice: first to put the pairs that it leads to on the stack, then, with the
    # list of them, to add up their costs. Those that lead nowhere are most: they are added at once.
    waiting: list[tuple[_Pair, list[_Pair] | None, _Sums]] = [((root, value), None, _NOTHING)]
    while waiting:
        pair, parts, below = waiting.pop()
        key = _key(pair)
        if parts is not None:
            sums[key] = _added(pair, [below, *(sums[_key(part)] for part in parts)], copies)
        elif key not in sums and is_valid(*pair):
            sums[key] = _Sums(1, 0, 0)
        elif key not in sums:
            found = list(_parts(*pair))
            pairs += 1 + len(found)
            if pairs > MAX_PAIRS:
                return ExplanationCost(0, pairs, 0, 0, is_whole=False)
            parts, below = leaves.taken_out(found)
            waiting.append((pair, parts, below))
            waiting += [(part, None, _NOTHING) for part in parts]
    total = sums[_key((root, value))]
    return ExplanationCost(total.visits, pairs, total.copies, total.copies_in_unions)


def _added(pair: _Pair, below: list[_Sums], copies: "_Copies") -> _Sums:
    """Return what a pair costs, given the costs of those that it leads to.

    A union's error holds the errors of all branches; the children of `properties` beside it are
    counted as if they were of a branch too, which errs on the safe side.
    """
    node, part = pair
    times = in_place_visits(node)
    visits = 1 + times * sum(each.visits for each in below)
    held = times * sum(each.copies for each in below)
    own = copies.of(node.schema, part)
    if node.schema.keys() & _UNIONS:
        return _Sums(visits, own + held, own + held)
    return _Sums(visits, own + held, max(each.copies_in_unions for each in below))


class _Leaves:
    """Adds up the pairs that lead nowhere: of a schema that applies no other one, to its part or to
    what is in it."""

    def __init__(self, copies: "_Copies") -> None:
        self._copies = copies
        self._is_leaf: dict[Node, bool] = {}

    def taken_out(self, pairs: list[_Pair]) -> tuple[list[_Pair], _Sums]:
        """Return the other pairs, and what the leaves cost together."""
        others, visits, copies = [], 0, 0
        for pair in pairs:
            node, part = pair
            is_leaf = self._is_leaf.get(node)
            if is_leaf is None:
                is_leaf = not node.in_place and node.schema.keys().isdisjoint(_UNIONS)
                self._is_leaf[node] = is_leaf
            if is_leaf and (not node.children or not isinstance(part, _CONTAINERS)):
                visits += 1
                copies += self._copies.of(node.schema, part)
            else:
                others.append(pair)
        return others, _Sums(visits, copies, 0)


# --- the copies that errors hold -----------------------------------------------------------------


class _Copies:
    """Says how many bytes the copies take that the errors of one schema hold about one part."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self._sizes = sizes
        self._words: dict[int, frozenset[str]] = {}  # the strings of an enum, by its identity

    def of(self, schema: Mapping[str, Any], part: Any) -> int:
        """Return the bytes in the errors that `schema` itself has about `part`, at most."""
        errors = options = 0
        for keyword, wanted in schema.items():
            if keyword in _ERRORS:
                errors += _ERRORS[keyword](wanted, part, schema)
            elif keyword == "enum" and not self._is_option(wanted, part):
                errors, options = errors + 1, self._size(wanted)
        return errors * self._size(part) + options if errors else 0

    def _is_option(self, options: Any, part: Any) -> bool:
        if not isinstance(part, str) or not isinstance(options, list):
            return False
        words = self._words.get(id(options))
        if words is None:
            words = frozenset(each for each in options if isinstance(each, str))
            self._words[id(options)] = words
        return part in words

    def _size(self, part: Any) -> int:
        """Return about how many bytes of memory a copy of `part` takes."""
        if isinstance(part, str):
            return _ENTRY + len(part)
        if not isinstance(part, dict | list):
            return _ENTRY
        if id(part) not in self._sizes:
            self._measure(part)
        return self._sizes[id(part)]

    def _measure(self, part: Any) -> None:
        """Note the size of `part`, and of every container in it."""
        waiting = [(part, False)]
        while waiting:
            each, is_ready = waiting.pop()
            inside = each.values() if isinstance(each, dict) else each
            if not is_ready:
                waiting.append((each, True))
                waiting += [
                    (one, False)
                    for one in inside
                    if isinstance(one, dict | list) and id(one) not in self._sizes
                ]
                continue
            size = _ENTRY
            for one in inside:
                is_container = isinstance(one, dict | list)
                size += self._sizes[id(one)] if is_container else _ENTRY
                size += len(one) if isinstance(one, str) else 0
            self._sizes[id(each)] = size


def _wrong_type(wanted: Any, part: Any, schema: Mapping[str, Any]) -> int:
    kind = json_type(part)
    names = wanted if isinstance(wanted, list) else [wanted]
    return int(kind not in names and not (kind == "number" and "integer" in names))


def _missing(wanted: Any, part: Any, schema: Mapping[str, Any]) -> int:
    if not isinstance(part, dict) or not isinstance(wanted, list):
        return 0
    return sum(name not in part for name in wanted)


def _dependent(wanted: Any, part: Any, schema: Mapping[str, Any]) -> int:
    if not isinstance(part, dict) or not isinstance(wanted, dict):
        return 0
    return sum(_missing(names, part, schema) for name, names in wanted.items() if name in part)


def _names(wanted: Any, part: Any, schema: Mapping[str, Any]) -> int:
    return len(part) if isinstance(part, dict) and wanted not in (True, {}) else 0


def _forbidden(wanted: Any, part: Any, schema: Mapping[str, Any]) -> int:
    if wanted is not False or not isinstance(part, dict):
        return 0
    return int(
        "patternProperties" in schema or not part.keys() <= schema.get("properties", {}).keys()
    )


def _one(*kinds: str) -> Callable[[Any, Any, Mapping[str, Any]], int]:
    """Return what counts one error about a value of these types."""
    return lambda wanted, part, schema: int(json_type(part) in kinds)


_ANY = ("array", "boolean", "null", "number", "object", "string")
_ERRORS: dict[str, Callable[[Any, Any, Mapping[str, Any]], int]] = {
    "type": _wrong_type,
    "required": _missing,
    "dependentRequired": _dependent,
    "dependencies": _dependent,
    "propertyNames": _names,
    "additionalProperties": _forbidden,
    "minItems": lambda wanted, part, schema: int(isinstance(part, list) and len(part) < wanted),
    "maxItems": lambda wanted, part, schema: int(isinstance(part, list) and len(part) > wanted),
    **dict.fromkeys(("const", "anyOf", "oneOf", "not"), _one(*_ANY)),
    **dict.fromkeys(("minProperties", "maxProperties", "unevaluatedProperties"), _one("object")),
    **dict.fromkeys(
        ("uniqueItems", "contains", "unevaluatedItems", "additionalItems"), _one("array")
    ),
    **dict.fromkeys(("pattern", "format", "minLength", "maxLength"), _one("string")),
}
"""How many errors a keyword may have that hold the whole part, at most: by the keyword, what it
says, the part, and the schema that it stands in. Those of other keywords are about smaller parts,
or cost no more than a number does."""


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
