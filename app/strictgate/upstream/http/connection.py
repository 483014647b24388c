"""One connection: one exchange after the other.

| state  | left by                                                           | for    |
|--------|-------------------------------------------------------------------|--------|
| IDLE   | `send`                                                            | BUSY   |
|        | any byte or the end from the server, `KEEP` seconds               | CLOSED |
| BUSY   | `release`, where the next answer will be that to the next request | IDLE   |
|        | `release` otherwise                                               | CLOSED |
| both   | `close`, the connection's end, bytes that are no HTTP             | CLOSED |

An HTTP/1.1 response carries no name of the request that it answers. What comes unasked (a proxy's
408 on an idle connection, a body that was longer than it said) would be taken for the answer to the
next request, of another client. So a connection becomes IDLE again only if its answer came whole,
may be followed by another, and nothing came behind it; and it is used again only if the kernel has
nothing to read on it either, neither bytes nor an end (`is_clean`).
"""

import asyncio
import select
from collections.abc import AsyncIterator, Callable, Sequence
from enum import Enum, auto
from typing import cast

from strictgate.core.wire.passthrough import Header
from strictgate.upstream.http.alarm import Alarm
from strictgate.upstream.http.faults import (
    BodyCutOff,
    ClosedUnanswered,
    ConnectionFault,
    MalformedHttp,
)
from strictgate.upstream.http.parser import ParserState, ResponseParser
from strictgate.upstream.http.request import UpstreamRequest
from strictgate.upstream.http.response import HttpResponse

KEEP = 15.0
"""Seconds that a connection is kept for the next request."""


class ConnectionState(Enum):
    """See the table above."""

    IDLE = auto()
    BUSY = auto()
    CLOSED = auto()


_IDLE, _BUSY, _CLOSED = ConnectionState
_OVER = ParserState.OVER


