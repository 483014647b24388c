"""Clients that do not read, or do not send: they get so long, then their place is another's."""

import asyncio
import json
import socket
import threading
from contextlib import ExitStack, closing

from strictgate.api import sending
from strictgate.commands import reader_watch
from strictgate.commands.http_protocol import HttpProtocol
from strictgate.gateway import relaying
from tests.gates import gate
from tests.servers import serving


def connected(url):
    host, _, port = url.removeprefix("http://").partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect((host, int(port)))
    return connection


def post(path, body, kind="application/json", length=None):
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n"
    return f"{head}content-length: {length or len(body)}\r\n\r\n{body}".encode()


async def endless(scope, receive, send):
    """An upstream that writes more than anybody holds."""
    if scope["type"] == "http" and scope["path"] == "/v1/x":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            await asyncio.sleep(0)


def test_who_does_not_read_gives_the_place_back(monkeypatch):
    """All places are taken by clients that do not read; after the stall limit they are free."""
    monkeypatch.setattr(sending, "STALL", 0.2)
    with (
        serving(endless) as upstream,
        gate(upstream, limits={"connections": 2}) as running,
        ExitStack() as stack,
    ):
        for _ in range(2):
            connection = stack.enter_context(closing(connected(running.url)))
            connection.sendall(post("/v1/endless", json.dumps({"model": "m"})))
            assert connection.recv(20).startswith(b"HTTP/1.1 200")
        while running.get("/v1/x").status != 200:
            pass
        left = [each for each in running.finished() if each.client_left]

    assert left, "they have been cut, as clients that left"


def test_who_does_not_read_is_cut(monkeypatch):
    """An answer that is whole already does not wait for a reader for ever, either."""
    monkeypatch.setattr(reader_watch, "STALL", 0.2)
    size = 32 << 20  # more than the kernel holds

    async def large(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * size})

    lost = threading.Event()

    class Watched(HttpProtocol):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            lost.set()

    with serving(large, http=Watched) as url:
        with closing(connected(url)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200")
            assert lost.wait(30)
        monkeypatch.undo()
        with closing(connected(url)) as reader:  # somebody who reads gets all of it
            reader.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert sum(iter(lambda: len(reader.recv(1 << 20)), 0)) > size


def test_a_form_that_does_not_come(demo, monkeypatch):
    """Its fields say where it goes: what does not arrive in time is a 408."""
    monkeypatch.setattr(relaying, "FORM_DEADLINE", 0.2)
    begun = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
    with gate(demo) as running, closing(connected(running.url)) as connection:
        kind = "multipart/form-data; boundary=b"
        connection.sendall(post("/v1/audio/transcriptions", begun, kind, length=10_000))
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 408")
