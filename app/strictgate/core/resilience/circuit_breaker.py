"""A circuit breaker: an upstream that is down is not asked for a while, then by one request.

| state     | what happens                                 | then                                  |
|-----------|----------------------------------------------|---------------------------------------|
| CLOSED    | a request                                    | it goes                               |
|           | a failure, with `threshold` of them in a row | OPEN                                  |
|           | a success                                    | counting begins anew                  |
| OPEN      | a request within `cooldown`                  | it is refused                         |
|           | a request after that                         | HALF_OPEN; it goes, as the probe      |
|           | a success, of a request from before          | CLOSED                                |
| HALF_OPEN | a request while the probe is under way       | it is refused                         |
|           | a request once the probe takes `cooldown`    | CLOSED, but the next failure opens it |
|           | a success                                    | CLOSED                                |
|           | a failure                                    | OPEN                                  |
|           | the probe is given up: its client has left   | OPEN, but the next request may go     |
|           | another request is given up                  | nothing: the probe is under way       |
| CLOSED    | word that it is down, the last one failed    | OPEN                                  |
|           | word that it is down, the last one succeeded | nothing, but the next failure opens it|
| OPEN      | word that it is down                         | OPEN, for a cooldown from now         |
| HALF_OPEN | word that it is down                         | nothing: the probe will tell          |
| any other | word that it is up                           | CLOSED, but the next failure opens it |

Word comes from another process that asks the same upstream. What was seen here counts for more: a
replica that lacks the network itself does not keep the others from an upstream that answers them.

A probe that takes so long does not fail as an upstream does that is down.

A failure is no connection, or an answer that says that nobody serves behind it. What an upstream
answers otherwise, be it an error, is a success here: the caller's mistakes open nothing.
"""

import math
from enum import StrEnum

from strictgate.core.value_type import state_type


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@state_type
class CircuitBreaker:
    """The breaker of one upstream. Times are seconds of one clock that does not go back."""

    threshold: int
    """Failures in a row that open it; 0: nothing does."""
    cooldown: float
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    """In a row, up to now."""
    probes: int = 0
    """How many there have been; in HALF_OPEN, the number of the one that is under way."""
    _since: float = 0.0
    """When it was opened, or when the probe went."""

    def admit(self, now: float) -> float:
        """Ask whether a request may go; return 0, or the seconds after which to ask again."""
        if self.state is BreakerState.CLOSED:
            return 0.0
        wait = self.cooldown - (now - self._since)  # never more than the cooldown, rounded or not
        if wait > 0:
            return wait
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN
            self.probes += 1
            self._since = now
        else:
            self.state = BreakerState.CLOSED
            self.failures = self.threshold - 1
        return 0.0

    def succeeded(self) -> None:
        """Note that the upstream has answered."""
        self.state = BreakerState.CLOSED
        self.failures = 0

    def failed(self, now: float) -> None:
        """Note that the upstream is down."""
        self.failures += 1
        is_one_too_many = self.state is BreakerState.CLOSED and self.failures >= self.threshold
        if self.threshold and (is_one_too_many or self.state is BreakerState.HALF_OPEN):
            self.state = BreakerState.OPEN
            self._since = now

    def given_up(self, probe: int | None) -> None:
        """Note that a request ended without showing anything about the upstream.

        Args:
            probe: its number, if it was a probe.
        """
        if self.state is BreakerState.HALF_OPEN and probe == self.probes:
            self.state = BreakerState.OPEN
            self._since = -math.inf

    def heard(self, now: float, *, is_down: bool) -> None:
        """Take the word of another process that the upstream is down, or that it is up again."""
        if not self.threshold:
            return
        if not is_down:
            if self.state is not BreakerState.CLOSED:
                self.state = BreakerState.CLOSED
                self.failures = self.threshold - 1
        elif self.state is BreakerState.OPEN or (
            self.state is BreakerState.CLOSED and self.failures
        ):
            self.state = BreakerState.OPEN
            self.failures = max(self.failures, self.threshold)
            self._since = now
        elif self.state is BreakerState.CLOSED:
            self.failures = self.threshold - 1
