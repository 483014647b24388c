"""How each upstream is: its circuit breaker and its budget of repetitions, with a clock."""

import errno
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from strictgate.core.errors import UpstreamUnavailable
from strictgate.core.resilience.circuit_breaker import BreakerState, CircuitBreaker
from strictgate.core.resilience.retries import UNAVAILABLE, RetryBudget
from strictgate.observe.events import BreakerChanged, Observer
from strictgate.upstream.http.faults import ConnectionFault
from strictgate.upstream.routing import Endpoint

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

    @contextmanager
    def asked(self, *, is_repetition: bool = False) -> Iterator[Callable[[int], None]]:
        """Hold one request, until the head of its answer has come; gives what takes the status.

        A repetition that fails, too, counts no more against the upstream: one request that it
        cannot serve is not to be taken for an upstream that is down.

        Raises:
            UpstreamUnavailable: it is not asked at the moment.
        """
        probe = self._admit()
        self.budget.begin(self._clock())
        is_noted = False

        def failed() -> None:
            if not is_repetition or self._breaker.state is not BreakerState.CLOSED:
                with self._telling():
                    self._breaker.failed(self._clock())

        def note(status: int) -> None:
            nonlocal is_noted
            is_noted = True
            if status in UNAVAILABLE:
                failed()
            else:
                with self._telling():
                    self._breaker.succeeded()

        try:
            yield note
        except (ConnectionFault, ConnectionError) as fault:
            if not is_noted and not _is_ours(fault):
                is_noted = True
                failed()
            raise
        finally:
            self.budget.end()
            if not is_noted:
                self._breaker.given_up(probe)

    def may_retry(self) -> bool:
        """Whether one more repetition is within the budget; it is counted if so."""
        return self._breaker.state is BreakerState.CLOSED and self.budget.spend(self._clock())

    def heard(self, *, is_down: bool) -> None:
        """Take another process's word of how the upstream is."""
        with self._telling(is_hearsay=True):
            self._breaker.heard(self._clock(), is_down=is_down)

    def _admit(self) -> int | None:
        """Let a request go; return its number where it is a probe."""
        with self._telling():
            wait = self._breaker.admit(self._clock())
        if wait > 0:
            raise UpstreamUnavailable(
                f"The upstream '{self._name}' has failed {self._breaker.failures} times in a row, "
                "and is not asked for a moment (upstreams.*.breaker_cooldown).",
                headers={"retry-after": str(math.ceil(wait))},
            )
        return self._breaker.probes if self._breaker.state is BreakerState.HALF_OPEN else None

    @contextmanager
    def _telling(self, *, is_hearsay: bool = False) -> Iterator[None]:
        """Tell the observer of a change of state."""
        before = self._breaker.state
        yield
        state = self._breaker.state
        if state is not before:
            about = (self._name, state.value, self._breaker.failures)
            self._observe(BreakerChanged(*about, is_hearsay))


def _is_ours(fault: BaseException) -> bool:
    """Whether it is this process that lacks something."""
    inner = getattr(fault, "os_error", None) or fault
    return getattr(inner, "errno", None) in _OURS
