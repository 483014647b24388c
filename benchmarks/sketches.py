"""The least that a relay under uvicorn can do: `python sketches.py aiohttp|minimal PORT UPSTREAM`.

Nothing is looked at: a body comes in, goes out, and its answer comes back. What a gateway adds to
them is what it computes; they have no deadlines, no limits, and no client that leaves.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httptools
import uvicorn

Ask = Callable[[bytes], Awaitable[tuple[int, bytes]]]


class Relay:
    """The application: one route, one upstream."""

    def __init__(self, kind: str, upstream: str) -> None:
        self._kind, self._upstream = kind, upstream
        self._ask: Ask | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if self._ask is None:
            self._ask = _CLIENTS[self._kind](self._upstream + "/chat/completions")
        status, answer = await self._ask(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def _aiohttp(url: str) -> Ask:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def ask(body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        async with session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    return ask


class _Connection(asyncio.Protocol):
    """One exchange after the other."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        self._answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._parser, self._body = httptools.HttpResponseParser(self), b""
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self._answer.set_result((self._parser.get_status_code(), self._body))


def _minimal(url: str) -> Ask:
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: "
    idle: list[_Connection] = []

    async def ask(body: bytes) -> tuple[int, bytes]:
        if idle:
            connection = idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(_Connection, parts.hostname, parts.port)
        answer = await connection.ask(f"{head}{len(body)}\r\n\r\n".encode() + body)
        idle.append(connection)
        return answer

    return ask


_CLIENTS = {"aiohttp": _aiohttp, "minimal": _minimal}


if __name__ == "__main__":
    kind, port, upstream = sys.argv[1:]
    uvicorn.run(Relay(kind, upstream), port=int(port), log_level="error", access_log=False)
