"""What the server does for one request beyond ASGI: see api/server.py."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from strictgate.commands.uvicorn_server import STATUS_LINE


class OpenExchanges(Protocol):
    """The connection that a request came on."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    flow: Any
    server_state: Any
    exchanges: "set[HttpExchange]"
    """Those whose clients' leaving is to be told."""


class HttpExchange:
    """One request and its answer, on a connection of uvicorn's.

    Args:
        cycle: uvicorn's own, which writes whatever is not written here.
    """

    __slots__ = ("_connection", "_cycle", "_on_left")

    def __init__(self, connection: OpenExchanges, cycle: Any) -> None:
        self._connection = connection
        self._cycle = cycle
        self._on_left: Callable[[], object] | None = None

    @property
    def has_whole_body(self) -> bool:
        return not self._cycle.more_body

    @property
    def has_room(self) -> bool:
        return not self._connection.flow.write_paused  # uvicorn waits for that alone

    def on_left(self, call: Callable[[], object] | None) -> None:
        self._on_left = call
        if call is None:
            self._connection.exchanges.discard(self)
            return
        self._connection.exchanges.add(self)
        if self._cycle.disconnected:
            self._connection.loop.call_soon(self.left)

    def left(self) -> None:
        """Tell that the client has left."""
        call, self._on_left = self._on_left, None
        if call is not None:
            call()

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        cycle, connection = self._cycle, self._connection
        line = STATUS_LINE.get(status)
        is_odd = cycle.response_started or cycle.disconnected or cycle.more_body
        if line is None or is_odd or connection.flow.write_paused:
            return False  # uvicorn knows what to do
        head = [line]
        for name, value in (*connection.server_state.default_headers, *headers):
            if name == b"connection":
                return False
            head += (name, b": ", value, b"\r\n")
        head += (b"\r\n", body) if cycle.keep_alive else (b"connection: close\r\n\r\n", body)
        cycle.response_started = cycle.response_complete = True
        connection.transport.write(b"".join(head))
        cycle.message_event.set()
        if not cycle.keep_alive:
            connection.transport.close()
        cycle.on_response()
        return True
