"""Every exception of the HTTP library is one of ours."""

import errno
import inspect
import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from strictgate.core.errors import (
    GatewayError,
    OutOfDescriptors,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from strictgate.upstream.error_mapping import translate, translated

KINDS = [
    kind
    for _, kind in inspect.getmembers(aiohttp, inspect.isclass)
    if issubclass(kind, Exception) and issubclass(kind, aiohttp.ClientError | TimeoutError)
]


def instance(kind):
    """An exception, without what its constructor asks for."""
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_translated(kind):
    """Whatever the library raises has a status, and names the upstream."""
    error = translate(instance(kind), "groq")

    assert isinstance(error, GatewayError)
    assert error.status in (502, 504)
    assert "'groq'" in error.message


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (aiohttp.ConnectionTimeoutError, UpstreamTimeout),
        (aiohttp.ServerTimeoutError, UpstreamTimeout),
        (TimeoutError, UpstreamTimeout),
        (aiohttp.ClientConnectorError, UpstreamUnreachable),
        (aiohttp.ServerDisconnectedError, UpstreamUnreachable),
        (ConnectionResetError, UpstreamUnreachable),
    ],
)
def test_kinds(kind, ours):
    """Timeouts are 504, broken connections 502."""
    assert type(translate(instance(kind), "x")) is ours


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("wrapped", [True, False])
def test_no_descriptor_left(number, wrapped):
    """That is this process's own want, not the upstream's."""
    fault = OSError(number, "Too many open files")
    if wrapped:
        key = ConnectionKey("x", 80, False, True, None, None, None)
        fault = aiohttp.ClientConnectorError(key, fault)
    error = translate(fault, "groq")

    assert isinstance(error, OutOfDescriptors)
    assert (error.status, error.headers["retry-after"]) == (503, "1")
    assert "groq" not in error.message


def test_the_cause_is_kept():
    """The log has what the client has not."""
    with pytest.raises(UpstreamUnreachable) as raised, translated("x"):
        raise aiohttp.ServerDisconnectedError("10.0.0.1")

    assert isinstance(raised.value.__cause__, aiohttp.ServerDisconnectedError)
    assert "10.0.0.1" not in raised.value.message


def refused(number):
    """A connection that came to nothing, as the library tells it: with the address."""
    key = ConnectionKey("10.0.0.1", 8000, False, False, None, None, None)
    return aiohttp.ClientConnectorError(key, OSError(number, "Connect call failed ('10.0.0.1', 1)"))


def unresolved():
    key = ConnectionKey("inner.example", 8000, False, False, None, None, None)
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return aiohttp.ClientConnectorDNSError(key, error)


def uncertified(message):
    key = ConnectionKey("inner.example", 443, True, True, None, None, None)
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_message = message
    return aiohttp.ClientConnectorCertificateError(key, error)


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
        (ConnectionResetError(errno.ECONNRESET, "x"), "connection: Connection reset by peer."),
        (aiohttp.ServerDisconnectedError("10.0.0.1"), "closed the connection unanswered."),
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
    """What is not the library's stays what it is."""
    with pytest.raises(KeyError), translated("x"):
        raise KeyError("bug")
