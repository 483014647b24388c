"""What is dealt with together a moment later, and not in the path of the request that it is about.

Between two requests the processor has done much else: what looks at one finds nothing of its own in
the caches, and takes three times as long for a single request as for each of many in a row. So a
request only leaves its item here, and what deals with items does so for many at once.

| state | what there is                    | what ends it                                       |
|-------|----------------------------------|----------------------------------------------------|
| empty | nothing                          | `put`, which sets a timer of the event loop        |
| some  | fewer than MOST items, which     | the timer, `flush`, or the item that makes it full:|
|       | have waited for DELAY at most    | all are dealt with, in their order                 |

Whoever reads what is made of the items calls `flush` first, and so misses none of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

MOST = 64  # items: the event loop computes for half a millisecond or so
DELAY = 0.1  # seconds
T = TypeVar("T")


class Batch(Generic[T]):
    """Items that wait; outside of an event loop none does."""

    def __init__(self, deal: Callable[[list[T]], None]) -> None:
        """Begin with nothing.

        Args:
            deal: deals with items in their order; it must not raise.
        """
        self._deal = deal
        self._items: deque[T] = deque()
        self.add = self._items.append
        """Has an item dealt with together with the next that is `put`, in their order."""
        self._timed_in: asyncio.AbstractEventLoop | None = None
        """The event loop whose timer runs; None: none does."""

    def put(self, item: T) -> None:
        """Have `item` dealt with soon."""
        self._items.append(item)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if loop is not self._timed_in:
            self._timed_in = loop
            loop.call_later(DELAY, self._time_over)
        if len(self._items) >= MOST:
            self.flush()

    def flush(self) -> None:
        """Deal with all that wait, now; other threads may do the same."""
        items: list[T] = []
        with suppress(IndexError):
            while True:
                items.append(self._items.popleft())
        if items:
            self._deal(items)

    def _time_over(self) -> None:
        self._timed_in = None
        self.flush()
