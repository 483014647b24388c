"""The body of an upstream's response, piece by piece: decoded, and cut at its limits.

Waiting for a piece may be given up, and taken up again: nothing gets lost by it.
"""

import asyncio
import zlib
from collections.abc import Callable

import aiohttp

from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.upstream.routing import Endpoint

_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings → zlib's window bits."""


async def raw_piece(response: aiohttp.ClientResponse, endpoint: Endpoint) -> bytes:
    """Return what has come, or else what comes next; b"" at the end.

    Raises:
        UpstreamTimeout: nothing came for too long.
    """
    content, idle = response.content, endpoint.settings.idle_timeout
    while not content.at_eof():
        piece = content.read_nowait()
        if not piece:  # only waiting needs a clock
            try:
                async with asyncio.timeout(idle):
                    piece = await content.readany()
            except TimeoutError as error:
                raise UpstreamTimeout(
                    f"The upstream '{endpoint.name}' fell silent for {idle:g} seconds."
                ) from error
        if piece:
            return piece
    return b""


class ResponseBody:
    """The decoded body.

    Raises:
        UpstreamBadResponse: its content coding is not known.
    """

    def __init__(self, response: aiohttp.ClientResponse, endpoint: Endpoint, limit: int) -> None:
        self._response = response
        self._endpoint = endpoint
        self._limit = limit
        self._decode = _decoder(response, endpoint, limit)
        self._size = 0

    async def next(self) -> bytes | None:
        """Return the next piece, None at the end.

        Raises:
            UpstreamTimeout, UpstreamBadResponse
        """
        raw = await raw_piece(self._response, self._endpoint)
        if not raw:
            return None
        piece = self._decode(raw)
        self._size += len(piece)
        if self._size > self._limit:
            raise UpstreamBadResponse(
                f"The upstream '{self._endpoint.name}' sent more than {self._limit} bytes."
            )
        return piece

    async def all(self) -> bytes:
        """Return what is left, in one.

        Raises:
            UpstreamTimeout, UpstreamBadResponse
        """
        pieces = []
        while (piece := await self.next()) is not None:
            pieces.append(piece)
        return b"".join(pieces)


def _decoder(
    response: aiohttp.ClientResponse, endpoint: Endpoint, limit: int
) -> Callable[[bytes], bytes]:
    """Return what undoes the content coding; no piece of it grows past `limit`, a bomb's aim."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return bytes
    if coding not in _CODINGS:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' used the content coding '{coding[:40]}', "
            "which was not asked for."
        )
    inflater = zlib.decompressobj(_CODINGS[coding])

    def decode(chunk: bytes) -> bytes:
        try:
            return inflater.decompress(chunk, limit + 1)
        except zlib.error as error:
            raise UpstreamBadResponse(
                f"The upstream '{endpoint.name}' sent a body that does not inflate."
            ) from error

    return decode
