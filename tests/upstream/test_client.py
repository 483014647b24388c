"""The HTTP client: addresses, connections, and the limits that the demonstration does not show."""

import asyncio
import json

import pytest

from strictgate.core.errors import (
    UpstreamBadResponse,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import Client, address, was_sent
from strictgate.upstream.http.faults import BodyCutOff, ClosedUnanswered, UnsendableRequest
from strictgate.upstream.routing import Router
from tests.core.talks import GOOD
from tests.upstream.asking import COMPLETION, answering, asked
from tests.upstream.http.raw import listening


def test_silence_at_the_start():
    """An answer that never begins ends at first_byte_timeout."""

    async def silent(scope, receive, send):
        while scope["type"] == "http" and (await receive())["type"] != "http.disconnect":
            pass

    with pytest.raises(UpstreamTimeout):
        asked(silent, first_byte_timeout=0.05)


def test_large_event():
    """An event over the limit ends the stream."""
    with pytest.raises(UpstreamBadResponse, match="malformed stream"):
        asked(
            answering(b"data: " + b"x" * 5000, kind=b"text/event-stream"),
            limits=LimitSettings(event_bytes=1000),
        )


@pytest.mark.parametrize(
    ("base_url", "base", "url"),
    [
        ("https://h:1/v1", "", "https://h:1/v1/models?a=%20"),
        ("https://h:1/v1", "/beta", "https://h:1/beta/models?a=%20"),
        ("https://h", "/beta", "https://h/beta/models?a=%20"),
    ],
)
def test_address(base_url, base, url):
    """A request may go to another path of the same host; a query stays as it was sent."""
    endpoint = Router(Settings(upstreams={"x": {"base_url": base_url}}), {}).default()

    assert str(address(endpoint, "/models", "a=%20", base)) == url


def test_a_proxy_that_wants_a_password():
    """It gets it; nobody else sees it."""
    seen = []

    async def proxy(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n")

    async def ask():
        async with listening(proxy) as port:
            way = f"http://me:s%40x@127.0.0.1:{port}"
            settings = Settings(upstreams={"x": {"base_url": "http://h/v1", "proxy": way}})
            assert "s%40x" not in repr(settings)
            async with Client(LimitSettings()) as client:
                return await client.fetch(Router(settings, {}).default(), "/models", {})

    assert asyncio.run(ask()).status == 407
    assert b"GET http://h/v1/models HTTP/1.1\r\nHost: h\r\n" in seen[0]
    assert b"\r\nProxy-Authorization: Basic bWU6c0B4\r\n" in seen[0]


def test_stale_connection_is_replaced_once():
    """A kept-alive connection that closed meanwhile costs nothing; a fresh one that does, does."""
    count = []

    async def server(reader, writer):
        count.append(1)
        for _ in range(1):
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(15)
            body = json.dumps(COMPLETION).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                % len(body)
                + body
            )
        await reader.readuntil(b"\r\n\r\n")  # the second request gets no answer here
        writer.close()

    async def run():
        listener = await asyncio.start_server(server, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        upstream = {"base_url": f"http://127.0.0.1:{port}/v1"}
        endpoint = Router(Settings(upstreams={"x": upstream}), {}).default()
        async with listener, Client(LimitSettings()) as client:
            return [await client.ask(endpoint, {"messages": []}, {}) for _ in range(2)]

    replies = asyncio.run(run())
    assert [reply.choices[0].text for reply in replies] == [GOOD, GOOD]
    assert len(count) == 2


@pytest.mark.parametrize("status", [600, 700, 999])
def test_statuses_that_http_does_not_have(status):
    """They cannot be answered with: that is an error of the upstream's, with a name."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d Odd\r\ncontent-length: 2\r\n\r\n{}" % status)
        writer.close()

    async def ask():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        table = {"base_url": f"http://127.0.0.1:{port}/v1"}
        router = Router(Settings(upstreams={"x": table}), {})
        async with server, Client(LimitSettings()) as client:
            return await client.ask(router.default(), {"messages": []}, {})

    with pytest.raises(UpstreamBadResponse, match=str(status)):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("why", "cause", "is_sent"),
    [
        (UpstreamTimeout("late"), TimeoutError(), True),
        (UpstreamBadResponse("cut off"), BodyCutOff(), True),
        (UpstreamBadResponse("no JSON"), None, True),
        (asyncio.CancelledError(), None, True),
        (UpstreamUnavailable("down"), None, False),
        (UpstreamUnreachable("dropped"), ClosedUnanswered(), False),
        (UpstreamUnreachable("odd"), UnsendableRequest(), False),
    ],
)
def test_what_was_sent(why, cause, is_sent):
    """What ended a request says whether an upstream may have begun to answer it."""
    why.__cause__ = cause
    assert was_sent(why) is is_sent


def test_who_leaves_before_there_is_a_connection():
    """Nothing was sent."""
    ended = []

    async def ask(client, endpoint):
        try:
            await client.ask(endpoint, {"messages": []}, {})
        except asyncio.CancelledError as left:
            ended.append(was_sent(left))
            raise

    async def run():
        is_connecting = asyncio.Event()

        async def never(*_, **__):
            is_connecting.set()
            await asyncio.Event().wait()

        asyncio.get_running_loop().create_connection = never
        router = Router(Settings(upstreams={"x": {"base_url": "http://127.0.0.1:9/v1"}}), {})
        async with Client(LimitSettings()) as client:
            task = asyncio.create_task(ask(client, router.default()))
            await asyncio.wait_for(is_connecting.wait(), 10)
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(run())
    assert ended == [False]
