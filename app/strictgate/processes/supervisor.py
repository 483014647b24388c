"""The supervisor: starts the processes that serve, and others in the place of those that die.

It takes no requests. It holds the listening sockets, one for each process (listening.py), so that
what has connected while a process is being replaced waits for the next one. It has one thread and
no event loop, so that it can fork at any time; the processes share what it has loaded.

| state    | what happens                           | then                                       |
|----------|----------------------------------------|--------------------------------------------|
| STARTING | the first process is ready             | the others are started                     |
|          | all are ready                          | SERVING; `announce`                        |
|          | a process ends                         | LEAVING, exit code 1: it cannot start      |
| SERVING  | a process ends                         | another takes its place: at once if it has |
|          |                                        | lived for CALM, else after a growing while |
|          | MAX_FAILURES in a row were never ready | LEAVING, exit code 1                       |
|          | SIGHUP                                 | the configuration is read, and all told    |
|          | SIGHUP of a terminal that has gone     | LEAVING                                    |
| any      | SIGTERM, SIGINT                        | LEAVING: all are told, see commands/serve  |
| LEAVING  | SIGTERM or SIGINT once more            | all leave now                              |
|          | all have ended                         | it ends; the exit code is 0, if not 1      |
|          | they take longer than they may         | they are killed                            |

Where the supervisor itself is killed, its channels close, and the processes leave by themselves.
"""

import math
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

from strictgate.core.value_type import value_type
from strictgate.gateway.siblings import FIGURES
from strictgate.observe.events import Observer
from strictgate.observe.process_events import MessagesDropped, ProcessEnded
from strictgate.processes.channel import ProcessChannel
from strictgate.processes.common_memory import FactMemory, FigureMemory
from strictgate.processes.messages import (
    LEARNED,
    Announced,
    Inquiry,
    InquiryReply,
    InquirySent,
    LeaveOrder,
    Message,
    Notice,
    ProcessFailed,
    ProcessReady,
    SettingsApplied,
)
from strictgate.processes.seat import Seat
from strictgate.processes.settings_round import SettingsRound
from strictgate.processes.signal_wakeup import signals_as_bytes
from strictgate.settings.loading import Settings

