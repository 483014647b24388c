"""What client keys have used, in memory that forked processes share: each counts for all, at once.

It is a table of rows in a file without a name, mapped by every process, with a lock that ends with
whoever holds it (common_file.py); it outlives each process, as the supervisor has it, too. A row is

| bytes | what                                                                          |
|-------|-------------------------------------------------------------------------------|
| 16    | the digest of the key's name; zeros where the row is free                     |
| 32    | the fields of core.resilience.quota.Quota, in their order                     |

A key's row is the first, from the one that its digest says, that is its own or free. Rows are never
given back: names come from the configuration alone. For names that find no more room each process
counts for itself.
"""

import mmap
import os
import struct
from collections.abc import Callable
from hashlib import blake2b

from strictgate.core.resilience.quota import Quota, QuotaExceeded, QuotaLimits
from strictgate.gateway.response_store import steady_clock
from strictgate.processes.common_file import ByteLock

ROWS = 4096
_AHEAD = 4096  # bytes of the file before the table, for its locks
_FIELDS = struct.Struct("=dqqd")
_NAME = 16
_ROW = _NAME + _FIELDS.size
_FREE = bytes(_NAME)


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
        size = _AHEAD + rows * _ROW
        os.ftruncate(descriptor, size)
        self._memory = mmap.mmap(descriptor, size)
        self._lock = lock
        self._clock = clock or steady_clock()
        self._rows = rows
        self._places: dict[str, int | None] = {}
        """Where the rows of keys begin; None: there is no room for it."""
        self._own: dict[str, Quota] = {}

    def admit(self, name: str, limits: QuotaLimits) -> QuotaExceeded | None:
        """Count one more request of a key; return why it may not be, in which case it is not."""
        with self._lock:
            quota, place = self._quota(name)
            exceeded = quota.admit(limits, self._clock())
            self._keep(quota, place)
        return exceeded

    def spend(self, name: str, limits: QuotaLimits, tokens: int, money: float) -> None:
        """Count what an answer has used."""
        with self._lock:
            quota, place = self._quota(name)
            quota.spend(tokens, money, self._clock())
            self._keep(quota, place)

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
            at = _AHEAD + (first + step) % self._rows * _ROW
            there = self._memory[at : at + _NAME]
            if there == _FREE:
                self._memory[at : at + _NAME] = digest
            if there in (_FREE, digest):
                return at + _NAME
        return None
