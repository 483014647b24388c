"""The keywords `anyOf` and `oneOf`.

A conjunction with several unions has one alternative for each choice of a branch of each: the
product of their branches.

`oneOf` forbids that two branches are valid at once. It is the same as `anyOf` where no value can be
valid against two of its branches. The functions of `_PROOFS` try to show that, pair by pair, in
simple ways; where none of them succeeds, `oneOf` is taken as `anyOf` and noted as unsupported.
"""

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

from strictgate.core.grammar import json_types, numbers, objects, values
from strictgate.core.grammar.conjunction import UNIONS, Conjunct, Conjunction, keyword_values
from strictgate.core.grammar.context import Context

_MAX_PRODUCT = 64  # alternatives, each of which is compiled as a schema of its own
_MAX_BRANCHES = 100
"""The most branches of one `oneOf` that are compared: every one with every other."""
_MAX_DEPTH = 3
"""Levels of nested members that a proof looks into."""


def has_unions(conjunction: Conjunction) -> bool:
    """Whether a branch is still to be chosen."""
    return any(conjunct.keywords.keys() & set(UNIONS) for conjunct in conjunction)


def union_alternatives(context: Context, conjunction: Conjunction) -> list[str]:
    """Return the expressions for all ways to choose one branch of each union."""
    base = tuple(each for conjunct in conjunction for each in _without_unions(conjunct))
    for branches in keyword_values(conjunction, "oneOf"):
        if not _is_disjoint(context, base, branches):
            context.unsupported_keywords.add("oneOf")
    alternatives = []
    for choice in product(*_affordable(context, conjunction)):
        chosen = context.conjunctions.conjoin(base, context.conjunctions.of_schemas(*choice))
        expression = context.expression_for(chosen)
        if expression is not None:
            alternatives.append(expression)
    return alternatives


def _without_unions(conjunct: Conjunct) -> Conjunction:
    if not has_unions((conjunct,)):
        return (conjunct,)
    return () if conjunct.without_unions is None else (conjunct.without_unions,)


def _affordable(context: Context, conjunction: Conjunction) -> list[list[Any]]:
    """Return the unions whose product is not too large; the first union is always among them.

    A union that is left out is unsupported: the grammar then allows more than it does.
    """
    kept: list[list[Any]] = []
    size = 1
    for keyword in UNIONS:
        for branches in keyword_values(conjunction, keyword):
            if kept and size * len(branches) > _MAX_PRODUCT:
                context.unsupported_keywords.add(keyword)
                continue
            size *= len(branches)
            kept.append(branches)
    return kept


def _is_disjoint(context: Context, base: Conjunction, branches: list[Any]) -> bool:
    """Whether it is proven that no value is valid against two of the branches."""
    if len(branches) > _MAX_BRANCHES:
        return False
    conjunctions = context.conjunctions
    alternatives = [conjunctions.conjoin(base, conjunctions.of_schemas(each)) for each in branches]
    pairs = combinations(alternatives, 2)
    return all(_are_disjoint(context, one, other, _MAX_DEPTH) for one, other in pairs)


def _are_disjoint(
    context: Context, one: Conjunction | None, other: Conjunction | None, depth: int
) -> bool:
    """Whether it is proven that no value is valid against both."""
    if one is None or other is None:
        return True
    return any(proof(context, one, other, depth) for proof in _PROOFS)


def _types_differ(context: Context, one: Conjunction, other: Conjunction, depth: int) -> bool:
    return not _types(context, one) & _types(context, other)


def _values_differ(context: Context, one: Conjunction, other: Conjunction, depth: int) -> bool:
    """Whether no value that one of them lists is allowed by both."""
    if not (values.is_listed(one) or values.is_listed(other)):
        return False
    both = context.conjunctions.conjoin(one, other)
    return both is not None and not values.allowed_values(context, both)


def _members_differ(context: Context, one: Conjunction, other: Conjunction, depth: int) -> bool:
    """Whether both are objects, and a member that one requires cannot have a value for both.

    The usual case is a property that tells the branches apart, with another `const` in each.
    """
    if depth == 0 or _types(context, one) & _types(context, other) != {"object"}:
        return False
    first = objects.object_constraints(context, one)
    second = objects.object_constraints(context, other)
    return any(
        _are_disjoint(
            context,
            objects.member_conjunction(context, first, name),
            objects.member_conjunction(context, second, name),
            depth - 1,
        )
        for name in dict.fromkeys(first.required + second.required)
    )


def _bounds_differ(context: Context, one: Conjunction, other: Conjunction, depth: int) -> bool:
    if not _types(context, one) & _types(context, other) <= json_types.NUMBER_TYPES:
        return False
    return numbers.is_empty(numbers.number_constraints(context, one + other))


_PROOFS: tuple[Callable[[Context, Conjunction, Conjunction, int], bool], ...] = (
    _types_differ,
    _values_differ,
    _members_differ,
    _bounds_differ,
)


def _types(context: Context, conjunction: Conjunction) -> json_types.TypeSet:
    if values.is_listed(conjunction):
        return frozenset(map(json_types.type_of, values.allowed_values(context, conjunction)))
    return json_types.allowed_types(conjunction)
