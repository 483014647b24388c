"""A clock for one who waits often and is rarely kept waiting: moving it later costs nothing.

A timer for each wait would be made and thrown away thousands of times a second. Here one timer
rings at the due time or before, looks whether it is due by now, and if not goes to sleep again.
"""

import asyncio
import math
from collections.abc import Callable


class Alarm:
    """Calls `ring` once it is due; of one event loop.

    Args:
        ring: is called at the due time; the alarm is off then.
    """

    __slots__ = ("_due", "_loop", "_ring", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set_to(self, due: float) -> None:
        """Ring at `due`, by the loop's clock, and at no other time; infinity: never."""
        self._due = due
        if due == math.inf or (self._timer is not None and self._timer.when() <= due):
            return
        self.cancel()
        self._timer = self._loop.call_at(due, self._look)

    def turn_off(self) -> None:
        """Do not ring; the timer stays for whoever sets the alarm next."""
        self._due = math.inf

    def cancel(self) -> None:
        """Leave no timer behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        due = self._due
        if self._loop.time() < due:
            self.set_to(due)
        else:
            self.turn_off()
            self._ring()
