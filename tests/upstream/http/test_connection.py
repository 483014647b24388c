"""One exchange after the other: nobody gets what was meant for another, and who waits is told."""

import asyncio
import os
import socket
from typing import Any

import pytest

from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import STALE, Client, address
from strictgate.upstream.http import connection as connection_module
from strictgate.upstream.http.connection import Connection
from strictgate.upstream.http.faults import (
    BodyCutOff,
    ClosedUnanswered,
    ConnectionFault,
    MalformedHttp,
)
from strictgate.upstream.http.parser import HEAD_BYTES
from strictgate.upstream.http.request import UpstreamRequest
from strictgate.upstream.http.response import HIGH
from strictgate.upstream.routing import Router
from tests.upstream.http.raw import ANSWER, WAIT, asked, served

STRAY = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 5\r\n\r\nstray"


class Upstream:
    """A raw server: each request on a connection is answered with its number there."""

    def __init__(self, behind: bytes = b"", pause: float = 0.0, idle: bytes = b"") -> None:
        self.behind = behind
        """What is sent in one piece with the first answer."""
        self.pause = pause
        self.idle = idle
        """What is sent `pause` seconds later, while nobody asks."""
        self.connections = 0

    async def serve(self, reader, writer) -> None:
        self.connections += 1
        name = f"connection {self.connections} request".encode()
        number = 0
        while head := await reader.readuntil(b"\r\n\r\n"):
            number += 1
            if b"content-length: 4" in head.lower():
                await reader.readexactly(4)
            body = b"%s %d" % (name, number)
            first = self.connections == 1 and number == 1
            writer.write(ANSWER % (len(body), body) + (self.behind if first else b""))
            if first and self.idle:
                await asyncio.sleep(self.pause)
                writer.write(self.idle)


async def bodies(upstream: Upstream, pause: float, data: Any = None) -> list[bytes]:
    """Ask twice, `pause` seconds apart; return what came.

    Args:
        data: the body, or what begins to yield the pieces of one of 4 bytes.
    """

    async def guarded(reader, writer):
        try:
            await upstream.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    table = {"x": {"base_url": f"http://127.0.0.1:{port}/v1"}}
    endpoint = Router(Settings(upstreams=table), {}).default()
    found = []
    async with server, Client(LimitSettings()) as client:
        for turn in range(2):
            if turn:
                await asyncio.sleep(pause)
            body = data() if callable(data) else data
            headers = [("content-length", "4")] if callable(data) else []
            request = UpstreamRequest("POST", address(endpoint, "/x"), headers, body)
            response = await client.send(endpoint, request)
            found.append(await response.read(None, WAIT))
            response.release()
    return found


def test_a_clean_connection_is_used_again():
    """That is what the pool is for."""
    found = asyncio.run(bodies(Upstream(), 0.01))
    assert found == [b"connection 1 request 1", b"connection 1 request 2"]


def test_what_cannot_be_sent_again():
    """It goes out on a new connection, which nobody can have given up."""
    found = asyncio.run(bodies(Upstream(), 0.01, lambda: pieces(b"da", b"ta")))
    assert found == [b"connection 1 request 1", b"connection 2 request 1"]


@pytest.mark.parametrize(
    "upstream",
    [
        Upstream(behind=STRAY),
        Upstream(idle=b"more than was said", pause=0.005),
        Upstream(idle=STRAY, pause=0.005),
        Upstream(idle=b"\r\n", pause=0.005),
    ],
    ids=["in one piece", "a longer body", "while idle", "blanks while idle"],
)
def test_what_nobody_asked_for_answers_nothing(upstream):
    """What comes unasked never becomes the answer to the next request."""
    first, second = asyncio.run(bodies(upstream, 0.05))
    assert first == b"connection 1 request 1"
    assert second in (b"connection 1 request 2", b"connection 2 request 1")


@pytest.mark.parametrize("pause", [None, 0.005], ids=["in one piece", "while idle"])
def test_a_stray_response_costs_the_connection(pause):
    """Where a whole response is left over, nobody could tell it from the next answer."""
    stray = Upstream(behind=STRAY) if pause is None else Upstream(idle=STRAY, pause=pause)
    found = asyncio.run(bodies(stray, 0.05))
    assert found == [b"connection 1 request 1", b"connection 2 request 1"]


def test_an_idle_connection_that_was_given_up():
    """A 408 that crosses with the next request is no answer to it: it is asked again, once."""

    class GivesUp(Upstream):
        async def serve(self, reader, writer) -> None:
            self.connections += 1
            number = 0
            while await reader.readuntil(b"\r\n\r\n"):
                number += 1
                if self.connections == 1 and number == 2:
                    writer.write(STRAY)
                else:
                    body = b"%d" % self.connections
                    writer.write(ANSWER % (len(body), body))

    assert asyncio.run(bodies(GivesUp(), 0.01)) == [b"1", b"2"]


def test_a_server_that_says_408_late_is_heard():
    """It has had the request, and may have worked at it: it is not asked again."""

    class GivesUp(Upstream):
        async def serve(self, reader, writer) -> None:
            self.connections += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER % (1, b"1"))
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(STALE * 1.2)
            writer.write(STRAY)
            await reader.read()
            writer.close()

    upstream = GivesUp()
    assert asyncio.run(bodies(upstream, 0.01)) == [b"1", b"stray"]
    assert upstream.connections == 1


