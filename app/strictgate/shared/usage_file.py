"""A file with a name that keeps what client keys have used: limits of a day hold over a restart.

The file is the table of common_quotas.py, with its kind and version written ahead of it. What a
process has counted is in the system's memory at once, so that a process that is killed loses
nothing; a machine that loses its power loses what the system had not written yet. All of the file
is written before it is mapped, since a mapped page for which the disk has no room ends a process.
"""

import os

from strictgate.shared.common_file import ByteLock
from strictgate.shared.common_quotas import AHEAD, CommonQuotas, table_size

MAGIC = b"strictgate usage 1\n"
_AT = 16  # bytes of the file before it, for locks
_LOCK = 0
PATIENCE = 5.0  # seconds


def opened_usage(path: str) -> CommonQuotas:
    """Return what keys have used, as the file says; a new one says that it is nothing.

    Raises:
        ValueError: the file cannot be used; the message says why.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ValueError(f"{path} cannot be used: {error.strerror}") from error
    try:
        if not _is_whole(descriptor):
            _prepare(descriptor)
    except (OSError, ValueError) as error:
        os.close(descriptor)
        words = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{path} cannot be used: {words}") from error
    return CommonQuotas(descriptor, ByteLock(descriptor, _LOCK))


def _is_whole(descriptor: int) -> bool:
    """Whether nothing is missing of the file; then nobody has to be waited for, who may count in it
    or be stopped.

    Raises:
        ValueError: it is something else.
    """
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, len(MAGIC), _AT) != MAGIC:
        raise ValueError("it is no file of what keys have used, or of another version")
    return size >= table_size()


def _prepare(descriptor: int) -> None:
    """Write what is missing of the file, while nobody else does.

    Raises:
        OSError: there is no room for it.
        ValueError: it is something else, or another process has its lock for too long.
    """
    lock = ByteLock(descriptor, _LOCK)
    if not lock.acquire_within(PATIENCE):
        raise ValueError(
            f"another process has held its lock for {PATIENCE:g} seconds. Is one of this gateway's "
            "stopped? End that, or name another file"
        )
    try:
        if not _is_whole(descriptor):
            size = os.fstat(descriptor).st_size
            os.pwrite(descriptor, MAGIC.rjust(_AT + len(MAGIC), b"\0").ljust(AHEAD, b"\0"), 0)
            start = max(size, AHEAD)
            os.pwrite(descriptor, bytes(table_size() - start), start)
            os.fsync(descriptor)
    finally:
        lock.release()
