"""`strictgate serve --workers N`: several processes at one address, and a supervisor over them.

Each process is what `strictgate serve` is alone (serve.py), but for what tells it to leave or to
reload, which is the supervisor. Of signals it heeds SIGKILL alone: those that come to all at once,
of a terminal or of systemd, must not count twice.
"""

import gc
import os
import select
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from shutil import rmtree
from tempfile import mkdtemp
from types import FrameType

from strictgate.api.reloading import with_waiting
from strictgate.commands.reloads import Reloads, begin_log
from strictgate.commands.runtime_file import RuntimeFile
from strictgate.commands.serve import (
    GatewayServer,
    begun_log,
    checked,
    gateway_server,
    has_terminal,
    run,
    url_of,
    with_demo,
)
from strictgate.commands.start_checks import check_loops, check_processes, usable_cores
from strictgate.commands.start_report import StartReport
from strictgate.core.value_type import value_type
from strictgate.gateway.response_store import IN_MEMORY, MEMORY
from strictgate.observe.log import Log
from strictgate.processes.listening import listening_sockets
from strictgate.processes.member import Member
from strictgate.processes.messages import (
    Announced,
    LeaveOrder,
    Message,
    NewSettings,
    ProcessFailed,
    ProcessReady,
    SettingsApplied,
    written,
)
from strictgate.processes.supervisor import ProcessStart, Supervisor
from strictgate.settings.loading import Settings, SettingsError
from strictgate.shared.common_file import ByteLock, nameless_file
from strictgate.shared.common_quotas import CommonQuotas

CANNOT_SERVE = 2
"""Exit code of a process whose settings do not fit."""
_SHARED_MEMORY = "/dev/shm"
"""Where files are in memory, on Linux; a container that can write to no other folder has it."""
_LOG_BYTE, _USAGE_BYTE = 0, 1
"""Of the file that the processes share; the locks on them are for writing to the log, and for what
client keys use."""


@value_type
class _Common:
    """What the processes have together."""

    turn: ByteLock
    """Is held while lines of the log are written."""
    usage: CommonQuotas
    folder: str | None
    """What they keep; it is removed by whoever sees the supervisor gone."""


class ProcessServer(GatewayServer):
    """One of several, which obeys its supervisor."""

    member: Member
    channel: socket.socket
    report: StartReport | None = None
    reload_settings: Callable[[Settings], Awaitable[tuple[str, ...]]]
    """Puts new settings into force."""
    _fresh: NewSettings | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.member.join(self.channel)
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        if self._fresh is not None:
            fresh, self._fresh = self._fresh, None
            self.member.send(await self._applied(fresh))
        return await super().on_tick(counter)

    async def _applied(self, fresh: NewSettings) -> SettingsApplied:
        try:
            waiting = await self.reload_settings(fresh.settings)
        except SettingsError as error:
            return SettingsApplied(fresh.edition, problem=str(error))
        return SettingsApplied(fresh.edition, waiting)

    def obey(self, message: Message) -> None:
        """Do what the supervisor says."""
        match message:
            case Announced():
                if self.report is not None:
                    self.report.begin()
            case NewSettings():
                self._fresh = message
            case LeaveOrder(has_delay, is_now):
                self.leave(has_delay=has_delay, is_now=is_now)

    def leave(self, *, has_delay: bool = False, is_now: bool = False) -> None:
        """Begin to leave, if that has not begun."""
        self.force_exit = self.force_exit or is_now
        if not self.should_exit:
            self.should_exit = True
            self._left_at = time.monotonic()
        if not has_delay:
            self._delay = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Do nothing: signals are the supervisor's."""

    def _hang_up(self, sig: int, frame: FrameType | None) -> None:
        """Do nothing, either."""


def serve_by_processes(
    settings: Settings,
    announce: Callable[[str], None],
    *,
    demo: socket.socket | None = None,
    again: Callable[[], Settings] | None = None,
) -> int:
    """Serve by `server.workers` processes until a signal says to stop; return the exit code.

    The arguments are those of `serve`.

    Raises:
        SettingsError: the configuration cannot be served.
    """
    if not hasattr(os, "fork"):
        raise SettingsError("server.workers: this system cannot fork; let it be 1")
    check_processes(settings.server.workers, usable_cores())
    settings = checked(settings, demo)
    host, port = settings.server.host, settings.server.port
    try:
        listeners = listening_sockets(host, port, settings.server.workers)
    except OSError as error:
        raise SettingsError(f"server: cannot listen on {host}:{port}: {error.strerror}") from error
    host, port = listeners[0].getsockname()[:2]
    check_loops(settings, host, port)
    folder = _common_folder(settings)
    try:
        return _supervise(settings, announce, listeners, folder, demo, again)
    finally:
        if folder is not None:
            rmtree(folder, ignore_errors=True)


