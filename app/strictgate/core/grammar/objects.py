"""The keywords for objects: `properties`, `patternProperties`, `additionalProperties`, `required`,
`minProperties`, `maxProperties`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from strictgate.core.grammar import lark, object_rules
from strictgate.core.grammar.conjunction import Conjunction
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.object_rules import Member, ObjectMembers
from strictgate.core.grammar.property_names import PropertyKeywords, undeclared_members
from strictgate.core.value_type import value_type

Keywords = dict[str, Any]


@value_type
class ObjectConstraints:
    """What a conjunction says of objects."""

    required: tuple[str, ...] = ()
    low: int = 0
    """The least number of members."""
    high: int | None = None
    """The greatest number of members; None is without limit."""
    property_keywords: tuple[PropertyKeywords, ...] = ()
    """What each conjunct says of the members by their names."""

    @property
    def names(self) -> list[str]:
        """The declared names: those of `properties` in the order written, then of `required`."""
        written = (name for each in self.property_keywords for name in each.properties)
        return list(dict.fromkeys([*written, *self.required]))


def object_expression(context: Context, conjunction: Conjunction) -> str | None:
    """Return the expression for the objects that a conjunction allows; None if it allows none."""
    constraints = object_constraints(context, conjunction)
    if constraints == ObjectConstraints():
        return "object"
    wanted = frozenset(constraints.required)
    required: list[Member] = []
    optional: list[Member] = []
    for name in constraints.names:
        value = context.expression_for(member_conjunction(context, constraints, name))
        if value is not None:
            members = required if name in wanted else optional
            members.append((lark.json_literal(name), value))
        elif name in wanted:
            return None
    undeclared = undeclared_members(context, list(constraints.property_keywords), constraints.names)
    return object_rules.members_expression(
        context,
        ObjectMembers(
            tuple(required),
            tuple(optional),
            tuple(undeclared),
            constraints.low,
            constraints.high,
        ),
    )


def object_constraints(context: Context, conjunction: Conjunction) -> ObjectConstraints:
    """Return what the conjuncts together say of objects."""
    if conjunction not in context.object_constraints:
        constraints = ObjectConstraints()
        for conjunct in conjunction:
            for keyword in sorted(conjunct.keywords.keys() & KEYWORDS.keys()):
                constraints = KEYWORDS[keyword](constraints, conjunct.keywords)
        context.object_constraints[conjunction] = constraints
    found: ObjectConstraints = context.object_constraints[conjunction]
    return found


def member_conjunction(
    context: Context, constraints: ObjectConstraints, name: str
) -> Conjunction | None:
    """Return what applies to the value of a declared member."""
    schemas = [schema for each in constraints.property_keywords for schema in each.schemas_of(name)]
    return context.conjunctions.of_schemas(*schemas)


def _properties(constraints: ObjectConstraints, keywords: Keywords) -> ObjectConstraints:
    """Add the three keywords that depend on each other; the first of them adds all, once."""
    found = PropertyKeywords(
        keywords.get("properties", {}),
        keywords.get("patternProperties", {}),
        keywords.get("additionalProperties", True),
    )
    known = constraints.property_keywords
    return (
        constraints if found in known else replace(constraints, property_keywords=(*known, found))
    )


def _required(constraints: ObjectConstraints, keywords: Keywords) -> ObjectConstraints:
    names = dict.fromkeys((*constraints.required, *keywords["required"]))
    return replace(constraints, required=tuple(names))


def _min_properties(constraints: ObjectConstraints, keywords: Keywords) -> ObjectConstraints:
    return replace(constraints, low=max(constraints.low, int(keywords["minProperties"])))


def _max_properties(constraints: ObjectConstraints, keywords: Keywords) -> ObjectConstraints:
    high = int(keywords["maxProperties"])
    known = constraints.high
    return replace(constraints, high=high if known is None else min(known, high))


KEYWORDS: dict[str, Callable[[ObjectConstraints, Keywords], ObjectConstraints]] = {
    "additionalProperties": _properties,
    "maxProperties": _max_properties,
    "minProperties": _min_properties,
    "patternProperties": _properties,
    "properties": _properties,
    "required": _required,
}
