"""An enforced answer on its way out as a stream: head, frames, comments in silence, end.

The head goes out with the first chunk, or with the first comment. What goes wrong before that is a
plain error with its status; later the door ends the stream with an error in a frame. A head that
goes out before the answer is whole has `x-strictgate-mode` and `x-request-id`; how many attempts
there were, and which repairs, nobody knows yet: the last chunk's `x_strictgate` says it.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from strictgate.api import response
from strictgate.api.response import Send
from strictgate.core.conversation.protocol import ChoiceDelta
from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.chat.chunks import Chunk, Chunks
from strictgate.core.wire import sse
from strictgate.gateway.gateway import GatewayAnswer

COMMENT = b": waiting\n\n"
_FIXED = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))


class Frames(Protocol):
    """How a surface puts an answer into frames."""

    def news(self, head: Mapping[str, Any], news: tuple[ChoiceDelta, ...]) -> bytes:
        """Return the frames for what is new."""

    def rest(self, answer: GatewayAnswer) -> bytes:
        """Return the frames for what is left, and the end."""

    def failed(self, error: GatewayError) -> bytes:
        """Return what ends a stream that has begun with `error`."""


class ChunkFrames:
    """A chat completion in chunks."""

    def __init__(self, *, include_usage: bool) -> None:
        self._chunks = Chunks(include_usage=include_usage)

    def news(self, head: Mapping[str, Any], news: tuple[ChoiceDelta, ...]) -> bytes:
        return _frames(
            chunk
            for each in news
            for chunk in self._chunks.news(head, each.index, each.delta, each.logprobs)
        )

    def rest(self, answer: GatewayAnswer) -> bytes:
        return _frames(self._chunks.rest(answer.completion, answer.sent)) + sse.DONE

    def failed(self, error: GatewayError) -> bytes:
        return response.error_frame(error)


class EventStream:
    """One streamed answer."""

    def __init__(
        self, send: Send, early_headers: Callable[[], Mapping[str, str]], frames: Frames
    ) -> None:
        self._send = send
        self._early_headers = early_headers
        self._frames = frames
        self._turn = asyncio.Lock()  # chunks and comments
        self._is_open = False
        self._last = asyncio.get_running_loop().time()

    async def take(self, head: Mapping[str, Any], news: tuple[ChoiceDelta, ...]) -> None:
        """Send what is new, in one piece; return when there is room for more."""
        data = self._frames.news(head, news)
        async with self._turn:
            await self._write(data)

    async def beat(self, pause: float) -> None:
        """Send a comment whenever nothing has been sent for `pause` seconds; never returns."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._last + pause - loop.time())
            async with self._turn:
                if loop.time() >= self._last + pause:
                    await self._write(COMMENT)

    async def finish(self, answer: GatewayAnswer) -> None:
        """Send the rest of the answer; `beat` must be over."""
        data = self._frames.rest(answer)
        if not self._is_open:
            await self._open(answer.headers)
        await response.piece(self._send, data, more=False)

    async def fail(self, error: GatewayError) -> None:
        """End with `error`; raise it where nothing has gone out, and it can have its status."""
        if not self._is_open:
            raise error
        await response.piece(self._send, self._frames.failed(error), more=False)

    async def _write(self, data: bytes) -> None:
        if not self._is_open:
            await self._open(self._early_headers())
        await response.piece(self._send, data, more=True)
        self._last = asyncio.get_running_loop().time()

    async def _open(self, headers: Mapping[str, str]) -> None:
        self._is_open = True
        await response.start(self._send, 200, [*_FIXED, *headers.items()])


def _frames(parts: Iterable[Chunk]) -> bytes:
    return b"".join(sse.encode_event(write_json(part)) for part in parts)
