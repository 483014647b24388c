"""The body of an upstream's response, piece by piece: decoded, and cut at its limits.

Waiting for a piece may be given up, and taken up again: nothing gets lost by it.
"""

import zlib
from collections.abc import Callable

from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.upstream.http.response import HttpResponse
from strictgate.upstream.routing import Endpoint

MOST = 16 << 10
"""Bytes of a piece. What has come of a fast upstream would be judged at once else, and kept for a
client that does not read."""
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings → zlib's window bits."""


async def raw_piece(response: HttpResponse, endpoint: Endpoint, most: int | None = None) -> bytes:
    """Return what has come, or else what comes next, `most` bytes of it; b"" at the end.

    Raises:
        UpstreamTimeout: nothing came for too long.
    """
    idle = endpoint.settings.idle_timeout
    try:
        return await response.read(most, idle)
    except TimeoutError as error:
        raise UpstreamTimeout(
            f"The upstream '{endpoint.name}' fell silent for {idle:g} seconds."
        ) from error


class ResponseBody:
    """The decoded body.

    Raises:
        UpstreamBadResponse: its content coding is not known.
    """

    def __init__(self, response: HttpResponse, endpoint: Endpoint, limit: int) -> None:
        self._response = response
        self._endpoint = endpoint
        self._limit = limit
        self._decode = _decoder(response, endpoint, limit)
        self._size = 0
        self._received = 0
        """Bytes as they came, which may inflate to nothing."""

    @property
    def size(self) -> int:
        """How many bytes of it have come, decoded."""
        return self._size

    async def next(self, most: int = MOST) -> bytes | None:
        """Return the next piece, None at the end.

        Args:
            most: bytes of it, as they come.

        Raises:
            UpstreamTimeout, UpstreamBadResponse
        """
        raw = await raw_piece(self._response, self._endpoint, most)
        if not raw:
            return None
        piece = self._decode(raw)
        self._size += len(piece)
        self._received += len(raw)
        if max(self._size, self._received) > self._limit:
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
            if self._response.is_over:  # mostly all of it has come with its head
                break
        return b"".join(pieces)


def _decoder(response: HttpResponse, endpoint: Endpoint, limit: int) -> Callable[[bytes], bytes]:
    """Return what undoes the content coding; no piece of it grows past `limit`, a bomb's aim."""
    coding = response.header("content-encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return bytes
    if coding not in _CODINGS:
        raise UpstreamBadResponse(
            f"The upstream '{endpoint.name}' used the content coding '{coding[:40]}', "
            "which was not asked for."
        )
    return _Inflater(_CODINGS[coding], endpoint.name, limit).feed


class _Inflater:
    """Undoes gzip or deflate; a gzip body may have several members (RFC 1952 §2.2)."""

    def __init__(self, window: int, upstream: str, limit: int) -> None:
        self._window = window
        self._upstream = upstream
        self._limit = limit
        self._member = zlib.decompressobj(window)

    def feed(self, chunk: bytes) -> bytes:
        """Return what `chunk` inflates to, of a bomb no more than one byte over the limit.

        Raises:
            UpstreamBadResponse: it does not inflate.
        """
        pieces: list[bytes] = []
        left = self._limit + 1
        try:
            while chunk and left > 0:
                if self._member.eof:
                    self._member = zlib.decompressobj(self._window)
                pieces.append(self._member.decompress(chunk, left))
                left -= len(pieces[-1])
                chunk = self._member.unused_data.lstrip(b"\0")  # padding, as gzip itself ignores it
        except zlib.error as error:
            raise UpstreamBadResponse(
                f"The upstream '{self._upstream}' sent a body that does not inflate."
            ) from error
        return b"".join(pieces)
