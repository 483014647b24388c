"""An enforced answer on its way out as a stream: head, frames, pauses, end.

The head goes out with the first frame, be it one that says nothing. What goes wrong before that is
a plain error with its status; later it ends the stream in a frame. A head that goes out before the
answer is whole has `x-strictgate-mode` and `x-request-id`; how many attempts there were, and which
repairs, nobody knows yet: the last chunk's `x_strictgate` says it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Protocol

from strictgate.api import response
from strictgate.api.request import StreamFailed
from strictgate.api.response import Send
from strictgate.core.errors import GatewayError
from strictgate.core.wire.choice_delta import ChoiceDelta


class Frames(Protocol):
    """Writes the frames of one answer, but for its end."""

    def news(self, head: Mapping[str, Any], news: tuple[ChoiceDelta, ...]) -> bytes:
        """Return the frames for what is new."""

    def failed(self, error: GatewayError) -> bytes:
        """Return the frames that end the stream with `error`."""

    def pause(self) -> bytes:
        """Return a frame that says nothing."""


class EventStream:
    """One streamed answer."""

    def __init__(
        self,
        send: Send,
        content_type: str,
        frames: Frames,
        early_headers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._send = send
        self._content_type = content_type
        self._frames = frames
        self._early_headers = early_headers
        self._turn = asyncio.Lock()  # frames and pauses
        self._is_open = False
        self._last = asyncio.get_running_loop().time()

    async def take(self, head: Mapping[str, Any], news: tuple[ChoiceDelta, ...]) -> None:
        """Send what is new, in one piece; return when there is room for more."""
        data = self._frames.news(head, news)
        async with self._turn:
            await self._write(data)

    async def beat(self, pause: float) -> None:
        """Send a pause whenever nothing has been sent for `pause` seconds; never return."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._last + pause - loop.time())
            async with self._turn:
                if loop.time() >= self._last + pause:
                    await self._write(self._frames.pause())

    async def finish(
        self,
        rest: Iterator[bytes],
        headers: Mapping[str, str],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """Send the rest of the answer; `beat` must be over.

        Args:
            rest: in pieces, each of which is made when there is room for it.
            headers: of an answer of which nothing has gone out yet.
            settle: waits for what must be so before the end goes out.
        """
        last = next(rest)
        if not self._is_open:
            await self._open(headers)
        for piece in rest:
            await response.piece(self._send, last, more=True)
            await asyncio.sleep(0)  # sending does not wait where there is room
            last = piece
        await settle()
        await response.piece(self._send, last, more=False)

    async def fail(self, error: GatewayError) -> None:
        """End with `error`.

        Raises:
            GatewayError: `error` itself, where nothing has gone out and it can have its status.
            StreamFailed: it has been told.
        """
        if not self._is_open:
            raise error
        await response.piece(self._send, self._frames.failed(error), more=False)
        raise StreamFailed(error)

    async def _write(self, data: bytes) -> None:
        if not self._is_open:
            await self._open(self._early_headers())
        await response.piece(self._send, data, more=True)
        self._last = asyncio.get_running_loop().time()

    async def _open(self, headers: Mapping[str, str]) -> None:
        self._is_open = True
        fixed = (("content-type", self._content_type), ("cache-control", "no-cache"))
        await response.start(self._send, 200, [*fixed, *headers.items()])
