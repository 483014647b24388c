"""Numbers: `minimum`, `maximum`, their exclusive kin, `multipleOf`.

Bounds, and steps that are no integers, are regular expressions of our own, exact for every plain
decimal spelling; a spelling with an exponent is refused there, and whoever feeds the matcher can
try the plain one. Integers' steps are counted by the lexer, which has it that `-0` and `15.0` are
no multiples of 5. Its cost grows with the step, without limit; hence `_MAX_STEP`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any

from strictgate.core.grammar import lark, multiple_of, ranges
from strictgate.core.grammar.conjunction import Conjunct
from strictgate.core.grammar.context import Context
from strictgate.core.schema.drafts import Draft

_MAX_STEP = 10_000
_MAX_EXACT = 2**53
Keywords = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """A least or greatest number."""

    number: Decimal
    is_strict: bool


@dataclass(frozen=True, slots=True)
class Number:
    """What is known of a number."""

    low: Bound | None = None
    high: Bound | None = None
    step: Fraction | None = None


def integer(context: Context, subject: tuple[Conjunct, ...]) -> str | None:
    """Return the integers of `subject`."""
    return _integer(context, gather(context, subject))


def number(context: Context, subject: tuple[Conjunct, ...]) -> str | None:
    """Return the numbers of `subject`."""
    found = gather(context, subject)
    if found == Number():
        return lark.NUMBER
    if found.step is not None and found.step.denominator == 1:
        return _integer(context, found, lark.INTEGER)
    if is_empty(found):
        return None
    step = None if found.step is None else multiple_of.multiples(_exact(found.step))
    if found.step is not None and step is None:
        context.unsupported_keywords.add("multipleOf")
    bodies = _bounds(found) + ([] if step is None else [f"/{step}/"])
    return context.rules.terminal(lark.both(bodies)) if bodies else lark.NUMBER


def gather(context: Context, subject: tuple[Conjunct, ...]) -> Number:
    """Return what the parts of `subject` say of a number."""
    found = Number()
    for part in subject:
        for keyword in sorted(part.keywords.keys() & KEYWORDS.keys()):
            found = KEYWORDS[keyword](found, part.keywords, context)
    return found


def _minimum(found: Number, keywords: Keywords, context: Context) -> Number:
    is_strict = keywords.get("exclusiveMinimum") is True
    return _raised(found, "minimum", Bound(_decimal(keywords["minimum"]), is_strict), context)


def _maximum(found: Number, keywords: Keywords, context: Context) -> Number:
    is_strict = keywords.get("exclusiveMaximum") is True
    return _lowered(found, "maximum", Bound(_decimal(keywords["maximum"]), is_strict), context)


def _exclusive_minimum(found: Number, keywords: Keywords, context: Context) -> Number:
    value = keywords["exclusiveMinimum"]
    if isinstance(value, bool):  # draft 4, see _minimum
        return found
    return _raised(found, "exclusiveMinimum", Bound(_decimal(value), True), context)


def _exclusive_maximum(found: Number, keywords: Keywords, context: Context) -> Number:
    value = keywords["exclusiveMaximum"]
    if isinstance(value, bool):
        return found
    return _lowered(found, "exclusiveMaximum", Bound(_decimal(value), True), context)


def _multiple_of(found: Number, keywords: Keywords, context: Context) -> Number:
    step = Fraction(_decimal(keywords["multipleOf"]))
    if found.step is not None:
        step = _common(found.step, step)
    if step > _MAX_STEP or step.numerator > _MAX_STEP:
        context.unsupported_keywords.add("multipleOf")
        return found
    return replace(found, step=step)


KEYWORDS: dict[str, Callable[[Number, Keywords, Context], Number]] = {
    "exclusiveMaximum": _exclusive_maximum,
    "exclusiveMinimum": _exclusive_minimum,
    "maximum": _maximum,
    "minimum": _minimum,
    "multipleOf": _multiple_of,
}


def _raised(found: Number, keyword: str, bound: Bound, context: Context) -> Number:
    if not ranges.is_short(bound.number):
        context.unsupported_keywords.add(keyword)
        return found
    old = found.low
    is_weaker = old is not None and (bound.number, bound.is_strict) <= (old.number, old.is_strict)
    return found if is_weaker else replace(found, low=bound)


def _lowered(found: Number, keyword: str, bound: Bound, context: Context) -> Number:
    if not ranges.is_short(bound.number):
        context.unsupported_keywords.add(keyword)
        return found
    old = found.high
    is_weaker = old is not None and (-bound.number, bound.is_strict) <= (-old.number, old.is_strict)
    return found if is_weaker else replace(found, high=bound)


def _decimal(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def _common(one: Fraction, other: Fraction) -> Fraction:
    """Return the least number that both divide."""
    scale = lcm(one.denominator, other.denominator)
    return Fraction(lcm(int(one * scale), int(other * scale)), scale)


def _exact(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def is_empty(found: Number) -> bool:
    """Whether its bounds leave nothing."""
    low, high = found.low, found.high
    if low is None or high is None:
        return False
    return low.number > high.number or (
        low.number == high.number and (low.is_strict or high.is_strict)
    )


def _integer(context: Context, found: Number, terminal: str | None = None) -> str | None:
    terminal = terminal or (lark.OLD_INTEGER if context.draft is Draft.DRAFT_4 else lark.INTEGER)
    step = _common(found.step or Fraction(1), Fraction(1))
    found = Number(*_rounded(found), None if step == 1 else step)
    if is_empty(found) or not _has_multiple(found):
        return None
    if found == Number():
        return terminal
    if found.step is not None:
        return _stepped(context, found)
    return context.rules.terminal(lark.both([terminal, *_bounds(found)]))


def _rounded(found: Number) -> tuple[Bound | None, Bound | None]:
    """Return the bounds as integers that are among the numbers."""
    low, high = found.low, found.high
    if low is not None:
        least = floor(low.number) + 1 if low.is_strict else ceil(low.number)
        low = Bound(Decimal(least), is_strict=False)
    if high is not None:
        most = ceil(high.number) - 1 if high.is_strict else floor(high.number)
        high = Bound(Decimal(most), is_strict=False)
    return low, high


def _has_multiple(found: Number) -> bool:
    if found.step is None or found.low is None or found.high is None:
        return True
    least = ceil(Fraction(found.low.number) / found.step) * found.step
    return least <= Fraction(found.high.number)


def _bounds(found: Number) -> list[str]:
    low, high = found.low, found.high
    bodies = [] if low is None else [ranges.at_least(low.number, strictly=low.is_strict)]
    bodies += [] if high is None else [ranges.at_most(high.number, strictly=high.is_strict)]
    return [f"/{body}/" for body in bodies]


def _stepped(context: Context, found: Number) -> str:
    """Return integers as a leaf of JSON Schema, which the lexer compiles by itself."""
    leaf: dict[str, Any] = {"type": "integer", "multipleOf": int(found.step or 1)}
    for bound, keyword in ((found.low, "minimum"), (found.high, "maximum")):
        if bound is not None and _is_safe(bound):
            leaf[keyword] = int(bound.number)
        elif bound is not None:
            context.unsupported_keywords.add(keyword)
    return context.rules.rule([f"%json {json.dumps(leaf)}"])


def _is_safe(bound: Bound) -> bool:
    """Whether the lexer, which holds bounds in 64 bits, reads it as it is."""
    return abs(bound.number) < _MAX_EXACT
