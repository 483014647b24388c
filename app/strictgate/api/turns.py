"""Requests that come at once begin a few at a time, so that what is quick is not behind them; and
streams give way to them.

The beginning of an enforced request is about a millisecond of computing. A thousand that arrive
together would keep the event loop from everybody else for a second: from the health checks, and
from those that only have to be refused.

A stream that has sent a piece waits with the next one while others wait to begin: so the beginning
of each of a thousand answers comes before the end of any. A few of them go on in each round, once
nobody waits to begin; and fewer, though others wait, once they have given way for some rounds.
"""

import asyncio
from collections import deque

AT_ONCE = 16
PATIENCE = 32
"""Rounds after which a stream goes on though others wait: half a second where all are full."""
FEWER = 4
"""Of the streams that go on in a round where others wait, it is only one part in so many."""


class Turns:
    """Lets a number of requests begin in each round of the event loop, first come, first served."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._left = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_counting = False
        self._round = 0
        self._giving_way: deque[tuple[int, asyncio.Future[None]]] = deque()
        """Streams, each with the round in which it goes on."""

    def take(self) -> asyncio.Future[None] | None:
        """Return what the caller has to await until it is its turn; None: it is, as mostly."""
        may_begin = self._left > 0 and not self._waiting
        self._left -= may_begin
        if may_begin and self._left > self._at_once // 2:
            return None  # few have come since a round was counted last, be it in one or in many
        loop = asyncio.get_running_loop()
        if not self._is_counting:
            self._is_counting = True
            loop.call_soon(self._next_round, loop)
        if may_begin:
            return None
        turn = loop.create_future()
        self._waiting.append(turn)
        return turn

    async def give_way(self) -> None:
        """Return when a stream may go on; mostly that is at once."""
        if self._waiting:
            gone = asyncio.get_running_loop().create_future()
            self._giving_way.append((self._round + PATIENCE, gone))
            await gone

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        self._round += 1
        self._left = self._at_once
        while self._waiting and self._left > 0:
            turn = self._waiting.popleft()
            if not turn.done():  # its client has not left meanwhile
                turn.set_result(None)
                self._left -= 1
        left = -(-self._at_once // FEWER) if self._waiting else self._at_once
        while self._giving_way and left > 0:
            until, gone = self._giving_way[0]
            if self._waiting and self._round < until:
                break
            self._giving_way.popleft()
            if not gone.done():
                gone.set_result(None)
                left -= 1
        self._is_counting = self._left < self._at_once or bool(self._giving_way)
        if self._is_counting:
            loop.call_soon(self._next_round, loop)
