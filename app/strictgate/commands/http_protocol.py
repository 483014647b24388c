"""HTTP/1.1 below ASGI: requests are read, limited and answered in their order.

llhttp parses them, and refuses what smuggles requests (a bare LF, Content-Length beside
Transfer-Encoding). What it has not is here: limits and a deadline for the head of a request, and
the refusal of one with two Hosts or none (RFC 9112 §3.2). uvicorn runs the server, and has a
protocol of its own for any application; this one does what the gateway's needs, for less.
"""

import asyncio
import socket
import struct
from collections import deque
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote

import httptools

from strictgate.api.middleware import ALWAYS_ANSWERED
from strictgate.api.server import EXTENSION
from strictgate.commands.descriptors import Limit
from strictgate.commands.http_exchange import (
    Application,
    HttpExchange,
    RawHeader,
    Scope,
    scope_of,
)
from strictgate.commands.reader_watch import ReaderWatch, limit_unsent
from strictgate.commands.request_head import (
    HEAD_BYTES,
    URL_BYTES,
    closing_refusal,
    head_without_upgrade,
    path_and_query,
    refusing,
    status_of_head,
    waits_to_continue,
)
from strictgate.commands.uvicorn_server import Config, ServerState
from strictgate.upstream.http.alarm import Alarm

HEAD_DEADLINE = 10.0  # seconds until the headers end: from the connection, or a further request
REST_DEADLINE = 10.0  # seconds for the rest of a body whose request has been answered
LINGER = 1.0  # seconds that a client has to read a refusal


