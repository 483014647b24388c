"""How much a client key may do: requests a minute, and tokens and money a day.

| limit               | state                                   | what gives it back          |
|---------------------|-----------------------------------------|-----------------------------|
| requests_per_minute | a bucket that holds one minute's share  | it fills evenly by the time |
| tokens_per_day      | the tokens of the day, as they are told | midnight, UTC               |
| money_per_day       | the money of the day, by the prices     | midnight, UTC               |

Tokens and money are known once an answer is over: what is under way then may pass the limit. Times
are seconds since 1970.
"""

from strictgate.core.value_type import state_type, value_type

MINUTE = 60.0
DAY = 86_400.0


@value_type
class QuotaLimits:
    """0: no limit."""

    requests_per_minute: int = 0
    tokens_per_day: int = 0
    money_per_day: float = 0.0


@value_type
class QuotaExceeded:
    """Why a request is not admitted."""

    limit: str
    """The field of QuotaLimits."""
    most: float
    used: float
    wait: float
    """Seconds until it may be."""


def day_exceeded(
    limits: QuotaLimits, tokens: int, money: float, now: float
) -> QuotaExceeded | None:
    """Return which limit of a day is used up, by what has been used on the day of `now`."""
    until_midnight = (now // DAY + 1) * DAY - now
    for limit, most, used in (
        ("tokens_per_day", limits.tokens_per_day, tokens),
        ("money_per_day", limits.money_per_day, money),
    ):
        if 0 < most <= used:
            return QuotaExceeded(limit, most, used, until_midnight)
    return None


MOST = 1 << 62  # tokens of a day: as many as 64 bits hold, whoever claims more


@state_type
class Quota:
    """What one key has used."""

    full_at: float = 0.0
    """When its bucket of requests will be full again, if nothing more comes."""
    day: int = 0
    """Days since 1970; the next two are of this one."""
    tokens: int = 0
    money: float = 0.0

    def admit(self, limits: QuotaLimits, now: float) -> QuotaExceeded | None:
        """Count one more request; return why it may not be, in which case it is not counted."""
        self._turn_to(now)
        if exceeded := day_exceeded(limits, self.tokens, self.money, now):
            return exceeded
        most = limits.requests_per_minute
        if most:
            share = MINUTE / most
            self.full_at = min(self.full_at, now + MINUTE)  # the clock may have been put back
            full_at = max(self.full_at, now) + share
            if full_at - now > MINUTE + 1e-6:  # the bucket is empty
                return QuotaExceeded("requests_per_minute", most, most, full_at - now - MINUTE)
            self.full_at = full_at
        return None

    def spend(self, tokens: int, money: float, now: float) -> None:
        """Count what an answer has used."""
        self._turn_to(now)
        self.tokens = min(self.tokens + tokens, MOST)
        self.money += money

    def _turn_to(self, now: float) -> None:
        day = int(now // DAY)
        if day != self.day:
            self.day, self.tokens, self.money = day, 0, 0.0
