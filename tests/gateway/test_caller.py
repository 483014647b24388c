"""What happens to a request is told to everybody, and to whoever looks after it."""

from strictgate.core.errors import UpstreamTimeout, UpstreamUnavailable
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.observe.events import RequestRouted, UpstreamFailed
from strictgate.settings.loading import Settings
from strictgate.upstream.routing import Router

SETTINGS = Settings(upstreams={"a": {"base_url": "http://a/v1"}})
ENDPOINT = Router(SETTINGS, {}).default()


def told(tell):
    everybody, one = [], []
    tell(RequestReports(everybody.append), Caller("req_1", "Bearer my-secret-key", note=one.append))
    assert everybody == one
    return one


def test_where_it_goes():
    """A key that the client put into the name of its model is not told."""
    events = told(
        lambda reports, who: reports.routed(ENDPOINT, "x/my-secret-key", who, is_enforced=True)
    )
    assert events == [RequestRouted("req_1", "a", "http://a/v1", "x/***", True)]


def test_why_an_upstream_failed():
    """With its address; that it is not asked for a while is no failure of its own."""
    late, off = UpstreamTimeout("It is late."), UpstreamUnavailable("Not now.")
    events = told(lambda reports, who: reports.failed(ENDPOINT, who, late))
    assert events == [
        UpstreamFailed("req_1", "a", "http://a/v1", "upstream_timeout", "It is late.")
    ]
    assert told(lambda reports, who: reports.failed(ENDPOINT, who, off)) == []
