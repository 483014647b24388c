"""The supervisor's end of a channel."""

import socket
from contextlib import closing

import pytest

from strictgate.processes import channel as module
from strictgate.processes.channel import ProcessChannel
from strictgate.processes.messages import MessageReader, Notice, ProcessReady, written

BIG = Notice("topic", b"x" * (1 << 21))


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    with closing(theirs), closing(ProcessChannel(ours)) as channel:
        yield channel, theirs


def test_nothing_waits_for_a_slow_reader(ends):
    """What does not fit is sent once there is room, in order."""
    channel, theirs = ends
    channel.send(BIG)
    channel.send(ProcessReady())
    assert channel.is_behind

    reader, seen = MessageReader(), []
    while len(seen) < 2:
        seen += reader.feed(theirs.recv(1 << 20))
        channel.flush()
    assert seen == [BIG, ProcessReady()]
    assert not channel.is_behind


def test_who_never_reads_costs_a_bounded_amount(ends, monkeypatch):
    """What comes beyond that is dropped."""
    monkeypatch.setattr(module, "CAPACITY", 1 << 20)
    channel, _ = ends
    for _ in range(10):
        channel.send(BIG)

    assert len(channel._unsent) < 3 << 21


def test_received(ends):
    """Whole messages; nothing is no end, and an end is one."""
    channel, theirs = ends
    assert list(channel.receive()) == []
    theirs.sendall(written(ProcessReady()))
    assert list(channel.receive()) == [ProcessReady()]
    theirs.close()
    with pytest.raises(EOFError):
        list(channel.receive())


def test_who_has_gone_is_sent_nothing(ends):
    """That is no error here: the signal of its end will tell."""
    channel, theirs = ends
    theirs.close()
    channel.send(BIG)
