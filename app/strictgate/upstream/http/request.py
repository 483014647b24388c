"""A request, and the bytes of its head.

Nothing of an address is encoded anew, and no header is added but Host and those that frame the
body. What would end a line early is refused: the rest of it would be read as a header, or as a
request of its own (RFC 9110 §5.5, RFC 9112 §3).
"""

import base64
import re
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from strictgate.core.value_type import state_type
from strictgate.core.wire.address import host_of
from strictgate.core.wire.passthrough import Header
from strictgate.upstream.http.faults import UnsendableRequest

_PORTS = {"http": 80, "https": 443}
_HEAD = re.compile(
    r"[A-Za-z]+ [^\x00-\x20\x7f]+ HTTP/1\.1\r\n"
    r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00-\x08\x0a-\x1f\x7f]*\r\n)+\r\n"
)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class HttpServer(NamedTuple):
    """What a connection leads to: an origin, in the terms of RFC 9110 §4.3.1."""

    scheme: str
    """`http` or `https`."""
    host: str
    """A name in ASCII, or an address without brackets, with the interface that it is of, if any:
    `fe80::1%eth0`."""
    port: int

    @property
    def name(self) -> str:
        """The host as others know it: an interface is of this machine alone (RFC 6874 §4)."""
        return self.host.partition("%")[0]

    @property
    def authority(self) -> str:
        """As it stands in a Host header: without the scheme's own port."""
        host = f"[{self.name}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Address(NamedTuple):
    """A URL, cut into where the connection leads and what is asked for there."""

    server: HttpServer
    target: str
    """The path with the query."""

    def __str__(self) -> str:
        return f"{self.server.scheme}://{self.server.authority}{self.target}"


class Proxy(NamedTuple):
    """An HTTP proxy."""

    server: HttpServer
    authorization: str = ""
    """The value of Proxy-Authorization, if it wants one."""


class Destination(NamedTuple):
    """What connections are pooled by."""

    server: HttpServer
    proxy: Proxy | None = None


@state_type
class UpstreamRequest:
    """One request."""

    method: str
    address: Address
    headers: Sequence[Header]
    """As they are sent, names in any case; without Host and Transfer-Encoding, and where `body` is
    bytes without Content-Length."""
    body: bytes | AsyncIterator[bytes] | None = None
    is_for_once: bool = False
    """Were it read twice, something would be made twice (RFC 9110 §9.2.2)."""

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be sent once more where a kept connection turns out to be closed."""
        return isinstance(self.body, bytes | None) and not self.is_for_once

    @property
    def is_chunked(self) -> bool:
        """Whether the body is sent in chunks, as nobody knows how long it is."""
        return not isinstance(self.body, bytes | None) and all(
            name.lower() != "content-length" for name, _ in self.headers
        )


@lru_cache(maxsize=256)
def parsed_url(url: str) -> Address:
    """Return the parts of an absolute URL, whose host may be in any script."""
    read = urlsplit(url)
    scheme, host = read.scheme.lower(), host_of(url)
    if not host.isascii():
        host = host.encode("idna").decode()
    target = read.path + (f"?{read.query}" if read.query else "")
    return Address(HttpServer(scheme, host, read.port or _PORTS[scheme]), target)


@lru_cache(maxsize=256)
def parsed_proxy(url: str) -> Proxy:
    """Return the proxy at `url`, which may hold a name and a password."""
    read = urlsplit(url)
    authorization = ""
    if read.username is not None:
        words = f"{unquote(read.username)}:{unquote(read.password or '')}"
        authorization = f"Basic {base64.b64encode(words.encode()).decode()}"
    return Proxy(parsed_url(url).server, authorization)


@lru_cache(maxsize=256)
def destination_of(url: str, proxy: str | None) -> Destination:
    """Return what a connection for `url` leads to, through the proxy at another URL or directly."""
    return Destination(parsed_url(url).server, None if proxy is None else parsed_proxy(proxy))


@lru_cache(maxsize=256)
def _host(server: HttpServer) -> Header:
    return ("Host", server.authority)


def encoded_head(request: UpstreamRequest, proxy: Proxy | None) -> bytes:
    """Return the request's head as it goes to the server, or to the proxy before it.

    Raises:
        UnsendableRequest
    """
    server, target = request.address
    fields = [_host(server), *request.headers]
    if proxy is not None and server.scheme == "http":  # in absolute form: RFC 9112 §3.2.2
        target = str(request.address)
        fields += _proxy_fields(proxy)
    if isinstance(request.body, bytes):
        fields.append(("Content-Length", str(len(request.body))))
    elif request.is_chunked:
        fields.append(("Transfer-Encoding", "chunked"))
    elif request.body is None and request.method in _WITH_BODY:
        fields.append(("Content-Length", "0"))
    return _head(request.method, target or "/", fields)


def encoded_connect(server: HttpServer, proxy: Proxy) -> bytes:
    """Return the request for a tunnel to `server` (RFC 9110 §9.3.6)."""
    authority = f"{server.authority.removesuffix(f':{server.port}')}:{server.port}"
    return _head("CONNECT", authority, [("Host", authority), *_proxy_fields(proxy)])


def _proxy_fields(proxy: Proxy) -> list[Header]:
    return [("Proxy-Authorization", proxy.authorization)] if proxy.authorization else []


def _head(method: str, target: str, fields: list[Header]) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    head = f"{method} {target} HTTP/1.1\r\n{lines}\r\n"
    if not _HEAD.fullmatch(head):
        raise UnsendableRequest
    try:  # a client's headers were read as Latin-1, and go out as the bytes that they were
        return head.encode("latin-1")
    except UnicodeEncodeError:
        return head.encode()
