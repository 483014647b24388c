"""Which failures of an upstream are worth a repetition, when, and how many of them.

A repetition helps where a moment was bad, and harms where an upstream is overloaded. So there is a
budget for each upstream, as in Envoy (cluster/circuit_breakers, `retry_budget`): a fifth of the
requests under way or of the last seconds, and three at least. Delays are those of OpenAI's SDKs.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import field
from email.utils import parsedate_to_datetime
from typing import Any

from strictgate.core.value_type import state_type
from strictgate.core.wire.error_body import error_text

SHARE = 0.2
LEAST = 3
WINDOW = 10.0  # seconds
UNAVAILABLE = frozenset({502, 503, 529})
"""Statuses that say that nobody serves behind an address; 529 is Anthropic's."""
_RATE_LIMITED = 429
_LASTING = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded"}
)
"""Codes of a 429 that no waiting mends."""
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 8.0  # seconds
_JITTER = 0.25


def is_transient(status: int, body: Any) -> bool:
    """Whether an error of an upstream may be gone a moment later."""
    if status == _RATE_LIMITED:
        return not _LASTING & set(error_text(body).codes)
    return status in UNAVAILABLE


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that an upstream asks to wait; None where it does not, or not clearly.

    Args:
        headers: names in lower case; `retry-after-ms`, as OpenAI and Azure send it, or
            `retry-after` in seconds or as a date (RFC 9110 §10.2.3).
        now: seconds since 1970.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    given = headers.get("retry-after", "")
    seconds = _number(given)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def backoff(retries: int, chance: float) -> float:
    """Return the seconds before a repetition, where the upstream names none.

    Args:
        retries: how many there have been.
        chance: between 0 and 1, so that not all come back at once.
    """
    delay: float = min(_FIRST_DELAY * 2**retries, _LONGEST_DELAY)
    return delay * (1 - _JITTER * chance)


@state_type
class RetryBudget:
    """How many requests to one upstream may be repeated. Times are of one clock."""

    active: int = 0
    """Requests that are under way."""
    _requests: deque[float] = field(default_factory=deque)
    _retries: deque[float] = field(default_factory=deque)

    def begin(self, now: float) -> None:
        """Note a request, a repetition too; `end` must follow."""
        self.active += 1
        self._requests.append(now)
        if self._requests[0] <= now - WINDOW:
            _forget(self._requests, now)

    def end(self) -> None:
        """Note that a request is over."""
        self.active -= 1

    def spend(self, now: float) -> bool:
        """Return whether one more repetition is within the budget, and count it if so."""
        _forget(self._requests, now)
        _forget(self._retries, now)
        requests = max(self.active, len(self._requests) - len(self._retries))
        if len(self._retries) >= max(LEAST, SHARE * requests):
            return False
        self._retries.append(now)
        return True


def _forget(times: deque[float], now: float) -> None:
    while times and times[0] <= now - WINDOW:
        times.popleft()
