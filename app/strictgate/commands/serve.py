"""`strictgate serve`: the process that listens, limits what comes below ASGI, and drains.

uvicorn parses HTTP with llhttp, which refuses what smuggles requests (a bare LF, Content-Length
beside Transfer-Encoding), but has no limit on headers and no deadline for them.
`HttpProtocol` adds both.
"""

import asyncio
import gc
import logging
import math
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from strictgate.api.app import create_app
from strictgate.core.jsontext.reader import write_json
from strictgate.core.wire.address import is_loopback
from strictgate.demo.upstream import create_demo
from strictgate.observe.events import Observer, ignore
from strictgate.observe.log import ServerHandler, log_to
from strictgate.settings import Settings, SettingsError

HEAD_DEADLINE = 10.0  # seconds until the headers end: from the connection, or a further request
HEAD_BYTES = 32 << 10  # of the request line and all headers
HEAD_FIELDS = 100  # headers
_STATUS = {
    400: ("400 Bad Request", "The request is not valid HTTP."),
    408: ("408 Request Timeout", "The request's headers did not arrive in time."),
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

    What is over a limit gets a 431, what is late a 408; either closes the connection.
    """

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse(431)

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
        size = sum(len(name) + len(value) for name, value in self.headers)
        self._head_arrived()
        if size > HEAD_BYTES or len(self.headers) > HEAD_FIELDS:
            self.app = _too_many_headers
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400)

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
        phrase, _ = _STATUS[status]
        body = write_json(_error(status)).encode()
        head = (
            f"HTTP/1.1 {phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def _error(status: int) -> Mapping[str, Any]:
    error = {"message": _STATUS[status][1], "type": "invalid_request_error"}
    return {"error": error | {"param": None, "code": None}}


async def _too_many_headers(
    scope: Any, receive: Any, send: Callable[[Mapping[str, Any]], Awaitable[None]]
) -> None:
    """Answer 431, as an ASGI application: uvicorn itself then keeps the order of the answers."""
    body = write_json(_error(431)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class GatewayServer(uvicorn.Server):
    """A uvicorn server that says where it listens, and ends with exit code 0 on a signal."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what stands now stands for good: full collections need not walk it again
        self._announce(_url(self.servers[0].sockets[0]))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # the second signal does not wait
        self.should_exit = True


class DemoServer(GatewayServer):
    """A server beside the main one; that one gets the signals, and stops this one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_exposure(settings: Settings) -> None:
    """Check that no network can use the upstreams without a client key.

    Raises:
        SettingsError: the address is not loopback, there are no client keys, and the settings do
            not say that this is wanted.
    """
    server = settings.server
    if server.api_keys or server.allow_keyless or is_loopback(server.host):
        return
    raise SettingsError(
        f"server.host: {server.host} can be reached from other machines, and no client keys are "
        "set. Set STRICTGATE_SERVER__API_KEYS, or say server.allow_keyless = true "
        "(STRICTGATE_SERVER__ALLOW_KEYLESS=true) if the network around it is trusted."
    )


def serve(settings: Settings, announce: Callable[[str], None], *, demo: bool = False) -> None:
    """Serve until a signal (SIGTERM, SIGINT) tells the process to stop, then drain.

    Args:
        announce: is called with the URL once the server accepts connections.
        demo: the embedded demonstration upstream runs beside the gateway, on a free port, and is
            its default upstream.

    Raises:
        SettingsError: the configuration cannot be served.
    """
    check_exposure(settings)
    if not settings.upstreams and not demo:
        raise SettingsError(
            "no upstream is configured: give --upstream URL, --config FILE, or --demo"
        )
    logging.getLogger("uvicorn.error").addHandler(ServerHandler(sys.stderr))
    companion = None
    if demo:
        beside = _bound("127.0.0.1", 0)
        settings = settings.with_upstream("demo", f"{_url(beside)}/v1", "demo")
        companion = DemoServer(_demo_config(), lambda url: None), beside
    server = _listener(settings, announce)
    bound = _bound(settings.server.host, settings.server.port)
    run = _both(server, bound, *companion) if companion else server.serve([bound])
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run)


def _listener(settings: Settings, announce: Callable[[str], None]) -> GatewayServer:
    observe: Observer = log_to(sys.stderr) if settings.observe.log else ignore
    server: GatewayServer | None = None

    def is_draining() -> bool:
        return server is not None and server.should_exit

    app = create_app(settings, os.environ, observe, is_draining)
    server = GatewayServer(
        uvicorn.Config(
            app,
            http=HttpProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=math.ceil(settings.server.drain_timeout),
        ),
        announce,
    )
    return server


def _demo_config() -> uvicorn.Config:
    return uvicorn.Config(create_demo(record=False), ws="none", access_log=False, log_config=None)


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raise SettingsError where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(f"server: cannot listen on {host}:{port}: {error.strerror}") from error


async def _both(
    server: GatewayServer, bound: socket.socket, companion: DemoServer, beside: socket.socket
) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(companion.serve([beside]))
        await server.serve([bound])
        companion.should_exit = companion.force_exit = True  # nobody is left whom it serves
