"""A schema taken apart: all that applies to one value, as a list.

`$ref` and `allOf` say that further schemas apply to the same value. A dialect that has neither, or
in which every object must be closed, needs them as one; so they are collected here, each as a
`AppliedSchema`, and dialect_compiler.py puts them together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from strictgate.core.schema.drafts import ANNOTATIONS, ENFORCED, Draft, subschemas
from strictgate.core.schema.references import Node, schema_graph

_MAX_STEPS = 32  # the limit of a chain of schemas that apply in place: see Limits.chain
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})
_APART = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_CONDITIONAL = frozenset({"if", "then", "else", "dependentSchemas", "dependencies"})
_FURTHER = ("additionalProperties", "unevaluatedProperties")
_RESTRICTING = ANNOTATIONS | {"required", "not", "minProperties", "maxProperties", "type"}
"""Keywords of a branch that describes nothing of its own: without its union nothing is lost."""
UNTAKEN = ENFORCED - {
    *("type", "enum", "const", "properties", "required", "items", "prefixItems"),
    *("additionalItems", "anyOf", "oneOf", "allOf", "$ref", "unevaluatedProperties"),
    *("additionalProperties", "minLength", "maxLength", "pattern", "format", "minimum"),
    *("maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"),
    *("uniqueItems", "minProperties", "maxProperties", "then", "else", "minContains"),
    "maxContains",
}
"""Keywords that no dialect takes."""
OPEN_PREFIX = "^x-"
"""How the pattern of names begins that are for extensions: nobody misses them."""


class NotInDialect(ValueError):
    """The dialect cannot say what the schema allows; the text is the reason."""


class UnsaidRoot(NotInDialect):
    """The root is not said to be an object, as that of a union is not: it can be wrapped."""


class AllowsNothing(Exception):
    """No value is valid against a schema."""


@dataclass(frozen=True, slots=True, eq=False)
class AppliedSchema:
    """One of the schemas that apply to a value."""

    keywords: dict[str, Any]
    """Without those that only lead to other schemas."""
    unions: tuple[tuple[Any, ...], ...]
    """The branches of its `anyOf` and `oneOf`."""
    origin: int
    """What tells it from others."""

    @property
    def constrains(self) -> bool:
        """Whether it says anything but what describes."""
        return bool(self.keywords.keys() - ANNOTATIONS)

    def without_unions(self) -> "AppliedSchema":
        """Return it without the unions, of which one branch each is put beside it."""
        return AppliedSchema(self.keywords, (), -self.origin)

    @property
    def properties(self) -> dict[str, Any]:
        return dict(self.keywords.get("properties") or {})

    @property
    def required(self) -> Sequence[str]:
        given = self.keywords.get("required")
        return given if isinstance(given, list) else ()

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns of further names, but for those of extensions."""
        given = self.keywords.get("patternProperties") or {}
        return tuple(each for each in given if not each.startswith(OPEN_PREFIX))

    @property
    def is_closed(self) -> bool:
        """Whether it forbids members that are not named."""
        said = (self.keywords.get(name) for name in _FURTHER)
        return any(each is False for each in said) and not self.patterns

    @property
    def places(self) -> tuple[Sequence[Any], Any] | None:
        """The schemas of a tuple's places, and that of the items behind them; None: it is none."""
        prefix, items = self.keywords.get("prefixItems"), self.keywords.get("items", True)
        if isinstance(prefix, list):
            return prefix, items
        if isinstance(items, list):
            return items, self.keywords.get("additionalItems", True)
        return None

    def hidden_names(self) -> Iterator[str]:
        """Yield the properties that are declared under a condition only."""
        for step, _, child in subschemas(self.keywords):
            if step[0] in _CONDITIONAL and isinstance(child, dict):
                yield from child.get("properties") or {}


class SchemaParts:
    """Takes the schemas of one document apart."""

    def __init__(self, document: Any, draft: Draft) -> None:
        self._nodes = {id(node.schema): node for node in schema_graph(document, draft)}

    def lone_target(self, schema: Any) -> Node | None:
        """Return what `schema` leads to, if it does nothing else."""
        node = self._nodes.get(id(schema)) if isinstance(schema, dict) else None
        if node is None or "$ref" not in node.schema:
            return None
        is_alone = node.is_mere_reference or not node.schema.keys() - ANNOTATIONS - {"$ref"}
        return node.target if is_alone else None

    def parts(self, schema: Any, steps: int = _MAX_STEPS) -> list[AppliedSchema]:
        """Return all that applies to the value that `schema` applies to.

        Raises:
            AllowsNothing: one of them is `false`.
            NotInDialect: a reference is of a kind that no dialect knows.
        """
        if schema is True:
            return []
        if schema is False:
            raise AllowsNothing
        node = self._nodes[id(schema)]
        if steps == 0 or not _DYNAMIC.isdisjoint(schema):
            raise NotInDialect("dynamic references")
        found = []
        if not node.is_mere_reference:
            found.append(_part(schema))
        if "$ref" in schema:
            if node.target is None:
                raise NotInDialect("a reference to no schema of its own")
            found += self.parts(node.target.schema, steps - 1)
        for branch in () if node.is_mere_reference else schema.get("allOf", ()):
            found += self.parts(branch, steps - 1)
        return found


def _part(schema: dict[str, Any]) -> AppliedSchema:
    keywords = {name: value for name, value in schema.items() if name not in _APART}
    unions = tuple(tuple(schema[name]) for name in ("anyOf", "oneOf") if name in schema)
    return AppliedSchema(keywords, unions, id(schema))


def member_schemas(parts: Sequence[AppliedSchema], name: str) -> list[Any]:
    """Return the schemas of the member `name`; `False` where a part forbids it."""
    found = []
    for part in parts:
        if name in part.properties:
            found.append(part.properties[name])
        elif not part.keywords.get("patternProperties"):
            further = part.keywords.get("additionalProperties", True)
            found += [] if further is True else [further]
    return found


def item_schemas(
    parts: Sequence[AppliedSchema], most: int | None
) -> tuple[list[list[Any]], int | None]:
    """Return the schemas of the items of an array, and how many a tuple has at most.

    Of a tuple there is a group of schemas for each place, and each item meets one of them; else
    there is one group, all of which each item meets, or none.

    Args:
        most: how many items there are at most, as is known otherwise.

    Raises:
        NotInDialect: there are several tuples.
    """
    tuples = [part.places for part in parts if part.places is not None]
    lists = [
        part.keywords["items"] for part in parts if "items" in part.keywords and part.places is None
    ]
    if not tuples:
        return ([lists] if lists else []), None
    if lists or len(tuples) > 1:
        raise NotInDialect("several tuples")
    ((places, rest),) = tuples
    limit = len(places) if most is None else min(most, len(places))
    is_ended = rest is False or (most is not None and most <= len(places))
    if is_ended:
        return [[place] for place in places], limit
    return [[each] for each in (*places, rest)], most


def restricts_only(union: Sequence[Any]) -> bool:
    """Whether the branches of `union` say nothing but which members there must be."""
    return all(
        isinstance(branch, dict) and branch.keys() <= _RESTRICTING and "required" in branch
        for branch in union
    )
