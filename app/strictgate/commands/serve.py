"""`strictgate serve`: the process that listens, and how it leaves.

| signal           | what happens                                                          |
|------------------|-----------------------------------------------------------------------|
| SIGTERM          | Lame duck: for `server.drain_delay` it goes on listening, but what is |
|                  | new, and /readyz, gets a 503. Then it drains.                         |
| SIGINT (Ctrl+C)  | It drains at once: nothing new comes in, what is under way finishes.  |
| a second one     | It leaves now.                                                        |
| SIGHUP           | It reads its configuration anew, and goes on: api/reloading.py. Where |
|                  | its terminal has gone, the signal is of that, and is like SIGTERM:    |
|                  | nobody would see the process any more.                                |

All of it takes `server.drain_timeout` at most; what is not finished then gets an error. The exit
code is 0. Where SIGHUP is ignored already (nohup), it stays so.
"""

import asyncio
import gc
import logging
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from types import FrameType
from typing import TypeVar

from strictgate.api.app import create_app
from strictgate.api.middleware import GatewayMiddleware
from strictgate.commands.descriptors import (
    connection_limit,
    raised_descriptor_limit,
    request_limit,
)
from strictgate.commands.http_protocol import HttpProtocol
from strictgate.commands.reloads import Reloads, begin_log
from strictgate.commands.runtime_file import RuntimeFile
from strictgate.commands.start_checks import check_exposure, check_loops, check_settings
from strictgate.commands.start_report import StartReport
from strictgate.commands.uvicorn_server import Config, Server
from strictgate.gateway.freed_memory import LOOK, FreedMemory
from strictgate.gateway.siblings import ALONE, Siblings
from strictgate.observe.events import tell_all
from strictgate.observe.log import Log, ServerHandler, stderr_queue, stderr_style
from strictgate.observe.log_queue import LogQueue
from strictgate.settings.loading import Settings, SettingsError

YOUNG = 5_000
"""Objects more than before, until the collector looks for cycles; Python's own 700 come together in
a request or two. Much more would let bodies lie about that a cycle holds, of requests that failed.
"""
_TICKS_TO_LOOK = round(LOOK / 0.1)  # uvicorn ticks ten times a second
TICK = 0.05  # seconds between two looks at whether a lame duck may go
ACCEPTED = 16
"""Connections that are let in in one round of the event loop: as many as begin then, api/turns.py.
"""


class GatewayServer(Server):
    """A uvicorn server that says where it listens, and ends with exit code 0 on a signal."""

    def __init__(
        self,
        config: Config,
        announce: Callable[[str], None],
        delay: float = 0.0,
        grace: float | None = None,
    ) -> None:
        """Prepare the server.

        Args:
            delay: seconds for which it goes on listening once it is to leave.
            grace: seconds that leaving may take, the delay included; None: as uvicorn has it.
        """
        super().__init__(config)
        self._announce = announce
        self._delay = delay if grace is None else min(delay, grace)
        self._grace = grace
        self._left_at = 0.0
        self.reload: Callable[[], Awaitable[None]] | None = None
        """Reads the configuration anew, on SIGHUP; None: that is a signal to leave."""
        self._is_told_to_reload = False
        self._has_terminal = has_terminal()
        self._freed = FreedMemory()

    async def on_tick(self, counter: int) -> bool:
        if self._is_told_to_reload and self.reload is not None:
            self._is_told_to_reload = False
            await self.reload()
        if counter % _TICKS_TO_LOOK == 0:
            for _ in self._freed.steps():
                await asyncio.sleep(0)
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([each for bound in sockets or () for each in accepting(bound)])
        gc.collect()
        gc.freeze()  # what stands now stands for good: full collections need not walk it again
        gc.set_threshold(YOUNG)
        self._announce(url_of(self.servers[0].sockets[0]))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Signal handlers set flags, and uvicorn looks at them in the same way.
        while time.monotonic() < self._left_at + self._delay and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(TICK)
        if self._grace is not None:
            left = self._left_at + self._grace - time.monotonic()
            self.config.timeout_graceful_shutdown = max(0, math.ceil(left))
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            before = signal.getsignal(signal.SIGHUP)
            if before is not signal.SIG_IGN:
                signal.signal(signal.SIGHUP, self._hang_up)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    def _hang_up(self, sig: int, frame: FrameType | None) -> None:
        is_terminal_gone = self._has_terminal and not has_terminal()
        if self.reload is None or is_terminal_gone:
            self.handle_exit(sig, frame)
        else:
            self._is_told_to_reload = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True  # the second signal does not wait
            return
        self.should_exit = True
        self._left_at = time.monotonic()
        if sig == signal.SIGINT:  # somebody sits before it
            self._delay = 0.0


