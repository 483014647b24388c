"""What attempts used: adding it up, and finding it in a body that is only passed on."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

Usage = dict[str, Any]

MOST_TOKENS = 1 << 40
"""That an upstream may claim of one answer: a larger number is no count, and could not be added up.
"""
_TAIL = 16 << 10  # bytes: what hosts write behind the usage is less
_NAME = b'"usage"'
_MEMBER = re.compile(rb'"usage"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')
"""It holds objects one level deep; within a string its quotes would be escaped."""
_EVENT = b"data:"


def add_usage(total: Usage, more: Mapping[str, Any] | None) -> Usage:
    """Return `total` with every number of `more` added, at any depth.

    Numbers add (tokens, and Groq's times); what is not a number is kept as it came last.
    """
    if not total:
        return dict(more or {})
    summed = dict(total)
    for key, value in (more or {}).items():
        before = summed.get(key)
        if isinstance(value, Mapping):
            summed[key] = add_usage(before if isinstance(before, dict) else {}, value)
        elif _is_number(value) and _is_number(before):
            summed[key] = before + value
        elif value is not None or key not in summed:
            summed[key] = value
    return summed


def total_tokens(usage: Mapping[str, Any]) -> int:
    """Return how many tokens, prompt and completion together."""
    whole = usage.get("total_tokens")
    if isinstance(whole, int):
        return whole if whole < MOST_TOKENS else MOST_TOKENS
    parts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    return min(sum(part for part in parts if isinstance(part, int)), MOST_TOKENS)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def token_count(usage: Mapping[str, Any] | None, name: str, *others: str) -> int:
    """Return the first number that `usage` has under `name` or one of `others`, or 0.

    OpenAI calls them `prompt_tokens` and `completion_tokens` in chat completions, and
    `input_tokens` and `output_tokens` in responses.
    """
    count = usage.get(name) if usage else None
    if type(count) is int and count > 0:  # and no bool
        return count if count < MOST_TOKENS else MOST_TOKENS
    return token_count(usage, *others) if others else 0


class UsageTail:
    """Finds what a body, passed on in pieces, says near its end about what it used."""

    def __init__(self, *, is_stream: bool) -> None:
        """Begin.

        Args:
            is_stream: the body is server-sent events. Of one that says nothing of its usage the
                events are counted, as hosts send about one for each token.
        """
        self._is_stream = is_stream
        self._events = 0
        self._tail = b""

    def feed(self, piece: bytes) -> None:
        """Take in the next piece."""
        if self._is_stream:
            self._events += piece.count(_EVENT)
        self._tail = piece[-_TAIL:] if len(piece) >= _TAIL else (self._tail + piece)[-_TAIL:]

    def usage(self) -> Usage | None:
        """Return the last usage in the body, or the estimate; None where nothing is known."""
        tail = self._tail
        at = tail.rfind(_NAME)
        while at >= 0:
            found = _MEMBER.match(tail, at)
            if found is not None:
                try:
                    return dict(orjson.loads(found[1]))
                except ValueError:
                    break
            at = tail.rfind(_NAME, 0, at)
        return {"completion_tokens": self._events} if self._events else None
