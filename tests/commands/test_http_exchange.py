"""What the server does for one request beyond ASGI, over the wire."""

import asyncio
import gc
import http.client
import socket
import threading
import weakref
from contextlib import closing

import pytest

from strictgate.api.server import server_extension
from strictgate.commands.http_exchange import scope_of
from strictgate.commands.http_protocol import HttpProtocol
from tests.servers import serving

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"5")]


def application(status=200, headers=HEADERS, written=None):
    """Answers in one write, as ASGI has it where that cannot be."""

    async def answer(scope, receive, send):
        if scope["type"] != "http":
            return
        is_written = server_extension(scope).answer(status, headers, b"hello")
        if written is not None:
            written.append(is_written)
        if not is_written:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"hello"})

    return answer


def connection_to(url):
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)


def test_one_after_the_other():
    """Answers in one write leave the connection as it should be."""
    written = []
    with serving(application(written=written), http=HttpProtocol) as url:
        connection = connection_to(url)
        for _ in range(3):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"hello")
            assert answer.headers["content-type"] == "text/plain"
            assert "date" in answer.headers
        connection.close()

    assert written == [True] * 3


def test_head():
    """It gets the length, and no body, which would be read as the beginning of the next answer."""
    ask = (
        b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    with serving(application(), http=HttpProtocol) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
            connection.sendall(ask)
            came = b"".join(iter(lambda: connection.recv(4096), b""))

    first, second, body = came.split(b"\r\n\r\n")
    assert b"content-length: 5" in first
    assert second.startswith(b"HTTP/1.1 200")
    assert body == b"hello"


def test_what_is_over_is_freed():
    """Its headers, which may hold a key, wait for no collector of garbage."""
    kept = []

    class Noted(HttpProtocol):
        def answered(self, exchange):
            super().answered(exchange)
            kept.append(weakref.ref(exchange))

    gc.collect()
    gc.disable()
    try:
        with serving(application(), http=Noted) as url:
            connection = connection_to(url)
            for _ in range(3):
                connection.request("GET", "/")
                connection.getresponse().read()
            while kept[0]() is not None or kept[1]() is not None:
                pass
            connection.close()
    finally:
        gc.enable()


def test_pipelined():
    """They come in their order."""
    ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    with serving(application(), http=HttpProtocol) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
            connection.sendall(2 * ask + ask.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
            came = b"".join(iter(lambda: connection.recv(4096), b""))

    assert came.count(b"HTTP/1.1 200 OK") == came.count(b"\r\n\r\nhello") == 3
    assert came.count(b"connection: close") == 1


@pytest.mark.parametrize(
    ("status", "headers"),
    [(200, [*HEADERS, (b"connection", b"close")]), (299, HEADERS)],
    ids=["it closes", "an unknown status"],
)
def test_odd_answers(status, headers):
    """What the server below knows better how to write still comes."""
    with serving(application(status, headers), http=HttpProtocol) as url:
        connection = connection_to(url)
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"hello")
        connection.close()


def leave(wait, begun, gone):
    """Ask `wait`, and leave once it has begun; return once it has seen that."""
    with serving(wait, http=HttpProtocol) as url:
        connection = connection_to(url)
        connection.request("GET", "/")
        begun.wait(30)
        connection.close()
        assert gone.wait(30)


@pytest.mark.parametrize("is_late", [False, True], ids=["in time", "once it has left"])
def test_leaving(is_late):
    """Whoever wants to know is told, once; also who asks when it has happened."""
    told, gone, begun = [], threading.Event(), threading.Event()

    async def wait(scope, receive, send):
        if scope["type"] != "http":
            return
        server, left = server_extension(scope), asyncio.Event()
        await receive()
        begun.set()
        if is_late:
            while (await receive())["type"] != "http.disconnect":
                pass
        server.on_left(lambda: (told.append(1), left.set()))
        await left.wait()
        server.on_left(None)
        gone.set()

    leave(wait, begun, gone)

    assert told == [1]


def test_nobody_wants_to_know_any_more():
    """Who has taken the word back is not told."""
    told, gone, begun = [], threading.Event(), threading.Event()

    async def wait(scope, receive, send):
        if scope["type"] != "http":
            return
        server = server_extension(scope)
        server.on_left(lambda: told.append(1))
        server.on_left(None)
        await receive()
        begun.set()
        await receive()
        gone.set()

    leave(wait, begun, gone)

    assert told == []


def said(application, request):
    """What comes for a request, until the end."""
    with serving(application, http=HttpProtocol) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(4096), b""))


def sending(*pieces, headers=(), status=200):
    """An application that sends these pieces."""

    async def answer(scope, receive, send):
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces[:-1]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": pieces[-1]})

    return answer


LAST = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"


