"""What the server does for one request beyond ASGI: see api/server.py."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from weakref import ref

from strictgate.commands.uvicorn_server import STATUS_LINE


class OpenExchanges(Protocol):
    """The connection that a request came on."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    flow: Any
    server_state: Any
    is_lost: bool
    exchanges: "set[HttpExchange]"
    """Those whose clients' leaving is to be told."""


class HttpExchange:
    """One request and its answer, on a connection of uvicorn's.

    It stands in the scope, which both of them hold: it holds neither, so that a request that is
    over is freed at once, with the credentials in its headers.

    Args:
        cycle: uvicorn's own, which writes whatever is not written here.
    """

    __slots__ = ("__weakref__", "_connection", "_cycle", "_on_left")

    def __init__(self, connection: OpenExchanges, cycle: Any) -> None:
        self._connection = ref(connection)
        self._cycle = ref(cycle)
        self._on_left: Callable[[], object] | None = None

    @property
    def has_whole_body(self) -> bool:
        cycle = self._cycle()
        return cycle is None or not cycle.more_body

    @property
    def has_room(self) -> bool:
        connection = self._connection()
        return connection is None or not connection.flow.write_paused  # uvicorn waits for that

    def on_left(self, call: Callable[[], object] | None) -> None:
        cycle, connection = self._cycle(), self._connection()
        self._on_left = call
        if connection is None:
            return
        if call is None:
            connection.exchanges.discard(self)
            return
        connection.exchanges.add(self)
        connection.flow.resume_reading()  # it may have been paused for a request behind this one
        if cycle is None or cycle.disconnected or connection.is_lost:
            connection.loop.call_soon(self.left)

    def left(self) -> None:
        """Tell that the client has left."""
        cycle = self._cycle()
        if cycle is not None:  # of several in a row uvicorn tells the last one alone
            cycle.disconnected = True
            cycle.message_event.set()
        call, self._on_left = self._on_left, None
        if call is not None:
            call()

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        cycle, connection = self._cycle(), self._connection()
        line = STATUS_LINE.get(status)
        if cycle is None or connection is None or line is None:
            return False  # uvicorn knows what to do
        is_odd = cycle.response_started or cycle.disconnected or cycle.more_body
        if is_odd or connection.flow.write_paused:
            return False
        lines = [line]
        for name, value in (*connection.server_state.default_headers, *headers):
            if name == b"connection":
                return False
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        if cycle.scope["method"] != "HEAD":  # that has a length, and no body (RFC 9110 §9.3.2)
            lines.append(body)
        cycle.response_started = cycle.response_complete = True
        connection.transport.write(b"".join(lines))
        cycle.message_event.set()
        if not cycle.keep_alive:
            connection.transport.close()
        cycle.on_response()
        return True
