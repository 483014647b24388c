"""What a server does beyond ASGI."""

from strictgate.api.server import EXTENSION, server_extension


def test_a_server_that_knows_nothing():
    """A scope need not have extensions, and may have others'."""
    for scope in ({}, {"extensions": None}, {"extensions": {"http.response.push": {}}}):
        assert server_extension(scope) is None


def test_one_that_does():
    """It is what stands under the key."""
    here = object()
    assert server_extension({"extensions": {EXTENSION: here}}) is here