OVERTIME = 5.0  # seconds, beyond what leaving may take, after which processes are killed
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class SupervisorState(StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    LEAVING = "leaving"


@value_type
class ProcessStart:
    """What a process is given as it begins."""

    number: int
    """Of its seat, from 0."""
    is_first: bool
    """Whether it is the very first: what is to be said once is said by that one."""
    channel: socket.socket
    listener: socket.socket
    settings: Settings


class SettingsSource(Protocol):
    """How the configuration is read anew, and what is done about how that went."""

    def fresh(self) -> Settings | None:
        """Return the settings; None where they are wrong, which has been told."""

    def concluded(self, settings: Settings, waiting: tuple[str, ...], problem: str) -> None:
        """Tell what came of it."""


class Supervisor:
    """`run` it once."""

    def __init__(  # noqa: PLR0913 what it starts, and whom it tells
        self,
        settings: Settings,
        listeners: Sequence[socket.socket],
        process: Callable[[ProcessStart], int],
        announce: Callable[[], None],
        observe: Observer,
        reading: SettingsSource | None = None,
        *,
        is_hung_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare it.

        Args:
            listeners: one for each process.
            process: what a process does; returns its exit code.
            announce: is called once all are ready.
            reading: reads the configuration, on SIGHUP; None: that is a signal to leave.
            is_hung_up: whether the terminal has gone, of which SIGHUP tells then.
        """
        self._settings = settings
        self._edition = 0  # of `_settings`; that of the round is newer until all have that
        self._grace = settings.server.drain_timeout
        self._seats = [Seat(number, each) for number, each in enumerate(listeners)]
        self._process = process
        self._announce = announce
        self._observe = observe
        self._reading = reading
        self._is_hung_up = is_hung_up
        self._state = SupervisorState.STARTING
        self._deadline = math.inf
        self._code = 0
        self._round = SettingsRound()
        self._facts = FactMemory()
        self._figures = FigureMemory()
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Serve until a signal says to stop; return the exit code."""
        with signals_as_bytes(_SIGNALS) as signals, self._selector as selector:
            selector.register(signals, selectors.EVENT_READ)
            self._start(self._seats[0])
            while self._is_needed():
                for key, _ in selector.select(self._pause()):
                    if key.data is not None:
                        self._listen(key.data)
                        continue
                    for number in signals.recv(4096):
                        self._signalled(number)
                self._look_around()
        return self._code

    @property
    def problem(self) -> str:
        """Why the processes cannot be started, in the words of one of them; "": it did not say."""
        return next((seat.problem for seat in self._seats if seat.problem), "")

    def _is_needed(self) -> bool:
        return self._state is not SupervisorState.LEAVING or any(seat.pid for seat in self._seats)

    def _pause(self) -> float | None:
        """Return the seconds until there is something to do without being told."""
        soonest = min(self._deadline, *(seat.due for seat in self._seats))
        return None if soonest == math.inf else max(0.0, soonest - time.monotonic())

    def _look_around(self) -> None:
        """Do what the time says, and send what can be sent."""
        now = time.monotonic()
        if now >= self._deadline:
            self._deadline = now + OVERTIME
            for seat in self._seats:
                if seat.pid:
                    os.kill(seat.pid, signal.SIGKILL)
        for seat in self._seats:
            if now >= seat.due:
                self._start(seat)
            if seat.channel is not None:
                wanted = selectors.EVENT_READ
                if seat.channel.is_behind:
                    seat.channel.flush()
                    wanted |= selectors.EVENT_WRITE if seat.channel.is_behind else 0
                self._selector.modify(seat.channel.connection, wanted, seat)

    # --- processes -------------------------------------------------------------------------------

    def _start(self, seat: Seat) -> None:
        """Start a process."""
        ours, theirs = socket.socketpair()
        is_first = self._state is SupervisorState.STARTING and seat.number == 0
        start = ProcessStart(seat.number, is_first, theirs, seat.listener, self._settings)
        sys.stdout.flush()  # or both would write what waits in it
        pid = os.fork()
        if not pid:
            ours.close()
            self._be(start)
        theirs.close()
        seat.begun(pid, ProcessChannel(ours), self._edition, time.monotonic())
        for each in self._facts.messages(time.monotonic()):
            self._send(seat, Notice(LEARNED, each))
        self._selector.register(ours, selectors.EVENT_READ, seat)

    def _be(self, start: ProcessStart) -> None:
        """Be the process that was just started, to its end, without what is the supervisor's."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            self._selector.close()
            for seat in self._seats:
                if seat.channel is not None:
                    seat.channel.close()  # the others must see theirs close with the supervisor
                if seat.listener is not start.listener:
                    seat.listener.close()  # nobody would take what connects to it
            code = self._process(start)
        except Exception:  # noqa: BLE001 (the last frame of this process)
            traceback.print_exc()
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)

    def _bury(self) -> None:
        """Take note of the processes that have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for seat in self._seats:
                if seat.pid == pid:
                    self._ended(seat, os.waitstatus_to_exitcode(status))

    def _ended(self, seat: Seat, code: int) -> None:
        self._listen(seat)  # it may have said why
        self._drop_channel(seat)
        if self._state is SupervisorState.LEAVING:
            seat.pid = 0
            return
        pid = seat.pid
        self._figures.gone(pid)
        lived, pause = seat.ended(time.monotonic())
        self._observe(ProcessEnded(pid, seat.number, _how(code), round(lived, 3), pause))
        self._conclude(self._round.gone(pid))
        if self._state is SupervisorState.STARTING or seat.cannot_start:
            self._code = 1
            self._leave(has_delay=False)

    def _drop_channel(self, seat: Seat) -> None:
        if seat.channel is not None:
            self._selector.unregister(seat.channel.connection)
            seat.channel.close()
            seat.channel = None

    def _ready(self, seat: Seat) -> None:
        seat.is_ready, seat.failures = True, 0
        if self._round.latest is not None and seat.edition < self._round.edition:
            seat.edition = self._round.edition
            self._send(seat, self._round.latest)
        if self._state is not SupervisorState.STARTING:
            return
        for each in self._seats:
            if not each.pid:
                self._start(each)
        if all(each.is_ready for each in self._seats):
            self._state = SupervisorState.SERVING
            self._announce()
            self._send_all(Announced())

    # --- signals ---------------------------------------------------------------------------------

    def _signalled(self, number: int) -> None:
        match number:
            case signal.SIGCHLD:
                self._bury()
            case signal.SIGHUP if self._reading is not None and not self._is_hung_up():
                self._reload(self._reading)
            case signal.SIGINT:
                self._leave(has_delay=False)
            case _:
                self._leave(has_delay=True)

    def _leave(self, *, has_delay: bool) -> None:
        """Have all leave; the second time, now."""
        is_now = self._state is SupervisorState.LEAVING
        self._state = SupervisorState.LEAVING
        patience = 0.0 if is_now else self._grace
        self._deadline = time.monotonic() + patience + OVERTIME
        for seat in self._seats:
            seat.due = math.inf
            seat.listener.close()  # a process has its own, which it closes in its time
        self._send_all(LeaveOrder(has_delay, is_now))

    # --- the configuration -----------------------------------------------------------------------

    def _reload(self, reading: SettingsSource) -> None:
        """Read the configuration, and tell all processes."""
        if self._state is not SupervisorState.SERVING:
            return
        settings = reading.fresh()
        if settings is None:
            return
        ready = [seat for seat in self._seats if seat.is_ready and seat.pid]
        told = self._round.begin(settings, [seat.pid for seat in ready])
        for seat in ready:
            seat.edition = told.edition
            self._send(seat, told)

    def _conclude(self, is_over: bool) -> None:  # noqa: FBT001 (what the round has said)
        """Tell what came of new settings, once all have them."""
        told = self._round.latest
        if not is_over or told is None or self._reading is None:
            return
        if not self._round.problem:
            self._settings, self._edition = told.settings, told.edition
        self._reading.concluded(told.settings, self._round.waiting, self._round.problem)

    # --- messages --------------------------------------------------------------------------------

    def _listen(self, seat: Seat) -> None:
        if seat.channel is None:
            return
        try:
            for message in seat.channel.receive():
                self._hear(seat, message)
        except EOFError:
            self._drop_channel(seat)  # it ends; SIGCHLD will tell

    def _hear(self, seat: Seat, message: Message) -> None:
        match message:
            case ProcessReady():
                self._ready(seat)
            case ProcessFailed(problem):
                seat.problem = problem
            case SettingsApplied():
                self._conclude(self._round.said(seat.pid, message))
            case Notice():
                self._facts.hear(message.content, time.monotonic())
                self._send_all(message, but=seat)
            case Inquiry():
                self._inquire(seat, message)
            case InquiryReply():
                self._hand_on(seat, message)
            case _:
                raise AssertionError(f"not for a supervisor: {message}")

    def _inquire(self, seat: Seat, asked: Inquiry) -> None:
        """Ask all others; of figures, add those that ended processes have left."""
        count = self._send_all(asked, but=seat)
        if asked.topic == FIGURES:
            self._figures.note(seat.pid, asked.content)
            count += 1
            about = (asked.asker, asked.number, FIGURES)
            self._send(seat, InquiryReply(*about, self._figures.departed))
        self._send(seat, InquirySent(asked.number, count))

    def _hand_on(self, seat: Seat, answer: InquiryReply) -> None:
        """Give an answer to the one that asked, if that is still there."""
        if answer.topic == FIGURES:
            self._figures.note(seat.pid, answer.content)
        for each in self._seats:
            if each.pid == answer.asker:
                self._send(each, answer)

    def _send_all(self, message: Message, but: Seat | None = None) -> int:
        """Send it to all that serve, or that begin to; return how many will hear it."""
        return sum(self._send(seat, message) for seat in self._seats if seat is not but)

    def _send(self, seat: Seat, message: Message) -> bool:
        """Send it to one, if that is there; return whether it will hear it."""
        is_sent = seat.send(message)
        if seat.dropped == 1:  # the first since there was room
            self._observe(MessagesDropped(seat.pid, seat.number, type(message).__name__))
        return is_sent


def _how(code: int) -> str:
    """Return how a process has ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
