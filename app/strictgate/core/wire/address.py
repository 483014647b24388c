"""Addresses of servers: the URLs that the configuration may give, and what hosts they name."""

import ipaddress
import re
from urllib.parse import urlsplit


def checked_base_url(url: str) -> str:
    """Return `url`, to which paths can be added, without a slash at its end.

    Raises:
        ValueError: it cannot be the address of an API; the message says why.
    """
    try:
        read = urlsplit(url.strip())
        port_is_right = read.port is None or read.port > 0
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from error
    if read.scheme.lower() not in ("http", "https"):
        raise ValueError("must start with http:// or https://")
    if not port_is_right or not _is_host(read.hostname or ""):
        raise ValueError("names no host that could be reached")
    if read.query or read.fragment:
        raise ValueError("must not have a query or a fragment: paths are added to it")
    if read.username or read.password:
        raise ValueError("must not hold a name or a password; an upstream's key is for api_key_env")
    return url.strip().rstrip("/")


def _is_host(host: str) -> bool:
    """Whether `host` is an address, or a name that a resolver takes (RFC 1035 §2.3.4: 63 octets a
    label, 253 in all), in whatever script."""
    if ":" in host:  # urlsplit has checked the address
        return True
    try:
        name = host.encode("idna").decode()
    except UnicodeError:  # an empty label, or one that is too long
        return False
    return len(name) <= 253 and re.fullmatch(r"[\w-]+(?:\.[\w-]+)*\.?", name) is not None


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def cluster_suffixes(resolv_conf: str) -> tuple[str, ...]:
    """Return what names of services end in, as a pod of Kubernetes may call them.

    A pod's resolver searches `NAMESPACE.svc.ZONE` and `svc.ZONE`, so that `name.NAMESPACE` and
    `name.NAMESPACE.svc` lead to a service (kubernetes.io/docs/concepts/services-networking/
    dns-pod-service).

    Args:
        resolv_conf: the text of its /etc/resolv.conf.
    """
    searched = [
        domain.rstrip(".").lower()
        for line in resolv_conf.splitlines()
        if line.startswith("search")
        for domain in line.split()[1:]
    ]
    own = [match for each in searched if (match := re.fullmatch(r"([^.]+)(\.svc\..+)", each))]
    return tuple(suffix for match in own for suffix in (f".{match[1]}", match[2]))
