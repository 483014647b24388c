"""Signals as bytes that can be waited for, beside other things: signal.set_wakeup_fd."""

import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def signals_as_bytes(numbers: Iterable[int]) -> Iterator[socket.socket]:
    """Give a socket from which the numbers of signals are read as they come, each a byte.

    What is ignored stays so, as SIGHUP is under nohup.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _noted)
    wakeup = signal.set_wakeup_fd(theirs.fileno())
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing: that the signal came is written to the wakeup descriptor."""
