"""Sockets at one address."""

import socket

import pytest

from strictgate.processes import listening as module
from strictgate.processes.listening import listening_sockets


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_one_address(host):
    """All have it, a free one where none is named."""
    sockets = listening_sockets(host, 0, 3)
    try:
        assert len(sockets) == 3
        assert len({each.getsockname() for each in sockets}) == 1
    finally:
        for each in sockets:
            each.close()


def test_a_taken_address():
    """One that several processes listen at already is as taken as another."""
    sockets = listening_sockets("127.0.0.1", 0, 2)
    port = sockets[0].getsockname()[1]
    try:
        with pytest.raises(OSError, match="in use"):
            listening_sockets("127.0.0.1", port, 2)
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", port))
    finally:
        for each in sockets:
            each.close()


def test_a_free_port_that_is_lost(monkeypatch):
    """Somebody else may be given it before it is listened on: then another one is taken."""
    picked, others = module._free_address, []

    def lose_the_first(*about):
        address = picked(*about)
        if not others:
            others.append(socket.create_server(address))
        return address

    monkeypatch.setattr(module, "_free_address", lose_the_first)
    sockets = listening_sockets("127.0.0.1", 0, 2)
    assert sockets[0].getsockname() != others[0].getsockname()
    for each in (*sockets, *others):
        each.close()
