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
        def on_headers_complete(self):
            super().on_headers_complete()
            kept.append(weakref.ref(self.cycle))

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