class DemoServer(GatewayServer):
    """A server beside the main one; that one gets the signals, and stops this one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def has_terminal() -> bool:
    """Whether this process has a terminal: that has not hung up."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    settings: Settings,
    announce: Callable[[str], None],
    *,
    demo: socket.socket | None = None,
    again: Callable[[], Settings] | None = None,
) -> None:
    """Serve until a signal (SIGTERM, SIGINT) tells the process to stop, then drain.

    Args:
        announce: is called with the URL once the server accepts connections.
        demo: where the embedded demonstration upstream is to listen, beside the gateway, as its
            default upstream; None: it does not run.
        again: reads the settings anew, for a reload; None: there are no others.

    Raises:
        SettingsError: the configuration cannot be served.
    """
    settings = checked(settings, demo)
    log, queue = begun_log(settings)
    report = None if demo else StartReport(settings, partial(print, flush=True))

    def begin(url: str) -> None:
        announce(url)
        if report is not None:
            report.begin()

    server, app = gateway_server(GatewayServer, settings, begin, log, report)
    bound = listening_socket(settings.server.host, settings.server.port)
    host, port = bound.getsockname()[:2]
    check_loops(settings, host, port)
    file = RuntimeFile(port)
    if again is not None and app.reload is not None and hasattr(signal, "SIGHUP"):
        read = with_demo(again, demo)
        apply = report.around(app.reload) if report else app.reload
        server.reload = Reloads(read, log, file, apply).reload
    try:
        run(server, bound, demo)
    finally:
        file.remove()
        log.flush()
        queue.close()


def checked(settings: Settings, demo: socket.socket | None) -> Settings:
    """Return the settings as they are served; see `serve`.

    Raises:
        SettingsError: the configuration cannot be served.
    """
    if demo is None:
        check_settings(settings, os.environ)
        return settings
    check_exposure(settings)
    return with_demo(lambda: settings, demo)()


def with_demo(again: Callable[[], Settings], demo: socket.socket | None) -> Callable[[], Settings]:
    """Return what reads the settings, with the demonstration upstream as the default, if any."""
    if demo is None:
        return again
    demonstration = ("demo", f"{url_of(demo)}/v1", "demo")
    return lambda: again().with_upstream(*demonstration)


def begun_log(
    settings: Settings, turn: AbstractContextManager[None] | None = None
) -> tuple[Log, LogQueue]:
    """Return the log, and the queue that has to be closed at the end.

    Args:
        turn: see LogQueue.
    """
    style = stderr_style(settings.observe.level, settings.observe.format)
    queue = stderr_queue(style, turn)
    logging.getLogger().addHandler(ServerHandler(queue, style))
    log = Log(queue)
    begin_log(log, settings)
    return log, queue


ServerKind = TypeVar("ServerKind", bound=GatewayServer)


def gateway_server(
    kind: type[ServerKind],
    settings: Settings,
    begin: Callable[[str], None],
    log: Log,
    report: StartReport | None,
    siblings: Siblings = ALONE,
) -> tuple[ServerKind, GatewayMiddleware]:
    """Return a server that is ready to run, and its application.

    Args:
        begin: is called with the URL once it accepts connections.
        siblings: the processes that serve together with this one.
    """
    listeners = [log.observe] if report is None else [log.observe, report.observe]
    server: ServerKind | None = None

    def is_draining() -> bool:
        return server is not None and server.should_exit

    about = (settings, os.environ, listeners, is_draining)
    app = create_app(*about, recognises=True, siblings=siblings)
    observe = tell_all(listeners)
    connections = connection_limit(raised_descriptor_limit(), observe)
    requests = request_limit(settings.limits.connections, observe)
    server = kind(
        Config(
            app,
            http=HttpProtocol.limited_by(connections, requests),
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=settings.server.keep_alive,  # type: ignore[arg-type]  # or a float
        ),
        begin,
        settings.server.drain_delay,
        settings.server.drain_timeout,
    )
    return server, app


def run(server: GatewayServer, bound: socket.socket, demo: socket.socket | None) -> None:
    """Run a server to its end, with the demonstration upstream beside it, if there is one."""
    if demo is None:
        serving = server.serve([bound])
    else:
        serving = _both(server, bound, DemoServer(demo_config(), lambda url: None), demo)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serving)


def demo_config() -> Config:
    """Return how the demonstration upstream is served."""
    demo = import_module("strictgate.demo.upstream")  # 60 ms that few have a use for
    app = demo.create_demo(record=False)
    return Config(app, ws="none", access_log=False, log_config=None)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raise SettingsError where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(f"server: cannot listen on {host}:{port}: {error.strerror}") from error


def accepting(bound: socket.socket) -> list[socket.socket]:
    """Return `bound`, which listens, and as many copies as let in ACCEPTED connections in a round.

    libuv, below uvloop, accepts one connection for each descriptor in a round of the event loop
    (github.com/libuv/libuv/pull/3696). Where a thousand clients connect at once, those that are
    let in first would keep the loop busy to their ends, before the last are heard at all. Each
    copy makes a new connection 3 µs dearer. On other systems than Linux the processes of a gateway
    share one socket, and whoever accepts more takes them from the others.
    """
    copies = ACCEPTED - 1 if sys.platform == "linux" else 0
    return [bound, *(bound.dup() for _ in range(copies))]


async def _both(
    server: GatewayServer, bound: socket.socket, companion: DemoServer, beside: socket.socket
) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(companion.serve([beside]))
        await server.serve([bound])
        companion.should_exit = companion.force_exit = True  # nobody is left whom it serves
