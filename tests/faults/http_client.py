"""One request on a connection of its own, and the answer read strictly by RFC 9112."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

LIMIT = 8 << 20
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = True
    """Whether the body came to the end that its head had promised."""
    seconds: float = 0.0
    """From the request to the end of the answer."""


NOTHING = Answer(0, is_whole=False)
"""The connection ended without an answer."""


def post(path: str, body: bytes, *lines: str) -> bytes:
    """Return a POST of JSON as bytes."""
    head = [
        f"POST {path} HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


@asynccontextmanager
async def connected(
    port: int,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection; cut it at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(port: int, request: bytes) -> Answer:
    """Send a request as it is; return the answer."""
    began = time.monotonic()
    async with connected(port) as (reader, writer):
        writer.write(request)
        answer = await read_answer(reader)
    return replace(answer, seconds=time.monotonic() - began)


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Return the next answer; `NOTHING` where there is none."""
    try:
        head = await reader.readuntil(_HEAD_END)
    except (asyncio.IncompleteReadError, ConnectionError):
        return NOTHING
    first, *lines = head[: -len(_HEAD_END)].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    status = int(first.split(" ")[1])
    body = bytearray()
    if status in (204, 304):  # whatever length they tell: RFC 9110 §6.4.1
        return Answer(status, headers)
    try:
        await _read_body(reader, headers, body)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        body += getattr(error, "partial", b"")
        return Answer(status, headers, bytes(body), is_whole=False)
    return Answer(status, headers, bytes(body))


async def _read_body(
    reader: asyncio.StreamReader, headers: dict[str, str], body: bytearray
) -> None:
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
    elif "content-length" in headers:
        body += await reader.readexactly(int(headers["content-length"]))
    else:
        body += await reader.read()