# --- one connection ------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"", b"HTTP/1.1 200 OK\r\ncont", b"HTTP/1.1 100 Go\r\n\r\n"])
def test_closed_before_the_answer(end):
    """Who waits for its head is told, and whether anything came of it."""

    async def run(connection: Connection, server):
        asking = asyncio.ensure_future(asked(connection))
        await server.reader.readuntil(b"\r\n\r\n")
        server.writer.write(end)
        server.writer.close()
        with pytest.raises(ConnectionFault) as raised:
            await asking
        return type(raised.value), connection.has_answered

    kind, has_answered = served(run)
    assert (kind is ClosedUnanswered, has_answered) == (not end, bool(end))


def test_cut_in_the_middle():
    """What came is given; then that it broke off."""

    async def run(connection, server):
        server.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")
        response = await asked(connection)
        server.writer.close()
        assert await response.read(None, WAIT) == b"abc"
        with pytest.raises(BodyCutOff):
            await response.read(None, WAIT)

    served(run)


def test_until_the_connection_ends():
    """Where the head says nothing of its length."""

    async def run(connection, server):
        server.writer.write(b"HTTP/1.1 200 OK\r\n\r\nabc")
        response = await asked(connection)
        assert await response.read(None, WAIT) == b"abc"
        assert not response.is_over
        server.writer.close()
        assert await response.read(None, WAIT) == b""
        assert response.is_over

    served(run)


def test_no_answer_in_time():
    """The connection is closed, so that a late answer finds nobody."""

    async def run(connection, server):
        with pytest.raises(TimeoutError):
            await asked(connection, seconds=0.01)
        assert not connection.is_clean()
        assert await server.reader.read() != b""  # the request, then the end

    served(run)


def test_silence_in_the_middle():
    """It is told, and the body can be read on."""

    async def run(connection, server):
        server.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n")
        response = await asked(connection)
        with pytest.raises(TimeoutError):
            await response.read(None, 0.01)
        server.writer.write(b"abc")
        assert await response.read(None, WAIT) == b"abc"

    served(run)


def test_given_up():
    """Whoever is cancelled cuts the connection: the server sees it."""

    async def run(connection, server):
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(asked(connection))
            await server.reader.readuntil(b"\r\n\r\n")
            asking.cancel()
        assert await server.reader.read() == b""

    served(run)


def test_a_long_head():
    """It is not read to its end."""

    async def run(connection, server):
        server.writer.write(b"HTTP/1.1 200 OK\r\nx: " + b"y" * (2 * HEAD_BYTES))
        with pytest.raises(MalformedHttp):
            await asked(connection)

    served(run)


def test_a_slow_reader_holds_the_server_back():
    """What nobody takes stays in the network's buffers."""
    size = 64 << 20

    async def run(connection, server):
        server.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        response = await asked(connection)
        server.writer.write(bytes(size))
        before = -1
        while (left := server.writer.transport.get_write_buffer_size()) != before:
            before = left
            await asyncio.sleep(0.02)
        assert left > size / 2
        got = 0
        while piece := await response.read(HIGH, WAIT):
            got += len(piece)
        assert got == size
        response.release()
        assert connection.is_clean()

    served(run)


@pytest.mark.parametrize("unasked", [ANSWER % (5, b"stray"), b"junk\r\n\r\n", None])
def test_what_the_loop_has_not_seen_yet(unasked):
    """Bytes that lie in the kernel, or the server's end, cost the connection as well."""

    async def run(connection, server):
        server.writer.write(ANSWER % (3, b"abc"))
        response = await asked(connection)
        await response.read(None, WAIT)
        response.release()
        assert connection.is_clean()
        with socket.socket(fileno=os.dup(server.writer.get_extra_info("socket").fileno())) as raw:
            raw.shutdown(socket.SHUT_WR) if unasked is None else raw.send(unasked)
        assert not connection.is_clean()

    served(run)


# --- a body that is sent as it comes -------------------------------------------------------------


async def pieces(*parts):
    """A body; what is no bytes is raised."""
    for part in parts:
        await asyncio.sleep(0)
        if not isinstance(part, bytes):
            raise part
        yield part


@pytest.mark.parametrize(
    ("headers", "sent"),
    [((), b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), ((("content-length", "3"),), b"abc")],
)
def test_a_body_in_pieces(headers, sent):
    """In chunks where its length is not known; nothing of it is a chunk's end by accident."""

    async def run(connection, server):
        async with asyncio.TaskGroup() as group:
            body = pieces(b"a", b"", b"bc")
            asking = group.create_task(asked(connection, body=body, headers=headers))
            await server.reader.readuntil(b"\r\n\r\n")
            assert await server.reader.readexactly(len(sent)) == sent
            server.writer.write(ANSWER % (2, b"ok"))
        response = asking.result()
        assert await response.read(None, WAIT) == b"ok"
        response.release()
        assert connection.is_clean()

    served(run)


def test_a_body_that_fails():
    """Its own error is told, and the server sees no whole request."""

    async def run(connection, server):
        with pytest.raises(KeyError):
            await asked(connection, body=pieces(b"abc", KeyError("x")))
        assert not (await server.reader.read()).endswith(b"0\r\n\r\n")

    served(run)


def test_an_answer_before_the_body_was_sent():
    """It is read at once; the connection is not used again."""

    async def run(connection, server):
        go_on = asyncio.Event()

        async def slow():
            yield b"a"
            await go_on.wait()

        server.writer.write(ANSWER % (2, b"no"))
        response = await asked(connection, body=slow())
        assert await response.read(None, WAIT) == b"no"
        response.release()
        assert not connection.is_clean()

    served(run)


def test_an_idle_connection_goes_away(monkeypatch):
    """After a while nobody keeps it."""
    monkeypatch.setattr(connection_module, "KEEP", 0.01)

    async def run(connection, server):
        server.writer.write(ANSWER % (3, b"abc"))
        response = await asked(connection)
        await response.read(None, WAIT)
        response.release()
        await connection.closed()
        assert not connection.is_clean()

    served(run)
