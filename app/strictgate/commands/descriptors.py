"""How many connections a process may hold, by its file descriptors.

A process that has none left can accept nobody, not even to say so, and cannot reach its upstreams.
So some are kept back, and a connection that is one too many gets a 503 at once, unread.
"""

import asyncio
import resource
import secrets
from collections.abc import Sized

from strictgate.api import response
from strictgate.core.errors import OutOfDescriptors
from strictgate.observe.events import Observer, OutOfResources

OWN = 32
"""Files, pipes and sockets that the process needs beside those of clients and upstreams."""
PAUSE = 1.0  # seconds between two lines of the log

_ERROR = OutOfDescriptors(
    "Strictgate has no file descriptor left for another connection. Raise the limit of its process "
    "(ulimit -n).",
    headers={"retry-after": "1"},
)


def raised_descriptor_limit() -> int:
    """Raise the number of open files to what the process may have; return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


class ConnectionLimit:
    """Of one process."""

    def __init__(self, descriptors: int, observe: Observer) -> None:
        """Prepare the limit.

        Args:
            descriptors: that the process may have; each client needs two, one to the upstream.
        """
        self._most = max(1, (descriptors - OWN) // 2)
        self._observe = observe
        self._refused = 0

    def refusal(self, connections: Sized) -> bytes | None:
        """Return the answer to the last of `connections` if it is one too many, or None."""
        if len(connections) <= self._most:
            return None
        if not self._refused:
            asyncio.get_running_loop().call_later(PAUSE, self._tell)
        self._refused += 1
        return _answer()

    def _tell(self) -> None:
        refused, self._refused = self._refused, 0
        self._observe(OutOfResources("", f"{_ERROR.message} Connections refused: {refused}."))


def _answer() -> bytes:
    headers = {"x-request-id": f"req_{secrets.token_hex(16)}", **_ERROR.headers}
    return response.closing_answer("503 Service Unavailable", _ERROR.body(), headers)
