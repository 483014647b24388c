"""Addresses of servers: the URLs that the configuration may give, and what hosts they name."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_ENDPOINTS = ("/chat/completions", "/completions", "/responses")
"""What is copied from a provider's documentation together with the URL of its API."""


def checked_base_url(url: str) -> str:
    """Return `url`, to which paths can be added, without a slash at its end.

    Raises:
        ValueError: it cannot be the address of an API; the message says why.
    """
    try:
        read = urlsplit(url.strip())
        port = read.port
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from error
    _check_server(read, port)
    if read.username or read.password:
        raise ValueError("must not hold a name or a password; an upstream's key is for api_key_env")
    base = url.strip().rstrip("/")
    for endpoint in _ENDPOINTS:
        if read.path.rstrip("/").endswith(endpoint):
            raise ValueError(
                f"must not end in {endpoint}, which is added to it: "
                f"write {base.removesuffix(endpoint)}"
            )
    return base


def checked_proxy_url(url: str) -> str:
    """Return the URL of a proxy, which may hold a name and a password.

    Raises:
        ValueError: it cannot be one; the message says why, and quotes nothing of it.
    """
    unreadable = ValueError(
        "cannot be read. It is http://NAME:PASSWORD@HOST:PORT; write what is no letter or digit in "
        "the name and the password as % and its code: / as %2F, @ as %40"
    )
    try:
        read = urlsplit(url.strip())
        port = read.port
    except ValueError as error:  # its words may quote a part of the password
        raise unreadable from error
    _check_server(read, port)
    if read.path.strip("/"):
        raise unreadable
    return url.strip().rstrip("/")


def without_password(url: str) -> str:
    """Return `url` as it may be shown."""
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", url)


def host_of(url: str) -> str:
    """Return the host of a URL, as resolvers take it.

    An address that is of one link alone names its interface behind `%`, which a URL may spell `%25`
    (RFC 6874 §2): `[fe80::1%25eth0]`.
    """
    host, separator, zone = (urlsplit(url).hostname or "").partition("%")
    return f"{host}%{zone.removeprefix('25') or zone}" if separator else host


def _check_server(read: SplitResult, port: int | None) -> None:
    if read.scheme.lower() not in ("http", "https"):
        raise ValueError("must start with http:// or https://")
    if port == 0 or not _is_host(read.hostname or ""):
        raise ValueError("names no host that could be reached")
    if read.query or read.fragment:
        raise ValueError("must not have a query or a fragment: paths are added to it")


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