def _supervise(
    settings: Settings,
    announce: Callable[[str], None],
    listeners: list[socket.socket],
    folder: str | None,
    demo: socket.socket | None,
    again: Callable[[], Settings] | None,
) -> int:
    """Serve by processes that have a folder in common; return the exit code.

    Raises:
        SettingsError: the configuration cannot be served.
    """
    settings = with_common_store(settings, folder)
    shared = nameless_file()
    usage = CommonQuotas(shared, ByteLock(shared, _USAGE_BYTE))
    log, file = Log(_PlainStderr()), RuntimeFile(listeners[0].getsockname()[1])
    begin_log(log, settings)
    reading = None
    if again is not None:
        fresh = with_demo(again, demo)
        reading = Reloads(lambda: with_common_store(fresh(), folder), log, file)

    def process(start: ProcessStart) -> int:
        file.release()
        common = _Common(ByteLock(shared, _LOG_BYTE), usage, folder)
        return _be_process(start, with_waiting(start.settings, settings), demo, common)

    told = partial(announce, url_of(listeners[0]))
    had_terminal = has_terminal()
    about = (settings, listeners, process, told, log.observe, reading)
    supervisor = Supervisor(*about, is_hung_up=lambda: had_terminal and not has_terminal())
    gc.collect()
    gc.freeze()  # what a process collects it writes to, and then it is shared no more
    try:
        code = supervisor.run()
    finally:
        file.remove()
    if supervisor.problem:
        raise SettingsError(supervisor.problem)
    return code


def _be_process(
    start: ProcessStart,
    settings: Settings,
    demo: socket.socket | None,
    common: _Common,
) -> int:
    """Serve as one of several processes; return the exit code."""
    log, queue = begun_log(settings, common.turn)
    report = None
    if start.is_first and demo is None:
        report = StartReport(settings, partial(print, flush=True))
    server: ProcessServer | None = None

    def obey(message: Message) -> None:
        assert server is not None, "it was there before the channel was joined"
        server.obey(message)

    def orphaned() -> None:
        if common.folder is not None:
            rmtree(common.folder, ignore_errors=True)
        if server is not None:
            server.leave()

    member = Member(obey, orphaned, common.usage)
    try:
        about = (settings, lambda url: member.send(ProcessReady()), log, report, member)
        server, app = gateway_server(ProcessServer, *about)
    except SettingsError as error:
        start.channel.sendall(written(ProcessFailed(str(error))))
        return CANNOT_SERVE
    server.member, server.channel, server.report = member, start.channel, report

    async def apply(fresh: Settings) -> tuple[str, ...]:
        assert app.reload is not None, "create_app sets it"
        waiting = await app.reload(fresh)
        begin_log(log, fresh)
        return waiting

    server.reload_settings = report.around(apply) if report else apply
    try:
        run(server, start.listener, demo)
    finally:
        log.flush()
        queue.close()
    return 0


def _common_folder(settings: Settings) -> str | None:
    """Return a new folder for what the processes keep together; None: they need none.

    Raises:
        SettingsError: there is no place for one.
    """
    if settings.store.path != MEMORY or settings.shared.url is not None:
        return None
    in_memory = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    try:
        return mkdtemp(prefix="strictgate-", dir=in_memory)
    except OSError as error:
        raise SettingsError(
            "store.path: several processes keep responses in one file, and there is no folder for "
            f"temporary ones ({error.strerror}). Name a file, or set it to off."
        ) from error


def with_common_store(settings: Settings, folder: str | None) -> Settings:
    """Return the settings with the responses that would be kept in memory in a file, which all
    processes see: whichever is asked, it knows what another has answered."""
    if folder is None or settings.store.path != MEMORY:
        return settings
    ttl, most = IN_MEMORY
    ours = {
        "path": f"{folder}/responses.sqlite",
        "ttl": settings.store.ttl or ttl,
        "max_bytes": settings.store.max_bytes or most,
    }
    return settings.model_copy(update={"store": settings.store.model_copy(update=ours)})


class _PlainStderr:
    """Standard error for the few lines of the supervisor, which has no thread to wait for it."""

    def write(self, line: str) -> None:
        """Write a line; drop it where that would have to wait."""
        with suppress(OSError, ValueError):
            descriptor = sys.stderr.fileno()
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            if poll.poll(0):
                os.write(descriptor, line.encode("utf-8", "backslashreplace")[: select.PIPE_BUF])
