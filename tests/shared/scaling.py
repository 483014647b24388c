"""How what is shared grows with the replicas, simulated: `python -m tests.shared.scaling`.

Requests fall on replicas at random, and the store is core/resilience/ledger.py's; so only the rules
of when a replica asks are measured, not this machine.
"""

import random

from strictgate.core.resilience.lease import LeasedQuota
from strictgate.core.resilience.quota import DAY, QuotaLimits
from tests.core.resilience.ledger import Ledger

NOON = 20_000 * DAY + DAY / 2
TOKENS = 500  # of each answer
GATHERING = 0.02  # seconds between two commands of one replica


def simulated(replicas: int, per_second: float, limits: QuotaLimits, seconds: float = 20.0) -> str:
    """Return what a key costs the store, and what was admitted of it."""
    ledger, choose = Ledger(), random.Random(1)
    quotas = [LeasedQuota() for _ in range(replicas)]
    settled_at = [0.0] * replicas
    admitted = waited = 0

    def settle(number: int, now: float) -> None:
        quota = quotas[number]
        claim = quota.claim(limits, now)
        quota.settle(claim, ledger.settle({"k": claim}, now)["k"], now)
        settled_at[number] = now

    steps = int(seconds * per_second)
    next_look = NOON
    for step in range(steps):
        now = NOON + step / per_second
        number = choose.randrange(replicas)
        quota = quotas[number]
        if quota.must_wait(limits, now):
            quota.waiting, waited = 1, waited + 1
            settle(number, now)
            quota.waiting = 0
        if quota.admit(limits, now) is None:
            admitted += 1
            quota.spend(TOKENS, 0.0, now)
        if now >= next_look:
            next_look = now + GATHERING
            for each, other in enumerate(quotas):
                if now - settled_at[each] >= GATHERING and other.is_due(limits, now):
                    settle(each, now)
    rate = ledger.messages / seconds
    return f"{rate:8.0f} commands/s, {100 * waited / steps:5.1f} % waited, {admitted} admitted"


def main() -> None:
    """Print the table."""
    for name, limits in (
        ("600,000 requests a minute", QuotaLimits(requests_per_minute=600_000)),
        ("10^9 tokens a day", QuotaLimits(tokens_per_day=10**9)),
        ("10^7 tokens a day, spent", QuotaLimits(tokens_per_day=10**7)),
    ):
        for replicas in (1, 3, 10, 100, 1000):
            print(f"{name:26} {replicas:5} replicas {simulated(replicas, 2000, limits)}")


if __name__ == "__main__":
    main()
