"""What counts for and against an upstream, through the real client."""

import asyncio
import errno
import socket

import pytest

from strictgate.core.errors import UpstreamUnavailable
from strictgate.observe.events import BreakerChanged
from strictgate.settings.loading import Settings
from strictgate.upstream.health import UpstreamHealth
from strictgate.upstream.http.faults import (
    BodyCutOff,
    CannotConnect,
    ClosedUnanswered,
)
from strictgate.upstream.routing import Router
from tests.gates import gate

FAILED = ClosedUnanswered()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def healthy(events=None, clock=None, **settings):
    table = {"base_url": "http://x/v1", "breaker_failures": 2, "breaker_cooldown": 5.0} | settings
    endpoint = Router(Settings(upstreams={"x": table}), {}).default()
    return UpstreamHealth(endpoint, (events if events is not None else []).append, clock or Clock())


def ask(health, end):
    """One request that ends with a status, or with an exception."""
    probe = health.begin()
    if isinstance(end, BaseException):
        health.unanswered(end, probe)
    else:
        health.answered(end)


@pytest.mark.parametrize("end", [502, 503, 529, FAILED, ConnectionResetError()])
def test_it_is_down(end):
    """After so many failures it is not asked, and the error says for how long."""
    events, clock = [], Clock()
    health = healthy(events, clock)
    ask(health, end)
    ask(health, end)
    clock.now = 1.5
    with pytest.raises(UpstreamUnavailable) as raised:
        ask(health, 200)

    assert (raised.value.status, raised.value.headers["retry-after"]) == (503, "4")
    assert not health.may_retry()
    clock.now = 5.0
    ask(health, 200)
    assert events == [
        BreakerChanged("x", "open", 2),
        BreakerChanged("x", "half_open", 2),
        BreakerChanged("x", "closed", 0),
    ]


@pytest.mark.parametrize(
    "end",
    [
        *(200, 400, 401, 404, 408, 422, 429, 500, 504),
        TimeoutError(),
        asyncio.CancelledError(),
        OSError(errno.EMFILE, "Too many open files"),
        BodyCutOff(),
    ],
)
def test_it_is_not_down(end):
    """Neither callers' mistakes nor limits, long answers or a want of ours open it."""
    events = []
    health = healthy(events)
    for _ in range(5):
        ask(health, end)

    assert not events
    assert health.budget.active == 0


def test_repetitions_count_once():
    """One request that fails time and again does not show that nobody can be served."""
    events = []
    health = healthy(events)
    for is_repetition in (False, True, True, True):
        health.begin()
        health.answered(503, is_repetition=is_repetition)
    assert not events


def test_a_want_of_ours():
    """A connection that was not made counts by what is behind it."""
    health = healthy()
    for _ in range(5):
        ask(health, CannotConnect(OSError(errno.EMFILE, "x")))
    ask(health, 200)


def test_a_probe_whose_client_leaves():
    """Then the next request is the probe."""
    clock = Clock()
    health = healthy(clock=clock)
    ask(health, 503)
    ask(health, 503)
    clock.now = 6.0
    ask(health, asyncio.CancelledError())
    ask(health, 200)
    ask(health, 200)


def test_another_client_leaves_while_it_is_probed():
    """Its request went out before the upstream was down: the probe is still the only one."""
    clock = Clock()
    health = healthy(clock=clock)
    first = health.begin()
    ask(health, 503)
    ask(health, 503)
    clock.now = 6.0
    assert (first, health.begin()) == (None, 1)
    health.unanswered(asyncio.CancelledError(), first)
    with pytest.raises(UpstreamUnavailable):
        ask(health, 200)


def test_hearsay():
    """Another replica's word is told as such; it opens nothing that answers here."""
    events, clock = [], Clock()
    health = healthy(events, clock)
    ask(health, 200)
    health.heard(is_down=True)
    assert events == []
    ask(health, 503)
    health.heard(is_down=False)

    assert events == [
        BreakerChanged("x", "open", 2),
        BreakerChanged("x", "closed", 1, is_hearsay=True),
    ]


def test_through_the_gateway():
    """A dead upstream: 502, then 503 without a connection; never for other upstreams."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = {"breaker_failures": 3, "breaker_cooldown": 1000.0, "retries": 0}
    with gate(dead, upstreams={"demo": settings}) as running:
        answers = [running.chat("clean") for _ in range(5)]
        passed = running.chat("clean", None)

    assert [each.status for each in answers] == [502, 502, 502, 503, 503]
    assert (passed.status, passed.error["code"]) == (503, "upstream_unavailable")
    assert 0 < int(passed.headers["retry-after"]) <= 1000
    states = [each.state for each in running.events if isinstance(each, BreakerChanged)]
    assert states == ["open"]
