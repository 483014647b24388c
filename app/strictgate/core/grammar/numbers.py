"""The keywords for numbers: `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
`multipleOf`.

A number is compared as text. Bounds, and divisors that are no integers, become regular expressions
of our own (ranges.py, multiple_of.py) over the plain decimal spelling, and are exact for it. A
spelling with an exponent has no bounded length of digits to compare; it is refused there, and the
guard tries the plain spelling of the same number instead.

Multiples of an integer are left to llguidance's own JSON Schema compiler, as a `%json` leaf. It
takes only the spellings without a point: `15.0` is refused for `multipleOf: 5`. It builds an
automaton whose size grows with the divisor, without any limit: 10,000 takes tens of milliseconds,
100,000 seconds. Hence `_MAX_DIVISOR`.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any

from strictgate.core.grammar import lark, multiple_of, ranges
from strictgate.core.grammar.conjunction import Conjunction
from strictgate.core.grammar.context import Context
from strictgate.core.schema.drafts import Draft
from strictgate.core.value_type import value_type

_MAX_DIVISOR = 10_000
_MAX_EXACT = 2**53
Keywords = dict[str, Any]


@value_type
class Bound:
    """A least or greatest number."""

    number: Decimal
    is_exclusive: bool


@value_type
class NumberConstraints:
    """What a conjunction says of numbers; None where it says nothing."""

    low: Bound | None = None
    high: Bound | None = None
    divisor: Fraction | None = None
    """Numbers are multiples of it."""


def integer_expression(context: Context, conjunction: Conjunction) -> str | None:
    """Return the expression for the integers that a conjunction allows; None if it allows none."""
    # In draft 4, an integer is written without a point or an exponent: `1.0` is a mere number.
    terminal = lark.DRAFT_4_INTEGER if context.draft is Draft.DRAFT_4 else lark.INTEGER
    return _integers(context, number_constraints(context, conjunction), terminal)


def number_expression(context: Context, conjunction: Conjunction) -> str | None:
    """Return the expression for the numbers that a conjunction allows; None if it allows none."""
    constraints = number_constraints(context, conjunction)
    divisor = constraints.divisor
    if constraints == NumberConstraints():
        return lark.NUMBER
    if divisor is not None and divisor.denominator == 1:
        return _integers(context, constraints, lark.INTEGER)
    if is_empty(constraints):
        return None
    bodies = _bounds(constraints)
    if divisor is not None:
        decimal = Decimal(divisor.numerator) / Decimal(divisor.denominator)
        multiples = multiple_of.multiples_regex(decimal)
        if multiples is None:
            context.unsupported_keywords.add("multipleOf")
        else:
            bodies.append(f"/{multiples}/")
    return context.rules.terminal(lark.intersection(bodies)) if bodies else lark.NUMBER


def number_constraints(context: Context, conjunction: Conjunction) -> NumberConstraints:
    """Return what the conjuncts together say of numbers."""
    constraints = NumberConstraints()
    for conjunct in conjunction:
        for keyword in sorted(conjunct.keywords.keys() & KEYWORDS.keys()):
            constraints = KEYWORDS[keyword](constraints, conjunct.keywords, context)
    return constraints


def _inclusive(keyword: str, draft_4_flag: str) -> "_Reader":
    """Return the reader of `minimum` or `maximum`; in draft 4, a flag beside it may exclude it."""

    def add(
        constraints: NumberConstraints, keywords: Keywords, context: Context
    ) -> NumberConstraints:
        bound = Bound(_decimal(keywords[keyword]), keywords.get(draft_4_flag) is True)
        return _with_bound(constraints, keyword, bound, context)

    return add


def _exclusive(keyword: str) -> "_Reader":
    """Return the reader of `exclusiveMinimum` or `exclusiveMaximum`."""

    def add(
        constraints: NumberConstraints, keywords: Keywords, context: Context
    ) -> NumberConstraints:
        value = keywords[keyword]
        if isinstance(value, bool):  # draft 4: it says how to read the keyword beside it
            return constraints
        return _with_bound(constraints, keyword, Bound(_decimal(value), True), context)

    return add


def _multiple_of(
    constraints: NumberConstraints, keywords: Keywords, context: Context
) -> NumberConstraints:
    divisor = Fraction(_decimal(keywords["multipleOf"]))
    if constraints.divisor is not None:
        divisor = _least_common_multiple(constraints.divisor, divisor)
    if divisor > _MAX_DIVISOR or divisor.numerator > _MAX_DIVISOR:
        context.unsupported_keywords.add("multipleOf")
        return constraints
    return replace(constraints, divisor=divisor)


_Reader = Callable[[NumberConstraints, Keywords, Context], NumberConstraints]
KEYWORDS: dict[str, _Reader] = {
    "exclusiveMaximum": _exclusive("exclusiveMaximum"),
    "exclusiveMinimum": _exclusive("exclusiveMinimum"),
    "maximum": _inclusive("maximum", "exclusiveMaximum"),
    "minimum": _inclusive("minimum", "exclusiveMinimum"),
    "multipleOf": _multiple_of,
}
_LOWER = {"minimum", "exclusiveMinimum"}


def _with_bound(
    constraints: NumberConstraints, keyword: str, bound: Bound, context: Context
) -> NumberConstraints:
    """Return the constraints with a further bound, if it is stronger than the one on its side."""
    if not ranges.is_short(bound.number):
        context.unsupported_keywords.add(keyword)
        return constraints
    is_lower = keyword in _LOWER
    sign = 1 if is_lower else -1  # the mirror image of an upper bound is a lower one
    old = constraints.low if is_lower else constraints.high
    is_weaker = old is not None and (sign * bound.number, bound.is_exclusive) <= (
        sign * old.number,
        old.is_exclusive,
    )
    if is_weaker:
        return constraints
    return replace(constraints, low=bound) if is_lower else replace(constraints, high=bound)


def _decimal(value: Any) -> Decimal:
    """Return a number of the schema as it was written: through `repr`, 0.1 is a tenth."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def _least_common_multiple(one: Fraction, other: Fraction) -> Fraction:
    """Return the least number that is a multiple of both."""
    scale = lcm(one.denominator, other.denominator)
    return Fraction(lcm(int(one * scale), int(other * scale)), scale)


