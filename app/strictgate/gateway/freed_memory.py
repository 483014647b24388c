"""Memory that was freed, given back to the system.

The GNU C library keeps what was freed where something small lies behind it: a few answers of 2 MiB
left some 70 MiB in the process for good. To take each large block from the system instead
(M_MMAP_THRESHOLD) would cost the event loop 0.4 ms for each MiB, as its pages come one by one. So
it is asked to give back all that is free, 0.05 ms for each MiB, where the process has grown.

| the process has                          | what is done                               |
|------------------------------------------|--------------------------------------------|
| less memory than at the last look        | that is what it is compared with from now  |
| GROWN bytes more than it is compared with| what is free is given back; if that was    |
|                                          | less than LITTLE, the rest is in use, and  |
|                                          | that is what it is compared with           |
| anything else                            | nothing                                    |
"""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

GROWN = 16 << 20  # bytes
LITTLE = 1 << 20
LOOK = 5.0  # seconds between two looks at a process that does not know when it has had much
MUCH = 256 << 10  # bytes of something after which to look
_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Return how much memory this process has; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def give_back() -> bool:
    """Give back what is free; return whether the C library can."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 (most processes never need it)

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none, and needs none
    return trim is not None and bool(trim(0))


class FreedMemory:
    """One per process; have it `look` now and then."""

    def __init__(
        self, resident: Callable[[], int] = resident_bytes, give: Callable[[], object] = give_back
    ) -> None:
        self._resident = resident
        self._give = give
        self._least = resident()

    def look(self) -> None:
        """Give back what is free, if the process has grown."""
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[None]:
        """Do the same in two steps of some milliseconds, between which others may run."""
        now = self._resident()
        if now >= self._least + GROWN:
            gc.collect(1)  # the errors of requests that failed hold their bodies, in circles
            yield
            self._give()
            left = self._resident()
            if now - left < LITTLE:
                self._least = left
        else:
            self._least = min(self._least, now)
