"""Whether a store answers: what it fails at is tried again only after a pause, and told once.

| state | a command                          | it succeeds | it fails                            |
|-------|------------------------------------|-------------|-------------------------------------|
| UP    | goes                               | UP          | DOWN, which is told                 |
| DOWN  | fails at once, within PAUSE        |             |                                     |
|       | goes, once PAUSE is over           | UP, told    | DOWN, for another PAUSE             |
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.observe.events import Observer, SharedStoreChanged

PAUSE = 1.0  # seconds
T = TypeVar("T")


class Reachability:
    """Of one store, as this process sees it."""

    def __init__(
        self,
        faults: tuple[type[Exception], ...],
        patience: float,
        observe: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin; the store is taken to be up.

        Args:
            faults: what the client of the store raises where it cannot be reached, or refuses.
            patience: seconds that one command may take.
        """
        self._faults: tuple[type[Exception], ...] = (*faults, OSError, TimeoutError)
        self._patience = patience
        self._observe = observe
        self._clock = clock
        self._down_until: float | None = None
        self._asked: set[asyncio.Future[Any]] = set()

    async def ask(self, command: Callable[[], Awaitable[T]]) -> T:
        """Return what a command comes to.

        Raises:
            SharedUnavailable: the store did not answer, or is not asked for the moment.
        """
        if self._down_until is not None and self._clock() < self._down_until:
            raise SharedUnavailable("It did not answer a moment ago.")
        # In a task of its own, which is never cancelled: clients leave connections behind then.
        asked = asyncio.ensure_future(command())
        self._asked.add(asked)
        asked.add_done_callback(self._answered)
        try:
            await asyncio.wait((asked,), timeout=self._patience)
            if not asked.done():
                raise TimeoutError("no answer in time")
            answer = asked.result()
        except self._faults as error:
            self.failed(error)
            raise SharedUnavailable(type(error).__name__) from error
        self.succeeded()
        return answer

    async def end(self) -> None:
        """Wait for the commands that are under way; each ends by its own time limit."""
        if self._asked:
            await asyncio.wait(self._asked)

    def _answered(self, asked: "asyncio.Future[Any]") -> None:
        self._asked.discard(asked)
        if not asked.cancelled():
            asked.exception()  # nobody may be waiting for it any more

    def failed(self, error: Exception) -> None:
        """Note that it did not answer."""
        was_up = self._down_until is None
        self._down_until = self._clock() + PAUSE
        if was_up:
            self._observe(SharedStoreChanged(is_up=False, error=_words(error)))

    def succeeded(self) -> None:
        """Note that it has answered."""
        if self._down_until is not None:
            self._down_until = None
            self._observe(SharedStoreChanged(is_up=True))


def _words(error: Exception) -> str:
    """Return what went wrong, in one line; clients' words name host and port, never a password."""
    return f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]
