"""A client that does not read: little is kept for it, and after a while it is cut."""

import asyncio
import socket

STALL = 30.0  # seconds in which a client must take something of what waits for it, …
LOOKS = 30  # … and how often it is looked meanwhile whether it has
UNSENT = 64 << 10
"""Bytes that the kernel takes before they can be sent, where it has such a limit. Without one it
takes megabytes for a client that does not read, and the model is read on for nobody."""


class ReaderWatch:
    """Cuts a connection whose client takes nothing of what waits for it for STALL seconds.

    Closing is not enough: that would wait until the client has read it all.
    """

    __slots__ = ("_loop", "_taken_at", "_timer", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None
        self._taken_at = 0.0
        """When the client took something last, by the loop's clock, where it is watched."""

    def begin(self) -> None:
        """Watch the client, if something waits for it."""
        if self._timer is None and (left := self._transport.get_write_buffer_size()):
            self._taken_at = self._loop.time()
            self._timer = self._loop.call_later(STALL / LOOKS, self._look, left)

    def took(self) -> None:
        """Note that the client has taken something."""
        self._taken_at = self._loop.time()

    def end(self) -> None:
        """Watch no more: the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self, before: int) -> None:
        self._timer = None
        left, now = self._transport.get_write_buffer_size(), self._loop.time()
        if left < before:
            self._taken_at = now
        if left and now - self._taken_at >= STALL:
            self._transport.abort()
        elif left:
            self._timer = self._loop.call_later(STALL / LOOKS, self._look, left)


def limit_unsent(connection: socket.socket | None) -> None:
    """Have writing to it pause where the client does not read: see UNSENT."""
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)  # Linux and macOS have it
    if connection is None or option is None or connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT)
