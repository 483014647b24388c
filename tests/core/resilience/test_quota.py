"""What a key has used, by the clock."""

from strictgate.core.resilience.quota import DAY, Quota, QuotaExceeded, QuotaLimits

NOON = 20_000 * DAY + DAY / 2


def test_no_limits():
    """Everything is admitted."""
    quota = Quota()
    assert all(quota.admit(QuotaLimits(), NOON) is None for _ in range(1000))


def test_requests_a_minute():
    """A minute's share may come at once; then one more for each part of the minute."""
    quota, limits = Quota(), QuotaLimits(requests_per_minute=6)
    assert [quota.admit(limits, NOON) for _ in range(6)] == [None] * 6
    refused = quota.admit(limits, NOON)

    assert refused == QuotaExceeded("requests_per_minute", 6, 6, 10.0)
    assert quota.admit(limits, NOON + 9.9) is not None
    assert quota.admit(limits, NOON + 10) is None
    assert quota.admit(limits, NOON + 10) is not None
    assert [quota.admit(limits, NOON + 100) for _ in range(6)] == [None] * 6
    assert quota.admit(limits, NOON + 100) is not None


def test_tokens_a_day():
    """What is used up comes back at midnight; a limit is passed by what was under way."""
    quota, limits = Quota(), QuotaLimits(tokens_per_day=100)
    assert quota.admit(limits, NOON) is None
    quota.spend(99, 0.0, NOON)
    assert quota.admit(limits, NOON) is None
    quota.spend(99, 0.0, NOON)

    assert quota.admit(limits, NOON) == QuotaExceeded("tokens_per_day", 100, 198, DAY / 2)
    assert quota.admit(limits, NOON + DAY / 2) is None


def test_money_a_day():
    """The same for money."""
    quota, limits = Quota(), QuotaLimits(money_per_day=1.5)
    quota.spend(10, 1.5, NOON)

    assert quota.admit(limits, NOON) == QuotaExceeded("money_per_day", 1.5, 1.5, DAY / 2)
    quota.spend(10, 0.25, NOON + DAY)
    assert (quota.tokens, quota.money) == (10, 0.25)


def test_a_clock_that_is_put_back():
    """Who was counted by one that was a year ahead waits for a minute at most."""
    quota, limits = Quota(), QuotaLimits(requests_per_minute=2)
    quota.admit(limits, NOON + 365 * DAY)

    assert quota.admit(limits, NOON).wait <= 60
    assert quota.admit(limits, NOON + 31) is None


def test_what_is_refused_does_not_count():
    """Whoever goes on asking is not kept out for longer."""
    quota, limits = Quota(), QuotaLimits(requests_per_minute=1)
    quota.admit(limits, NOON)
    for _ in range(100):
        assert quota.admit(limits, NOON + 30) is not None

    assert quota.admit(limits, NOON + 60) is None
