"""Unions: `anyOf` and `oneOf`.

A subject with several unions is the product of their branches. `oneOf` is as good as `anyOf` where
no value can be valid against two of its branches; that is proven where it can be, in the simple
ways of `_PROOFS`, and is an unsupported keyword elsewhere.
"""

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

from strictgate.core.grammar import json_types, numbers, objects, values
from strictgate.core.grammar.conjunction import UNIONS, Conjunct, Subject, gathered
from strictgate.core.grammar.context import Context

_MAX_PRODUCT = 64
_MAX_PROVEN = 100  # branches of one union
_MAX_DEPTH = 3


def has_unions(subject: tuple[Conjunct, ...]) -> bool:
    """Whether there is a choice left to make."""
    return any(part.keywords.keys() & set(UNIONS) for part in subject)


def options(context: Context, subject: tuple[Conjunct, ...]) -> list[str]:
    """Return what matches one of the ways to choose a branch of each union."""
    base = tuple(each for part in subject for each in _settled(part))
    for branches in gathered(subject, "oneOf"):
        if not _is_disjoint(context, base, branches):
            context.unsupported_keywords.add("oneOf")
    found = []
    for choice in product(*_affordable(context, subject)):
        chosen = context.subjects.join(base, context.subjects.of(*choice))
        expression = context.express(chosen)
        if expression is not None:
            found.append(expression)
    return found


def _settled(part: Conjunct) -> tuple[Conjunct, ...]:
    """Return what is left of `part` when its unions are settled."""
    if not has_unions((part,)):
        return (part,)
    return () if part.settled is None else (part.settled,)


def _affordable(context: Context, subject: tuple[Conjunct, ...]) -> list[list[Any]]:
    """Return the unions as far as their product is not too large; the first in any case."""
    kept: list[list[Any]] = []
    size = 1
    for keyword in UNIONS:
        for branches in gathered(subject, keyword):
            if kept and size * len(branches) > _MAX_PRODUCT:
                context.unsupported_keywords.add(keyword)
                continue
            size *= len(branches)
            kept.append(branches)
    return kept


def _is_disjoint(context: Context, base: tuple[Conjunct, ...], branches: list[Any]) -> bool:
    """Whether no value is valid against two of `branches`."""
    if len(branches) > _MAX_PROVEN:
        return False
    subjects = [context.subjects.join(base, context.subjects.of(each)) for each in branches]
    return all(
        _are_disjoint(context, one, other, _MAX_DEPTH) for one, other in combinations(subjects, 2)
    )


def _are_disjoint(context: Context, one: Subject, other: Subject, depth: int) -> bool:
    if one is None or other is None:
        return True
    return any(proof(context, one, other, depth) for proof in _PROOFS)


def _by_kind(
    context: Context, one: tuple[Conjunct, ...], other: tuple[Conjunct, ...], depth: int
) -> bool:
    return not _kinds(context, one) & _kinds(context, other)


def _by_value(
    context: Context, one: tuple[Conjunct, ...], other: tuple[Conjunct, ...], depth: int
) -> bool:
    if not (values.is_listed(one) or values.is_listed(other)):
        return False
    both = context.subjects.join(one, other)
    return both is not None and not values.listed(context, both)


def _by_member(
    context: Context, one: tuple[Conjunct, ...], other: tuple[Conjunct, ...], depth: int
) -> bool:
    """Objects: one must have a member that the other cannot have, or not with such a value."""
    if depth == 0 or _kinds(context, one) & _kinds(context, other) != {"object"}:
        return False
    first, second = objects.gather(context, one), objects.gather(context, other)
    return any(
        _are_disjoint(
            context,
            objects.member(context, first, name),
            objects.member(context, second, name),
            depth - 1,
        )
        for name in dict.fromkeys(first.required + second.required)
    )


def _by_bound(
    context: Context, one: tuple[Conjunct, ...], other: tuple[Conjunct, ...], depth: int
) -> bool:
    if not _kinds(context, one) & _kinds(context, other) <= json_types.NUMBER:
        return False
    return numbers.is_empty(numbers.gather(context, one + other))


_PROOFS: tuple[Callable[[Context, tuple[Conjunct, ...], tuple[Conjunct, ...], int], bool], ...] = (
    _by_kind,
    _by_value,
    _by_member,
    _by_bound,
)


def _kinds(context: Context, subject: tuple[Conjunct, ...]) -> json_types.Kinds:
    if values.is_listed(subject):
        return frozenset(map(json_types.kind, values.listed(context, subject)))
    return json_types.kinds(subject)
