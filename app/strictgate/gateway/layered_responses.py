"""Responses that all replicas share, with this process's own memory behind.

| the shared store | a response is put | a response is asked for                     |
|------------------|-------------------|---------------------------------------------|
| answers          | there             | there, then in memory: from an outage       |
| does not answer  | in memory         | in memory; not there: StoreUnavailable, 503 |

Where that memory is full during an outage, its oldest leave, of which there is no other copy: that
is told, once in each outage.
It is used as ResponseStore is.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from strictgate.core.errors import StoreUnavailable
from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.gateway.response_store import (
    MAX_TURNS,
    MAX_WAITING,
    ResponseStore,
    StoredResponse,
    sqlite,
)
from strictgate.gateway.sharing import SharedResponses


class LayeredResponses:
    """Use it in the event loop of the process; close it at the end."""

    def __init__(
        self,
        shared: SharedResponses,
        memory: ResponseStore,
        ttl: float,
        on_full: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin.

        Args:
            ttl: seconds for which a response is kept in the shared store.
            on_full: is called where something has no room in memory during an outage.
        """
        self._shared = shared
        self._memory = memory
        self._ttl = ttl
        self._on_full = on_full
        self._is_full = False
        """Whether that has been told of this outage."""
        self._writing: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """Bytes of what is kept in this process."""
        return self._memory.size

    @property
    def waiting(self) -> int:
        """How many responses wait to be kept."""
        return len(self._writing) + self._memory.waiting

    def put(self, owner: str, stored: StoredResponse) -> "Future[None] | None":
        """Have `stored` kept; return at once what is done when it is, or has failed to be.

        Returns:
            None where there is no room for it. What is returned ends with StoreUnavailable where
            `stored` is kept neither there nor here.
        """
        if len(self._writing) >= MAX_WAITING:
            return None
        written: Future[None] = Future()
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._put(owner, stored, written))
        self._writing.add(task)  # a bare task can be garbage-collected
        task.add_done_callback(self._writing.discard)
        return written

    async def get(self, owner: str, identity: str) -> StoredResponse | None:
        """Return what is kept under that id.

        Raises:
            StoreUnavailable
        """
        turns = await self._turns(owner, identity, 1)
        return turns[0] if turns else None

    async def chain(self, owner: str, identity: str) -> list[StoredResponse] | None:
        """Return the turns up to the one with that id, oldest first; None: it, or one before it, is
        not kept any more, or there are more than MAX_TURNS.

        Raises:
            StoreUnavailable
        """
        turns: list[StoredResponse] = []
        following: str | None = identity
        while following is not None and len(turns) <= MAX_TURNS:
            found = await self._turns(owner, following, MAX_TURNS + 1 - len(turns))
            if not found:
                return None
            turns += found
            following = turns[-1].previous
        return turns[::-1] if len(turns) <= MAX_TURNS else None

    async def delete(self, owner: str, identity: str) -> bool:
        """Forget what is kept under that id; return whether there was anything.

        Raises:
            StoreUnavailable
        """
        was_here = await self._memory.delete(owner, identity)
        try:
            return await self._shared.delete(owner, identity) or was_here
        except SharedUnavailable as error:
            raise _unavailable() from error

    def close(self) -> None:
        """Close the memory behind."""
        self._memory.close()

    async def drained(self) -> None:
        """Wait until nothing waits to be kept; one that fails ends the wait for no other."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _put(self, owner: str, stored: StoredResponse, written: "Future[None]") -> None:
        try:
            await self._shared.put(owner, stored, self._ttl)
        except SharedUnavailable:
            left, here = self._memory.left, self._memory.keep(owner, stored)
            if here is not None:
                with suppress(sqlite().Error):  # the store behind has reported it
                    await asyncio.wrap_future(here)
                    written.set_result(None)
            if (here is None or self._memory.left > left) and not self._is_full:
                self._is_full = True
                self._on_full()
        else:
            self._is_full = False
            written.set_result(None)
        finally:
            if not written.done():
                written.set_exception(_unavailable())

    async def _turns(self, owner: str, identity: str, most: int) -> list[StoredResponse]:
        """Return turns of the shared store, newest first, or one of the memory behind."""
        failure: SharedUnavailable | None = None
        try:
            if found := await self._shared.turns(owner, identity, most):
                return found
        except SharedUnavailable as error:
            failure = error
        here = await self._memory.get(owner, identity)
        if here is None and failure is not None:
            raise _unavailable() from failure
        return [] if here is None else [here]


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable(
        "The store of responses that the replicas share ([shared] url) does not answer. "
        "Try again in a moment."
    )
