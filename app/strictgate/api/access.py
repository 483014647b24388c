"""Who may come in: the Host and the Origin that are welcome, and the client keys."""

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache

from strictgate.core.errors import HostRefused, OriginRefused, Unauthorized
from strictgate.core.value_type import value_type
from strictgate.gateway.client_keys import ClientKey, KeyRing, digest

PRIVATE_SUFFIXES = (".localhost", ".internal", ".svc", ".cluster.local")
"""Of names that public DNS never has: RFC 6761 §6.3, ICANN's .internal, Kubernetes' services."""


@value_type
class AccessRules:
    """Who may come in."""

    key_digests: Sequence[bytes] = ()
    """SHA-256 of each client key without a name."""
    keys: KeyRing = field(default_factory=KeyRing)
    """Those with a name. Where there are none of either, no key is needed."""
    hosts: frozenset[str] = frozenset()
    host_suffixes: tuple[str, ...] = ()
    """Endings of names that are welcome as well, each with its dot."""
    origins: frozenset[str] = frozenset()
    connections: int = 1000
    is_metrics_open: bool = False
    """Whether /metrics needs no key."""
    open_paths: frozenset[str] = frozenset()
    """Paths that need no key, since what is there tells nothing: the inspector's page."""
    has_pages: bool = False
    """Pages are served here, which may call: their own origin is welcome."""

    @property
    def needs_key(self) -> bool:
        """Whether there are client keys."""
        return bool(self.key_digests or self.keys.keys)


def check_host(host: str | None, rules: AccessRules) -> None:
    """Refuse names that an attacker's DNS could point here.

    An address cannot be rebound; a name without a dot, or with one of PRIVATE_SUFFIXES, is not in
    public DNS.

    Raises:
        HostRefused
    """
    if host is None:  # HTTP/1.0; a browser always sends one
        return
    name = _host_name(host)
    if "*" in rules.hosts or name in rules.hosts or _is_address(name):
        return
    private = (*PRIVATE_SUFFIXES, *rules.host_suffixes)
    if not name or ("." in name and not name.endswith(private)):
        raise HostRefused(
            f"The Host '{name[:100]}' is not one of Strictgate's. "
            "Add it to server.allowed_hosts if it is."
        )


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


@lru_cache(1024)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def checked_origin(origin: str | None, allowed: frozenset[str]) -> str | None:
    """Return the web origin that a request comes from; None: from none.

    Raises:
        OriginRefused
    """
    if origin is not None and origin not in allowed and "*" not in allowed:
        raise OriginRefused(
            f"The web origin '{origin[:100]}' may not call Strictgate. "
            "Add it to server.allowed_origins if it should."
        )
    return origin


def foreign_origin(origin: str | None, host: str | None, rules: AccessRules) -> str | None:
    """Return the web origin of a request; None where there is none, or it is this gateway's own.

    Pages of the gateway's own may call it. Its own origin is the Host that it was reached by, which
    has been checked: no other site can have that name.
    """
    if origin is None or not rules.has_pages:
        return origin
    return None if origin in _own_origins(host or "") else origin


def _own_origins(host: str) -> tuple[str, str]:
    """Return the origins of what is served under a Host, here or by a proxy that speaks TLS."""
    return f"http://{host.lower()}", f"https://{host.lower()}"


def known_key(authorization: str | None, rules: AccessRules) -> ClientKey | None:
    """Return the named key that a request has, or None if it has one without a name.

    Raises:
        Unauthorized: it has none that is known.
    """
    scheme, _, key = (authorization or "").partition(" ")
    given = digest(key.strip())
    known = [hmac.compare_digest(given, each) for each in rules.key_digests]  # all of them, always
    named = rules.keys.find(given)
    if scheme.lower() != "bearer" or not key.strip() or not (any(known) or named):
        missing = "You didn't provide an API key" if not key else "Incorrect API key provided"
        raise Unauthorized(
            f"{missing}. Send one of Strictgate's client keys (server.api_keys, [keys.NAME]) "
            "in an Authorization header: Bearer YOUR_KEY."
        )
    return named
