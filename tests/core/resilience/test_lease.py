"""Quotas that several processes share: what is admitted together, and how often they ask."""

import random

import pytest

from strictgate.core.resilience.lease import Balance, Claim, LeasedQuota
from strictgate.core.resilience.quota import DAY, QuotaExceeded, QuotaLimits
from tests.core.resilience.ledger import Ledger

NOON = 20_000 * DAY + DAY / 2


class Replica:
    """One process, which settles at most every so many seconds."""

    def __init__(self, ledger, limits, pause=0.02):
        self.quota, self.ledger, self.limits = LeasedQuota(), ledger, limits
        self.pause, self.settled_at = pause, 0.0

    def settle(self, now):
        claim = self.quota.claim(self.limits, now)
        [balance] = self.ledger.settle({"k": claim}, now).values()
        self.quota.settle(claim, balance, now)
        self.settled_at = now

    def ask(self, now, tokens=0):
        """One request that is over at once; return whether it was admitted."""
        if self.quota.must_wait(self.limits, now):
            self.quota.waiting = 1
            self.settle(now)
            self.quota.waiting = 0
        if self.quota.admit(self.limits, now) is not None:
            return False
        self.quota.spend(tokens, 0.0, now)
        return True

    def tick(self, now):
        if now - self.settled_at >= self.pause and self.quota.is_due(self.limits, now):
            self.settle(now)


def drive(replicas, seconds, per_second, tokens=0, weights=None):
    """Requests that fall on replicas at random; return how many were admitted."""
    choose, admitted = random.Random(1), 0
    steps = int(seconds * per_second)
    for step in range(steps):
        now = NOON + step / per_second
        [replica] = choose.choices(replicas, weights)
        admitted += replica.ask(now, tokens)
        for each in choose.sample(replicas, min(3, len(replicas))):
            each.tick(now)
    return admitted


@pytest.mark.parametrize("number", [1, 3, 10])
@pytest.mark.parametrize("per_minute", [60, 1200])
def test_requests(number, per_minute):
    """A minute's share at once and then as many as come back: never more, hardly less."""
    limits = QuotaLimits(requests_per_minute=per_minute)
    replicas = [Replica(Ledger(), limits)]
    ledger = replicas[0].ledger
    replicas += [Replica(ledger, limits) for _ in range(number - 1)]
    admitted = drive(replicas, 30, per_minute / 60 * 5)  # five times what may come
    right = per_minute * 1.5

    assert admitted <= right + 1
    assert admitted >= right * 0.98 - number  # a lease each, at most, that nobody used yet


@pytest.mark.parametrize("weights", [[1.0], [1.0, 1.0, 1.0], [0.9, 0.09, 0.01], [1.0] * 100])
def test_a_day(weights):
    """Tokens of all count for all, however the requests fall: beyond the budget comes what is not
    told yet, and what the last answer of each replica takes."""
    limits = QuotaLimits(tokens_per_day=1_000_000)
    ledger = Ledger()
    replicas = [Replica(ledger, limits) for _ in weights]
    admitted = drive(replicas, 20, 1000, 100, weights)  # twice the budget

    assert 1_000_000 <= admitted * 100 <= 1_004_000 + 2 * 100 * len(weights)
    assert all(each.quota.admit(limits, NOON + 20).limit == "tokens_per_day" for each in replicas)


def test_a_day_of_quick_replicas():
    """They pass the limit by what is under way, and not by what they use between two tellings."""
    ledger, limits = Ledger(), QuotaLimits(0, tokens_per_day=30_000)
    replicas = [Replica(ledger, limits) for _ in range(3)]
    now, used = NOON, 0
    while used < 40_000:
        now += 0.004
        for each in replicas:
            used += 97 * each.ask(now, 97)
            each.tick(now)
        if all(each.quota.tokens >= 30_000 for each in replicas):
            break

    assert 30_000 <= used <= 30_000 + 3 * 97


def test_many_replicas_ask_little():
    """What a key costs the store depends on its limit, and on time, not on the load."""
    limits = QuotaLimits(requests_per_minute=60_000)
    ledger = Ledger()
    replicas = [Replica(ledger, limits) for _ in range(3)]
    drive(replicas, 10, 900)
    assert ledger.messages <= 10 * 15


def balance(**fields):
    told = {"day": int(NOON // DAY), "tokens": 0, "money": 0.0, "granted": 0, "wait": 0.0}
    return Balance(**told | fields)


def test_alone():
    """Without the store a process goes by what it heard last and what it has used itself."""
    limits = QuotaLimits(requests_per_minute=2, tokens_per_day=1000, money_per_day=5.0)
    quota = LeasedQuota()
    assert quota.must_wait(limits, NOON)
    claim = quota.claim(limits, NOON)
    quota.settle(claim, balance(tokens=900, money=1.0), NOON)
    quota.spend(50, 0.5, NOON)
    lost = quota.claim(limits, NOON)
    assert (lost.tokens, lost.money) == (50, 0.5)
    quota.failed(lost, NOON)
    assert not quota.must_wait(limits, NOON)
    found = [quota.admit(limits, NOON) for _ in range(3)]
    assert found == [None, None, QuotaExceeded("requests_per_minute", 2, 2, 30.0)]
    quota.spend(60, 0.0, NOON)
    assert quota.admit(limits, NOON + 60).limit == "tokens_per_day"
    again = quota.claim(limits, NOON + 60)
    assert (again.tokens, again.money) == (110, 0.5)  # nothing that was used is lost
    quota.settle(again, balance(tokens=1010, money=1.5), NOON + 60)
    assert (quota.tokens, quota.money, quota.is_alone) == (1010, 1.5, False)


def test_a_store_that_has_forgotten():
    """It was started anew: what is known to be used stays so, until midnight."""
    limits = QuotaLimits(tokens_per_day=1000, money_per_day=10.0)
    quota = LeasedQuota()
    quota.settle(Claim(0, 0.0, 0, 0), balance(tokens=1000, money=3.0), NOON)
    quota.settle(Claim(0, 0.0, 0, 0), balance(), NOON)
    assert quota.admit(limits, NOON).used == 1000
    tomorrow = NOON + DAY
    quota.settle(Claim(0, 0.0, 0, 0), balance(tokens=7), tomorrow)  # its clock is behind
    assert quota.admit(limits, tomorrow) is None


def test_given_back():
    """A lease that nobody uses is the others' after a second, and not lost if that fails."""
    limits = QuotaLimits(requests_per_minute=2000)
    ledger = Ledger()
    one, other = Replica(ledger, limits), Replica(ledger, limits)
    assert all(one.ask(NOON) for _ in range(6))
    one.settle(NOON)
    assert one.quota.requests == 9
    later = NOON + 1.5
    assert one.quota.is_due(limits, later)
    claim = one.quota.claim(limits, later)
    assert (claim.requests, one.quota.requests) == (-9, 0)
    one.quota.failed(claim, later)
    assert one.quota.requests == 9
    one.settle(later + 1.5)
    assert one.quota.requests == 0
    assert sum(other.ask(later + 1.5) for _ in range(3000)) in range(1999, 2001)
