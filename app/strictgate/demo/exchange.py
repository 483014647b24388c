"""Acting a reply out on an ASGI connection: waits, parts, and the reset of a connection."""

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

_HEAD = None  # stands for the head between what is before it and the body
_AT_ONCE = struct.pack("ii", 1, 0)  # linger on, for no time: closing then resets the connection


@dataclass(slots=True)
class ExchangeRecord:
    """One chat request as it arrived, and what became of it."""

    path: str
    headers: dict[str, str]
    body: Any
    """As JSON; as text where it is none."""
    finished: bool = False
    cancelled: bool = False
    """Whether the client went away before the answer was finished."""
    query: str = ""
    characters: int = 0
    """How many characters of answers were sent; of streams, those sent in whole events."""


async def deliver(
    reply: DemoReply, receive: Receive, send: Send, record: ExchangeRecord | None = None
) -> None:
    """Send `reply` with all that happens on the way, and write into `record` how it went.

    Raises:
        ConnectionResetError: to end the connection where the server is not uvicorn.
    """
    parts = reply.parts
    if not reply.before_head and isinstance(parts, tuple) and len(parts) == 1:  # nearly always
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
    """Yield the parts, and write down how much they say."""
    for part in parts:
        if isinstance(part, bytes):
            record.characters += count_characters(part)
        yield part


async def _act(
    reply: DemoReply, send: Send, gone: asyncio.Task[None], record: ExchangeRecord
) -> bool:
    """Take one step of `reply` after the other; return whether the connection is to be cut."""
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
        await asyncio.sleep(0)  # lets others run, and lets it show that the client has gone
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
    """Reset the connection, as a crashing process does; return whether that can be done here.

    ASGI has no word for it: uvicorn's `send` is a method of an object that has the transport.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return False
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
    return True
