"""What is passed through: as it is, both ways, but for connections, keys and errors."""

import asyncio
import json

import pytest

from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.surfaces.chat.surface import CHAT
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import Client
from strictgate.upstream.passthrough import relay
from strictgate.upstream.routing import Router
from tests.servers import serving
from tests.upstream.asking import answering

KEY = "sk-secret-1"
EVENTS = b"text/event-stream"


class Kept:
    """Takes an answer, and keeps it."""

    def __init__(self):
        self.answer = None
        self.is_whole = False
        self.pieces = []

    async def whole(self, answer, data):
        self.answer, self.is_whole = answer, True
        self.pieces.append(data)

    async def begin(self, answer):
        self.answer = answer

    async def piece(self, data):
        assert self.answer is not None, "the beginning comes first"
        self.pieces.append(data)


def relayed(app, path="/x", headers=(), body=b"", credentials=None, method="POST"):
    """Send one request on to `app`; return the status, the headers and the body."""

    async def send(url):
        upstream = {"base_url": f"{url}/v1", "api_key_env": "KEY"}
        endpoint = Router(Settings(upstreams={"x": upstream}), {"KEY": KEY}).default()
        request = RawRequest(method, path, "", headers, RequestBody(body))
        kept = Kept()
        async with Client(LimitSettings()) as client:
            await relay(client, endpoint, request, credentials or {}, CHAT, kept)
        return kept.answer.status, dict(kept.answer.headers), b"".join(kept.pieces)

    with serving(app) as url:
        return asyncio.run(send(url))


async def short(scope, receive, send):
    if scope["type"] == "http":
        body = b"it is " + KEY.encode()
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(("method", "body"), [("POST", b"it is " + 11 * b"*"), ("HEAD", b"")])
def test_a_short_answer(method, body):
    """It says how long it is, also where it has no body, and the key in it is blotted out."""
    status, headers, got = relayed(short, method=method)
    assert (status, headers["content-length"], got) == (200, "17", body)


class Mirror:
    """Answers with nothing, and keeps what it was asked."""

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.path = scope["raw_path"].decode()
            self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.body = (await receive())["body"]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})


def test_the_request_is_the_clients():
    """Its path, its body and its headers, but for those of the connection and the credentials."""
    mirror = Mirror()
    sent = [("x-a", "1"), ("cookie", "c"), ("te", "trailers"), ("authorization", "Bearer mine")]
    relayed(mirror, "/a%2Fb", sent, b"\x00\xff", {"authorization": "Bearer theirs"})
    assert (mirror.path, mirror.body) == ("/v1/a%2Fb", b"\x00\xff")
    assert (mirror.headers["x-a"], mirror.headers["authorization"]) == ("1", "Bearer theirs")
    assert not {"cookie", "te"} & mirror.headers.keys()


def test_the_answer_is_the_upstreams():
    """Its bytes, in whatever coding, and its headers, but for those of its host."""
    packed = answering(b"\x1f\x8b..", content_encoding=b"gzip", server=b"s", x_request_id=b"r")
    status, headers, body = relayed(packed)
    assert (status, body, headers["content-encoding"]) == (200, b"\x1f\x8b..", "gzip")
    assert "server" not in headers
    assert (headers["x-upstream-request-id"], "x-request-id" in headers) == ("r", False)


def test_keys_of_the_client_stay_here():
    """Where Strictgate has a key of its own, the client's is not sent beside it."""
    mirror = Mirror()
    relayed(mirror, headers=[("x-api-key", "k"), ("api-key", "k"), ("x-goog-api-key", "k")])
    assert "k" not in mirror.headers.values()


@pytest.mark.parametrize("kind", [b"application/json", EVENTS, b"text/plain"])
def test_a_key_in_a_success_is_blotted_out(kind):
    """An error in a 200, or whatever quotes the key, shows stars, in the length announced."""
    raw = f'{{"error": {{"message": "Bad key {KEY}."}}}}'.encode()
    _, headers, body = relayed(answering(raw, kind=kind, content_length=str(len(raw)).encode()))
    assert body == raw.replace(KEY.encode(), b"***********")
    assert headers["content-length"] == str(len(body))


