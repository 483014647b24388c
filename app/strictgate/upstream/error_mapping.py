"""The HTTP library's exceptions → ours, at one seam, by a table."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from strictgate.core.errors import (
    GatewayError,
    UpstreamBadResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)

# The first line that fits holds; what the client is told never quotes the exception, which may
# name internal addresses.
FAULTS: tuple[tuple[type[BaseException], type[GatewayError], str], ...] = (
    (aiohttp.ConnectionTimeoutError, UpstreamTimeout, "did not accept a connection in time"),
    (asyncio.TimeoutError, UpstreamTimeout, "did not answer in time"),
    (aiohttp.ClientSSLError, UpstreamUnreachable, "failed the TLS handshake"),
    (aiohttp.ClientConnectorError, UpstreamUnreachable, "cannot be reached"),
    (aiohttp.ClientHttpProxyError, UpstreamUnreachable, "cannot be reached through the proxy"),
    (aiohttp.ServerDisconnectedError, UpstreamUnreachable, "closed the connection unanswered"),
    (aiohttp.ClientOSError, UpstreamUnreachable, "broke the connection"),
    (aiohttp.ClientConnectionError, UpstreamUnreachable, "broke the connection"),
    (aiohttp.ClientPayloadError, UpstreamBadResponse, "broke off in the middle of its answer"),
    (aiohttp.ClientResponseError, UpstreamBadResponse, "answered with malformed HTTP"),
    (aiohttp.ClientError, UpstreamBadResponse, "could not be understood"),
    (ConnectionError, UpstreamUnreachable, "broke the connection"),
)


def translate(fault: BaseException, upstream: str) -> GatewayError | None:
    """Return our error for `fault`, or None where it is not one of the HTTP library's."""
    for kind, error, what in FAULTS:
        if isinstance(fault, kind):
            return error(f"The upstream '{upstream}' {what}.")
    return None


@contextmanager
def translated(upstream: str) -> Iterator[None]:
    """Turn what the HTTP library raises inside into a GatewayError."""
    try:
        yield
    except (TimeoutError, aiohttp.ClientError, ConnectionError) as fault:
        error = translate(fault, upstream)
        if error is None:  # pragma: no cover - the table ends in the roots of what is caught
            raise
        raise error from fault
