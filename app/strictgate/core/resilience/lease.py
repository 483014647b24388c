"""What one process may use of a quota that several share, without asking for each request.

| limit               | what is asked of the store               | when                            |
|---------------------|------------------------------------------|---------------------------------|
| requests_per_minute | some requests ahead, a lease; what is    | less than half of it is left;   |
|                     | left of one is given back                | nothing was used for a second   |
| tokens_per_day,     | this process's own are added, and those  | TOLD_AT of the limit by all     |
| money_per_day       | of all come back                         | together, or after a second;    |
|                     |                                          | by each request from NEARLY on  |

Requests are never more than the limit: each was taken from the one bucket before. Tokens and money
pass it by what is under way. Where the store does not answer, a process goes by what it has used
itself, and by the day's sums as it last heard them. Times are seconds since 1970.
"""

from dataclasses import field

from strictgate.core.resilience.quota import DAY, Quota, QuotaExceeded, QuotaLimits, day_exceeded
from strictgate.core.value_type import state_type, value_type

LEASE = 200  # a lease is at most this part of a minute's requests
AHEAD = 4  # times what was used since the store was asked is leased, so that a lease grows fast
TOLD_AT = 0.002  # of a day's limit
NEARLY = 0.95
"""Of a day's limit, from which on each request asks: what the others use between two tellings, and
is not known here, must be less than the rest."""
REFRESH = 1.0  # seconds after which a key in use is told anew
IDLE = 1.0  # seconds without a request after which a lease is given back
FORGOTTEN = 60.0  # seconds without a request after which what was heard is out of date
_HOLD_OFF = 0.02  # seconds at least until the store is asked again after it had nothing


@value_type
class Claim:
    """What a process tells the store about one key, and wants of it."""

    tokens: int
    money: float
    requests: int
    """Wanted; below 0: given back."""
    per_minute: int
    """The limit of requests."""


@value_type
class Balance:
    """What the store answers."""

    day: int
    """Days since 1970, by its clock; the next two are of this one, of all processes."""
    tokens: int
    money: float
    granted: int
    wait: float
    """Seconds until there is one more request."""


@state_type
class LeasedQuota:
    """Of one key in one process."""

    own: Quota = field(default_factory=Quota)
    """What was used here alone."""
    is_alone: bool = False
    """Whether the store did not answer the last time."""
    day: int = 0
    tokens: int = 0
    """Of the day and of all, as far as is known; so is `money`."""
    money: float = 0.0
    new_tokens: int = 0
    """Not told yet; so is `new_money`."""
    new_money: float = 0.0
    requests: int = 0
    """Leased, and not used yet."""
    recent: int = 0
    """How many were used since the store was asked; `pace` is that of before, or fading."""
    pace: int = 0
    waiting: int = 0
    """How many requests wait for a lease."""
    asked_at: float = 0.0
    """When the store was asked the last time."""
    used_at: float = 0.0
    refused_until: float = 0.0
    share: float = 1.0
    """Of what all used lately, what part was used here."""

    def must_wait(self, limits: QuotaLimits, now: float) -> bool:
        """Whether the store has to be asked before the next request can be judged."""
        if self.is_alone or now < self.refused_until:
            return False
        if now - max(self.used_at, self.asked_at) > FORGOTTEN:
            return True
        if limits.requests_per_minute > 0 and self.requests <= 0:
            return True
        used = ((self.tokens, limits.tokens_per_day), (self.money, limits.money_per_day))
        return any(NEARLY * most <= part < most for part, most in used)

    def admit(self, limits: QuotaLimits, now: float) -> QuotaExceeded | None:
        """Count one more request; return why it may not be, in which case it is not counted."""
        self._turn_to(now)
        if exceeded := day_exceeded(limits, self.tokens, self.money, now):
            return exceeded
        most = limits.requests_per_minute
        if most and self.is_alone and self.requests <= 0:
            self.used_at = now
            return self.own.admit(QuotaLimits(most), now)
        if most and self.requests <= 0:
            return QuotaExceeded("requests_per_minute", most, most, self.refused_until - now)
        if most:
            self.requests -= 1
            self.recent += 1
            self.own.admit(QuotaLimits(most), now)
        self.used_at = now
        return None

    def spend(self, tokens: int, money: float, now: float) -> None:
        """Count what an answer has used."""
        self._turn_to(now)
        self.tokens += tokens
        self.money += money
        self.new_tokens += tokens
        self.new_money += money

    def is_due(self, limits: QuotaLimits, now: float) -> bool:
        """Whether the store is to be told, or asked, by now."""
        if self.waiting:
            return True
        if now - self.asked_at >= REFRESH:
            if self.new_tokens or self.new_money or now - self.used_at < FORGOTTEN:
                return True
            return self.requests > 0
        if self._is_low(limits) and now >= self.refused_until and now - self.used_at < IDLE:
            return True
        used = (
            (self.new_tokens, limits.tokens_per_day),
            (self.new_money, limits.money_per_day),
        )
        return any(most and part >= TOLD_AT * self.share * most for part, most in used)

    def claim(self, limits: QuotaLimits, now: float) -> Claim:
        """Return what to tell the store; it is taken to be told until `failed`."""
        most = limits.requests_per_minute
        wanted = 0
        if self.waiting or now - self.used_at < IDLE:
            self.pace, self.recent = max(self.recent, self.pace // 2), 0
            wanted = max(self._lease(limits) - self.requests, self.waiting, 0)
        elif self.requests:
            wanted, self.requests = -self.requests, 0
        claim = Claim(self.new_tokens, self.new_money, wanted if most else 0, most)
        self.new_tokens, self.new_money = 0, 0.0
        return claim

    def settle(self, claim: Claim, balance: Balance, now: float) -> None:
        """Take what the store has answered."""
        self._turn_to(now)
        self.is_alone = False
        self.asked_at = now
        if balance.day == self.day:
            before = self.tokens - self.new_tokens - claim.tokens
            growth = max(balance.tokens - before, claim.tokens, 1)
            if claim.tokens:
                self.share = max(claim.tokens / growth, 1e-4)
            # A store that was started anew knows less than what was used.
            self.tokens = max(self.tokens, balance.tokens + self.new_tokens)
            self.money = max(self.money, balance.money + self.new_money)
        self.requests += balance.granted
        if 0 <= balance.granted < claim.requests:
            self.refused_until = now + max(balance.wait, _HOLD_OFF)

    def failed(self, claim: Claim, now: float) -> None:
        """Take back what could not be told."""
        self.is_alone = True
        self.asked_at = now
        self.new_tokens += claim.tokens
        self.new_money += claim.money
        if claim.requests < 0:
            self.requests -= claim.requests

    def _is_low(self, limits: QuotaLimits) -> bool:
        most = limits.requests_per_minute
        return most > 0 and 2 * self.requests < self._lease(limits)

    def _lease(self, limits: QuotaLimits) -> int:
        """Return how many requests this process should have ahead."""
        most = limits.requests_per_minute // LEASE
        return max(1, min(most, AHEAD * max(self.recent, self.pace)))

    def _turn_to(self, now: float) -> None:
        day = int(now // DAY)
        if day != self.day:
            self.day, self.tokens, self.money = day, 0, 0.0
