"""Send a reply over an ASGI connection: wait, send parts, reset the connection, as it says."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from strictgate.demo.render import count_characters
from strictgate.demo.reply import Cut, DemoReply, Part, Pause

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEAD = None
"""Stands for the head, between what comes before it and the parts of the body."""
_LINGER_FOR_NO_TIME = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: closing the socket then resets the connection (TCP RST)."""


@dataclass(slots=True)
class ExchangeRecord:
    """One chat request as it arrived, and what became of it."""

    path: str
    headers: dict[str, str]
    body: Any
    """The body as a value, or as text if it was not JSON."""
    finished: bool = False
    """Whether the whole reply was sent."""
    cancelled: bool = False
    """Whether the client went away before that."""
    query: str = ""
    characters: int = 0
    """The number of characters of answers that were sent; in streams, those of whole events."""


async def deliver(
    reply: DemoReply, receive: Receive, send: Send, record: ExchangeRecord | None = None
) -> None:
    """Send `reply` with all that happens on the way, and write into `record` how it went.

    Raises:
        ConnectionResetError: the reply resets the connection, but only uvicorn's can be reset.
    """
    parts = reply.parts
    # Nearly every reply is one body and nothing else. It needs no task that watches the client.
    if not reply.before_head and isinstance(parts, tuple) and len(parts) == 1:
        await _start(reply, send)
        await send({"type": "http.response.body", "body": parts[0]})
        if record is not None:
            record.finished = True
            record.characters = count_characters(parts[0]) if isinstance(parts[0], bytes) else 0
        return
    if record is None:
        record = ExchangeRecord("", {}, None)
    else:
        reply = replace(reply, parts=_counted(reply.parts, record))
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(_departure(receive))
        cut_short = await _act(reply, send, gone, record)
        gone.cancel()
    if cut_short and gone.cancelled():
        raise ConnectionResetError("The demonstration upstream drops the connection.")


def _counted(parts: Iterable[Part], record: ExchangeRecord) -> Iterator[Part]:
    """Yield the parts, and add the characters of their answers to the record."""
    for part in parts:
        if isinstance(part, bytes):
            record.characters += count_characters(part)
        yield part


async def _act(
    reply: DemoReply, send: Send, gone: asyncio.Task[None], record: ExchangeRecord
) -> bool:
    """Do what the reply says, step by step; return whether the connection must be cut."""
    for step in chain(reply.before_head, (_HEAD,), reply.parts):
        match step:
            case Pause(seconds):
                await asyncio.wait({gone}, timeout=seconds)
            case Cut():
                if _reset(send):
                    await asyncio.wait({gone})
                return True
            case None:
                await _start(reply, send)
            case chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await asyncio.sleep(0)  # lets the task that watches the client run
        if gone.done():
            record.cancelled = True
            return False
    await send({"type": "http.response.body", "body": b""})
    record.finished = True
    return False


async def _start(reply: DemoReply, send: Send) -> None:
    head = {"type": "http.response.start", "status": reply.status, "headers": reply.headers}
    await send(head)


async def _departure(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(send: Send) -> bool:
    """Reset the connection, as a crashing process does; return whether that was possible.

    ASGI cannot do that, but uvicorn's `send` is a method of an object that has the transport.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return False
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_FOR_NO_TIME)
    transport.abort()
    return True
