"""A file without a name that forked processes share: locks that end with whoever holds them.

POSIX record locks (fcntl(2)) belong to a process, so that those of one that was killed are gone.
Within a process they exclude nobody: each byte is locked from one thread only. The system thinks of
processes alone: where of two of them one thread each holds a lock that another thread of the other
waits for, it sees a deadlock that is none, and refuses to wait; then it is asked again.
"""

import errno
import fcntl
import os
import tempfile
import time
from types import TracebackType

_PAUSE = 0.001  # seconds


def nameless_file() -> int:
    """Return the descriptor of a new file that has no name, in memory where the system can.

    Raises:
        OSError: there is no room for it.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create("strictgate")
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


class ByteLock:
    """A lock on one byte of such a file, as a context manager, or taken and released."""

    def __init__(self, descriptor: int, at: int) -> None:
        self._descriptor = descriptor
        self._at = at

    def acquire_now(self) -> bool:
        """Take it, if nobody has it at this moment."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._at)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            return False
        return True

    def acquire_within(self, seconds: float) -> bool:
        """Take it, if it can be had within so many seconds; whoever has it may be stopped."""
        until = time.monotonic() + seconds
        while not (is_taken := self.acquire_now()) and time.monotonic() < until:
            time.sleep(_PAUSE)
        return is_taken

    def release(self) -> None:
        """Let others have it."""
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, self._at)

    def __enter__(self) -> None:
        while True:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX, 1, self._at)
            except OSError as error:
                if error.errno != errno.EDEADLK:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
