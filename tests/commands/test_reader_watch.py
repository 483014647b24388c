"""Clients that do not read."""

import socket
from contextlib import closing
from types import SimpleNamespace

import pytest

from strictgate.commands.reader_watch import LOOKS, STALL, UNSENT, ReaderWatch, limit_unsent


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the system has no such limit")
def test_the_kernel_takes_little():
    """What waits for a client in the kernel is limited, so that writing pauses soon."""
    option = socket.TCP_NOTSENT_LOWAT
    with closing(socket.socket()) as connection:
        limit_unsent(connection)
        assert connection.getsockopt(socket.IPPROTO_TCP, option) == UNSENT


def test_other_sockets_have_no_such_limit():
    """A Unix socket is left as it is, and so is a transport without one."""
    one, other = socket.socketpair()
    with closing(one), closing(other):
        limit_unsent(one)
    limit_unsent(None)


class Clock:
    """An event loop's time, and the one call that waits."""

    def __init__(self):
        self.now, self.call = 0.0, None

    def time(self):
        return self.now

    def call_later(self, seconds, function, *arguments):
        self.call = (self.now + seconds, function, arguments)
        return self.call

    def go_on(self):
        (self.now, function, arguments), self.call = self.call, None
        function(*arguments)


@pytest.mark.parametrize("last_taken", [0.0, 20.0, 95.5])
def test_when_who_does_not_read_is_cut(last_taken):
    """So long after the client took something last, to within a look."""
    clock, cut, left = Clock(), [], 1000
    transport = SimpleNamespace(
        get_write_buffer_size=lambda: left, abort=lambda: cut.append(clock.now)
    )
    ReaderWatch(clock, transport).begin()
    while not cut:
        if clock.now < last_taken:
            left -= 1
        clock.go_on()
    assert STALL <= cut[0] - last_taken <= STALL + 2 * STALL / LOOKS
    assert clock.call is None