def test_a_key_in_a_header_is_blotted_out():
    """The upstream cannot make us tell it."""
    _, headers, _ = relayed(answering(x_debug=f"key={KEY}".encode()))
    assert headers["x-debug"] == "key=***"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"<html><title>502 Bad Gateway</title></html>", "502 Bad Gateway"),
        (b'{"detail": "no"}', "no"),
        (b'{"error": {"message": "m"}}', "m"),
        (f"Incorrect API key: {KEY}".encode(), "Incorrect API key: ***"),
    ],
)
def test_errors_have_openais_shape(sent, message):
    """Whatever the upstream makes of them."""
    status, headers, body = relayed(answering(sent, status=502, kind=b"text/html"))
    error = json.loads(body)["error"]
    assert (status, headers["content-type"]) == (502, "application/json")
    assert headers["content-length"] == str(len(body))
    assert message in error["message"]
    assert {"type", "param", "code"} <= error.keys()


def test_what_stands_beside_an_error_is_kept():
    """Nothing that an upstream says in the usual shape is lost."""
    sent = b'{"error": {"message": "m"}, "more": 1}'
    _, _, body = relayed(answering(sent, status=400))
    assert json.loads(body)["more"] == 1


CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'


def test_a_completion_stream_that_merely_stops_is_an_error():
    """What came before has gone out; any other stream may end as it likes."""
    with pytest.raises(UpstreamBadResponse, match="broke off in the middle of its stream"):
        relayed(answering(CHUNK, kind=EVENTS), "/chat/completions")
    whole = CHUNK + b"data: [DONE]\n\n"
    assert relayed(answering(whole, kind=EVENTS), "/chat/completions")[2] == whole
    assert relayed(answering(CHUNK, kind=EVENTS), "/other")[2] == CHUNK


def test_redirects_are_not_followed():
    """Nor are they handed on: the client would take its key there."""
    with pytest.raises(UpstreamBadResponse, match="redirect"):
        relayed(answering(status=307, location=b"http://127.0.0.1:9/"))


def test_the_answer_to_a_head_request_has_no_body():
    """An error neither, though it keeps its status."""
    assert relayed(answering(status=404), method="HEAD")[::2] == (404, b"")


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body(status):
    """It may tell the length of a body that does not come: nobody waits for that."""

    async def bare(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 5\r\netag: a\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    async def send():
        server = await asyncio.start_server(bare, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        endpoint = Router(Settings(upstreams={"x": {"base_url": url}}), {}).default()
        kept, request = Kept(), RawRequest("GET", "/x", "", (), RequestBody(b""))
        async with server, Client(LimitSettings()) as client:
            await relay(client, endpoint, request, {}, CHAT, kept)
        return kept

    kept = asyncio.run(send())
    assert kept.answer == RawAnswer(status, [("etag", "a")])
    assert kept.pieces == []


@pytest.mark.parametrize(
    ("method", "path", "connections"),
    [
        ("POST", "/batches", 2),
        ("PATCH", "/x", 2),
        ("POST", "/embeddings", 1),
        ("POST", "/chat/completions", 1),
        ("GET", "/models", 1),
        ("DELETE", "/files/1", 1),
    ],
)
def test_what_would_be_made_twice_goes_out_on_a_new_connection(method, path, connections):
    """Only there it cannot turn out to have been closed, and nobody know what was read."""
    seen = set()

    async def ask_twice():
        async def serve(reader, writer):
            seen.add(writer)
            while (await reader.readuntil(b"\r\n\r\n"))[:1]:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

        async def guarded(reader, writer):
            try:
                await serve(reader, writer)
            except asyncio.IncompleteReadError:
                writer.close()

        server = await asyncio.start_server(guarded, "127.0.0.1", 0)
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        endpoint = Router(Settings(upstreams={"x": {"base_url": base}}), {}).default()
        request = RawRequest(method, path, "", (), RequestBody(b""))
        async with server, Client(LimitSettings()) as client:
            for _ in range(2):
                await relay(client, endpoint, request, {}, CHAT, Kept())

    asyncio.run(ask_twice())
    assert len(seen) == connections
