"""What a server may do for the gateway beyond ASGI: tell of leaving, and write answers at once.

ASGI has extensions for that (asgi.readthedocs.io, "Extensions"): the server that
`strictgate serve` starts puts one of this kind into each request's scope. A server that has none
(asgi.py) costs a task for each request, which waits for the client to leave, and two writes for
each answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

EXTENSION = "strictgate.server"
"""Its key in a scope's `extensions`."""


class ServerExtension(Protocol):
    """Of one request."""

    def whole_body(self) -> bytes | None:
        """Return the request's body, which nobody has read yet; None: it has not all come."""

    @property
    def has_room(self) -> bool:
        """Whether a piece of an answer can be sent without waiting."""

    def on_left(self, call: Callable[[], object] | None) -> None:
        """Call it once the client leaves before it has its answer, soon if it has left already.

        Args:
            call: takes the place of the one before; None: nobody wants to know any more.
        """

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Write a whole answer, if that can be done at once.

        Args:
            headers: with the right Content-Length.

        Returns:
            Whether it was written: else it is to be sent as ASGI has it.
        """


def server_extension(scope: Mapping[str, Any]) -> ServerExtension | None:
    """Return what the server gives for a request; None: it knows nothing beyond ASGI."""
    extensions = scope.get("extensions") or {}
    found: ServerExtension | None = extensions.get(EXTENSION)
    return found
