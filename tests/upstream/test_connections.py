"""No connection is used again that has something on it for which nobody asked."""

import asyncio

import pytest

from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream import client as client_module
from strictgate.upstream.client import Client, address
from strictgate.upstream.routing import Router

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"
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


async def bodies(upstream: Upstream, pause: float, data: bytes | None = None) -> list[bytes]:
    """Ask twice, `pause` seconds apart; return what came."""

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
            url = address(endpoint, "/x")
            async with client.open(endpoint, "POST", url, {}, data) as response:
                found.append(await response.content.read())
    return found


def test_a_clean_connection_is_used_again():
    """That is what the pool is for."""
    found = asyncio.run(bodies(Upstream(), 0.01))
    assert found == [b"connection 1 request 1", b"connection 1 request 2"]


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


@pytest.mark.parametrize("data", [None, b"data"])
@pytest.mark.parametrize("unasked", [ANSWER % (5, b"stray"), b"junk\r\n\r\n"])
def test_what_comes_between_the_look_and_the_request(unasked, data, monkeypatch):
    """The loop may turn in between, and the connection is lost then as well."""

    async def note_late(session, context, params):
        await asyncio.sleep(0.05)
        context.trace_request_ctx.reused = True

    monkeypatch.setattr(client_module, "_note_reuse", note_late)
    found = asyncio.run(bodies(Upstream(idle=unasked, pause=0.02), 0, data))
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
