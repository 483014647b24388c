"""`strictgate serve`: the process that listens, and drains."""

import asyncio
import gc
import logging
import math
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from strictgate.api.app import create_app
from strictgate.commands.http_protocol import HttpProtocol
from strictgate.core.wire.address import is_loopback
from strictgate.demo.upstream import create_demo
from strictgate.observe.events import Observer, ignore
from strictgate.observe.log import ServerHandler, log_to
from strictgate.settings import Settings, SettingsError


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
