"""What client keys have used, in memory that several processes share: each counts for all, at once.

It is a table of rows in a file, mapped by every process, with a lock that ends with whoever holds
it (common_file.py). A file without a name outlives each process, as the supervisor has it, too; one
with a name outlives them all: usage_file.py. A row is

| bytes | what                                                                          |
|-------|-------------------------------------------------------------------------------|
| 16    | the digest of the key's name; zeros where the row is free                     |
| 32    | the fields of core.resilience.quota.Quota, in their order                     |

A key's row is the first, from the one that its digest says, that is its own or free. Rows are never
given back: names come from the configuration alone. For names that find no more room each process
counts for itself.

The lock is held for some microseconds, but by a process that may lose the processor in between. An
event loop cannot wait for that:

| the lock is          | a request                        | what an answer has used            |
|----------------------|----------------------------------|------------------------------------|
| free                 | is counted at once               | is counted at once                 |
| another's            | waits, asks every millisecond    | is noted, and counted a bit later  |
| that for `TRIES` ms  | is counted without it: a process | is counted without it              |
|                      | that is stopped stops no others  |                                    |
"""

import asyncio
import mmap
import os
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from strictgate.core.resilience.quota import Quota, QuotaExceeded, QuotaLimits
from strictgate.gateway.response_store import steady_clock
from strictgate.shared.common_file import ByteLock

ROWS = 4096
TRIES = 250
_SPINS = 20  # tries at once: mostly the lock is free again before anything else could be done
_PAUSE = 0.001  # seconds between two tries
AHEAD = 4096  # bytes of the file before the table, for its locks
_FIELDS = struct.Struct("=dqqd")
_NAME = 16
_ROW = _NAME + _FIELDS.size
_FREE = bytes(_NAME)


def table_size(rows: int = ROWS) -> int:
    """Return how many bytes a file with so many rows has."""
    return AHEAD + rows * _ROW


class CommonQuotas:
    """Make it before processes are forked, so that all have the same clock."""

    def __init__(
        self,
        descriptor: int,
        lock: ByteLock,
        clock: Callable[[], float] | None = None,
        rows: int = ROWS,
    ) -> None:
        """Map the table.

        Args:
            descriptor: of the file, which is made longer.
            lock: on one of its first bytes.
        """
        size = table_size(rows)
        os.ftruncate(descriptor, size)
        self._memory = mmap.mmap(descriptor, size)
        self._lock = lock
        self._clock = clock or steady_clock()
        self._rows = rows
        self._places: dict[str, int | None] = {}
        """Where the rows of keys begin; None: there is no room for it."""
        self._own: dict[str, Quota] = {}
        self._unspent: list[tuple[str, int, float]] = []
        """What answers have used that is not counted yet: the keys' names, tokens, money."""

    def admit(
        self, name: str, limits: QuotaLimits
    ) -> QuotaExceeded | Awaitable[QuotaExceeded | None] | None:
        """Count one more request of a key; return why it may not be, in which case it is not; or
        what will return that, where another process is counting."""
        with self._locked(_SPINS) as is_locked:
            return self._admitted(name, limits) if is_locked else self._admit_later(name, limits)

    def spend(self, name: str, limits: QuotaLimits, tokens: int, money: float) -> None:
        """Count what an answer has used."""
        self._unspent.append((name, tokens, money))
        self._spend_all(TRIES)

    async def _admit_later(self, name: str, limits: QuotaLimits) -> QuotaExceeded | None:
        for _ in range(TRIES):
            await asyncio.sleep(_PAUSE)
            with self._locked() as is_locked:
                if is_locked:
                    return self._admitted(name, limits)
        return self._admitted(name, limits)

    def _admitted(self, name: str, limits: QuotaLimits) -> QuotaExceeded | None:
        quota, place = self._quota(name)
        exceeded = quota.admit(limits, self._clock())
        self._keep(quota, place)
        return exceeded

    def _spend_all(self, tries: int) -> None:
        """Count what is not counted yet; so many `tries` may find the lock taken."""
        with self._locked(_SPINS) as is_locked:
            if not is_locked and tries:
                asyncio.get_running_loop().call_later(_PAUSE, self._spend_all, tries - 1)
                return
            unspent, self._unspent = self._unspent, []
            for name, tokens, money in unspent:
                quota, place = self._quota(name)
                quota.spend(tokens, money, self._clock())
                self._keep(quota, place)

    @contextmanager
    def _locked(self, tries: int = 1) -> Iterator[bool]:
        """Hold the lock for the block, if one of so many tries at once gets it; say whether."""
        is_locked = any(self._lock.acquire_now() for _ in range(tries))
        try:
            yield is_locked
        finally:
            if is_locked:
                self._lock.release()

    def _quota(self, name: str) -> tuple[Quota, int | None]:
        """Return what a key has used, and where that stands."""
        if name not in self._places:
            self._places[name] = self._found(name)
        place = self._places[name]
        if place is None:
            return self._own.setdefault(name, Quota()), None
        return Quota(*_FIELDS.unpack_from(self._memory, place)), place

    def _keep(self, quota: Quota, place: int | None) -> None:
        if place is not None:
            fields = (quota.full_at, quota.day, quota.tokens, quota.money)
            _FIELDS.pack_into(self._memory, place, *fields)

    def _found(self, name: str) -> int | None:
        """Return where the fields of a key's row begin; a free row becomes its own."""
        digest = blake2b(name.encode(), digest_size=_NAME).digest()
        first = int.from_bytes(digest[:8])
        for step in range(self._rows):
            at = AHEAD + (first + step) % self._rows * _ROW
            there = self._memory[at : at + _NAME]
            if there == _FREE:
                self._memory[at : at + _NAME] = digest
            if there in (_FREE, digest):
                return at + _NAME
        return None
