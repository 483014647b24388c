"""The upstream: raw sockets, and for each request the fault that it asks for.

The fault is the model's name; the token in the prompt (`Token`) carries the rest. From the times
that a token has been seen it follows whether the fault happens or the host is healthy.
"""

import asyncio
import json
import re
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.faults.documents import KINDS
from tests.faults.hostile import HOSTILE
from tests.faults.kinds.table import FAULTS
from tests.faults.reply import Act, Asked, Step, Steps, Unasked, Wait, dumped, healthy, sized

_TOKEN = re.compile(r"\[\[(n0nce-\w+) ([^\]]+?) (\d+) ([\d.]+)\]\]")
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_KEY = re.compile(r"\r\nauthorization: *Bearer (\S+)", re.IGNORECASE)
_MISSING = sized(dumped({"error": {"message": "Not found."}}), status="404 Not Found")
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Token:
    """What the prompt tells the upstream."""

    nonce: str
    kind: str
    """Of the document: a key of `KINDS`."""
    times: int
    """How many requests of this nonce meet the fault; later ones meet a healthy host."""
    place: float
    """See `Asked.place`."""

    def __str__(self) -> str:
        return f"[[{self.nonce} {self.kind} {self.times} {self.place:.6f}]]"

    @classmethod
    def found_in(cls, body: str) -> "Token | None":
        """Return the first token in a request's body."""
        found = _TOKEN.search(body)
        return found and cls(found[1], found[2], int(found[3]), float(found[4]))


class Upstream:
    """One server; `port` is where it listens."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: Counter[str] = Counter()
        """By nonce."""
        self.left: dict[str, float] = {}
        """By nonce, when the gateway left its last request before that was answered."""
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    def close_connections(self) -> None:
        """Close what is open, so that what the gateway still holds is its own doing."""
        for writer in self._open:
            writer.transport.abort()

    async def end(self) -> None:
        """Close everything, and wait until that is done."""
        serving = [*self._open.values()]
        self.close_connections()
        await asyncio.gather(*serving)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, until either side closes it."""
        self._open[writer] = asyncio.current_task()
        nonce = ""
        try:
            while (request := await _request(reader)) is not None:
                token = Token.found_in(request[1])
                nonce = token.nonce if token else ""
                for step in self._answer(*request):
                    if not await _done(step, reader, writer):
                        return
                nonce = ""
        except (ConnectionError, TimeoutError):
            pass  # the gateway has gone
        finally:
            self.left[nonce] = time.monotonic()
            del self._open[writer]
            writer.transport.abort()

    def _answer(self, head: str, body: str) -> Steps:
        token = Token.found_in(body)
        if token is None or not head.split(" ", 2)[1].endswith("/chat/completions"):
            return [_MISSING]
        request = json.loads(body)
        self.requests[token.nonce] += 1
        key = _KEY.search(head)
        asked = Asked(
            token.nonce,
            _text(token, request),
            bool(request.get("stream")),
            token.place,
            key[1] if key else "",
        )
        is_faulty = self.requests[token.nonce] <= token.times
        return FAULTS[request["model"]].send(asked) if is_faulty else healthy(asked)


def _text(token: Token, request: dict[str, Any]) -> str:
    """Return the document, or the rest of it where the last message is its beginning."""
    if token.kind in HOSTILE:
        return HOSTILE[token.kind].text()
    whole = json.dumps(KINDS[token.kind].document(token.nonce), ensure_ascii=False)
    last = request["messages"][-1]
    prefix = last.get("content") if last.get("role") == "assistant" else ""
    return whole.removeprefix(prefix) if isinstance(prefix, str) else whole


async def _request(reader: asyncio.StreamReader) -> tuple[str, str] | None:
    """Return the head and the body of the next request; None where the connection ends."""
    try:
        head = await reader.readuntil(_HEAD_END)
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
    except asyncio.IncompleteReadError:
        return None
    return head.decode("latin-1"), body.decode()


async def _done(step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Do one step; return whether the connection goes on."""
    match step:
        case bytes():
            writer.write(step)
            await writer.drain()
        case Wait(seconds):
            await asyncio.sleep(seconds)
        case Act.STALL:
            await reader.read()
            return False
        case Unasked(data):
            if not _has_request(reader, writer):
                writer.write(data)
        case Act.CLOSE:
            writer.close()
            await writer.wait_closed()
            return False
        case Act.RESET:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            return False
    return not writer.is_closing()


def _has_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether a request has arrived that has not been read yet."""
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(reader._buffer or poll.poll(0))  # the reader has no public way to look


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """Serve while the block runs, on a free port."""
    running = Upstream()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, limit=1 << 22)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        await running.end()
