"""Answers as they go out."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from strictgate.core.jsontext.reader import json_bytes
from strictgate.upstream.breathing import breathe

LARGEST = 512 << 10
"""Bytes that are sent at once: the system takes 1 ms for each MiB."""
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Header = tuple[str, str]
RawHeader = tuple[bytes, bytes]


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@lru_cache(1024)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def raw_headers(headers: Iterable[Header]) -> list[RawHeader]:
    """Return headers as bytes.

    One that HTTP does not allow (RFC 9110 §5.5), which an upstream may have sent all the same, is
    left out: the server below would refuse the whole answer for it.
    """
    return [
        (name.encode(), value.encode("utf-8", "replace"))
        for name, value in headers
        if _is_name(name) and (value.isprintable() or not _NOT_IN_A_VALUE.search(value))
    ]


async def start(send: Send, status: int, headers: Iterable[Header]) -> None:
    """Send the head of an answer, with those of `headers` that HTTP allows."""
    raw = raw_headers(headers)
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def piece(send: Send, data: bytes, *, more: bool) -> None:
    """Send a part of the body; a large one in several steps, so that others run in between."""
    at = 0
    while len(data) - at > LARGEST:
        step = data[at : at + LARGEST]
        await send({"type": "http.response.body", "body": step, "more_body": True})
        await asyncio.sleep(0)
        at += LARGEST
    await send({"type": "http.response.body", "body": data[at:], "more_body": more})


async def send_json(
    send: Send, status: int, body: Any, headers: Mapping[str, str] | None = None
) -> None:
    """Send `body` as a whole JSON answer."""
    data = json_bytes(body)
    await breathe(len(data))
    await start(send, status, json_headers(data, headers or {}))
    await piece(send, data, more=False)


def json_headers(data: bytes, others: Mapping[str, str]) -> list[Header]:
    """Return the headers of a whole JSON answer."""
    fixed = (("content-type", "application/json"), ("content-length", str(len(data))))
    return [*fixed, *others.items()]


def closing_answer(phrase: str, body: Any, headers: Mapping[str, str] | None = None) -> bytes:
    """Return `body` as a whole JSON answer, for a connection that is closed below ASGI.

    Args:
        phrase: the status with its words: `408 Request Timeout`.
    """
    data = json_bytes(body)
    fixed = {"content-type": "application/json", "content-length": str(len(data))}
    lines = {**fixed, **(headers or {}), "connection": "close"}.items()
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"HTTP/1.1 {phrase}\r\n{head}\r\n".encode() + data
