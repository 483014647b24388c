"""Answers as they go out."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from strictgate.core.jsontext.reader import write_json

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Header = tuple[str, str]


async def start(send: Send, status: int, headers: Iterable[Header]) -> None:
    """Send the head of an answer."""
    raw = [(name.encode("latin-1"), value.encode("utf-8", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def piece(send: Send, data: bytes, *, more: bool) -> None:
    """Send a part of the body."""
    await send({"type": "http.response.body", "body": data, "more_body": more})


async def send_json(
    send: Send, status: int, body: Any, headers: Mapping[str, str] | None = None
) -> None:
    """Send `body` as a whole JSON answer."""
    data = write_json(body).encode()
    fixed = [("content-type", "application/json"), ("content-length", str(len(data)))]
    await start(send, status, [*fixed, *(headers or {}).items()])
    await piece(send, data, more=False)
