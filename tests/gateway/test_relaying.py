"""What is seen of a request that is passed on."""

import asyncio

import pytest

from strictgate.api.request import ClientLeft
from strictgate.core.surfaces.chat.surface import CHAT
from strictgate.core.wire.passthrough import RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.gateway.relaying import Relay
from strictgate.observe.events import RequestRouted, UpstreamAnswered, ignore
from strictgate.settings.loading import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Router
from tests.gates import gate
from tests.servers import serving


def test_what_is_told_of_it(demo):
    """Where it went, under which name, how long that took, and what the upstream says it used."""
    models = {"kimi": {"upstream": "demo", "model": "demo/clean"}}
    with gate(demo, models=models) as running:
        body = {"model": "kimi", "messages": [{"role": "user", "content": "hi"}]}
        usage = running.post(body).json["usage"]
    [routed] = [each for each in running.events if isinstance(each, RequestRouted)]
    [answered] = [each for each in running.events if isinstance(each, UpstreamAnswered)]
    [done] = running.finished()

    assert routed == RequestRouted(done.request_id, "demo", f"{demo}/v1", "demo/clean", False)
    assert (answered.purpose, answered.status, answered.error) == ("passthrough", 200, "")
    assert (answered.tokens_in, answered.tokens_out) == (
        *(usage["prompt_tokens"], usage["completion_tokens"]),
    )
    assert (done.model, done.upstream, done.mode) == ("demo/clean", "demo", "")
    assert (done.tokens_in, done.tokens_out) == (answered.tokens_in, answered.tokens_out)
    assert 0 < done.upstream_seconds <= done.seconds
    assert 0 < done.first_byte <= done.seconds


def test_pieces_that_are_waited_for():
    """They stay as they are; what is waited for is counted, and the usage in them seen."""

    async def slow(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for piece in (b'{"usage": {"prompt_tokens"', b": 7}}"):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b""})

    with serving(slow) as upstream, gate(upstream) as running:
        assert running.post({"model": "demo/x"}).raw == b'{"usage": {"prompt_tokens": 7}}'
    [answered] = [each for each in running.events if isinstance(each, UpstreamAnswered)]

    assert answered.tokens_in == 7
    assert answered.seconds >= answered.waited > answered.first_byte


@pytest.mark.parametrize("where", ["whole", "begin", "piece"])
def test_a_client_that_leaves(where):
    """What is waited for is the upstream alone, wherever the client leaves."""

    class Sink:
        async def whole(self, answer, data):
            await self.take("whole")

        async def begin(self, answer):
            await self.take("begin")

        async def piece(self, data):
            await self.take("piece")

        async def take(self, what):
            if what == where:
                await asyncio.sleep(0.05)
                raise ClientLeft

    async def run(url):
        settings = Settings(upstreams={"x": {"base_url": f"{url}/v1"}})
        async with Client(settings.limits) as client:
            reports = RequestReports(ignore)
            relay = Relay(settings.enforcement, Router(settings, {}), client, reports)
            request = RawRequest("POST", "/x", "", (), RequestBody(b'{"model": "m"}'))
            caller = Caller("req_1", note=events.append)
            with pytest.raises(ClientLeft):
                await relay.relay(request, caller, CHAT, Sink())

    async def hello(scope, receive, send):
        if scope["type"] == "http":
            headers = [(b"content-length", b"5")] if where == "whole" else []
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"hello"})

    events = []
    with serving(hello) as url:
        asyncio.run(run(url))
    [answered] = [each for each in events if isinstance(each, UpstreamAnswered)]
    assert answered.waited < answered.seconds


def test_a_request_without_a_model(strictgate):
    """It names none, and goes to the default upstream."""
    strictgate.get("/v1/echo")
    routed = [each for each in strictgate.events if isinstance(each, RequestRouted)][-1]

    assert (routed.model, routed.upstream) == ("", "demo")


def test_an_upstream_that_is_down():
    """Its cause and its address are in the request's own line."""
    with gate("http://127.0.0.1:9") as running:
        assert running.get("/v1/x").status == 502
    [answered] = [each for each in running.events if isinstance(each, UpstreamAnswered)]
    [done] = running.finished()

    assert (answered.status, answered.error) == (0, "upstream_unreachable")
    assert "cannot be reached" in done.cause
    assert done.address == "http://127.0.0.1:9/v1"
