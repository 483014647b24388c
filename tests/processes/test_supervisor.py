"""The supervisor with real processes, which do little: what they are told decides on what they do.

It runs in the test's own process; they tell it what to do by signals.
"""

import os
import signal
import socket

import pytest

from strictgate.observe.process_events import ProcessEnded
from strictgate.processes.messages import (
    Announced,
    Inquiry,
    InquiryReply,
    InquirySent,
    LeaveOrder,
    MessageReader,
    NewSettings,
    Notice,
    ProcessFailed,
    ProcessReady,
    SettingsApplied,
    written,
)
from strictgate.processes.supervisor import Supervisor
from strictgate.settings.loading import Settings

SETTINGS = Settings(server={"drain_timeout": 5})


def told(start, *further):
    """What a process is told, as it comes, once it has said that it is ready, and `further`."""
    start.channel.sendall(b"".join(map(written, (ProcessReady(), *further))))
    reader = MessageReader()
    while data := start.channel.recv(1 << 16):
        yield from reader.feed(data)


def to_supervisor(number):
    os.kill(os.getppid(), number)


class Outcome:
    """What a supervisor did."""

    def __init__(self, count, process, reading=None):
        listeners = [socket.socket() for _ in range(count)]
        self.events, self.announced, self.notes = [], [], b""
        ours, theirs = os.pipe()
        announce = self.announced.append
        supervisor = Supervisor(
            SETTINGS,
            listeners,
            lambda start: process(start, lambda note: os.write(theirs, note)),
            lambda: announce(True),
            self.events.append,
            reading,
        )
        self.code = supervisor.run()
        self.problem = supervisor.problem
        os.close(theirs)
        with os.fdopen(ours, "rb") as notes:
            self.notes = notes.read()


