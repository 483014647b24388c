"""The file by which `strictgate reload` finds a running `strictgate serve`, and what came of it.

It lies in a folder that belongs to the user alone: below XDG_RUNTIME_DIR, else in the system's
folder for temporary files. It is of help only: where it cannot be written, as in a container
without a writable file system, SIGHUP reloads all the same. Whoever listens holds a lock beside it:
a file that was left behind must not have a signal sent to whatever has its number now.
"""

import fcntl
import json
import os
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from strictgate.core.value_type import value_type

PATIENCE = 15.0  # seconds until a process is thought not to do it
TICK = 0.05


class NotRunning(Exception):
    """There is no process to be told."""


@value_type
class RuntimeState:
    """What is in the file."""

    pid: int
    reloads: int = 0
    """How many there have been, the refused ones included."""
    error: str = ""
    """What was wrong with the last; "": nothing."""
    waiting: tuple[str, ...] = ()
    """The settings that have changed and wait for a restart."""


class RuntimeFile:
    """The file of one process, by the port that it listens on."""

    def __init__(self, port: int, folder: Path | None = None) -> None:
        self._path = (folder or _folder()) / f"{port}.json"
        self._lock: TextIO | None = None

    def write(self, state: RuntimeState) -> None:
        """Write the file, in one step."""
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            if self._path.parent.stat().st_uid != os.getuid():
                return
            if self._lock is None:
                self._lock = self._lock_path.open("w")
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fresh = self._path.with_suffix(f".{state.pid}")
            fresh.write_text(json.dumps(asdict(state)), encoding="utf-8")
            fresh.replace(self._path)

    def read_state(self) -> RuntimeState:
        """Return what is in it.

        Raises:
            NotRunning: nothing that can be used, or its process has ended.
        """
        try:
            if self._path.stat().st_uid != os.getuid():
                raise NotRunning(f"{self._path} belongs to somebody else")
            if not self._is_locked():
                raise NotRunning(f"what wrote {self._path} has ended")
            state = RuntimeState(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise NotRunning(
                "no `strictgate serve` of this user listens there: --port says where it does "
                f"(or it cannot write {self._path}; then send it SIGHUP)"
            ) from error
        return replace(state, waiting=tuple(state.waiting))

    def release(self) -> None:
        """Leave it to the process that this one was forked from, which has the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Remove it, if it was written here: the process ends."""
        if self._lock is not None:
            with suppress(OSError):
                self._path.unlink()
                self._lock_path.unlink()
            self._lock.close()

    @property
    def _lock_path(self) -> Path:
        return self._path.with_suffix(".lock")

    def _is_locked(self) -> bool:
        with self._lock_path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def reload_running(file: RuntimeFile) -> RuntimeState:
    """Tell the process to reload its configuration; return what came of it.

    Raises:
        NotRunning: there is none, or it does not answer.
    """
    before = file.read_state()
    os.kill(before.pid, signal.SIGHUP)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        state = file.read_state()
        if state.reloads > before.reloads:
            return state
        time.sleep(TICK)
    raise NotRunning(f"process {before.pid} was told to reload, and has not said that it did")


def _folder() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return Path(runtime) / "strictgate"
    return Path(tempfile.gettempdir()) / f"strictgate-{os.getuid()}"
