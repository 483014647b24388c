"""A watch on the event loop: nothing may compute there for long, as everybody waits meanwhile.

A thread of its own looks a few times a second whether the loop has turned since it looked before.
If it has not, and its thread has computed meanwhile (a machine that is busy with other things is no
fault of ours), what runs there at that moment is noted; how long it was in all is told once the
loop has turned.

| the loop has    | computed since then    | what is done                                     |
|-----------------|------------------------|--------------------------------------------------|
| turned          | anything               | a stretch that was noted is told; a new one begins|
| not turned      | less than half BLOCKED | nothing                                          |
| not turned      | half BLOCKED or more   | what runs is noted, once for each stretch        |
"""

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType

from strictgate.observe.events import Observer
from strictgate.observe.process_events import LoopBlocked

BLOCKED = 0.1  # seconds of computing without a pause that are told
LOOK = 0.05  # seconds between two looks
FRAMES = 6  # that are told of a place
PLACES = 256  # that are counted


class LoopWatch:
    """One per event loop; an async context manager."""

    def __init__(self, observe: Observer, look: float = LOOK) -> None:
        self._observe = observe
        self._look = look
        self._places: Counter[str] = Counter()
        self._is_over = threading.Event()

    async def __aenter__(self) -> "LoopWatch":
        if hasattr(time, "pthread_getcpuclockid"):  # Linux and macOS; elsewhere nothing is watched
            loop, ident = asyncio.get_running_loop(), threading.get_ident()
            arguments = loop, ident, time.pthread_getcpuclockid(ident)
            self._thread = threading.Thread(
                target=self._watch, args=arguments, name="loop watch", daemon=True
            )
            self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, ident: int, clock: int) -> None:
        """Look, in a thread of its own, until it is over."""
        while not self._is_over.is_set():
            turned, where, ended = threading.Event(), "", list[float]()
            try:
                loop.call_soon_threadsafe(_turn(turned, ended, clock))
            except RuntimeError:  # the loop is closed
                return
            began = time.clock_gettime(clock)  # behind it: this thread may have waited for its turn
            while not turned.wait(self._look) and not self._is_over.is_set():
                if not where and time.clock_gettime(clock) - began >= BLOCKED / 2:
                    where = _place(sys._current_frames().get(ident))
            if where and ended and ended[0] - began >= BLOCKED:
                loop.call_soon_threadsafe(self._tell, ended[0] - began, where)
            self._is_over.wait(self._look)

    def _tell(self, seconds: float, where: str) -> None:
        """Tell it, on the loop, if it is the first, second, fourth, … time there."""
        if where not in self._places and len(self._places) >= PLACES:
            where = "elsewhere"
        self._places[where] += 1
        times = self._places[where]
        if times & (times - 1) == 0:
            self._observe(LoopBlocked(round(seconds, 3), where, times))


def _turn(turned: threading.Event, ended: list[float], clock: int) -> Callable[[], None]:
    """Return what runs when the loop turns."""

    def note() -> None:
        ended.append(time.clock_gettime(clock))
        turned.set()

    return note


def _place(frame: FrameType | None) -> str:
    """Return where a thread is; without lines, so that a function is one place."""
    places: list[str] = []
    while frame is not None and len(places) < FRAMES:
        code = frame.f_code
        name = "/".join(code.co_filename.split("/")[-2:])
        places.append(f"{name} {code.co_name}")
        frame = frame.f_back
    return ", ".join(places)
