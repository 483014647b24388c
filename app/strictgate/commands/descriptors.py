"""How many connections and requests a process takes; one too many is refused at once, unread.

A process that has no file descriptors left can accept nobody, not even to say so, and cannot reach
its upstreams. So some are kept back, and a connection that is one too many gets a 503 below ASGI.

So does a request that is one too many: its refusal must not wait until all that came with it have
been read and have begun.
"""

import asyncio
import resource
import secrets

from strictgate.api import response
from strictgate.api.middleware import too_many
from strictgate.core.errors import GatewayError, OutOfDescriptors
from strictgate.observe.events import Observer, OutOfResources

OWN = 32
"""Files, pipes and sockets that the process needs beside those of clients and upstreams."""
PAUSE = 1.0  # seconds between two lines of the log

_NO_DESCRIPTOR = OutOfDescriptors(
    "Strictgate has no file descriptor left for another connection. Raise the limit of its process "
    "(ulimit -n).",
    headers={"retry-after": "1"},
)


def raised_descriptor_limit() -> int:
    """Raise the number of open files to what the process may have; return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


class Limit:
    """How many of one kind there may be in this process."""

    def __init__(self, most: int, error: GatewayError, observe: Observer) -> None:
        """Prepare the limit.

        Args:
            error: what one too many is told.
            observe: is told of the refused, together, after a while.
        """
        self._most = most
        self._error = error
        self._observe = observe
        self._refused = 0

    def refusal(self, there: int) -> bytes | None:
        """Return the answer to one more where there are so many, or None."""
        if there < self._most:
            return None
        if not self._refused:
            asyncio.get_running_loop().call_later(PAUSE, self._tell)
        self._refused += 1
        headers = {"x-request-id": f"req_{secrets.token_hex(16)}", **self._error.headers}
        return response.closing_answer("503 Service Unavailable", self._error.body(), headers)

    def _tell(self) -> None:
        refused, self._refused = self._refused, 0
        self._observe(OutOfResources("", f"{self._error.message} Refused: {refused}."))


def connection_limit(descriptors: int, observe: Observer) -> Limit:
    """Return how many connections there may be.

    Args:
        descriptors: that the process may have; each client needs two, one to the upstream.
    """
    return Limit(max(1, (descriptors - OWN) // 2), _NO_DESCRIPTOR, observe)


def request_limit(most: int, observe: Observer) -> Limit:
    """Return how many requests may be under way."""
    return Limit(most, too_many(), observe)
