"""How each upstream is: its circuit breaker and its budget of repetitions, with a clock."""

import errno
import math
import time
from collections.abc import Callable

from strictgate.core.errors import UpstreamUnavailable
from strictgate.core.resilience.circuit_breaker import BreakerState, CircuitBreaker
from strictgate.core.resilience.retries import UNAVAILABLE, RetryBudget
from strictgate.observe.events import BreakerChanged, Observer
from strictgate.upstream.http.faults import ConnectionFault
from strictgate.upstream.routing import Endpoint

_CLOSED = BreakerState.CLOSED
_OURS = frozenset({errno.EMFILE, errno.ENFILE})


class UpstreamHealth:
    """Of one upstream, in this process."""

    def __init__(
        self, endpoint: Endpoint, observe: Observer, clock: Callable[[], float] = time.monotonic
    ) -> None:
        settings = endpoint.settings
        self.budget = RetryBudget()
        self._name = endpoint.name
        self._breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_cooldown)
        self._observe = observe
        self._clock = clock

    def begin(self) -> int | None:
        """Let a request go, until the head of its answer has come; return its number where it is a
        probe.

        Raises:
            UpstreamUnavailable: it is not asked at the moment.
        """
        now, breaker = self._clock(), self._breaker
        before = breaker.state
        if before is not _CLOSED:
            wait = breaker.admit(now)
            self._tell(before)
            if wait > 0:
                raise UpstreamUnavailable(
                    f"The upstream '{self._name}' has failed {breaker.failures} times in a row, "
                    "and is not asked for a moment (upstreams.*.breaker_cooldown).",
                    headers={"retry-after": str(math.ceil(wait))},
                )
        self.budget.begin(now)
        return None if breaker.state is _CLOSED else breaker.probes

    def answered(self, status: int, *, is_repetition: bool = False) -> None:
        """Let a request end whose answer has begun.

        A repetition that fails, too, counts no more against the upstream: one request that it
        cannot serve is not to be taken for an upstream that is down.
        """
        self.budget.end()
        before = self._breaker.state
        if status in UNAVAILABLE:
            self._failed(is_repetition=is_repetition)
        elif before is not _CLOSED or self._breaker.failures:
            self._breaker.succeeded()
            self._tell(before)

    def unanswered(
        self, why: BaseException, probe: int | None, *, is_repetition: bool = False
    ) -> None:
        """Let a request end that has got no answer.

        Args:
            why: what came of it; but for a broken connection it says nothing of the upstream.
            probe: what `begin` has returned.
        """
        self.budget.end()
        if isinstance(why, ConnectionFault | ConnectionError) and not _is_ours(why):
            self._failed(is_repetition=is_repetition)
        else:
            self._breaker.given_up(probe)

    def _failed(self, *, is_repetition: bool) -> None:
        before = self._breaker.state
        if not is_repetition or before is not _CLOSED:
            self._breaker.failed(self._clock())
            self._tell(before)

    def may_retry(self) -> bool:
        """Whether one more repetition is within the budget; it is counted if so."""
        return self._breaker.state is _CLOSED and self.budget.spend(self._clock())

    def heard(self, *, is_down: bool) -> None:
        """Take another process's word of how the upstream is."""
        before = self._breaker.state
        self._breaker.heard(self._clock(), is_down=is_down)
        self._tell(before, is_hearsay=True)

    def _tell(self, before: BreakerState, *, is_hearsay: bool = False) -> None:
        """Tell the observer, if the state is another than before."""
        state = self._breaker.state
        if state is not before:
            about = (self._name, state.value, self._breaker.failures)
            self._observe(BreakerChanged(*about, is_hearsay))


def _is_ours(fault: BaseException) -> bool:
    """Whether it is this process that lacks something."""
    inner = getattr(fault, "os_error", None) or fault
    return getattr(inner, "errno", None) in _OURS
