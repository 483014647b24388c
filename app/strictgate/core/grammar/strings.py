"""Strings: `minLength`, `maxLength`, `pattern`, `format`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from strictgate.core.grammar import lark, string_patterns
from strictgate.core.grammar.conjunction import Conjunct
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.formats import GUIDES
from strictgate.core.grammar.regexes import Unclear
from strictgate.core.schema import patterns
from strictgate.core.schema.formats import FORMAT_SINCE

_MAX_LENGTH_WITH_PATTERN = 199
"""From about 1,000 on, the matcher refuses text that is valid: the lexer's fuel runs out when it
asks whether a pattern and a length can be met together, and it takes that for a no."""
_MAX_LENGTH = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StringFacts:
    """What is known of a string."""

    low: int = 0
    high: int | None = None
    wanted: tuple[str, ...] = ()
    """Terminals' bodies that match it …"""
    unwanted: tuple[str, ...] = ()
    """… and that do not."""


def expression(context: Context, subject: tuple[Conjunct, ...]) -> str | None:
    """Return the strings of `subject`."""
    text = StringFacts()
    for part in subject:
        for keyword in sorted(part.keywords.keys() & KEYWORDS.keys()):
            text = KEYWORDS[keyword](text, part.keywords[keyword], context)
    if text.high is not None and text.low > text.high:
        return None
    return _written(context, _affordable(context, text))


def _min_length(text: StringFacts, value: Any, context: Context) -> StringFacts:
    return replace(text, low=max(text.low, int(value)))


def _max_length(text: StringFacts, value: Any, context: Context) -> StringFacts:
    return replace(text, high=int(value) if text.high is None else min(text.high, int(value)))


def _pattern(text: StringFacts, value: Any, context: Context) -> StringFacts:
    try:
        wanted, unwanted = bodies(value)
    except Unclear:
        context.unsupported_keywords.add("pattern")
        return text
    return replace(text, wanted=text.wanted + wanted, unwanted=text.unwanted + unwanted)


def _format(text: StringFacts, value: Any, context: Context) -> StringFacts:
    """Every format is judged by the validator; some have a pattern that is no stricter."""
    if not context.asserts_formats or value not in FORMAT_SINCE:
        return text
    context.unsupported_keywords.add("format")
    guide = GUIDES.get(value)
    return (
        text
        if guide is None
        else replace(text, wanted=(*text.wanted, string_patterns.terminal(guide)))
    )


KEYWORDS: dict[str, Callable[[StringFacts, Any, Context], StringFacts]] = {
    "format": _format,
    "maxLength": _max_length,
    "minLength": _min_length,
    "pattern": _pattern,
}


def bodies(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return terminals' bodies that all match, and some of which none does, where `pattern` does.

    Raises:
        Unclear
    """
    try:
        return (string_patterns.terminal(pattern),), ()
    except Unclear:
        parts = patterns.parse_pattern(pattern)
        if parts.is_plain:
            raise
    terminals = string_patterns.terminal
    return tuple(map(terminals, parts.wanted)), tuple(map(terminals, parts.unwanted))


def _affordable(context: Context, text: StringFacts) -> StringFacts:
    """Leave out lengths that would cost too much."""
    is_matched = bool(text.wanted or text.unwanted)
    limit = _MAX_LENGTH_WITH_PATTERN if is_matched else _MAX_LENGTH
    if text.high is not None and text.high > limit:
        context.unsupported_keywords.add("maxLength")
        text = replace(text, high=None)
    if text.low > limit:
        context.unsupported_keywords.add("minLength")
        text = replace(text, low=limit)
    return text


def _written(context: Context, text: StringFacts) -> str:
    if text == StringFacts():
        return lark.STRING
    wanted = list(text.wanted)
    if text.low or text.high is not None:
        bounds = f"{{{text.low},{'' if text.high is None else text.high}}}"
        wanted.append("(" + rf'"\"" CHAR{bounds} "\""' + ")" if text.high != 0 else r'"\"\""')
    unwanted = [f"~({body})" for body in text.unwanted]
    return context.rules.terminal(lark.both((wanted or [lark.STRING]) + unwanted))
