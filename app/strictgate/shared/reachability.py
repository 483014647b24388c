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
from typing import TypeVar

from strictgate.gateway.sharing import SharedUnavailable
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

    async def ask(self, command: Callable[[], Awaitable[T]]) -> T:
        """Return what a command comes to.

        Raises:
            SharedUnavailable: the store did not answer, or is not asked for the moment.
        """
        if self._down_until is not None and self._clock() < self._down_until:
            raise SharedUnavailable("It did not answer a moment ago.")
        try:
            async with asyncio.timeout(self._patience):
                answer = await command()
        except self._faults as error:
            self.failed(error)
            raise SharedUnavailable(type(error).__name__) from error
        self.succeeded()
        return answer

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
