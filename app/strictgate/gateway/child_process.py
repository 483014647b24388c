"""A process of our own program, started beside the event loop: what is written to it it reads from
its standard input, and what it writes to its standard output is read here.

An event loop that starts a process stands still until the new one has taken its program's place,
tens of milliseconds on a busy machine. A thread waits for that here; the two talk through a pair of
sockets. Windows has no such pairs for processes: there the event loop starts it.
"""

import asyncio
import socket
import subprocess
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from typing import Protocol


class ChildProcess(Protocol):
    """A process; asyncio's own are of this kind."""

    @property
    def stdin(self) -> asyncio.StreamWriter | None:
        """What it reads."""

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """What it writes."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """How it ended, negative: by which signal; None: it runs, as far as is known."""

    def kill(self) -> None:
        """End it, now."""

    async def wait(self) -> int:
        """Wait for its end; return how it ended."""


class _Started:
    """One that a thread has started."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdout: asyncio.StreamReader,
        stdin: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self.stdout = stdout
        self.stdin = stdin

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        code = self._process.poll()
        return await asyncio.to_thread(self._process.wait) if code is None else code


async def started(
    arguments: Sequence[str], environment: Mapping[str, str], limit: int
) -> ChildProcess:
    """Start this Python with `arguments`, in a session of its own: Ctrl+C is for the gateway.

    Args:
        limit: bytes that are read ahead of what it writes.

    Raises:
        OSError: it cannot be started.
    """
    command = [sys.executable, *arguments]
    if sys.platform == "win32":
        return await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=environment, limit=limit
        )
    ours, its = socket.socketpair()
    start = _Start(command, environment, its)
    try:
        process = await asyncio.to_thread(start)
        stdout, stdin = await asyncio.open_connection(sock=ours, limit=limit)
    except BaseException:  # whoever began it may have left, at any moment
        start.abandon()
        ours.close()
        raise
    return _Started(process, stdout, stdin)


class _Start:
    """Starts a process, in a thread; whoever began it may abandon it meanwhile.

    Args:
        its: its standard input and output, which are closed here.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], its: socket.socket
    ) -> None:
        self._command = command
        self._environment = dict(environment)
        self._its = its
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> "subprocess.Popen[bytes]":
        """Start it.

        Raises:
            OSError
        """
        with self._its as its:
            process = subprocess.Popen(
                self._command,
                stdin=its.fileno(),
                stdout=its.fileno(),
                env=self._environment,
                start_new_session=True,
            )
        with self._lock:
            self._process = process
            if self._is_abandoned:
                self._end()
        return process

    def abandon(self) -> None:
        """End it, if it has been started or will be."""
        with self._lock:
            self._is_abandoned = True
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
