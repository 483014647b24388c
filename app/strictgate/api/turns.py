"""Requests that come at once begin a few at a time, so that what is quick is not behind them.

The beginning of an enforced request is about a millisecond of computing. A thousand that arrive
together would keep the event loop from everybody else for a second: from the health checks, and
from those that only have to be refused.
"""

import asyncio
from collections import deque

AT_ONCE = 16


class Turns:
    """Lets a number of requests begin in each round of the event loop, first come, first served."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._left = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_counting = False

    async def take(self) -> None:
        """Return when it is the caller's turn; mostly that is at once."""
        loop = asyncio.get_running_loop()
        if not self._is_counting:
            self._is_counting = True
            loop.call_soon(self._next_round, loop)
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left = self._at_once
        while self._waiting and self._left > 0:
            turn = self._waiting.popleft()
            if not turn.done():  # its client has not left meanwhile
                turn.set_result(None)
                self._left -= 1
        self._is_counting = self._left < self._at_once
        if self._is_counting:
            loop.call_soon(self._next_round, loop)
