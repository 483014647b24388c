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

    def asked(self, *, is_repetition: bool = False) -> "AskedUpstream":
        """Return what holds one request, until the head of its answer has come.

        A repetition that fails, too, counts no more against the upstream: one request that it
        cannot serve is not to be taken for an upstream that is down.
        """
        return AskedUpstream(self, is_repetition=is_repetition)

    def begin(self) -> int | None:
        """Let a request go; return its number where it is a probe.

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

    def succeeded(self) -> None:
        """Note that it has answered."""
        before = self._breaker.state
        if before is not _CLOSED or self._breaker.failures:
            self._breaker.succeeded()
            self._tell(before)

    def failed(self, *, is_repetition: bool) -> None:
        """Note that it has not, or cannot serve."""
        before = self._breaker.state
        if not is_repetition or before is not BreakerState.CLOSED:
            self._breaker.failed(self._clock())
            self._tell(before)

    def end(self, probe: int | None, *, is_noted: bool) -> None:
        """Let a request end; one of which nothing was noted says nothing of the upstream."""
        self.budget.end()
        if not is_noted:
            self._breaker.given_up(probe)

    def may_retry(self) -> bool:
        """Whether one more repetition is within the budget; it is counted if so."""
        return self._breaker.state is BreakerState.CLOSED and self.budget.spend(self._clock())

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


class AskedUpstream:
    """One request, as a context manager; it gives what takes the status of the answer.

    Raises:
        UpstreamUnavailable: the upstream is not asked at the moment.
    """

    __slots__ = ("_health", "_is_noted", "_is_repetition", "_probe")

    def __init__(self, health: UpstreamHealth, *, is_repetition: bool) -> None:
        self._health = health
        self._is_repetition = is_repetition
        self._is_noted = False
        self._probe: int | None = None

    def __enter__(self) -> Callable[[int], None]:
        self._probe = self._health.begin()
        return self._note

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and not self._is_noted:
            is_fault = isinstance(error, ConnectionFault | ConnectionError)
            if is_fault and not _is_ours(error):
                self._is_noted = True
                self._health.failed(is_repetition=self._is_repetition)
        self._health.end(self._probe, is_noted=self._is_noted)

    def _note(self, status: int) -> None:
        self._is_noted = True
        if status in UNAVAILABLE:
            self._health.failed(is_repetition=self._is_repetition)
        else:
            self._health.succeeded()


def _is_ours(fault: BaseException | None) -> bool:
    """Whether it is this process that lacks something."""
    inner = getattr(fault, "os_error", None) or fault
    return getattr(inner, "errno", None) in _OURS
