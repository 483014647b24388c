"""The HTTP client's exceptions → the gateway's, at one seam, by a table."""

import errno
import os
import socket
import ssl
from urllib.parse import urlsplit

from strictgate.core.errors import (
    GatewayError,
    OutOfDescriptors,
    UpstreamBadResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from strictgate.core.wire.address import is_loopback
from strictgate.upstream.http import faults

# The first line that fits holds. What the client is told never quotes the exception, which may name
# internal addresses; the log has the address (UpstreamFailed).
FAULTS: tuple[tuple[type[BaseException], type[GatewayError], str], ...] = (
    (faults.ConnectTimedOut, UpstreamTimeout, "did not accept a connection in time"),
    (TimeoutError, UpstreamTimeout, "did not answer in time"),
    (faults.TlsFailed, UpstreamUnreachable, "failed the TLS handshake"),
    (faults.CannotConnect, UpstreamUnreachable, "cannot be reached"),
    (faults.ProxyRefused, UpstreamUnreachable, "cannot be reached through the proxy"),
    (faults.ClosedUnanswered, UpstreamUnreachable, "closed the connection unanswered"),
    (faults.ConnectionFault, UpstreamUnreachable, "broke the connection"),
    (faults.BodyCutOff, UpstreamBadResponse, "broke off in the middle of its answer"),
    (faults.MalformedHttp, UpstreamBadResponse, "answered with malformed HTTP"),
    (
        faults.UnsendableRequest,
        UpstreamUnreachable,
        "was not asked, as a header or the path holds a character that HTTP does not allow",
    ),
    (faults.HttpFault, UpstreamBadResponse, "could not be understood"),
    (ConnectionError, UpstreamUnreachable, "broke the connection"),
)


def translate(fault: BaseException, upstream: str, address: str = "") -> GatewayError | None:
    """Return our error for `fault`, or None where it is none of the HTTP client's.

    Args:
        upstream: the name that the configuration gives it.
        address: its base_url; told where it is on this machine, and so no secret of a network.
    """
    if _number(fault) in (errno.EMFILE, errno.ENFILE):
        return OutOfDescriptors(
            "Strictgate has no file descriptor left for another connection. Raise the limit of its "
            "process (ulimit -n), or lower limits.connections.",
            headers={"retry-after": "1"},
        )
    where = f" ({address})" if is_loopback(urlsplit(address).hostname or "") else ""
    for kind, error, what in FAULTS:
        if isinstance(fault, kind):
            cause = f": {found}" if (found := _cause(fault)) else ""
            return error(f"The upstream '{upstream}'{where} {what}{cause}.")
    return None


def _cause(fault: BaseException) -> str:
    """Return what the system or the TLS library says of the cause, without addresses; or ""."""
    if isinstance(fault, faults.ProxyRefused):  # 407: it wants a password, RFC 9110 §15.5.8
        return f"it answered {fault.status}" if fault.status >= 300 else ""
    inner = _inner(fault)
    if isinstance(inner, ssl.SSLCertVerificationError):  # behind a comma stands the host's name
        return str(getattr(inner, "verify_message", "")).partition(",")[0]
    if isinstance(inner, socket.gaierror):
        return str(inner.strerror)
    if isinstance(inner, ssl.SSLError):  # its number is none of the system's
        return (inner.reason or "").replace("_", " ").lower()
    number = _number(fault)
    return os.strerror(number) if number > 0 else ""


def _inner(fault: BaseException) -> BaseException:
    return getattr(fault, "os_error", None) or fault


def _number(fault: BaseException) -> int:
    """Return the system's number of the error; 0 where it has none."""
    number = getattr(_inner(fault), "errno", None)
    return number if isinstance(number, int) else 0


class Translated:
    """A context manager that turns what the HTTP client raises inside into a GatewayError; see
    `translate`."""

    __slots__ = ("_address", "_upstream")

    def __init__(self, upstream: str, address: str = "") -> None:
        self._upstream = upstream
        self._address = address

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, fault: BaseException | None, __: object) -> None:
        if isinstance(fault, faults.HttpFault | OSError):
            error = translate(fault, self._upstream, self._address)
            if error is not None:  # else an OSError that has nothing to do with the network
                raise error from fault
