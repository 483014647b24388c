"""Streams of an upstream: part after part, closed early or at the end, waited for or not."""

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from strictgate.core.conversation.protocol import StreamPart
from strictgate.core.wire.reply import Failure, Reply
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import Client
from strictgate.upstream.http.response import HttpResponse
from strictgate.upstream.routing import Router
from strictgate.upstream.stream import FIRST, UpstreamStream
from tests.servers import serving

WAIT = 30  # seconds at most for another thread; the assertion is that it came at all


def chunk(content="", reason=None, **top):
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": reason}
    return b"data: " + json.dumps({"id": "c", "choices": [choice], **top}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
WHOLE = [chunk('{"a"'), chunk(":1}"), chunk(reason="stop", usage={"total_tokens": 3}), DONE]


class Upstream:
    """Streams `pieces` to whoever asks; at an Event it waits; says whether the client left."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.has_been_left = threading.Event()
        self.clients = set()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        self.clients.add(scope["client"])
        await receive()
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for piece in self.pieces:
            if isinstance(piece, bytes):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            elif piece is ...:
                await receive()
                self.has_been_left.set()
            else:
                await asyncio.to_thread(piece.wait, WAIT)
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def opened(url, key=None):
    """A stream, and the way to another one."""
    table = {"base_url": f"{url}/v1"} | ({"api_key_env": "KEY"} if key else {})
    endpoint = Router(Settings(upstreams={"x": table}), {"KEY": key or ""}).default()
    async with Client(LimitSettings()) as client:
        yield await client.ask(endpoint, {"messages": []}, {}), client, endpoint


async def to_the_end(stream):
    """All its parts, and what it came to."""
    parts = []
    while isinstance(part := await stream.next(), StreamPart):
        parts.append(part)
    return parts, part


def heard(*pieces, key=None):
    async def hear(url):
        async with opened(url, key) as (stream, *_):
            try:
                return await to_the_end(stream)
            finally:
                await stream.close()

    with serving(Upstream(*pieces)) as url:
        return asyncio.run(hear(url))


def text_of(parts):
    return "".join(delta.content for part in parts for delta in part.deltas)


def test_parts_then_the_whole():
    """The parts' texts are the reply's; what says nothing is no part."""
    parts, reply = heard(b": hello\n\n", *WHOLE)

    assert isinstance(reply, Reply)
    assert text_of(parts) == reply.choices[0].text == '{"a":1}'
    assert reply.usage == {"total_tokens": 3}
    assert all(part.deltas for part in parts)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_any_cut(size):
    """How the bytes are cut makes no difference."""
    stream = b"".join(WHOLE)
    parts, reply = heard(*(stream[at : at + size] for at in range(0, len(stream), size)))

    assert text_of(parts) == reply.choices[0].text == '{"a":1}'


def test_the_end_gives_what_was_held_back():
    """Half a surrogate pair is waited for; at the end it is a part of its own."""
    half = chunk("x").replace(b'"x"', b'"x\\ud83d"')
    parts, reply = heard(half, chunk(reason="stop"), DONE)

    assert text_of(parts) == reply.choices[0].text == "x\ud83d"


def test_errors_in_a_stream():
    """What came before is a part; then the failure."""
    parts, failure = heard(chunk("{"), b'event: error\ndata: {"error": {"code": 429}}\n\n')

    assert text_of(parts) == "{"
    assert isinstance(failure, Failure)
    assert failure.status == 429


def test_our_key_is_cut_out_of_the_parts():
    """The key is in no part, no more than in the reply; a word that is no key stays."""
    parts, reply = heard(chunk("my sk-secret-1!"), *WHOLE[2:], key="sk-secret-1")
    assert text_of(parts) == reply.choices[0].text == "my ***!"

    spelt = chunk("my sk/secret-1!").replace(b"/", b"\\/").replace(b"1", b"\\u0031")
    parts, reply = heard(spelt, *WHOLE[2:], key="sk/secret-1")
    assert text_of(parts) == reply.choices[0].text == "my ***!"

    parts, reply = heard(chunk("null"), *WHOLE[2:], key="null")
    assert text_of(parts) == reply.choices[0].text == "null"


def test_stopped():
    """What has come by then is a reply, without the key, however it was cut."""
    upstream = Upstream(chunk("my sk-sec") + chunk("ret-1"), ...)

    async def stop(url):
        async with opened(url, "sk-secret-1") as (stream, *_):
            await stream.next()
            return await stream.stop()

    with serving(upstream) as url:
        reply = asyncio.run(stop(url))
    assert reply.choices[0].text == "my ***"
    assert upstream.has_been_left.wait(WAIT)


def test_patience():
    """Who does not want to wait gets a part without deltas, and misses nothing by it."""
    go_on = threading.Event()

    async def hear(url):
        async with opened(url) as (stream, *_):
            first = await stream.next(patience=WAIT)
            second = await stream.next(patience=0.01)
            go_on.set()
            rest, reply = await to_the_end(stream)
            await stream.close()
            return first, second, rest, reply

    with serving(Upstream(WHOLE[0], go_on, *WHOLE[1:])) as url:
        first, second, rest, reply = asyncio.run(hear(url))
    assert second == StreamPart(())
    assert text_of([first, *rest]) == reply.choices[0].text == '{"a":1}'


def test_closed_early():
    """An upstream that is still writing sees the connection go."""
    upstream = Upstream(WHOLE[0], ...)

    async def leave(url):
        async with opened(url) as (stream, *_):
            await stream.next()
            await stream.close()
            assert await asyncio.to_thread(upstream.has_been_left.wait, WAIT)

    with serving(upstream) as url:
        asyncio.run(leave(url))


@pytest.mark.parametrize("is_heard_out", [True, False])
def test_closed_at_the_end(is_heard_out):
    """The connection of a stream whose end was seen serves the next request."""
    upstream = Upstream(b"".join(WHOLE))

    async def twice(url):
        async with opened(url) as (stream, client, endpoint):
            for again in (True, False):
                await (to_the_end(stream) if is_heard_out else stream.next())
                await stream.close()
                if again:
                    stream = await client.ask(endpoint, {"messages": []}, {})

    with serving(upstream) as url:
        asyncio.run(twice(url))
    assert len(upstream.clients) == 1


class Source:
    """A connection that has read everything already."""

    def resume(self):
        pass

    pause = release = close = resume


def test_others_get_on_in_between():
    """A stream of which all has come already keeps nobody from the event loop, and the first that
    is read of it is little."""
    endpoint = Router(Settings(upstreams={"x": {"base_url": "http://x/v1"}}), {}).default()

    async def hear():
        response = HttpResponse(Source(), 200, [])
        for each in [chunk("x" * 100)] * 400 + WHOLE[2:]:
            response.push(each)
        response.end()
        stream, rounds, seen = UpstreamStream(response, endpoint, LimitSettings(), {}), 0, []

        async def others():
            nonlocal rounds
            while True:
                rounds += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(others())
        while isinstance(part := await stream.next(), StreamPart):
            seen.append((rounds, len(text_of([part]))))
        beside.cancel()
        return seen

    seen = asyncio.run(hear())
    assert seen[0][1] <= FIRST
    assert sum(length for _, length in seen) == 40_000
    assert all(before < later for (before, _), (later, _) in pairwise(seen))
