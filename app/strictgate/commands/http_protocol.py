"""HTTP/1.1 below ASGI: deadlines and limits for the head of a request.

uvicorn parses HTTP with llhttp, which refuses what smuggles requests (a bare LF, Content-Length
beside Transfer-Encoding), but has no limit on headers and no deadline for them, and takes a request
with two Hosts or none (RFC 9112 §3.2). `HttpProtocol` adds all that.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from strictgate.api import response
from strictgate.api.middleware import ALWAYS_ANSWERED
from strictgate.api.server import EXTENSION
from strictgate.commands.descriptors import Limit
from strictgate.commands.http_exchange import HttpExchange
from strictgate.commands.uvicorn_server import HttpToolsProtocol
from strictgate.core.errors import BadRequest

HEAD_DEADLINE = 10.0  # seconds until the headers end: from the connection, or a further request
HEAD_BYTES = 32 << 10  # of the request line and all headers
HEAD_FIELDS = 100  # headers
URL_BYTES = 8 << 10
"""Of the path and the query; RFC 9112 §3 wants at least 8,000."""
STALL = 30.0  # seconds in which a client must take something of what waits for it, …
LOOKS = 30  # … and how often it is looked meanwhile whether it has
UNSENT = 64 << 10
"""Bytes that the kernel takes before they can be sent, where it has such a limit. Without one it
takes megabytes for a client that does not read, and the model is read on for nobody."""
REST_DEADLINE = 10.0  # seconds for the rest of a body whose request has been answered
LINGER = 1.0  # seconds that a client has to read a refusal
_STATUS = {
    400: (
        "400 Bad Request",
        "The request is not valid HTTP, or does not have just one Host header.",
    ),
    408: ("408 Request Timeout", "The request's headers did not arrive in time."),
    414: ("414 URI Too Long", f"The request's URL has more than {URL_BYTES} bytes."),
    431: (
        "431 Request Header Fields Too Large",
        f"The request has more than {HEAD_BYTES} bytes or {HEAD_FIELDS} fields of headers.",
    ),
}


class HttpProtocol(HttpToolsProtocol):
    """One connection, with a deadline and limits for the head of each request.

    | state          | entered                          | a byte counts | the deadline runs |
    |----------------|----------------------------------|---------------|-------------------|
    | in the head    | on connection; on a next request | yes           | yes               |
    | behind it      | at the end of the headers        | of trailers   | no                |

    What is over a limit gets a 414 or a 431, what is late a 408; either closes the connection.
    """

    limits: tuple[Limit, Limit] | None = None
    """How many connections there may be, and how many requests under way; None: any number. See
    `limited_by`."""
    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0
    is_lost = False
    """Whether the connection is no more."""
    _is_turned_away = False
    _stall: asyncio.TimerHandle | None = None
    _taken_at = 0.0
    """When the client took something last, by the loop's clock, where it is watched."""

    @classmethod
    def limited_by(cls, connections: Limit, requests: Limit) -> type["HttpProtocol"]:
        """Return the class of connections of which there may be so many, with so many requests."""
        return type("LimitedHttpProtocol", (cls,), {"limits": (connections, requests)})

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.exchanges: set[HttpExchange] = set()
        limit_unsent(transport.get_extra_info("socket"))
        self._await_head()
        if self.limits is not None:
            self._turn_away(self.limits[0].refusal(len(self.connections) - 1))

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_arrived()
        if self._stall is not None:
            self._stall.cancel()
        super().connection_lost(exc)
        self.is_lost = True
        for exchange in [*self.exchanges]:
            exchange.left()

    def data_received(self, data: bytes) -> None:
        if self._is_turned_away:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse(414 if len(self.url or b"") > URL_BYTES else 431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._in_head:  # a further request on this connection
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)
            return
        self._head_bytes += len(name) + len(value)  # a trailer: nobody asked for one
        if self._head_bytes > 2 * HEAD_BYTES:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        self._head_arrived()
        status = self._status_of_head()
        if status is None and self.limits is not None and self._needs_room():
            self._turn_away(self.limits[1].refusal(len(self.tasks)))
            if self._is_turned_away:
                return
        if status is not None:
            self.app = _refusal(status)
            self.url = b"/"  # its own may be too long to be parsed
        super().on_headers_complete()
        extensions: dict[str, Any] = {EXTENSION: HttpExchange(self, self.cycle)}
        self.scope["extensions"] = extensions

    def on_body(self, body: bytes) -> None:
        if not self._is_turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._is_turned_away:
            super().on_message_complete()

    def _needs_room(self) -> bool:
        """Whether the request that begins counts, and is answered before any other of its
        connection."""
        path = self.url.partition(b"?")[0].decode("latin-1")
        return path not in ALWAYS_ANSWERED and (self.cycle is None or self.cycle.response_complete)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken_at = self.loop.time()

    def on_response_complete(self) -> None:
        cycle = self.cycle
        super().on_response_complete()
        self._watch_reader()
        if cycle.more_body and cycle.response_complete:  # and not that of one behind it
            self.loop.call_later(REST_DEADLINE, self._end_rest, cycle)

    def _end_rest(self, cycle: Any) -> None:
        """Close a connection on which a body is still being sent that was answered long ago."""
        if cycle.more_body and self.cycle is cycle:
            self.transport.close()

    def _watch_reader(self) -> None:
        """Cut the connection where the client takes nothing of what waits for it for STALL seconds.

        Closing is not enough: that would wait until the client has read it all.
        """
        left = self.transport.get_write_buffer_size()
        if left and self._stall is None:
            self._taken_at = self.loop.time()
            self._stall = self.loop.call_later(STALL / LOOKS, self._check_reader, left)

    def _check_reader(self, before: int) -> None:
        self._stall = None
        left, now = self.transport.get_write_buffer_size(), self.loop.time()
        if left < before:
            self._taken_at = now
        if left and now - self._taken_at >= STALL:
            self.transport.abort()
        elif left:
            self._stall = self.loop.call_later(STALL / LOOKS, self._check_reader, left)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400)

    def _turn_away(self, answer: bytes | None) -> None:
        """Answer without reading the request, if there is an answer to it, and close once the
        client has read that.

        A connection that is closed with something unread is reset, and the answer may be lost.
        """
        if answer is None:
            return
        self._is_turned_away = True
        self._head_arrived()
        self.transport.write(answer)
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)

    def _status_of_head(self) -> int | None:
        """Return the status with which a request with this head is refused, or None."""
        if len(self.url) > URL_BYTES:
            return 414
        size = sum([len(name) + len(value) for name, value in self.headers])
        if size > HEAD_BYTES or len(self.headers) > HEAD_FIELDS:
            return 431
        hosts = [name for name, _ in self.headers].count(b"host")
        is_right = hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")
        return None if is_right else 400

    def _await_head(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._deadline = self.loop.call_later(HEAD_DEADLINE, self._refuse, 408)

    def _head_arrived(self) -> None:
        self._in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int) -> None:
        """Answer with an error, below ASGI, and close the connection."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.close()  # in the middle of another answer
            return
        phrase, message = _STATUS[status]
        self.transport.write(response.closing_answer(phrase, BadRequest(message).body()))
        self.transport.close()


def limit_unsent(connection: socket.socket | None) -> None:
    """Have writing to it pause where the client does not read: see UNSENT."""
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)  # Linux and macOS have it
    if connection is None or option is None or connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT)


def _refusal(status: int) -> Callable[..., Awaitable[None]]:
    """Return an ASGI application that refuses, and closes the connection.

    It is one so that uvicorn itself keeps the order of the answers.
    """

    async def refuse(scope: Any, receive: Any, send: response.Send) -> None:
        body = BadRequest(_STATUS[status][1]).body()
        await response.send_json(send, status, body, {"connection": "close"})

    return refuse
