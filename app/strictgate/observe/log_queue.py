"""A text stream whose writer never waits: a thread of its own takes the lines to the file.

Waking the thread costs a request more than its line: while lines come it wakes by itself, once in
a while, and is woken only where none came in the meantime.

Nobody may be reading the other end of the log's pipe. Then what does not fit into the queue is
dropped and counted, and once there is room a line says how many there were.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

CAPACITY = 4 << 20  # characters that may wait
NAP = 0.1  # seconds in which lines gather, so that many go out in one write
RETRY = 0.05  # seconds until a full pipe that does not block is tried again


class LogFile(Protocol):
    """What has a descriptor to write to."""

    def fileno(self) -> int: ...


class LogQueue:
    """Close it at the end; its thread starts with the first line."""

    def __init__(
        self,
        file: LogFile,
        dropped: Callable[[int], str],
        capacity: int = CAPACITY,
        turn: AbstractContextManager[None] | None = None,
    ) -> None:
        """Prepare the stream.

        Args:
            dropped: makes the line that says how many lines were dropped.
            turn: is held while lines are written: other processes have the same file, and what is
                longer than a pipe takes at once would stand amid theirs.
        """
        self._turn = nullcontext() if turn is None else turn
        self._file = file
        self._dropped_line = dropped
        self._capacity = capacity
        self._lines: deque[str] = deque()
        self._waiting = 0
        """Characters in the queue, and in the write that is under way."""
        self._dropped = 0
        self._is_closed = False
        self._is_idle = False
        """The thread waits to be woken."""
        self._lock = threading.Lock()  # held as it is, it takes less than through the condition
        self._changed = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def write(self, lines: str) -> None:
        """Queue whole lines; where there is no room for them, count them."""
        with self._lock:
            if self._is_closed or self._waiting + len(lines) > self._capacity:
                self._dropped += lines.count("\n")
                return
            self._lines.append(lines)
            self._waiting += len(lines)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
            elif self._is_idle:
                self._is_idle = False
                self._changed.notify()

    def close(self, patience: float = 1.0) -> None:
        """Write what is waiting; give up after `patience` seconds."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(patience)

    # --- in the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while batch := self._next_batch():
            with self._turn:
                self._write_all(batch.encode("utf-8", "backslashreplace"))
            with self._changed:
                self._waiting = sum(map(len, self._lines))

    def _next_batch(self) -> str:
        """Return all lines that have gathered; "" when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, NAP)
            if not self._lines and not self._is_closed:
                self._is_idle = True
                self._changed.wait_for(lambda: self._lines or self._is_closed)
                self._is_idle = False
                self._changed.wait_for(lambda: self._is_closed, NAP)
            batch = "".join(self._lines)
            self._lines.clear()
            if self._dropped:
                batch += self._dropped_line(self._dropped)
                self._dropped = 0
            return batch

    def _write_all(self, data: bytes) -> None:
        """Write past Python's own buffers, whose locks would hold the process's end up."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._file.fileno(), left) :]
            except BlockingIOError:
                time.sleep(RETRY)
            except (OSError, ValueError):  # nobody reads it any more: that must stop nothing
                return
