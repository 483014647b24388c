"""An answer: its head, and its body as it comes.

What has come and was not taken stays here, up to `HIGH` bytes and what one read of the socket may
bring; then nothing is read from the connection until most of it was taken. So a slow reader holds
the server back.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from strictgate.core.wire.passthrough import Header

HIGH = 64 << 10
"""Bytes above which no more is read."""
LOW = 16 << 10
"""Bytes at which reading goes on."""


class BodySource(Protocol):
    """What the body comes from: one connection."""

    async def wait(self, seconds: float) -> None:
        """Return when something has come, or the end; raise TimeoutError after `seconds`."""

    def pause(self) -> None:
        """Read no more until `resume`."""

    def resume(self) -> None:
        """Read again."""

    def release(self) -> None:
        """Serve the next exchange, or close where that would not be safe."""

    def close(self) -> None:
        """Cut the connection at once."""


class HttpResponse:
    """One answer, once its head has come; whoever has it releases or closes it."""

    __slots__ = ("_fault", "_is_ended", "_pieces", "_size", "_source", "headers", "status")

    def __init__(self, source: BodySource, status: int, headers: Sequence[Header]) -> None:
        self.status = status
        self.headers = headers
        """Names in lower case, in the order of the head."""
        self._source: BodySource | None = source
        self._pieces: deque[bytes] = deque()
        self._size = 0
        """Bytes in `_pieces`."""
        self._is_ended = False
        self._fault: BaseException | None = None

    def header(self, name: str, default: str = "") -> str:
        """Return the first header of that name, in lower case."""
        for key, value in self.headers:
            if key == name:
                return value
        return default

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    # --- taking ----------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether the whole body has come and was taken."""
        return self._is_ended and not self._size and self._fault is None

    @property
    def has_more(self) -> bool:
        """Whether something has come that was not taken."""
        return self._size > 0

    def whole(self) -> bytes | None:
        """Return all of the body that was not taken, where all of it has come; else None."""
        if not self._is_ended or self._fault is not None:
            return None
        return self._take(None) if self._size else b""

    async def read(self, most: int | None, patience: float) -> bytes:
        """Return what has come of the body, or else what comes next; b"" at its end.

        Waiting may be given up, and taken up again: nothing gets lost by it.

        Args:
            most: bytes; None: all that has come.
            patience: seconds to wait.

        Raises:
            TimeoutError: nothing came for so long.
            HttpFault: after everything that has come before it.
        """
        while not self._size:
            if self._fault is not None:
                raise self._fault
            if self._is_ended or self._source is None:
                return b""
            await self._source.wait(patience)
        return self._take(most)

    def _take(self, most: int | None) -> bytes:
        pieces = self._pieces
        if most is None or self._size <= most:
            piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
        elif len(pieces[0]) > most:
            piece = pieces[0][:most]
            pieces[0] = pieces[0][most:]
        else:  # whole pieces: a server that sends event by event is read by events
            taken, size = [], 0
            while size + len(pieces[0]) <= most:
                taken.append(pieces.popleft())
                size += len(taken[-1])
            piece = b"".join(taken)
        self._size -= len(piece)
        if self._size <= LOW and self._source is not None:
            self._source.resume()
        return piece

    def release(self) -> None:
        """Give the connection back if the body was taken to its end; else cut it, which tells the
        server to stop."""
        source, self._source = self._source, None
        if source is None:
            return
        if self.is_over:
            source.release()
        else:
            source.close()

    def close(self) -> None:
        """Cut the connection at once."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    # --- giving ----------------------------------------------------------------------------------

    def push(self, *pieces: bytes) -> None:
        """Take in pieces of the body."""
        self._pieces.extend(pieces)
        self._size += sum(map(len, pieces))
        if self._size > HIGH and self._source is not None:
            self._source.pause()

    def end(self, fault: BaseException | None = None) -> None:
        """Take in the end of the body; with `fault`, it is not whole."""
        if not self._is_ended:
            self._is_ended = True
            self._fault = fault
