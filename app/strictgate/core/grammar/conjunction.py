"""All that a schema says of one value, as a list of schema objects.

The grammar is made value by value. The schema objects that apply to the same value, those that
`$ref` and `allOf` lead to included, are *conjuncts*, and the tuple of them is a *conjunction*. The
empty conjunction allows every value, as the schema `true` does. None stands for the schema `false`,
which allows no value.

The conjuncts of `allOf` are kept as a list, and not merged into one schema object, because no
general rule merges two keywords: `additionalProperties` refers to the `properties` beside it only
(JSON Schema 2020-12, core section 10.3.2.3), and one object has room for one `pattern`. Instead,
the functions of each keyword collect its values from all conjuncts, and combine them as this
keyword needs. So `allOf` is exact.

A conjunct holds only the keywords that its draft knows and that assert something. Those of
`UNSUPPORTED_KEYWORDS`, which no grammar here holds, are left out too, and noted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from strictgate.core.schema.drafts import ENFORCED, KEYWORD_SINCE, Draft
from strictgate.core.schema.inspection import InspectedSchema
from strictgate.core.schema.references import Node

UNIONS = ("anyOf", "oneOf")
_ALLOW_ALL: tuple[Any, ...] = ({}, True)
_CONTENT = frozenset({"contentEncoding", "contentMediaType"})
_FOLLOWED = frozenset({"$ref", "allOf"})


# Conjuncts are compared by identity: `ConjunctionBuilder` makes one for each schema object.
@dataclass(frozen=True, slots=True, eq=False)
class Conjunct:
    """One schema object: its keywords that assert something about the value itself."""

    keywords: dict[str, Any]
    without_unions: "Conjunct | None" = None
    """The same keywords without `anyOf` and `oneOf`, for use beside a chosen branch of each. None
    if there are no unions, or nothing else."""


Conjunction = tuple[Conjunct, ...]


def _always(value: Any, keywords: dict[str, Any]) -> bool:
    return True


def _if_true(value: Any, keywords: dict[str, Any]) -> bool:
    return value is True


def _if_filled(value: Any, keywords: dict[str, Any]) -> bool:
    return bool(value)


def _unless_allowing_all(value: Any, keywords: dict[str, Any]) -> bool:
    return value is not True and value != {}


def _unless_constant(value: Any, keywords: dict[str, Any]) -> bool:
    return value is not False and value not in _ALLOW_ALL


def _with(*others: str) -> Callable[[Any, dict[str, Any]], bool]:
    return lambda value, keywords: bool(keywords.keys() & set(others))


UNSUPPORTED_KEYWORDS: dict[str, Callable[[Any, dict[str, Any]], bool]] = {
    "$dynamicRef": _always,
    "$recursiveRef": _always,
    "contains": _always,
    "contentEncoding": _always,
    "contentMediaType": _always,
    "dependencies": _if_filled,
    "dependentRequired": _if_filled,
    "dependentSchemas": _if_filled,
    "else": _with("if"),
    "if": _with("then", "else"),
    "maxContains": _with("contains"),
    "minContains": _with("contains"),
    "not": _unless_constant,
    "propertyNames": _unless_allowing_all,
    "then": _with("if"),
    "unevaluatedItems": _unless_allowing_all,
    "unevaluatedProperties": _unless_allowing_all,
    "uniqueItems": _if_true,
}
"""The keywords that no grammar here holds, each with a condition on its value and on the keywords
beside it: whether it asserts anything there."""

_KNOWN = ENFORCED | UNSUPPORTED_KEYWORDS.keys()


class ConjunctionBuilder:
    """Makes the conjunctions of one document."""

    def __init__(self, inspected: InspectedSchema) -> None:
        self.unsupported_keywords: set[str] = set()
        self.draft = inspected.draft
        self._nodes = _nodes_by_identity(inspected.root)
        # The same schema object must always give the same conjunct: the compiler recognises a
        # conjunction by its conjuncts, and a recursive schema would never end otherwise.
        self._conjuncts: dict[Node, Conjunct | None] = {}
        self._conjunctions: dict[int, Conjunction | None] = {}

    def of_schemas(self, *schemas: Any) -> Conjunction | None:
        """Return the conjunction of schemas, each an object or a boolean of the document."""
        return self.conjoin(*map(self._of_schema, schemas))

    def conjoin(self, *conjunctions: Conjunction | None) -> Conjunction | None:
        """Return the conjunction of conjunctions, with each conjunct once."""
        conjuncts: dict[Conjunct, None] = {}
        for conjunction in conjunctions:
            if conjunction is None:
                return None
            conjuncts.update(dict.fromkeys(conjunction))
        return tuple(conjuncts)

    def _of_schema(self, schema: Any) -> Conjunction | None:
        if not isinstance(schema, dict):
            return None if schema is False else ()
        if id(schema) not in self._conjunctions:
            self._conjunctions[id(schema)] = self._follow(self._nodes[id(schema)])
        return self._conjunctions[id(schema)]

    def _follow(self, start: Node) -> Conjunction | None:
        """Collect the conjuncts that `$ref` and `allOf` lead to; cost.py has refused all loops."""
        conjuncts: dict[Conjunct, None] = {}
        waiting = [start]
        seen: set[Node] = set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            conjunct = self._conjunct(node)
            if conjunct is not None:
                conjuncts[conjunct] = None
            branches = [] if node.is_mere_reference else node.schema.get("allOf", [])
            if any(branch is False for branch in branches) or _is_unsatisfiable(node):
                return None
            waiting += [self._nodes[id(each)] for each in reversed(branches) if each is not True]
            if node.target is not None:
                waiting.append(node.target)
            elif "$ref" in node.schema:  # to a boolean, or to an official meta-schema
                self.unsupported_keywords.add("$ref")
        return tuple(conjuncts)

    def _conjunct(self, node: Node) -> Conjunct | None:
        """Return the conjunct of one schema object; None if it asserts nothing by itself."""
        if node not in self._conjuncts:
            self._conjuncts[node] = None if node.is_mere_reference else self._read(node.schema)
        return self._conjuncts[node]

    def _read(self, schema: dict[str, Any]) -> Conjunct | None:
        known = {
            keyword: value
            for keyword, value in schema.items()
            if keyword in _KNOWN and KEYWORD_SINCE.get(keyword, Draft.DRAFT_4) <= self.draft
        }
        if self.draft > Draft.DRAFT_7:  # from 2019-09 on, the validator takes them as annotations
            known = {each: known[each] for each in known if each not in _CONTENT}
        self.unsupported_keywords |= {
            each
            for each, asserts in UNSUPPORTED_KEYWORDS.items()
            if each in known and asserts(known[each], known)
        }
        dropped = UNSUPPORTED_KEYWORDS.keys() | _FOLLOWED
        keywords = {each: known[each] for each in known if each not in dropped}
        others = {each: keywords[each] for each in keywords if each not in UNIONS}
        if len(others) == len(keywords):
            return Conjunct(keywords) if keywords else None
        return Conjunct(keywords, Conjunct(others) if others else None)


def keyword_values(conjuncts: Iterable[Conjunct], keyword: str) -> list[Any]:
    """Return the values of a keyword in all conjuncts that have it."""
    return [each.keywords[keyword] for each in conjuncts if keyword in each.keywords]


def _is_unsatisfiable(node: Node) -> bool:
    """Whether the schema says `not: {}`, as some tools write the schema `false`."""
    return not node.is_mere_reference and node.schema.get("not") in _ALLOW_ALL


def _nodes_by_identity(root: Node | None) -> dict[int, Node]:
    """Return the nodes that can be reached from `root`, by the identity of their schemas."""
    known: dict[int, Node] = {}
    waiting = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        if id(node.schema) not in known:
            known[id(node.schema)] = node
            waiting += node.successors
    return known
