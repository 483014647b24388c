"""Large blocks of memory: each is given back to the system as soon as it is free.

The GNU C library takes large blocks from the system one by one, but only until the first of them is
freed: then it keeps blocks of that size among all others, and where something small lies behind one
it is lost to the system. A few answers of 2 MiB left some 70 MiB behind.
"""

import sys

LARGE = 256 << 10
"""Bytes of a block; to get one from the system takes some 30 µs."""
FOR_WORKERS = {"MALLOC_MMAP_THRESHOLD_": str(LARGE)}
"""Variables that say the same to a process that is started."""
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD in malloc.h


def give_back_large_blocks() -> bool:
    """Have this process give them back from now on; return whether its C library does that."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 (takes longer than the rest of it)

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and needs none
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, LARGE))
