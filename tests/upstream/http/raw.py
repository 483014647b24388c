"""One connection to a server that a test plays itself, byte by byte."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvloop

from strictgate.upstream.http.connection import Connection
from strictgate.upstream.http.dialer import Dialer
from strictgate.upstream.http.request import (
    Destination,
    HttpServer,
    UpstreamRequest,
    encoded_head,
    parsed_url,
)
from strictgate.upstream.http.response import HttpResponse

LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)
WAIT = 10.0
"""Seconds for what comes anyway."""
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"


@dataclass
class Side:
    """The server's side of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@asynccontextmanager
async def listening(handler, tls=None, host="127.0.0.1"):
    """A server of both loops' kinds; gives its port, and leaves nothing open behind it."""
    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader, writer):
        serving[asyncio.current_task()] = writer
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await handler(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, host, 0, ssl=tls) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            for writer in serving.values():
                writer.transport.abort()
            await asyncio.gather(*serving)


@asynccontextmanager
async def opened():
    """A new connection, and the server's side of it."""
    sides: asyncio.Queue[Side] = asyncio.Queue()

    async def accept(reader, writer):
        await sides.put(Side(reader, writer))
        await over.wait()

    over = asyncio.Event()
    connection = Connection(lambda _: None, lambda _: None)
    async with listening(accept) as port:
        await Dialer().dial(Destination(HttpServer("http", "127.0.0.1", port)), connection)
        try:
            yield connection, await sides.get()
        finally:
            connection.close()
            await connection.closed()
            over.set()


def served(run: Callable[[Connection, Side], Awaitable[Any]]) -> Any:
    """Run a test on both sides of a connection, on each kind of loop; return its last result."""

    async def both():
        async with opened() as sides:
            return await run(*sides)

    async def within_time():
        async with asyncio.timeout(WAIT):
            return await both()

    result = None
    for loop in LOOPS:
        with asyncio.Runner(loop_factory=loop) as runner:
            result = runner.run(within_time())
    return result


async def asked(connection, seconds=WAIT, body=None, headers=()) -> HttpResponse:
    """Send a request, and return the answer's head."""
    request = UpstreamRequest("POST", parsed_url("http://h/x"), [*headers], body)
    until = asyncio.get_running_loop().time() + seconds
    return await connection.send(request, encoded_head(request, None), until)