class Connection(asyncio.Protocol):
    """Made for a server, it serves one request after the other; at most one coroutine waits for it.

    Args:
        keep: is called whenever it can serve the next request.
        drop: is called once, when it cannot serve any more.
    """

    transport: asyncio.Transport

    def __init__(
        self, keep: Callable[["Connection"], None], drop: Callable[["Connection"], None]
    ) -> None:
        self.state = _IDLE
        self.has_answered = False
        """Whether a byte has come since the last request went out."""
        self._keep = keep
        self._drop = drop
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._loop, self._rang)
        self._poll = select.poll()
        self._parser = ResponseParser(self)
        self._response: HttpResponse | None = None
        self._fault: BaseException | None = None
        """Why there is no response."""
        self._waiter: asyncio.Future[None] | None = None
        self._upload: asyncio.Task[None] | None = None
        self._is_paused = False
        self._is_writable = asyncio.Event()
        self._is_writable.set()
        self._is_lost = asyncio.Event()

    # --- an exchange -----------------------------------------------------------------------------

    def is_clean(self) -> bool:
        """Whether the next answer on it will be that to the next request."""
        return self.state is _IDLE and not self.transport.is_closing() and not self._poll.poll(0)

    async def send(self, request: UpstreamRequest, head: bytes, until: float) -> HttpResponse:
        """Send a request; return the response once its head is there.

        A body that is not there yet is sent on as it comes, while the answer is read already.

        Args:
            head: the request's, as bytes.
            until: when to give up, by the loop's clock.

        Raises:
            TimeoutError, HttpFault: the connection is closed then; and whatever the body raises.
        """
        assert self.state is _IDLE, "one exchange at a time"
        self.state = _BUSY
        self.has_answered = False
        self._parser.expect(request.method)
        try:
            body = request.body
            if body is None or isinstance(body, bytes):
                self.transport.write(head + body if body else head)
            else:
                self.transport.write(head)
                self._upload = self._loop.create_task(self._send_pieces(body, request.is_chunked))
                self._upload.add_done_callback(self._uploaded)
            while self._response is None:
                if self._fault is not None:
                    raise self._fault
                await self._wait_until(until)
        except BaseException:
            self.close()
            raise
        return self._response

    def release(self) -> None:
        """Serve the next exchange, or close where that would not be safe."""
        parser = self._parser
        if (
            self.state is _BUSY
            and parser.state is _OVER
            and parser.may_be_followed
            and not parser.is_unasked
            and self._upload is None
            and not self._is_paused  # what TLS has read behind the answer would not be seen
            and not self.transport.is_closing()
        ):
            self._response = None
            self.state = _IDLE
            self._alarm.set_to(self._loop.time() + KEEP)
            self._keep(self)
        else:
            self.close()

    def close(self) -> None:
        """Cut the connection at once; whoever waits for it gets a fault."""
        self._end(ConnectionFault())

    async def closed(self) -> None:
        """Wait until the socket is closed, which `close` only begins."""
        await self._is_lost.wait()

    def is_tunnel(self) -> bool:
        """Whether the answer to CONNECT leaves the connection to whom it leads to."""
        return self.state is _BUSY and not self._parser.is_unasked

    def secured(self, transport: asyncio.Transport) -> None:
        """Begin anew, within TLS: what was exchanged so far led here through a proxy."""
        self.transport = transport
        self.state = _IDLE
        self._response = None
        self._parser = ResponseParser(self)

    # --- waiting ---------------------------------------------------------------------------------

    async def wait(self, seconds: float) -> None:
        """Return when something has come, or the end; raise TimeoutError after `seconds`."""
        await self._wait_until(self._loop.time() + seconds)

    async def _wait_until(self, due: float) -> None:
        self._waiter = self._loop.create_future()
        self._alarm.set_to(due)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._alarm.turn_off()

    def _wake(self, fault: Exception | None = None) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None) if fault is None else waiter.set_exception(fault)

    def _rang(self) -> None:
        if self.state is _IDLE:
            self.close()
        else:
            self._wake(TimeoutError())

    # --- the transport ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        descriptor = transport.get_extra_info("socket").fileno()
        self._poll.register(descriptor, select.POLLIN | select.POLLHUP | select.POLLERR)

    def data_received(self, data: bytes) -> None:
        if self.state is not _BUSY:
            self.close()
            return
        self.has_answered = True
        try:
            self._parser.feed(data)
        except MalformedHttp as fault:
            self._end(fault)
        if self._parser.is_unasked:
            self.pause()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._parser.feed_end()
        self._is_lost.set()
        is_silent = exc is None and not self.has_answered
        self._end(ClosedUnanswered() if is_silent else ConnectionFault(exc))

    def pause_writing(self) -> None:
        self._is_writable.clear()

    def resume_writing(self) -> None:
        self._is_writable.set()

    def pause(self) -> None:
        """Read no more until `resume`."""
        if not self._is_paused and not self.transport.is_closing():
            self._is_paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._is_paused and not self.transport.is_closing():
            self._is_paused = False
            self.transport.resume_reading()

    # --- the answer ------------------------------------------------------------------------------

    def head_came(self, status: int, headers: Sequence[Header]) -> None:
        self._response = HttpResponse(self, status, headers)

    def body_came(self, pieces: Sequence[bytes]) -> None:
        if self._response is not None:
            self._response.push(*pieces)

    def ended(self) -> None:
        if self._response is not None:
            self._response.end()

    def _end(self, fault: BaseException) -> None:
        """Close, if that was not done; `fault` is what comes of an answer that is not whole."""
        if self.state is _CLOSED:
            return
        self.state = _CLOSED
        self._fault = fault
        if self._response is not None:
            is_connection = isinstance(fault, ConnectionFault)
            self._response.end(BodyCutOff(*fault.args) if is_connection else fault)
        self._alarm.cancel()
        if self._upload is not None:
            self._upload.cancel()
        self.transport.abort()
        self._drop(self)
        self._wake()

    # --- a body that is sent as it comes ---------------------------------------------------------

    async def _send_pieces(self, pieces: AsyncIterator[bytes], is_chunked: bool) -> None:  # noqa: FBT001
        async for piece in pieces:
            if piece:
                await self._is_writable.wait()
                self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        if is_chunked:
            self.transport.write(b"0\r\n\r\n")

    def _uploaded(self, upload: asyncio.Task[None]) -> None:
        self._upload = None
        if not upload.cancelled() and (fault := upload.exception()) is not None:
            self._end(fault)
