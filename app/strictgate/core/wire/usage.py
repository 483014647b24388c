"""Adding up what several attempts used."""

from collections.abc import Mapping
from typing import Any

Usage = dict[str, Any]


def add_usage(total: Usage, more: Mapping[str, Any] | None) -> Usage:
    """Return `total` with every number of `more` added, at any depth.

    Numbers add (tokens, and Groq's times); what is not a number is kept as it came last.
    """
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
        return whole
    parts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    return sum(part for part in parts if isinstance(part, int))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
