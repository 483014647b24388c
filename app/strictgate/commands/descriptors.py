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
from strictgate.observe.events import Observer
from strictgate.observe.process_events import TurnedAway

OWN = 64
"""Files, pipes and sockets that the process needs beside those of clients and upstreams; those that
it listens on are some of them (serve.py)."""
PAUSE = 1.0  # seconds between two lines of the log

_ID = "the id of the request"
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

    def __init__(self, kind: str, most: int, error: GatewayError, observe: Observer) -> None:
        """Prepare the limit.

        Args:
            kind: connections or requests.
            error: what one too many is told.
            observe: is told of the refused, together, after a while.
        """
        self._kind = kind
        self._most = most
        self._observe = observe
        self._refused = 0
        self._message = error.message
        # Where many come at once, refusing must cost next to nothing: but for its id, the answer
        # is there already.
        headers = {**error.headers, "x-request-id": _ID}
        answer = response.closing_answer("503 Service Unavailable", error.body(), headers)
        self._head, _, self._rest = answer.partition(_ID.encode())

    def has_room(self, there: int) -> bool:
        """Whether there may be one more where there are so many."""
        return there < self._most

    def refusal(self, there: int) -> bytes | None:
        """Return the answer to one more where there are so many, or None."""
        if self.has_room(there):
            return None
        if not self._refused:
            asyncio.get_running_loop().call_later(PAUSE, self._tell)
        self._refused += 1
        return b"%breq_%b%b" % (self._head, secrets.token_hex(16).encode(), self._rest)

    def _tell(self) -> None:
        refused, self._refused = self._refused, 0
        self._observe(TurnedAway(self._kind, refused, self._message))


def connection_limit(descriptors: int, observe: Observer) -> Limit:
    """Return how many connections there may be.

    Args:
        descriptors: that the process may have; each client needs two, one to the upstream.
    """
    return Limit("connections", max(1, (descriptors - OWN) // 2), _NO_DESCRIPTOR, observe)


def request_limit(most: int, observe: Observer) -> Limit:
    """Return how many requests may be under way."""
    return Limit("requests", most, too_many(), observe)
