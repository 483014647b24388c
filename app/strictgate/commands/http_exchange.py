"""One request and its answer on a connection: as ASGI has it, and what api/server.py has beyond.

| the answer is | entered                                    | what may follow                |
|---------------|--------------------------------------------|--------------------------------|
| not begun     | at first                                   | a head; a whole answer         |
| begun         | its head is written                        | pieces of the body             |
| complete      | the last piece, or a whole answer, was it  | nothing; `receive` tells of it |

Once the client has left, `receive` says so, and what is sent is dropped.
"""

import asyncio
import http
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

RawHeader = tuple[bytes, bytes]
Scope = dict[str, Any]
Application = Callable[..., Awaitable[None]]

MUCH = 64 << 10
"""Bytes of a body above which no more is read until these are taken."""
_STATUS_LINES = {
    each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in http.HTTPStatus
}
_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_WITHOUT_BODY = frozenset({204, 304})
_BROKEN = (
    *((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21")),
    (b"connection", b"close"),
)
_IN_A_LINE = bytes(each for each in range(256) if each == 0x09 or (each >= 0x20 and each != 0x7F))
"""What may stand in a header (RFC 9110 §5.5): anything else could end its line early."""
_LEFT = {"type": "http.disconnect"}
_log = logging.getLogger("uvicorn.error")


class ClientConnection(Protocol):
    """The connection that a request came on."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    server_state: Any
    is_lost: bool
    is_full: bool
    """Whether nothing can be written without waiting."""

    async def drained(self) -> None:
        """Return once something can be written."""

    def close(self) -> None:
        """Close once all that is written has been taken."""

    def reset(self) -> None:
        """Close at once, so that the client sees that there was more to come."""

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`."""

    def resume_reading(self) -> None:
        """Read again."""

    def answered(self, exchange: "HttpExchange") -> None:
        """Take in that the answer is complete."""


class HttpExchange:
    """One request and its answer.

    It stands in the scope, and does not hold that: a request that is over is freed at once, with
    the credentials in its headers.
    """

    __slots__ = (
        "__weakref__",
        "_connection",
        "_has_news",
        "_is_bodiless",
        "_is_chunked",
        "_knows_chunks",
        "_left_of_body",
        "_news",
        "_on_left",
        "_pieces",
        "_size",
        "_waits_to_continue",
        "has_left",
        "has_whole_body",
        "is_begun",
        "is_complete",
        "keeps_alive",
    )

    def __init__(
        self,
        connection: ClientConnection,
        *,
        is_head: bool,
        keeps_alive: bool,
        knows_chunks: bool,
        waits_to_continue: bool,
    ) -> None:
        """Begin.

        Args:
            is_head: the answer to it has a head alone (RFC 9110 §9.3.2).
            keeps_alive: whether the connection may go on behind it.
            knows_chunks: whether its body may come in chunks. Where it may not, and has no length,
                the connection's end is its end (RFC 9112 §6.3), and `keeps_alive` is false.
            waits_to_continue: the client sends the body once it is told to go on.
        """
        self.keeps_alive = keeps_alive
        self.has_whole_body = False
        self.has_left = False
        self.is_begun = False
        self.is_complete = False
        self._connection = connection
        self._waits_to_continue = waits_to_continue
        self._pieces: list[bytes] = []
        """Those of the request's body that were not taken yet."""
        self._size = 0
        """Bytes in `_pieces`."""
        self._has_news = False
        """Whether there is something to receive, …"""
        self._news: asyncio.Event | None = None
        """… and what wakes those who wait for it; None: nobody does."""
        self._is_bodiless = is_head
        self._is_chunked = False
        self._knows_chunks = knows_chunks
        self._left_of_body: int | None = None
        """Bytes of the answer's body that its head has promised, and that were not sent; None: it
        has promised no number."""
        self._on_left: Callable[[], object] | None = None

    # --- from the connection ---------------------------------------------------------------------

    def body_came(self, piece: bytes) -> None:
        """Take in a piece of the request's body."""
        if self.is_complete:
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MUCH:
            self._connection.pause_reading()
        self._has_news = True
        if self._news is not None:
            self._wake()

    def body_ended(self) -> None:
        """Take in that the request is whole."""
        self.has_whole_body = self._has_news = True
        if self._news is not None:
            self._wake()

    def left(self) -> None:
        """Take in that the client has left, and tell of it."""
        self.has_left = True
        if self._news is not None:
            self._wake()
        call, self._on_left = self._on_left, None
        if call is not None:
            call()

    def _wake(self) -> None:
        assert self._news is not None, "somebody waits"
        self._news.set()
        self._news = None

    # --- the application -------------------------------------------------------------------------

    async def run(self, application: Application, scope: Scope) -> None:
        """Have the application answer; one that does not costs its connection."""
        try:
            await application(scope, self.receive, self.send)
        except BaseException as error:  # noqa: BLE001 of whatever application: it must be told
            _log.error("Exception in ASGI application\n", exc_info=error)
        if self.is_complete or self.has_left:
            return
        if self.is_begun and not self._is_chunked and self._left_of_body is None:
            self._connection.reset()  # an end in order would be the body's
        elif self.is_begun:
            self._connection.close()
        else:
            await self.send({"type": "http.response.start", "status": 500, "headers": _BROKEN})
            await self.send({"type": "http.response.body", "body": b"Internal Server Error"})

    async def receive(self) -> dict[str, Any]:
        """Return what has come of the body, or else what comes next; then that the client has
        left, or has its answer."""
        connection = self._connection
        if self._waits_to_continue:
            self._waits_to_continue = False
            if not (self.is_begun or connection.transport.is_closing()):
                connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not (self.has_left or self.is_complete):
            connection.resume_reading()
            if not self._has_news:
                if self._news is None:
                    self._news = asyncio.Event()
                await self._news.wait()
            self._has_news = False
        if self.has_left or self.is_complete:
            return _LEFT
        is_more = not self.has_whole_body
        return {"type": "http.request", "body": self._taken(), "more_body": is_more}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Write the head of the answer, or a piece of its body."""
        if self._connection.is_full and not self.has_left:
            await self._connection.drained()
        if self.has_left:
            return
        if self.is_complete:
            raise RuntimeError(f"There is a '{message['type']}' behind the end of the answer.")
        if self.is_begun:
            self._send_piece(message)
        elif message["type"] != "http.response.start":
            raise RuntimeError(f"The answer begins with '{message['type']}'.")
        else:
            headers = [*self._connection.server_state.default_headers, *message["headers"]]
            if any((name + value).translate(None, _IN_A_LINE) for name, value in headers):
                raise RuntimeError("The answer has a header that HTTP does not allow.")
            head = self._head(message["status"], headers)
            self.is_begun = True
            self._connection.transport.write(head)

    def _send_piece(self, message: Mapping[str, Any]) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError(f"The answer goes on with '{message['type']}'.")
        body, is_more = message.get("body", b""), message.get("more_body", False)
        if self._is_bodiless:
            pass
        elif self._is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self._connection.transport.write(chunk if is_more else chunk + b"0\r\n\r\n")
        else:
            if self._left_of_body is not None:
                self._left_of_body -= len(body)
                if self._left_of_body < 0:
                    raise RuntimeError("The answer is longer than its Content-Length.")
            self._connection.transport.write(body)
        if not is_more:
            if self._left_of_body:
                raise RuntimeError("The answer is shorter than its Content-Length.")
            self._complete()

    def _head(self, status: int, headers: Iterable[RawHeader]) -> bytes:
        """Return the head of the answer, and note what it says of the body and the connection."""
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        has_connection = False
        for name, value in headers:
            if name in _FRAMING:
                if name == b"connection":
                    has_connection = b"close" in value.lower()
                    self.keeps_alive = self.keeps_alive and not has_connection
                elif name == b"content-length":
                    self._left_of_body = int(value)
                else:
                    self._is_chunked = True
                    continue
            lines += (name, b": ", value, b"\r\n")
        if not self.keeps_alive and not has_connection:
            lines.append(b"connection: close\r\n")
        if self._is_bodiless or status in _WITHOUT_BODY:
            self._is_bodiless = True
            self._left_of_body = 0
        elif self._is_chunked or self._left_of_body is None:
            self._is_chunked = self._knows_chunks
            if self._is_chunked:
                lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _complete(self) -> None:
        self.is_complete = True
        if self._news is not None:
            self._wake()
        if not self.keeps_alive:
            self._connection.close()
        self._connection.answered(self)

    # --- beyond ASGI -----------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        return not self._connection.is_full

    def whole_body(self) -> bytes | None:
        if not self.has_whole_body or self.has_left or self.is_complete:
            return None
        self._connection.resume_reading()
        self._has_news = False
        return self._taken()

    def _taken(self) -> bytes:
        pieces, self._pieces, self._size = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def on_left(self, call: Callable[[], object] | None) -> None:
        connection = self._connection
        self._on_left = call
        if call is None:
            return
        connection.resume_reading()  # it may have been paused for a request behind this one
        if self.has_left or connection.is_lost:
            connection.loop.call_soon(self.left)

    def answer(self, status: int, headers: Sequence[RawHeader], body: bytes) -> bool:
        connection = self._connection
        is_odd = self.is_begun or self.has_left or not self.has_whole_body
        if is_odd or connection.is_full:
            return False
        head = self._head(status, [*connection.server_state.default_headers, *headers])
        self.is_begun = True
        connection.transport.write(head if self._is_bodiless else head + body)
        self._complete()
        return True


def scope_of(connection: socket.socket, *, is_safe: bool) -> Scope:
    """Return what the scopes of all requests on this connection have in common.

    Args:
        is_safe: whether TLS is spoken on it.

    Raises:
        OSError: it is no more.
    """
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "server": _name_of(connection.getsockname()),
        "client": _name_of(connection.getpeername()),
        "scheme": "https" if is_safe else "http",
        "root_path": "",
    }


def _name_of(address: Any) -> tuple[str, int] | None:
    """Return a socket's name as ASGI has it; None: it is a Unix socket's."""
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
