"""What is worth a repetition, when, and how many there may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.resilience.retries import (
    LEAST,
    SHARE,
    WINDOW,
    RetryBudget,
    backoff,
    is_transient,
    retry_after,
)

NOW = 1_795_000_000.0  # 2026-11-18 11:06:40 GMT


@pytest.mark.parametrize(
    ("status", "body", "transient"),
    [
        (429, {}, True),
        (429, {"error": {"code": "rate_limit_exceeded"}}, True),
        (429, {"error": {"code": "insufficient_quota"}}, False),
        (502, "", True),
        (503, {"error": "loading model"}, True),
        (529, {}, True),
        (500, {}, False),
        (504, {}, False),
        (400, {}, False),
        (401, {}, False),
        (404, {}, False),
    ],
)
def test_transient(status, body, transient):
    """What the caller did, a bug, or an empty account does not pass by itself."""
    assert is_transient(status, body) is transient


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:50 GMT"}, 10.0),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, 1e9),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 99 Nov 2026 11:06:50 GMT"}, None),
    ],
)
def test_retry_after(headers, seconds):
    """Seconds, milliseconds, a date; what cannot be understood is not there."""
    assert retry_after(headers, NOW) == seconds


@given(st.text())
def test_any_retry_after(text):
    """No header is an error, and no time is negative."""
    found = retry_after({"retry-after": text, "retry-after-ms": text[::-1]}, NOW)
    assert found is None or found >= 0


def test_backoff():
    """It doubles, up to a limit, and chance takes a quarter at most."""
    assert [backoff(retries, 0) for retries in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert backoff(0, 1) == 0.375


def test_at_least_three():
    """A lone client gets its repetitions."""
    budget = RetryBudget()
    budget.begin(0.0)
    assert [budget.spend(0.0) for _ in range(5)] == [True, True, True, False, False]


def test_a_fifth():
    """Of a hundred requests twenty may be repeated, be they over or under way."""
    budget = RetryBudget()
    for _ in range(100):
        budget.begin(0.0)
    assert sum(budget.spend(1.0) for _ in range(100)) == 20
    assert sum(budget.spend(WINDOW + 1.0) for _ in range(100)) == 20, "they are under way"
    for _ in range(100):
        budget.end()
    assert sum(budget.spend(2 * WINDOW + 1.0) for _ in range(100)) == LEAST


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=300))
def test_total_in_an_outage(pauses):
    """When everything fails, and each failure would be repeated twice, few are."""
    budget, now, repeated = RetryBudget(), 0.0, 0
    for pause in pauses:
        now += pause
        budget.begin(now)
        budget.end()
        for _ in range(2):
            if budget.spend(now):
                repeated += 1
                budget.begin(now)
                budget.end()
    windows = now // WINDOW + 1
    assert repeated <= SHARE * len(pauses) + (LEAST + 1) * windows
