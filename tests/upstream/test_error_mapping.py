"""Every exception of the HTTP library is one of ours."""

import inspect

import aiohttp
import pytest

from strictgate.core.errors import GatewayError, UpstreamTimeout, UpstreamUnreachable
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


def test_the_cause_is_kept():
    """The log has what the client has not."""
    with pytest.raises(UpstreamUnreachable) as raised, translated("x"):
        raise aiohttp.ServerDisconnectedError("10.0.0.1")

    assert isinstance(raised.value.__cause__, aiohttp.ServerDisconnectedError)
    assert "10.0.0.1" not in raised.value.message


def test_bugs_are_not_translated():
    """What is not the library's stays what it is."""
    with pytest.raises(KeyError), translated("x"):
        raise KeyError("bug")
