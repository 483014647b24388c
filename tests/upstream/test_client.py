"""The HTTP client's limits: what the demonstration's faults do not show."""

import asyncio
import gzip
import json
import zlib

import pytest

from strictgate.core.conversation.protocol import StreamPart
from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.core.wire.reply import Failure
from strictgate.settings import LimitSettings, Settings
from strictgate.upstream.client import Client, address
from strictgate.upstream.routing import Router
from strictgate.upstream.stream import UpstreamStream
from tests.core.talks import GOOD
from tests.servers import serving

COMPLETION = {"choices": [{"index": 0, "message": {"content": GOOD}, "finish_reason": "stop"}]}


def answering(body=b"", status=200, kind=b"application/json", pieces=None, **headers):
    """An upstream that answers just this."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        raw = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
        head = [(b"content-type", kind), *raw]
        await send({"type": "http.response.start", "status": status, "headers": head})
        for piece in pieces or []:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if pieces is None or pieces[-1:] != [b"..."]:
            await send({"type": "http.response.body", "body": body})
        else:
            while (await receive())["type"] != "http.disconnect":
                pass

    return app


async def heard(answer):
    """What came as a whole, or a stream came to."""
    stream = answer
    try:
        while isinstance(answer, UpstreamStream | StreamPart):
            answer = await stream.next()
    finally:
        if isinstance(stream, UpstreamStream):
            await stream.close()
    return answer


def asked(app, key=None, limits=None, **upstream):
    """Ask `app` once."""

    async def ask(url):
        table = {"base_url": f"{url}/v1", **upstream} | ({"api_key_env": "KEY"} if key else {})
        router = Router(Settings(upstreams={"x": table}), {"KEY": key or ""})
        async with Client(limits or LimitSettings()) as client:
            return await heard(await client.ask(router.default(), {"messages": []}, {}))

    with serving(app) as url:
        return asyncio.run(ask(url))


@pytest.mark.parametrize(
    ("coding", "pack"),
    [(b"gzip", gzip.compress), (b"deflate", zlib.compress), (b"identity", bytes)],
)
def test_codings(coding, pack):
    """An answer that comes compressed, though that was not asked for, is read."""
    body = pack(json.dumps(COMPLETION).encode())

    assert asked(answering(body, content_encoding=coding)).choices[0].text == GOOD


@pytest.mark.parametrize("coding", [b"br", b"gzip, gzip", b"zstd"])
def test_unknown_codings(coding):
    """What cannot be undone under the limit is not tried."""
    with pytest.raises(UpstreamBadResponse, match="content coding"):
        asked(answering(b"x", content_encoding=coding))


def test_bomb():
    """What inflates past the limit is cut there."""
    bomb = gzip.compress(b" " * (4 << 20))
    with pytest.raises(UpstreamBadResponse, match="more than"):
        asked(
            answering(bomb, content_encoding=b"gzip"), limits=LimitSettings(upstream_bytes=1 << 20)
        )


def test_not_a_compressed_body():
    """What does not inflate is nonsense."""
    with pytest.raises(UpstreamBadResponse, match="inflate"):
        asked(answering(b"{}", content_encoding=b"gzip"))


def test_too_large():
    """An endless body ends at the limit."""
    with pytest.raises(UpstreamBadResponse, match="more than"):
        asked(answering(pieces=[b" " * 1000] * 20), limits=LimitSettings(upstream_bytes=10_000))


def test_silence_in_the_middle():
    """A body that stalls ends at idle_timeout."""
    with pytest.raises(UpstreamTimeout, match="silent"):
        asked(answering(pieces=[b"{", b"..."]), idle_timeout=0.05)


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


def test_error_in_a_200():
    """An error object where the choices should be is an error, with its own status."""
    body = json.dumps({"error": {"code": 429, "message": "slow down"}}).encode()

    assert asked(answering(body)) == Failure(429, json.loads(body), {})


def test_our_key_is_never_quoted():
    """An upstream that echoes the key cannot make us tell it."""
    body = json.dumps({"error": {"message": "Incorrect API key: sk-secret-1"}}).encode()
    failure = asked(answering(body, status=401), key="sk-secret-1")

    assert "sk-secret-1" not in json.dumps(failure.body)


@pytest.mark.parametrize("key", ["null", "error", "message", "sk-1"])
def test_any_key_can_be_blotted_out(key):
    """A key that looks like a part of JSON breaks nothing."""
    body = {"error": {"message": f"no {key}", "param": None}}
    failure = asked(answering(json.dumps(body).encode(), status=400), key=key)

    assert failure.body["error" if key != "error" else "***"]


def test_our_key_in_an_answer():
    """Nor can it come back in what the model is said to have written."""
    body = {"choices": [{"message": {"content": '{"a": "sk-secret-1"}'}}]}

    assert asked(answering(json.dumps(body).encode()), key="sk-secret-1").choices[0].text == (
        '{"a": "***"}'
    )


@pytest.mark.parametrize("key", ["null", "lm-studio", "1"])
def test_words_for_keys_in_an_answer(key):
    """A word that only stands where a key should be is left in what the model wrote."""
    body = {"choices": [{"message": {"content": f'{{"a": null, "b": "lm-studio", "{key}": 1}}'}}]}

    told = asked(answering(json.dumps(body).encode()), key=key).choices[0].text
    assert told == body["choices"][0]["message"]["content"]


@pytest.mark.parametrize("status", [201, 202, 206])
def test_other_successes(status):
    """A completion is one under any status of success."""
    reply = asked(answering(json.dumps(COMPLETION).encode(), status=status))

    assert reply.choices[0].text == GOOD


def test_no_content():
    """A success without a body is none."""
    with pytest.raises(UpstreamBadResponse):
        asked(answering(b"", status=204))


def test_groq_gives_up_before_the_first_chunk():
    """Its error alone is a failure to be judged, not a malformed answer."""
    error = {"message": "m", "code": "json_validate_failed", "failed_generation": ""}
    frame = b"event: error\ndata: " + json.dumps({"error": error}).encode() + b"\n\n"

    failure = asked(answering(frame, kind=b"text/event-stream"))
    assert failure.body["error"]["code"] == "json_validate_failed"


def test_integers_are_exact():
    """Arguments that are no string keep every digit."""
    call = b'{"function":{"name":"f","arguments":{"n":123456789012345678901234}}}'
    body = b'{"choices":[{"message":{"tool_calls":[' + call + b"]}}]}"

    assert asked(answering(body)).choices[0].arguments == '{"n":123456789012345678901234}'


def test_charset_is_ignored():
    """JSON is UTF-8, whatever the header says."""
    text = json.dumps({"a": "größe"}, ensure_ascii=False)
    body = json.dumps({"choices": [{"message": {"content": text}}]}, ensure_ascii=False).encode()
    reply = asked(answering(body, kind=b"application/json; charset=iso-8859-1"))

    assert reply.choices[0].text == text


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
