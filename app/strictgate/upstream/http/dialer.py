"""Opens connections: the name looked up, its addresses tried, TLS, a tunnel through a proxy.

Of several addresses the families take turns, and each has a head start of `HEAD_START` before the
next is tried beside it ("happy eyeballs", RFC 8305): an IPv6 that leads nowhere costs no more.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import Sequence
from functools import cached_property
from itertools import chain, zip_longest
from typing import Any

from strictgate.upstream.http.connection import Connection
from strictgate.upstream.http.faults import CannotConnect, ProxyRefused, TlsFailed
from strictgate.upstream.http.request import (
    Address,
    Destination,
    HttpServer,
    Proxy,
    UpstreamRequest,
    encoded_connect,
)

HEAD_START = 0.25  # seconds
NAMES_KEPT = 10.0
"""Seconds for which the addresses of a name are not looked up again."""

_Found = tuple[Any, ...]
"""One of what `getaddrinfo` returns."""


class Dialer:
    """Knows the addresses of names for a while, and the certificates that this machine trusts."""

    def __init__(self) -> None:
        self._lookups: dict[HttpServer, asyncio.Task[list[_Found]]] = {}

    async def dial(self, destination: Destination, connection: Connection) -> None:
        """Open `connection`, which is new.

        Raises:
            CannotConnect, TlsFailed, ProxyRefused, HttpFault
        """
        server, proxy = destination
        nearest = server if proxy is None else proxy.server
        await self._reach(nearest, connection)
        if proxy is not None and server.scheme == "https":
            await self._tunnel(server, proxy, connection)

    async def _reach(self, server: HttpServer, connection: Connection) -> None:
        """Connect to `server` itself, within TLS where it wants that."""
        options: dict[str, Any] = {}
        if server.scheme == "https":
            options = {"ssl": self._tls, "server_hostname": server.name}
        try:
            found = await self._addresses(server)
            if len(found) == 1 and not _is_of_a_link(found[0]):
                # The loop connects to one in a fifth of the time.
                options |= {"host": found[0][4][0], "port": server.port, "family": found[0][0]}
            else:
                options |= {"sock": await first_connected(found)}
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(lambda: connection, **options)
        except ssl.SSLError as error:
            raise TlsFailed(error) from error
        except OSError as error:
            raise CannotConnect(error) from error
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    async def _tunnel(self, server: HttpServer, proxy: Proxy, connection: Connection) -> None:
        """Have the proxy lead to `server`, and begin TLS with that one."""
        request = UpstreamRequest("CONNECT", Address(server, ""), ())
        response = await connection.send(request, encoded_connect(server, proxy), math.inf)
        if not 200 <= response.status < 300 or not connection.is_tunnel():
            connection.close()
            raise ProxyRefused(response.status)
        try:
            transport = await asyncio.get_running_loop().start_tls(
                connection.transport, connection, self._tls, server_hostname=server.name
            )
        except ssl.SSLError as error:
            raise TlsFailed(error) from error
        except OSError as error:
            raise CannotConnect(error) from error
        if transport is None:
            raise CannotConnect
        connection.secured(transport)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Trusts what the system does, or SSL_CERT_FILE and SSL_CERT_DIR name instead."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    # --- addresses -------------------------------------------------------------------------------

    async def _addresses(self, server: HttpServer) -> list[_Found]:
        """Return where the server may be; those who ask at once wait for one look-up."""
        _, host, port = server
        try:  # an address is none to be looked up
            flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        except socket.gaierror:
            pass
        lookup = self._lookups.get(server)
        if lookup is None:
            loop = asyncio.get_running_loop()
            lookup = loop.create_task(_looked_up(host, port))
            self._lookups[server] = lookup
            lookup.add_done_callback(lambda done: self._forget_later(server, done))
        return await asyncio.shield(lookup)

    def _forget_later(self, server: HttpServer, lookup: asyncio.Task[list[_Found]]) -> None:
        is_found = not lookup.cancelled() and lookup.exception() is None
        seconds = NAMES_KEPT if is_found else 0.0
        asyncio.get_running_loop().call_later(seconds, self._lookups.pop, server, None)


def _is_of_a_link(found: _Found) -> bool:
    """Whether it is an IPv6 address of one interface alone, which its text does not name."""
    return found[0] == socket.AF_INET6 and bool(found[4][3])


async def _looked_up(host: str, port: int) -> list[_Found]:
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def first_connected(found: Sequence[_Found]) -> socket.socket:
    """Return a socket that is connected to one of these addresses.

    Raises:
        OSError: none of them; what the first came to.
    """
    waiting = in_turns(found)
    if len(waiting) == 1:
        return await _connect(waiting[0])
    loop = asyncio.get_running_loop()
    trying: list[asyncio.Task[socket.socket]] = []
    winner: socket.socket | None = None
    try:
        while waiting or not all(task.done() for task in trying):
            if waiting:
                trying.append(loop.create_task(_connect(waiting.pop(0))))
            pending = [task for task in trying if not task.done()]
            patience = HEAD_START if waiting else None
            await asyncio.wait(pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            winner = next((t.result() for t in trying if t.done() and not t.exception()), None)
            if winner is not None:
                return winner
        raise next(error for task in trying if (error := task.exception()) is not None)
    finally:
        for task in trying:
            task.add_done_callback(lambda done: _drop(done, winner))
            task.cancel()


def in_turns(found: Sequence[_Found]) -> list[_Found]:
    """Return the addresses in their order, but the families by turns (RFC 8305 §4)."""
    first = [each for each in found if each[0] == found[0][0]]
    others = [each for each in found if each[0] != found[0][0]]
    return [each for each in chain(*zip_longest(first, others)) if each is not None]


def _drop(task: "asyncio.Task[socket.socket]", winner: socket.socket | None) -> None:
    """Close the socket of one that came too late."""
    if not task.cancelled() and task.exception() is None and task.result() is not winner:
        task.result().close()


async def _connect(found: _Found) -> socket.socket:
    family, kind, protocol, _, address = found
    raw = socket.socket(family, kind, protocol)
    try:
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, address)
    except BaseException:
        raw.close()
        raise
    return raw