@pytest.mark.parametrize(("number", "has_delay"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_all_leave(number, has_delay):
    """A signal is told to all, once all are ready; the exit code is 0."""

    def process(start, note):
        for message in told(start):
            if isinstance(message, Announced) and start.number == 1:
                to_supervisor(number)
            if isinstance(message, LeaveOrder):
                note(b"d" if message.has_delay else b"-")
                return 0
        return 1

    outcome = Outcome(3, process)
    assert (outcome.code, outcome.announced, outcome.events) == (0, [True], [])
    assert outcome.notes == (b"d" if has_delay else b"-") * 3


def test_the_second_signal():
    """It says to leave now."""

    def process(start, note):
        for message in told(start):
            if isinstance(message, Announced):
                to_supervisor(signal.SIGTERM)
            if isinstance(message, LeaveOrder):
                if message.is_now:
                    return 0
                to_supervisor(signal.SIGTERM)
        return 1

    assert Outcome(1, process).code == 0


def test_one_that_does_not_leave(monkeypatch):
    """It is killed in the end."""
    monkeypatch.setattr("strictgate.processes.supervisor.OVERTIME", 0.1)

    def process(start, note):
        for message in told(start):
            if isinstance(message, Announced):
                to_supervisor(signal.SIGTERM)
                to_supervisor(signal.SIGINT)
        signal.pause()
        return 1

    assert Outcome(1, process).code == 0


def test_it_cannot_start():
    """The first that ends before it is ready is the last; what it says is kept."""

    def process(start, note):
        note(b"x")
        start.channel.sendall(written(ProcessFailed("no such thing")))
        return 3

    outcome = Outcome(2, process)
    assert (outcome.code, outcome.problem, outcome.notes) == (1, "no such thing", b"x")
    [ended] = outcome.events
    assert isinstance(ended, ProcessEnded)
    assert (ended.number, ended.how) == (0, "exit code 3")


def test_a_bug_in_a_process(capfd):
    """It is seen, and ends that process alone."""

    def process(start, note):
        raise KeyError("bug")

    assert Outcome(1, process).code == 1
    assert "KeyError: 'bug'" in capfd.readouterr().err


def test_one_that_dies_is_replaced():
    """The next one has its place; its channel and its listener are its own."""

    def process(start, note):
        note(b"1" if start.is_first else b"2")
        start.listener.getsockname()
        for message in told(start):
            if isinstance(message, Announced):
                os.kill(os.getpid(), signal.SIGKILL)
            if isinstance(message, LeaveOrder):
                return 0
        return 1

    def one_more(start, note):
        if not start.is_first:
            to_supervisor(signal.SIGTERM)
        return process(start, note)

    outcome = Outcome(1, one_more)
    assert outcome.code == 0
    assert outcome.notes == b"12"
    [ended] = outcome.events
    assert (ended.how, ended.pause) == ("SIGKILL", 0.0)


def test_they_speak_with_each_other():
    """A notice goes to all others, a question too, and each answer to the one that asked."""

    def process(start, note):
        answers = expected = 0
        for message in told(start):
            match message:
                case Announced() if start.number == 0:
                    start.channel.sendall(written(Notice("topic", b"n")))
                    start.channel.sendall(written(Inquiry(os.getpid(), 5, "topic", b"q")))
                case Notice(_, content):
                    note(content)
                case Inquiry(asker, number, topic, content):
                    start.channel.sendall(written(InquiryReply(asker, number, topic, content)))
                case InquirySent(5, count):
                    expected = count
                case InquiryReply(_, 5, "topic", b"q"):
                    answers += 1
                case LeaveOrder():
                    return 0
            if expected and answers == expected:
                note(b"%d" % answers)
                to_supervisor(signal.SIGTERM)
                expected = 0
        return 1

    assert sorted(Outcome(3, process).notes) == sorted(b"nn2")


class Read:
    """A configuration, and what came of it."""

    def __init__(self, settings):
        self.settings, self.told = settings, []

    def fresh(self):
        if self.settings is None:
            to_self(signal.SIGTERM)
        return self.settings

    def concluded(self, settings, waiting, problem):
        self.told.append((settings, waiting, problem))
        to_self(signal.SIGTERM)


def to_self(number):
    os.kill(os.getpid(), number)


def reloading(start, note):
    for message in told(start):
        match message:
            case Announced() if start.number == 0:
                to_supervisor(signal.SIGHUP)
            case NewSettings(settings, edition):
                note(b"%d" % settings.server.port)
                waiting = ("store",) if start.number else ()
                start.channel.sendall(written(SettingsApplied(edition, waiting)))
            case LeaveOrder():
                return 0
    return 1


def test_new_settings():
    """All have them, and it is told when the last has said so."""
    reading = Read(SETTINGS.with_server({"port": 7}))

    assert Outcome(2, reloading, reading).notes == b"77"
    assert reading.told == [(reading.settings, ("store",), "")]


def test_one_that_begins_while_settings_go_round():
    """It begins with the old ones, and is told the new ones as soon as it is ready."""

    def process(start, note):
        is_second = start.number == 0 and not start.is_first
        begun = [Notice("topic", b"it has begun")] if is_second else []
        edition = 0
        for message in told(start, *begun):
            match message:
                case Announced() if start.number == 0:
                    to_supervisor(signal.SIGHUP)
                case NewSettings() if start.is_first:
                    os.kill(os.getpid(), signal.SIGKILL)
                case NewSettings(settings, edition):
                    note(b"%d" % settings.server.port)
                case LeaveOrder():
                    return 0
            if edition and (start.number == 0 or isinstance(message, Notice)):
                start.channel.sendall(written(SettingsApplied(edition)))
        return 1

    reading = Read(SETTINGS.with_server({"port": 7}))
    assert Outcome(2, process, reading).notes == b"77"
    assert reading.told == [(reading.settings, (), "")]


def test_wrong_settings():
    """Nobody hears of them."""
    reading = Read(None)

    assert Outcome(2, reloading, reading).notes == b""
    assert reading.told == []


def test_hanging_up_without_a_configuration():
    """Where there is nothing to read anew, SIGHUP says to leave."""

    def process(start, note):
        for message in told(start):
            if isinstance(message, Announced):
                to_supervisor(signal.SIGHUP)
            if isinstance(message, LeaveOrder):
                return 0
        return 1

    assert Outcome(1, process).code == 0
