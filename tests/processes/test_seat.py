"""When the next process is started."""

import socket

import pytest

from strictgate.processes.channel import ProcessChannel
from strictgate.processes.messages import ProcessReady
from strictgate.processes.seat import CALM, LONGEST_PAUSE, MAX_FAILURES, Seat


@pytest.fixture
def seat():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Seat(0, ours)


def ends(seat, lives, *, is_ready=True):
    """Have a process live for a while; return the seconds until the next."""
    channel = seat.channel
    seat.begun(1, channel, 0, 0.0)
    seat.is_ready = is_ready
    lived, pause = seat.ended(lives)
    assert (lived, seat.due, seat.pid) == (lives, lives + pause, 0)
    return pause


def test_the_first_is_replaced_at_once(seat):
    """So is one that has lived for a while."""
    assert ends(seat, 0.1) == 0
    assert ends(seat, CALM) == 0
    assert ends(seat, 0.1) == 0


def test_who_dies_again_and_again_is_waited_for(seat):
    """Longer each time, up to a bound; one calm life ends that."""
    pauses = [ends(seat, 0.1) for _ in range(40)]

    assert pauses[:4] == [0, 0.25, 0.5, 1.0]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE
    assert ends(seat, CALM) == 0
    assert not seat.cannot_start


def test_it_cannot_start(seat):
    """Those that were ready are another matter."""
    for _ in range(MAX_FAILURES - 1):
        ends(seat, 0.1, is_ready=False)
    assert not seat.cannot_start
    ends(seat, 0.1, is_ready=False)
    assert seat.cannot_start


def test_nobody_is_told_anything(seat):
    """A seat without a process can be spoken to."""
    seat.send(ProcessReady())
    seat.channel = ProcessChannel(seat.listener)
    seat.send(ProcessReady())
    assert not seat.channel.is_behind
