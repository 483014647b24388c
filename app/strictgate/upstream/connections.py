"""The pool of kept-alive connections: one is used again only where nothing is left to be read.

An HTTP/1.1 response carries no name of the request that it answers: what is unread on a connection
(a proxy's 408 on an idle one, a body that was longer than it said) would be taken for the answer to
the next request, of another client. aiohttp's own pool looks only at whether a connection is open.
So a connection is given out again only if aiohttp has read nothing for which nobody asked, means to
keep it, and the kernel has nothing to read on it either: no bytes, and no end. Between taking a
connection and writing the request the event loop may turn, so that is looked at again right before
the first byte goes out (`has_unasked_input`).
"""

import select
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_taken: ContextVar["ResponseHandler | None"] = ContextVar("taken", default=None)
"""The kept-alive connection that the request of this task goes out on."""


class CleanConnector(aiohttp.TCPConnector):
    """A pool whose connections have no unread input when they are taken."""

    async def _get(self, key: "ConnectionKey", traces: list["Trace"]) -> "Connection | None":
        """Return a connection that can be used again, or None.

        aiohttp has no public hook at this place; tests/upstream/test_connections.py fails where a
        release of it does not call this any more.
        """
        kept = self._conns.get(key)
        while kept and not self._may_be_used(*kept[0]):
            kept.popleft()[0].close()
        connection = await super()._get(key, traces)
        _taken.set(connection.protocol if connection is not None else None)
        return connection

    def _may_be_used(self, handler: "ResponseHandler", released: float) -> bool:
        longest = self._keepalive_timeout
        return (longest is None or monotonic() - released <= longest) and _is_clean(handler)


def has_unasked_input() -> bool:
    """Whether something has come on the kept-alive connection that the request of this task is
    about to go out on; asked before its first byte."""
    handler = _taken.get()
    return handler is not None and not _is_clean(handler)


def _is_clean(handler: "ResponseHandler") -> bool:
    transport = handler.transport
    if handler.should_close or transport is None or transport.is_closing():
        return False
    raw = transport.get_extra_info("socket")
    if raw is None:
        return False
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)
