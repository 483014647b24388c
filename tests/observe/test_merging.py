"""What several processes have counted, as one page."""

import pytest
from prometheus_client.core import GaugeMetricFamily

from strictgate.observe.events import BreakerChanged, RequestFinished, StoreFailed
from strictgate.observe.merging import LEAST, MOST, merged, page_of, snapshot
from strictgate.observe.metrics import Metrics, Reading


def counted(*events, readings=()):
    metrics = Metrics()
    metrics.watch(readings)
    for event in events:
        metrics.observe(event)
    return metrics


def finished(seconds, upstream="u"):
    about = ("r", "POST", "/v1/chat/completions", 200, seconds)
    return RequestFinished(*about, upstream=upstream, model="m", tokens_in=7)


def lines(families):
    page, _ = page_of(families)
    return [line for line in page.decode().splitlines() if not line.startswith("process_")]


def test_two_halves_are_the_whole():
    """Whichever process a request came to."""
    events = [finished(0.003), finished(0.2), finished(7.0, "v"), StoreFailed("full")]
    events += [BreakerChanged("u", "open", 9)]
    whole = merged([counted(*events).snapshot()])
    halves = merged([counted(*events[::2]).snapshot(), counted(*events[1::2]).snapshot()])

    assert sorted(lines(halves)) == sorted(lines(whole))
    assert lines(whole) == [
        line
        for line in counted(*events).page()[0].decode().splitlines()
        if not line.startswith("process_")
    ]


def test_gauges():
    """What each process holds adds up, but for what is the same for all."""
    name = "strictgate_streams_open"
    readings = [Reading(name, "Open.", lambda: 2)]
    states = ("open", "closed")
    parts = [counted(BreakerChanged("u", state, 1), readings=readings) for state in states]
    found = lines(merged(each.snapshot() for each in parts))

    assert f"{name} 4.0" in found
    assert 'strictgate_breaker_state{upstream="u"} 2.0' in found
    assert sum(line.startswith("strictgate_info{") for line in found) == 1


@pytest.mark.parametrize(("names", "value"), [(MOST, 3), (LEAST, 1)])
def test_what_does_not_add_up(names, value):
    """By the tables."""
    for name in names:
        parts = [snapshot([GaugeMetricFamily(name, "", value=each)]) for each in (1, 3)]
        page, _ = page_of(merged(parts))

        assert page.decode().splitlines()[-1] == f"{name} {float(value)}"


def test_what_only_one_has():
    """While a new version takes the place of an old one."""
    parts = [snapshot([]), snapshot([GaugeMetricFamily("new", "", value=1)])]

    assert lines(merged(parts))[-1] == "new 1.0"


def test_openmetrics():
    """For whoever asks for it."""
    page, kind = page_of(merged([counted().snapshot()]), "application/openmetrics-text")

    assert kind.startswith("application/openmetrics-text")
    assert page.endswith(b"# EOF\n")
