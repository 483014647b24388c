"""One answer on its way to the client: in one write where it is short and whole, watched where not.

| state   | entered                                             | what is written            |
|---------|-----------------------------------------------------|----------------------------|
| nothing | at first                                            | nothing                    |
| held    | a head with a length, where the server can write    | nothing                    |
|         | whole answers                                       |                            |
| begun   | any other head; a held one whose body is not there  | the head; then each piece  |
|         | in one short piece                                  |                            |
| whole   | a held head whose body has come in one short piece  | both at once; then nothing |
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

from strictgate.api import response
from strictgate.api.request import ClientLeft, Message
from strictgate.api.response import Header, RawHeader, Send
from strictgate.api.server import ServerExtension
from strictgate.api.turns import Turns

SMALL = 64 << 10  # bytes
STALL = 30.0  # seconds that a client may take to read a piece
_STREAM_TYPES = (b"text/event-stream", b"application/x-ndjson")
_INERT_TYPES = (b"application/json", b"text/event-stream", b"audio/", b"application/octet-stream")
"""What no browser runs anything of. An upstream's page would have this gateway's origin, and so the
inspector's; in a sandbox it has none."""
_SANDBOX = ((b"content-security-policy", b"sandbox"),)


class AnswerSender:
    """Sends one answer.

    Args:
        send: the server's, as ASGI has it.
        server: what it can do beside.
        is_ours: whether what is answered is Strictgate's own, and not an upstream's.
    """

    __slots__ = (
        "_began",
        "_head",
        "_is_ours",
        "_is_whole",
        "_left",
        "_send",
        "_server",
        "_size",
        "added",
        "first_byte",
        "is_stream",
        "status",
        "tail",
        "turns",
    )

    def __init__(self, send: Send, server: ServerExtension | None, *, is_ours: bool) -> None:
        self.added: list[RawHeader] = []
        """The headers that the answer gets beside its own."""
        self.status = 0
        """Of what has been written; 0: nothing has."""
        self.is_stream = False
        self.tail = b"\n\n"
        """The last bytes of the body so far."""
        self.first_byte = 0.0
        """Seconds until its first byte."""
        self.turns: Turns | None = None
        """To whom a stream gives way after each piece; None: to nobody."""
        self._send = send
        self._server = server
        self._is_ours = is_ours
        self._began = time.monotonic()
        self._head: Message | None = None
        """It is held."""
        self._left = 0
        """Bytes of the body that the head has promised, and that have not come."""
        self._size = 0
        """Bytes of the body so far."""
        self._is_whole = False

    async def send(self, message: Message) -> None:
        """Take a message of the application.

        Raises:
            ClientLeft: it reads no more.
        """
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._head is None or not self._write_whole(self._head, message):
            await self._go_on(message)

    async def whole(self, status: int, headers: Iterable[Header], body: bytes) -> None:
        """Send an answer whose headers tell its length: in one write, where that can be.

        Raises:
            ClientLeft: it reads no more.
        """
        raw = self._completed(response.raw_headers(headers))
        if not self._write(status, raw, body):
            self.status = status
            await self._send({"type": "http.response.start", "status": status, "headers": raw})
            await response.piece(self._go_on, body, more=False)

    def drop_head(self) -> None:
        """Let another answer begin in place of one of which nothing has been written."""
        self._head = None

    async def _begin(self, message: Message) -> None:
        headers = self._completed(message["headers"])
        length = dict(headers).get(b"content-length")
        head = {**message, "headers": headers}
        if length is not None and self._server is not None:
            self._head, self._left = head, int(length)
        else:
            self.status = message["status"]
            await self._send(head)

    def _completed(self, headers: Sequence[RawHeader]) -> list[RawHeader]:
        """Return all headers of an answer with these, and note whether it is a stream."""
        told = dict(headers)
        kind = told.get(b"content-type", b"")
        if kind.startswith(_STREAM_TYPES):
            self.is_stream = b"content-length" not in told and b"content-encoding" not in told
        is_inert = self._is_ours or kind.startswith(_INERT_TYPES)
        return [*headers, *self.added, *(() if is_inert else _SANDBOX)]

    def _write_whole(self, head: Message, message: Message) -> bool:
        """Write the answer at once, if this is all of its body; return whether it was."""
        body = message.get("body", b"")
        if self._is_whole:
            return True
        is_all = len(body) == self._left
        return is_all and self._write(head["status"], head["headers"], body)

    def _write(self, status: int, headers: Sequence[RawHeader], body: bytes) -> bool:
        """Write a whole answer at once, if the server can and it is short; return whether it was.

        A piece of nothing may follow, which says that it is over, and is dropped.
        """
        if self._server is None or len(body) >= SMALL:
            return False
        if not self._server.answer(status, headers, body):
            return False
        self.status, self._is_whole = status, True
        self.first_byte = time.monotonic() - self._began
        return True

    async def _go_on(self, message: Message) -> None:
        head, self._head = self._head, None
        if head is not None:
            self.status = head["status"]
            await self._send(head)
        body = message.get("body", b"")
        if body:
            if not self._size:
                self.first_byte = time.monotonic() - self._began
            self.tail = body[-4:]
            self._size += len(body)
        has_more = message.get("more_body", False)
        fits = self._size < SMALL and not has_more  # into the kernel's buffer
        if fits or (self._server is not None and self._server.has_room):
            await self._send(message)  # nothing to wait for
        else:
            try:
                async with asyncio.timeout(STALL):
                    await self._send(message)
            except TimeoutError as error:
                raise ClientLeft from error  # it reads no more
        if has_more and self.is_stream and self.turns is not None:
            await self.turns.give_way()
