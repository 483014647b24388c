"""The keywords for strings: `minLength`, `maxLength`, `pattern`, `format`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from strictgate.core.grammar import lark
from strictgate.core.grammar.conjunction import Conjunction
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.formats import FORMAT_PATTERNS
from strictgate.core.grammar.regexes import UnsupportedRegex
from strictgate.core.grammar.string_patterns import pattern_terminal
from strictgate.core.schema import patterns
from strictgate.core.schema.formats import FORMAT_SINCE
from strictgate.core.value_type import value_type

_MAX_LENGTH_WITH_PATTERN = 199
"""From about 1,000 on, llguidance 1.9 refuses valid text where a pattern and a length stand
together: the lexer runs out of fuel when it asks whether both can still be met, and takes that for
a no. No error tells of it, so the limit keeps well away from there."""
_MAX_LENGTH = 1_000_000_000


@value_type
class StringConstraints:
    """What a conjunction says of strings."""

    low: int = 0
    """The least length, in characters."""
    high: int | None = None
    """The greatest length, in characters; None is without limit."""
    must_match: tuple[str, ...] = ()
    """The bodies of terminals that all match the string."""
    must_not_match: tuple[str, ...] = ()
    """The bodies of terminals of which none matches it."""


def string_expression(context: Context, conjunction: Conjunction) -> str | None:
    """Return the expression for the strings that a conjunction allows; None if it allows none."""
    constraints = StringConstraints()
    for conjunct in conjunction:
        for keyword in sorted(conjunct.keywords.keys() & KEYWORDS.keys()):
            constraints = KEYWORDS[keyword](constraints, conjunct.keywords[keyword], context)
    if constraints.high is not None and constraints.low > constraints.high:
        return None
    return _expression(context, _affordable(context, constraints))


def _min_length(constraints: StringConstraints, value: Any, context: Context) -> StringConstraints:
    return replace(constraints, low=max(constraints.low, int(value)))


def _max_length(constraints: StringConstraints, value: Any, context: Context) -> StringConstraints:
    known = constraints.high
    return replace(constraints, high=int(value) if known is None else min(known, int(value)))


def _pattern(constraints: StringConstraints, value: Any, context: Context) -> StringConstraints:
    try:
        must_match, must_not_match = pattern_terminals(value)
    except UnsupportedRegex:
        context.unsupported_keywords.add("pattern")
        return constraints
    return replace(
        constraints,
        must_match=constraints.must_match + must_match,
        must_not_match=constraints.must_not_match + must_not_match,
    )


def _format(constraints: StringConstraints, value: Any, context: Context) -> StringConstraints:
    if not context.asserts_formats or value not in FORMAT_SINCE:
        return constraints
    context.unsupported_keywords.add("format")
    pattern = FORMAT_PATTERNS.get(value)
    if pattern is None:
        return constraints
    return replace(constraints, must_match=(*constraints.must_match, pattern_terminal(pattern)))


KEYWORDS: dict[str, Callable[[StringConstraints, Any, Context], StringConstraints]] = {
    "format": _format,
    "maxLength": _max_length,
    "minLength": _min_length,
    "pattern": _pattern,
}


def pattern_terminals(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the bodies of terminals for a pattern: all of the first match, none of the second.

    There is more than one where the pattern has look-ahead: see core/schema/patterns.py.

    Raises:
        UnsupportedRegex: it is not certain what the pattern matches.
    """
    try:
        return (pattern_terminal(pattern),), ()
    except UnsupportedRegex:
        parts = patterns.parse_pattern(pattern)
        if parts.is_plain:
            raise
    return (
        tuple(map(pattern_terminal, parts.must_match)),
        tuple(map(pattern_terminal, parts.must_not_match)),
    )


def _affordable(context: Context, constraints: StringConstraints) -> StringConstraints:
    """Loosen lengths that would cost too much."""
    has_pattern = bool(constraints.must_match or constraints.must_not_match)
    limit = _MAX_LENGTH_WITH_PATTERN if has_pattern else _MAX_LENGTH
    if constraints.high is not None and constraints.high > limit:
        context.unsupported_keywords.add("maxLength")
        constraints = replace(constraints, high=None)
    if constraints.low > limit:
        context.unsupported_keywords.add("minLength")
        constraints = replace(constraints, low=limit)
    return constraints


def _expression(context: Context, constraints: StringConstraints) -> str:
    if constraints == StringConstraints():
        return lark.STRING
    wanted = list(constraints.must_match)
    low, high = constraints.low, constraints.high
    if high == 0:  # Lark does not take `{0,0}`
        wanted.append(r'"\"\""')
    elif low or high is not None:
        # CHAR is one character of the string, escaped or not, as JSON Schema counts them.
        wanted.append(rf'("\"" CHAR{{{low},{"" if high is None else high}}} "\"")')
    unwanted = [f"~({body})" for body in constraints.must_not_match]
    return context.rules.terminal(lark.intersection((wanted or [lark.STRING]) + unwanted))
