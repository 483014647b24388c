"""What a schema says of one value, all in one place.

A *subject* is a value that the grammar is made for: the tuple of all schema objects that apply to
it at once, through `$ref` and `allOf` as well, each a *part*. Nothing is merged: the functions of
each keyword gather from all parts, so that `allOf` of two objects is exact without any rule for
putting two keywords together. No parts: anything goes. None: nothing does.

What a part's draft does not know, and what says nothing, is left out of it. So are the keywords of
`UNSUPPORTED_KEYWORDS`, which the grammar cannot hold; they are noted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from strictgate.core.schema.drafts import ENFORCED, KEYWORD_SINCE, Draft
from strictgate.core.schema.inspection import InspectedSchema
from strictgate.core.schema.references import Node

UNIONS = ("anyOf", "oneOf")
_EVERYTHING: tuple[Any, ...] = ({}, True)
_CONTENT = frozenset({"contentEncoding", "contentMediaType"})  # to the validator, up to draft 7
_FOLLOWED = frozenset({"$ref", "allOf"})


@dataclass(frozen=True, slots=True, eq=False)
class Conjunct:
    """One schema object: the keywords that say something of its value itself."""

    keywords: dict[str, Any]
    settled: "Conjunct | None" = None
    """The same without its unions, for when a branch of each has been chosen; if any is left."""


Subject = tuple[Conjunct, ...] | None


def _always(value: Any, keywords: dict[str, Any]) -> bool:
    return True


def _if_true(value: Any, keywords: dict[str, Any]) -> bool:
    return value is True


def _if_filled(value: Any, keywords: dict[str, Any]) -> bool:
    return bool(value)


def _unless_true(value: Any, keywords: dict[str, Any]) -> bool:
    return value is not True and value != {}


def _unless_plain(value: Any, keywords: dict[str, Any]) -> bool:
    return value is not False and value not in _EVERYTHING


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
    "not": _unless_plain,
    "propertyNames": _unless_true,
    "then": _with("if"),
    "unevaluatedItems": _unless_true,
    "unevaluatedProperties": _unless_true,
    "uniqueItems": _if_true,
}
"""The keywords that no grammar holds here, and when they say something."""


_SPEAKING = ENFORCED | UNSUPPORTED_KEYWORDS.keys()


class Subjects:
    """The subjects of one document."""

    def __init__(self, inspected: InspectedSchema) -> None:
        self.unsupported_keywords: set[str] = set()
        self.draft = inspected.draft
        self._nodes = _by_identity(inspected.root)
        self._parts: dict[Node, Conjunct | None] = {}
        self._alone: dict[int, Subject] = {}

    def of(self, *schemas: Any) -> Subject:
        """Return the subject to which all of `schemas` apply, each an object or a boolean."""
        return self.join(*map(self._of_one, schemas))

    def join(self, *subjects: Subject) -> Subject:
        """Return the subject that is all of `subjects` at once."""
        parts: dict[Conjunct, None] = {}
        for subject in subjects:
            if subject is None:
                return None
            parts.update(dict.fromkeys(subject))
        return tuple(parts)

    def _of_one(self, schema: Any) -> Subject:
        if not isinstance(schema, dict):
            return None if schema is False else ()
        if id(schema) not in self._alone:
            self._alone[id(schema)] = self._gathered(self._nodes[id(schema)])
        return self._alone[id(schema)]

    def _gathered(self, start: Node) -> Subject:
        """Follow `$ref` and `allOf`; admission has seen to it that there is no loop."""
        parts: dict[Conjunct, None] = {}
        waiting = [start]
        seen: set[Node] = set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            part = self._part(node)
            if part is not None:
                parts[part] = None
            branches = [] if node.is_mere_reference else node.schema.get("allOf", [])
            if any(branch is False for branch in branches) or _is_refuted(node):
                return None
            waiting += [self._nodes[id(each)] for each in reversed(branches) if each is not True]
            waiting += self._target(node)
        return tuple(parts)

    def _target(self, node: Node) -> list[Node]:
        if "$ref" in node.schema and node.target is None:  # a boolean, or a meta-schema
            self.unsupported_keywords.add("$ref")
        return [] if node.target is None else [node.target]

    def _part(self, node: Node) -> Conjunct | None:
        if node not in self._parts:
            self._parts[node] = None if node.is_mere_reference else self._read(node.schema)
        return self._parts[node]

    def _read(self, schema: dict[str, Any]) -> Conjunct | None:
        known = {
            keyword: value
            for keyword, value in schema.items()
            if keyword in _SPEAKING and KEYWORD_SINCE.get(keyword, Draft.DRAFT_4) <= self.draft
        }
        if self.draft > Draft.DRAFT_7:
            known = {each: known[each] for each in known if each not in _CONTENT}
        self.unsupported_keywords |= {
            each
            for each in known
            if each in UNSUPPORTED_KEYWORDS and UNSUPPORTED_KEYWORDS[each](known[each], known)
        }
        said = {
            each: known[each]
            for each in known
            if each not in UNSUPPORTED_KEYWORDS and each not in _FOLLOWED
        }
        settled = {each: said[each] for each in said if each not in UNIONS}
        if len(settled) == len(said):
            return Conjunct(said) if said else None
        return Conjunct(said, Conjunct(settled) if settled else None)


def gathered(subject: Iterable[Conjunct], keyword: str) -> list[Any]:
    """Return the values of `keyword` in all parts that have it."""
    return [part.keywords[keyword] for part in subject if keyword in part.keywords]


def _is_refuted(node: Node) -> bool:
    """Whether it says that nothing is valid, as some tools write it: `not: {}`."""
    return not node.is_mere_reference and node.schema.get("not") in _EVERYTHING


def _by_identity(root: Node | None) -> dict[int, Node]:
    """Return the nodes that can be reached from `root`, by their schemas."""
    known: dict[int, Node] = {}
    waiting = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        if id(node.schema) not in known:
            known[id(node.schema)] = node
            waiting += [*node.in_place, *(child for _, child in node.children)]
            waiting += [] if node.target is None else [node.target]
    return known
