"""An upstream's stream of chunks: one part after another, in the end what it came to as a whole.

Closing it before its end cuts the connection, which is how an upstream is told to stop. Nothing is
read ahead: what nobody asks for stays in the network's buffers, and so holds the upstream back.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from strictgate.core.conversation.protocol import StreamPart
from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.wire.chunk_stream import ChunkStream
from strictgate.core.wire.collector import CollectorState, Delta
from strictgate.core.wire.delta_joining import joined_deltas
from strictgate.core.wire.reply import Failure, Reply
from strictgate.core.wire.sse import BadEvent
from strictgate.settings.tables import LimitSettings
from strictgate.upstream import response_reading
from strictgate.upstream.body import MOST, ResponseBody
from strictgate.upstream.breathing import breathe
from strictgate.upstream.error_mapping import Translated
from strictgate.upstream.http.faults import HttpFault
from strictgate.upstream.http.response import HttpResponse
from strictgate.upstream.routing import Endpoint

DRAIN = 0.25  # seconds for what may follow the end of a stream
FIRST = 2 << 10
"""Bytes of the first piece: where many streams begin at once, the beginning of each comes before
the rest of any."""


class UpstreamStream:
    """One open stream; whoever has it closes it.

    Raises:
        UpstreamBadResponse: its content coding is not known.
    """

    def __init__(
        self,
        response: HttpResponse,
        endpoint: Endpoint,
        limits: LimitSettings,
        sent: Mapping[str, str],
    ) -> None:
        """Begin to read.

        Args:
            sent: the headers of the request, names in lower case.
        """
        self._sent = sent
        secret = response_reading.secret_in_text(endpoint)
        clean = list if secret is None else partial(response_reading.clean, secret=secret)
        self._chunks = ChunkStream(limits.event_bytes, clean, secret)
        self.collector = self._chunks.collector
        self._response = response
        self._endpoint = endpoint
        self._pieces = ResponseBody(response, endpoint, limits.upstream_bytes)
        self._most = FIRST
        self._is_over = False
        self._is_drained = False

    async def next(self, patience: float | None = None) -> StreamPart | Reply | Failure:
        """Return what came next: a part for each piece that said anything, then the whole.

        Args:
            patience: seconds after which a part without deltas is the answer.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse
        """
        with Translated(self._endpoint.name, self._endpoint.base_url):
            if patience is None:
                return await self._next()
            try:
                async with asyncio.timeout(patience) as clock:
                    return await self._next()
            except TimeoutError:
                if not clock.expired():
                    raise
                return StreamPart(())

    async def stop(self) -> Reply:
        """Close the stream; return the reply as far as it has come.

        Raises:
            UpstreamBadResponse: no choice has come.
        """
        await self.close()
        return response_reading.read_beginning(self.collector, self._endpoint)

    async def close(self) -> None:
        """Cut the connection, unless the stream's end was seen: then it serves the next request."""
        try:
            await self._drain()
        finally:
            self._response.release()

    async def _next(self) -> StreamPart | Reply | Failure:
        while not self._is_over:
            if self._most > FIRST and self._response.has_more:
                await asyncio.sleep(0)  # nothing is waited for, so that others would not get on
            piece = await self._pieces.next(self._most)
            self._most = MOST
            deltas = self._read(piece)
            if deltas:
                return StreamPart(deltas)
        await self._drain()
        await breathe(self._pieces.size)
        reply = response_reading.read_stream(self.collector, self._endpoint)
        return response_reading.without_sent_keys(reply, self._sent)

    def _read(self, piece: bytes | None) -> tuple[Delta, ...]:
        """Take in a piece, None for the end."""
        try:
            deltas = self._chunks.flush() if piece is None else self._chunks.feed(piece)
        except BadEvent as error:
            raise UpstreamBadResponse(
                f"The upstream '{self._endpoint.name}' sent a malformed stream: {error}."
            ) from error
        self._is_over = piece is None or self.collector.state is not CollectorState.OPEN
        return joined_deltas((*deltas, *self.collector.flush())) if self._is_over else deltas

    async def _drain(self) -> None:
        """Read what follows the end, so that the connection can serve the next request."""
        if not self._is_over or self._is_drained or self._response.is_over:
            return
        self._is_drained = True
        with suppress(TimeoutError, HttpFault):
            async with asyncio.timeout(DRAIN):
                while await self._response.read(None, DRAIN):
                    pass
