"""Who may look: this machine's own user, and from elsewhere who has a client key without a name.

A gateway without client keys may still be reached by others: a container's published port, a proxy
on the same machine. What everybody has asked is not for everybody; so without keys both ends of the
connection, and the name in the Host header, must be of this machine. Many proxies write their own
name for the gateway into that header, as Apache's does by default; so nothing that says that it was
forwarded is let in, either.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from strictgate.core.errors import GatewayError
from strictgate.core.value_type import value_type
from strictgate.core.wire.address import is_loopback

_FORWARDED = frozenset(
    (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
)
"""Headers of requests that proxies add (RFC 7239, RFC 9110 §7.6.3, and what came before them)."""


class InspectorClosed(GatewayError):
    """The inspector does not answer whoever asks."""

    status, type, code = 403, "invalid_request_error", "inspector_closed"


@value_type
class Access:
    """The rule of one process."""

    has_keys: bool
    """There are client keys without a name, and the door has asked for one (api/middleware.py).
    One with a name is somebody's own: it does not show what others have asked."""

    def is_open_by(self, host: str) -> bool:
        """Whether one who has reached the gateway by this name may look, if it is from here."""
        return self.has_keys or _is_here(host)

    def check(self, scope: Mapping[str, Any]) -> None:
        """Let a request in.

        Raises:
            InspectorClosed: it comes from elsewhere, and no keys tell who it is.
        """
        caller = scope.get("caller")
        if self.has_keys and (caller is None or caller.key is None):
            return
        client = (scope.get("client") or ("", 0))[0]
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        is_direct = _FORWARDED.isdisjoint(name for name, _ in scope["headers"])
        is_here = is_loopback(client) and is_loopback(host_name(host.decode("latin-1")))
        if not (is_here and is_direct):
            raise InspectorClosed(
                "The inspector is open to this machine alone, at http://127.0.0.1. To open it to "
                "others, give Strictgate client keys (server.api_keys; not those of [keys])."
            )


@lru_cache(256)
def _is_here(host: str) -> bool:
    return is_loopback(host_name(host))


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
