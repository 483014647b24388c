"""When a breaker opens and closes, by its table and by what must hold of any history."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strictgate.core.resilience.circuit_breaker import BreakerState, CircuitBreaker

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
COOLDOWN = 5.0


def after(events, threshold=3):
    """A breaker after events `(name, time)`, and what the last request was told to wait."""
    breaker, wait = CircuitBreaker(threshold, COOLDOWN), 0.0
    probe = None
    for name, now in events:
        match name:
            case "ask":
                wait = breaker.admit(now)
                probe = breaker.probes if breaker.state is HALF_OPEN else None
            case "fail":
                breaker.failed(now)
            case "ok":
                breaker.succeeded()
            case "leave":
                breaker.given_up(probe)
            case "down, they say":
                breaker.heard(now, is_down=True)
            case "up, they say":
                breaker.heard(now, is_down=False)
            case "another leaves":
                breaker.given_up(None)
            case "an earlier probe leaves":
                breaker.given_up(breaker.probes - 1)
    return breaker.state, wait


DOWN = [("fail", 0.0)] * 3
PROBED = [*DOWN, ("ask", 5.0)]


@pytest.mark.parametrize(
    ("events", "state", "wait"),
    [
        ([], CLOSED, 0),
        ([("ask", 0.0)], CLOSED, 0),
        (DOWN[:2], CLOSED, 0),
        (DOWN, OPEN, 0),
        ([*DOWN[:2], ("ok", 0.0), *DOWN[:2]], CLOSED, 0),
        ([*DOWN, ("ask", 1.0)], OPEN, 4.0),
        ([*DOWN, ("fail", 4.0), ("ask", 4.5)], OPEN, 0.5),
        ([*DOWN, ("ok", 1.0), ("ask", 1.0)], CLOSED, 0),
        (PROBED, HALF_OPEN, 0),
        ([*PROBED, ("ask", 6.0)], HALF_OPEN, 4.0),
        ([*PROBED, ("ok", 6.0), ("ask", 6.0)], CLOSED, 0),
        ([*PROBED, ("ok", 6.0), *DOWN[:2]], CLOSED, 0),
        ([*PROBED, ("fail", 6.0), ("ask", 7.0)], OPEN, 4.0),
        ([*PROBED, ("leave", 6.0), ("ask", 6.0)], HALF_OPEN, 0),
        ([*PROBED, ("leave", 6.0), ("ask", 6.0), ("ask", 6.5)], HALF_OPEN, 4.5),
        ([*PROBED, ("another leaves", 6.0), ("ask", 6.0)], HALF_OPEN, 4.0),
        ([*PROBED, ("an earlier probe leaves", 6.0), ("ask", 6.0)], HALF_OPEN, 4.0),
        ([("down, they say", 0.0)], CLOSED, 0),
        ([("down, they say", 0.0), ("fail", 0.0)], OPEN, 0),
        ([("down, they say", 0.0), ("ok", 0.0), ("fail", 0.0)], CLOSED, 0),
        ([("fail", 0.0), ("down, they say", 1.0), ("ask", 2.0)], OPEN, 4.0),
        ([*DOWN, ("down, they say", 3.0), ("ask", 6.0)], OPEN, 2.0),
        ([*DOWN, ("up, they say", 1.0), ("ask", 1.0)], CLOSED, 0),
        ([*DOWN, ("up, they say", 1.0), ("fail", 1.0)], OPEN, 0),
        ([*PROBED, ("down, they say", 6.0), ("ask", 6.0)], HALF_OPEN, 4.0),
        ([*PROBED, ("up, they say", 6.0)], CLOSED, 0),
        ([("up, they say", 1.0), ("fail", 1.0)], CLOSED, 0),
        ([*PROBED, ("ask", 10.0)], CLOSED, 0),
        ([*PROBED, ("ask", 10.0), ("fail", 10.5)], OPEN, 0),
        ([*PROBED, ("ask", 10.0), ("ok", 10.5), ("fail", 11.0)], CLOSED, 0),
        ([("leave", 0.0)], CLOSED, 0),
        ([*DOWN, ("leave", 1.0), ("ask", 1.0)], OPEN, 4.0),
    ],
)
def test_table(events, state, wait):
    """Each row of the table in the module, and what follows from two of them."""
    assert after(events) == (state, wait)


def test_never():
    """Without a threshold it stays closed."""
    assert after([("fail", 0.0)] * 100, threshold=0) == (CLOSED, 0)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "fail", "fail", "ok", "leave"]), st.floats(0, 3))
)


@given(EVENTS, st.integers(1, 4))
@example(
    steps=[("fail", 2.0), ("fail", 2.6846899814902634), ("fail", 0.6877831454893739), ("ask", 0.0)],
    threshold=3,
)
def test_any_history(steps, threshold):
    """Nobody waits for longer than the cooldown; a success lets everybody in."""
    breaker, now = CircuitBreaker(threshold, COOLDOWN), 0.0
    for name, pause in steps:
        now += pause
        before = breaker.state
        match name:
            case "ask":
                wait = breaker.admit(now)
                assert 0 <= wait <= COOLDOWN
                assert (wait == 0) or before is not CLOSED
            case "fail":
                breaker.failed(now)
                assert (breaker.state is CLOSED) == (
                    before is CLOSED and breaker.failures < threshold
                )
            case "ok":
                breaker.succeeded()
                assert breaker.admit(now) == 0
            case "leave":
                breaker.given_up(breaker.probes)
                assert (breaker.state is CLOSED) == (before is CLOSED)


def test_an_outage_is_asked_once_per_cooldown():
    """Whatever the load, an upstream that is down gets its threshold, and then one at a time."""
    breaker, asked = CircuitBreaker(10, COOLDOWN), 0
    for tick in range(6000):  # a minute, a hundred requests a second
        if breaker.admit(tick / 100) == 0:
            asked += 1
            breaker.failed(tick / 100)
    assert asked <= 10 + 60 / COOLDOWN