def is_empty(constraints: NumberConstraints) -> bool:
    """Whether no number is within the bounds."""
    low, high = constraints.low, constraints.high
    if low is None or high is None:
        return False
    return low.number > high.number or (
        low.number == high.number and (low.is_exclusive or high.is_exclusive)
    )


def _integers(context: Context, constraints: NumberConstraints, terminal: str) -> str | None:
    """Return the expression for integers; `terminal` matches those without constraints."""
    divisor = _least_common_multiple(constraints.divisor or Fraction(1), Fraction(1))
    low, high = _rounded(constraints)
    constraints = NumberConstraints(low, high, None if divisor == 1 else divisor)
    if is_empty(constraints) or not _has_multiple(constraints):
        return None
    if constraints == NumberConstraints():
        return terminal
    if constraints.divisor is not None:
        return _json_leaf(context, constraints)
    return context.rules.terminal(lark.intersection([terminal, *_bounds(constraints)]))


def _rounded(constraints: NumberConstraints) -> tuple[Bound | None, Bound | None]:
    """Return the bounds as integers, which are themselves allowed."""
    low, high = constraints.low, constraints.high
    if low is not None:
        least = floor(low.number) + 1 if low.is_exclusive else ceil(low.number)
        low = Bound(Decimal(least), is_exclusive=False)
    if high is not None:
        most = ceil(high.number) - 1 if high.is_exclusive else floor(high.number)
        high = Bound(Decimal(most), is_exclusive=False)
    return low, high


def _has_multiple(constraints: NumberConstraints) -> bool:
    low, high, divisor = constraints.low, constraints.high, constraints.divisor
    if divisor is None or low is None or high is None:
        return True
    least = ceil(Fraction(low.number) / divisor) * divisor
    return least <= Fraction(high.number)


def _bounds(constraints: NumberConstraints) -> list[str]:
    """Return the bounds as bodies of terminals."""
    low, high = constraints.low, constraints.high
    bodies = []
    if low is not None:
        bodies.append(f"/{ranges.at_least(low.number, strictly=low.is_exclusive)}/")
    if high is not None:
        bodies.append(f"/{ranges.at_most(high.number, strictly=high.is_exclusive)}/")
    return bodies


def _json_leaf(context: Context, constraints: NumberConstraints) -> str:
    """Return the expression for multiples of an integer: a schema for llguidance itself."""
    leaf: dict[str, Any] = {"type": "integer", "multipleOf": int(constraints.divisor or 1)}
    for bound, keyword in ((constraints.low, "minimum"), (constraints.high, "maximum")):
        if bound is None:
            continue
        # llguidance holds the bounds of a leaf in 64 bits; up to 2⁵³ it reads them as they are.
        if abs(bound.number) < _MAX_EXACT:
            leaf[keyword] = int(bound.number)
        else:
            context.unsupported_keywords.add(keyword)
    return context.rules.rule([f"%json {json.dumps(leaf)}"])
