"""Every exception of the HTTP client is one of the gateway's."""

import errno
import inspect
import socket
import ssl

import pytest

from strictgate.core.errors import (
    GatewayError,
    OutOfDescriptors,
    UpstreamBadResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from strictgate.upstream.error_mapping import Translated, translate
from strictgate.upstream.http import faults

KINDS = [
    TimeoutError,
    *(
        kind
        for _, kind in inspect.getmembers(faults, inspect.isclass)
        if issubclass(kind, Exception)
    ),
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_translated(kind):
    """Whatever the client raises has a status, and names the upstream."""
    error = translate(kind(), "groq")

    assert isinstance(error, GatewayError)
    assert error.status in (502, 504)
    assert "'groq'" in error.message


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (faults.ConnectTimedOut, UpstreamTimeout),
        (TimeoutError, UpstreamTimeout),
        (faults.CannotConnect, UpstreamUnreachable),
        (faults.ClosedUnanswered, UpstreamUnreachable),
        (faults.ProxyRefused, UpstreamUnreachable),
        (faults.BodyCutOff, UpstreamBadResponse),
        (faults.MalformedHttp, UpstreamBadResponse),
        (ConnectionResetError, UpstreamUnreachable),
    ],
)
def test_kinds(kind, ours):
    """Timeouts are 504, broken connections 502."""
    assert type(translate(kind(), "x")) is ours


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("wrapped", [True, False])
def test_no_descriptor_left(number, wrapped):
    """That is this process's own want, not the upstream's."""
    fault = OSError(number, "Too many open files")
    if wrapped:
        fault = faults.CannotConnect(fault)
    error = translate(fault, "groq")

    assert isinstance(error, OutOfDescriptors)
    assert (error.status, error.headers["retry-after"]) == (503, "1")
    assert "groq" not in error.message


def test_the_cause_is_kept():
    """The log has what the client has not."""
    with pytest.raises(UpstreamUnreachable) as raised, Translated("x"):
        raise faults.ConnectionFault(OSError("10.0.0.1"))

    assert "10.0.0.1" in str(raised.value.__cause__)
    assert "10.0.0.1" not in raised.value.message


def refused(number):
    """A connection that came to nothing, as the system tells it: with the address."""
    return faults.CannotConnect(OSError(number, "Connect call failed ('10.0.0.1', 1)"))


def unresolved():
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return faults.CannotConnect(error)


def uncertified(message):
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_message = message
    return faults.TlsFailed(error)


def no_tls():
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
    error.reason = "WRONG_VERSION_NUMBER"
    return faults.TlsFailed(error)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refused(errno.ECONNREFUSED), "cannot be reached: Connection refused."),
        (refused(errno.EHOSTUNREACH), "cannot be reached: No route to host."),
        (unresolved(), "cannot be reached: Name or service not known."),
        (uncertified("self-signed certificate"), "handshake: self-signed certificate."),
        (
            uncertified("Hostname mismatch, certificate is not valid for 'inner.example'."),
            "handshake: Hostname mismatch.",
        ),
        (no_tls(), "handshake: wrong version number."),
        (
            faults.ConnectionFault(ConnectionResetError(errno.ECONNRESET, "x")),
            "connection: Connection reset by peer.",
        ),
        (faults.ClosedUnanswered(), "closed the connection unanswered."),
        (faults.ProxyRefused(407), "through the proxy: it answered 407."),
        (faults.ProxyRefused(200), "through the proxy."),
    ],
)
def test_the_cause_is_told(fault, said):
    """What the system says of it is told; an address only where it is this machine's own."""
    message = translate(fault, "x", "http://10.0.0.1:8000/v1").message

    assert message.startswith("The upstream 'x' ")
    assert message.endswith(said)
    assert "10.0.0.1" not in message
    assert "inner.example" not in message
    near = translate(fault, "x", "http://localhost:8000/v1").message
    assert near == message.replace("'x'", "'x' (http://localhost:8000/v1)")


def test_bugs_are_not_translated():
    """What is not the client's stays what it is."""
    with pytest.raises(KeyError), Translated("x"):
        raise KeyError("bug")
