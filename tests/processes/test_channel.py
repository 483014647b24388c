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
    """What comes beyond that is dropped, and counted until there is room again."""
    monkeypatch.setattr(module, "CAPACITY", 1 << 20)
    channel, theirs = ends
    assert [channel.send(BIG) for _ in range(10)] == [True] + [False] * 9
    assert channel.dropped == 9
    assert len(channel._unsent) < 3 << 21

    while channel.is_behind:
        theirs.recv(1 << 20)
        channel.flush()
    assert channel.send(ProcessReady())
    assert channel.dropped == 0


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