@pytest.mark.parametrize(
    ("application", "request_bytes", "line", "end"),
    [
        (sending(b"ab", b"", b"c"), LAST, b"transfer-encoding: chunked", b"2\r\nab\r\n1\r\nc\r\n"),
        (sending(b"ab", b"c", headers=[(b"content-length", b"3")]), LAST, b"", b"\r\n\r\nabc"),
        (sending(b"abc"), LAST.replace(b"GET", b"HEAD"), b"connection: close", b"\r\n\r\n"),
        (sending(b"", status=204), LAST, b"HTTP/1.1 204 No Content", b"\r\n\r\n"),
        (sending(b"", status=299), LAST, b"HTTP/1.1 299 \r\n", b"\r\n\r\n0\r\n\r\n"),
        (
            sending(b"", status=304, headers=[(b"content-length", b"9")]),
            LAST,
            b"content-length: 9",
            b"\r\n\r\n",
        ),
        (sending(b"ab", b"c"), OLD, b"connection: close", b"\r\n\r\nabc"),
        (sending(b"ab", headers=[(b"content-length", b"2")]), OLD, b"", b"\r\n\r\nab"),
        (
            sending(b"ab", headers=[(b"transfer-encoding", b"chunked")]),
            OLD,
            b"connection: close",
            b"\r\n\r\nab",
        ),
    ],
    ids=[
        "chunks",
        "by length",
        "HEAD",
        "no body",
        "an unknown status",
        "no body, but its length",
        "HTTP/1.0",
        "HTTP/1.0 by length",
        "HTTP/1.0 does not know chunks",
    ],
)
def test_answers_in_pieces(application, request_bytes, line, end):
    """Their bodies end where it is said."""
    came = said(application, request_bytes)
    assert line in came
    assert came.removesuffix(b"0\r\n\r\n").endswith(end.removesuffix(b"0\r\n\r\n"))


async def breaks(scope, receive, send):
    assert scope["type"] == "http"
    raise ValueError("broken")


async def says_nothing(scope, receive, send):
    assert scope["type"] == "http"


async def stops(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})


@pytest.mark.parametrize("application", [breaks, says_nothing])
def test_an_application_without_an_answer(application):
    """It is a 500, and the end of the connection."""
    assert said(application, LAST.replace(b"connection: close\r\n", b"")).startswith(
        b"HTTP/1.1 500"
    )


@pytest.mark.parametrize(
    "application",
    [
        stops,
        sending(b"abc", headers=[(b"content-length", b"2")]),
        sending(b"abc", headers=[(b"content-length", b"4")]),
    ],
    ids=["it stops", "too long", "too short"],
)
def test_an_answer_that_is_not_whole(application):
    """The connection is cut, so that nobody takes it for one."""
    came = said(application, LAST.replace(b"connection: close\r\n", b""))
    assert came.startswith(b"HTTP/1.1 200")
    assert not came.endswith(b"0\r\n\r\n")


def test_an_old_answer_that_is_not_whole():
    """The end of the connection would be the body's; it is reset."""
    with pytest.raises(ConnectionResetError):
        said(stops, OLD)


@pytest.mark.parametrize("header", [(b"x", b"a\r\nb: c"), (b"x\ny", b"z"), (b"x", b"a\0")])
def test_headers_that_are_none(header):
    """Nothing of them goes out."""
    assert said(sending(b"", headers=[header]), LAST).startswith(b"HTTP/1.1 500")


def test_bodies():
    """In one, in pieces, in a row, and once the client is told to go on."""
    bodies = []

    async def keep(scope, receive, send):
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        bodies.append(body)
        await sending(b"ok")(scope, receive, send)

    def post(body, *lines):
        lines = (b"host: x", b"content-length: %d" % len(body), *lines)
        return b"POST / HTTP/1.1\r\n%b\r\n\r\n" % b"\r\n".join(lines)

    large = b"y" * (1 << 20)
    with serving(keep, http=HttpProtocol) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
            connection.sendall(post(b"abc") + b"abc" + post(large) + large)
            connection.sendall(post(b"late", b"expect: 100-continue"))
            came = b""
            while b"HTTP/1.1 100 Continue\r\n\r\n" not in came:
                came += connection.recv(4096)
            connection.sendall(b"late" + LAST)
            came += b"".join(iter(lambda: connection.recv(4096), b""))

    assert bodies == [b"abc", large, b"late", b""]
    assert came.count(b"HTTP/1.1 200 OK") == 4
    assert came.count(b"100 Continue") == 1


def test_scopes():
    """A Unix socket has no name, and one that is no more tells so."""
    one, other = socket.socketpair()
    with closing(one), closing(other):
        scope = scope_of(one, is_safe=True)
    assert (scope["server"], scope["client"], scope["scheme"]) == (None, None, "https")
    with pytest.raises(OSError, match="descriptor"):
        scope_of(one, is_safe=False)