class HttpProtocol(asyncio.Protocol):
    """One connection of a client.

    | state       | entered                                  | deadline, and what comes of it   |
    |-------------|------------------------------------------|----------------------------------|
    | in a head   | on connection; at a further request line | HEAD_DEADLINE: a 408, and closed |
    | behind it   | at the end of the headers                | none; what frames it is counted  |
    | between two | with the answer to the last request      | uvicorn's keep-alive: closed     |
    | in the rest | with an answer before the body's end     | REST_DEADLINE: closed            |
    | turned away | over `limits`: the answer is written     | LINGER: closed                   |
    | closing     | by `close`, or a refusal; CONNECT        | reader_watch.py's: cut           |

    A head that is over a limit gets a 414 or a 431; that closes the connection, too. A deadline
    runs only while no request is being answered. In the last two, what comes is dropped.
    Beside these, reading is paused: while a request waits behind another, and while more of a body
    is there than anybody has taken (`pause_reading`).

    Requests that are sent in a row are parsed as they come, and begun one after the other.
    """

    limits: tuple[Limit, Limit] | None = None
    """How many connections there may be, and how many requests under way; None: any number. See
    `limited_by`."""
    transport: asyncio.Transport

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Begin; the parameters are uvicorn's."""
        if not config.loaded:
            config.load()
        self.server_state = server_state
        self.loop = _loop or asyncio.get_running_loop()
        self.is_lost = False
        """Whether the connection is no more."""
        self.is_full = False
        self._keep_alive = config.timeout_keep_alive
        self._app: Application = config.loaded_app
        self._app_state = app_state
        self._parser = self._new_parser()
        self._alarm = Alarm(self.loop, self._rang)
        self._is_writable = asyncio.Event()
        self._is_read_paused = False
        self._is_deaf = False
        """Whether what comes is dropped: the connection will be closed."""
        self._in_head = True
        self._head_bytes = 0
        """Of the head that is being read, or since the last byte of a body; but for those of the
        read in which that was."""
        self._read = 0
        """Bytes of the last read."""
        self._url = b""
        self._headers: list[RawHeader] = []
        self._exchange: HttpExchange | None = None
        """The one that was begun last, until all of its body has come and it has its answer."""
        self._running: HttpExchange | None = None
        """The one that is to be answered next."""
        self._waiting: deque[tuple[HttpExchange, Application, Scope]] = deque()
        """Those behind it."""

    @classmethod
    def limited_by(cls, connections: Limit, requests: Limit) -> type["HttpProtocol"]:
        """Return the class of connections of which there may be so many, with so many requests."""
        return type("LimitedHttpProtocol", (cls,), {"limits": (connections, requests)})

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # What follows a request that closes the connection must not keep that from its answer.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # --- the transport ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        connections = self.server_state.connections
        connections.add(self)  # type: ignore[arg-type]  # of uvicorn's own
        self._watch = ReaderWatch(self.loop, self.transport)
        self._await_head()
        connection = transport.get_extra_info("socket")
        try:
            limit_unsent(connection)
            is_safe = bool(transport.get_extra_info("sslcontext"))
            self._about = scope_of(connection, is_safe=is_safe)
        except OSError:  # the client has reset it; uvloop would keep it if this were raised
            self.transport.abort()
            return
        if self.limits is not None:
            self._turn_away(self.limits[0].refusal(len(connections) - 1))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.server_state.connections.discard(self)
        self._alarm.cancel()
        self._watch.end()
        self._is_writable.set()
        if exc is None:
            self.transport.close()
        waiting = [exchange for exchange, *_ in self._waiting]
        self._waiting.clear()
        for exchange in (self._running, *waiting):
            if exchange is not None and not exchange.is_complete:
                exchange.left()
        del self._parser  # it holds the connection

    def eof_received(self) -> None:
        """The transport closes."""

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        self._read = len(data)
        self._head_bytes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(400)
            return
        if self._is_deaf:
            return
        if self._in_head:
            if self._head_bytes > HEAD_BYTES:
                self._refuse(414 if len(self._url) > URL_BYTES else 431)
            elif not self._head_bytes and self._running is None:  # it began just now
                self._await_head()
        elif (
            self._head_bytes > 2 * HEAD_BYTES
            and self._exchange is not None
            and not self._exchange.has_whole_body
        ):
            self._refuse(431)  # a chunk's extensions, or trailers: nobody asked for them

    def _feed(self, data: bytes | memoryview) -> None:
        """Read on, and a head that asks for another protocol a second time, as if it did not (RFC
        9110 §7.8): llhttp takes all that follows it for that protocol's, the body included."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                method = self._parser.get_method()
                if method == b"CONNECT":  # has its answer; the rest would be the tunnel's
                    self._is_deaf = True
                if self._is_deaf:
                    return
                version = self._parser.get_http_version()
                head = head_without_upgrade(method, self._url, version, self._headers)
                self._parser = self._new_parser()
                self._parser.feed_data(head)
                data = memoryview(data)[upgrade.args[0] :]
            else:
                break

    def pause_writing(self) -> None:
        self.is_full = True
        self._is_writable.clear()
        self._watch.begin()

    def resume_writing(self) -> None:
        self.is_full = False
        self._is_writable.set()
        self._watch.took()

    async def drained(self) -> None:
        await self._is_writable.wait()

    def pause_reading(self) -> None:
        if not self._is_read_paused:
            self._is_read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_read_paused:
            self._is_read_paused = False
            self.transport.resume_reading()

    def close(self) -> None:
        """Close once all that is written has been taken; a client that takes nothing is cut."""
        self._is_deaf = True
        self._watch.begin()
        self.transport.close()

    def reset(self) -> None:
        """Close at once, so that the client sees that there was more to come."""
        with suppress(OSError):  # it has left
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def shutdown(self) -> None:
        """Close, once the last request that has come is answered; the server leaves."""
        if self._exchange is None or self._exchange.is_complete:
            self.close()
        else:
            self._exchange.keeps_alive = False

    # --- called by llhttp ------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._url, self._headers = b"", []
        if not self._in_head:  # a further request on this connection
            self._in_head, self._head_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        method = self._parser.get_method()
        is_tunnel = method == b"CONNECT"
        if self._is_deaf or (self._parser.should_upgrade() and not is_tunnel):
            return  # see `_feed`
        self._in_head = False
        self._alarm.turn_off()
        headers, self._headers = self._headers, []
        version = self._parser.get_http_version()
        names = [name for name, _ in headers]
        most, self._head_bytes = self._head_bytes + self._read, 0
        status = status_of_head(self._url, headers, names, version, most)
        status = 501 if is_tunnel else status
        if status is None and self.limits is not None:
            limit, there = self.limits[1], len(self.server_state.tasks)
            if not limit.has_room(there) and self._needs_room():
                self._turn_away(limit.refusal(there))
                return
        application = self._app
        if status is not None:
            application, self._url = refusing(status), b"/"  # its own may be too long to be parsed
        self._exchange = HttpExchange(
            self,
            is_head=method == b"HEAD",
            keeps_alive=version != "1.0" and self._parser.should_keep_alive(),
            knows_chunks=version != "1.0",
            waits_to_continue=b"expect" in names and waits_to_continue(headers, version),
        )
        path, query = path_and_query(self._url)
        text = path.decode("ascii")
        scope = {
            **self._about,
            "http_version": version,
            "method": method.decode("ascii"),
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "state": self._app_state.copy(),
            "extensions": {EXTENSION: self._exchange},
        }
        if self._running is None:
            self._start(self._exchange, application, scope)
        else:
            self.pause_reading()
            self._waiting.append((self._exchange, application, scope))

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        if self._exchange is not None:
            self._exchange.body_came(body)

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is not None and not self._in_head:
            exchange.body_ended()
            if exchange.is_complete:
                self._exchange = None
                self._await_head()

    # --- one after the other ---------------------------------------------------------------------

    def _start(self, exchange: HttpExchange, application: Application, scope: Scope) -> None:
        self._running = exchange
        tasks = self.server_state.tasks
        task = self.loop.create_task(exchange.run(application, scope))
        task.add_done_callback(tasks.discard)
        tasks.add(task)

    def answered(self, exchange: HttpExchange) -> None:
        self.server_state.total_requests += 1
        self._running = None
        self._watch.begin()
        if exchange is self._exchange and exchange.has_whole_body:
            self._exchange = None
        if self.transport.is_closing():
            return
        self.resume_reading()
        if self._waiting:
            self._start(*self._waiting.popleft())
        elif exchange.has_whole_body:
            self._await_head()
        else:
            self.loop.call_later(REST_DEADLINE, self._end_rest, exchange)

    def _await_head(self) -> None:
        """Wait for the rest of a head, or for the next."""
        seconds = HEAD_DEADLINE if self._in_head else self._keep_alive
        self._alarm.set_to(self.loop.time() + seconds)

    def _rang(self) -> None:
        if self._in_head:
            self._refuse(408)
        else:
            self.close()

    def _end_rest(self, exchange: HttpExchange) -> None:
        """Close a connection on which a body is still being sent that was answered long ago."""
        if exchange is self._exchange:
            self.close()

    # --- refusing --------------------------------------------------------------------------------

    def _needs_room(self) -> bool:
        """Whether the request that begins counts, and is answered before any other of its
        connection."""
        path = self._url.partition(b"?")[0].decode("latin-1")
        return path not in ALWAYS_ANSWERED and self._running is None

    def _turn_away(self, answer: bytes | None) -> None:
        """Answer without reading the request, if there is an answer to it, and close once the
        client has read that.

        A connection that is closed with something unread is reset, and the answer may be lost.
        """
        if answer is None:
            return
        self._is_deaf = True
        self._alarm.turn_off()
        self._exchange = None
        self.transport.write(answer)
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.close)

    def _refuse(self, status: int) -> None:
        """Answer with an error, below ASGI, and close the connection; what is wrong behind a
        request whose answer is due does not take its place: that answer is the last."""
        last = self._exchange
        if self._waiting and last is not None and not last.has_whole_body:
            self._waiting.pop()
            last = self._waiting[-1][0] if self._waiting else self._running
        self._is_deaf, self._exchange = True, last
        if last is not None and last.has_whole_body and not last.is_complete:
            last.keeps_alive = False
            return
        if last is None or not last.is_begun:  # else in the middle of another answer, or behind it
            self.transport.write(closing_refusal(status))
        self.close()
