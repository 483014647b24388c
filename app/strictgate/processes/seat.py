"""One of several processes, as its supervisor sees it, and those that take its place.

| it ends                                   | the next one is started                            |
|-------------------------------------------|----------------------------------------------------|
| after CALM seconds, or for the first time | at once                                            |
| before, once more                         | after FIRST_PAUSE, doubled each time up to a bound |
| MAX_FAILURES in a row were never ready    | not any more: it cannot start                      |
"""

import math
import socket
from dataclasses import dataclass

from strictgate.processes.channel import ProcessChannel
from strictgate.processes.messages import Message

CALM = 10.0  # seconds
FIRST_PAUSE = 0.25  # seconds
LONGEST_PAUSE = 8.0
MAX_FAILURES = 5


@dataclass(slots=True, eq=False)
class Seat:
    """Times are seconds of one clock that does not go back."""

    number: int
    listener: socket.socket
    pid: int = 0
    """0: none runs."""
    channel: ProcessChannel | None = None
    is_ready: bool = False
    edition: int = 0
    """Of the settings that it was given."""
    due: float = math.inf
    """When the next one is to be started."""
    failures: int = 0
    """How many in a row were never ready."""
    problem: str = ""
    """Why it cannot serve, as it has said."""
    _began: float = 0.0
    _hasty: int = 0
    """How many in a row have ended too soon."""

    def begun(self, pid: int, channel: ProcessChannel, edition: int, now: float) -> None:
        """Take note of a process that was started."""
        self.pid, self.channel, self.edition, self._began = pid, channel, edition, now
        self.is_ready, self.due, self.problem = False, math.inf, ""

    def ended(self, now: float) -> tuple[float, float]:
        """Take note that it has ended; return the seconds that it has lived, and those after which
        the next one is due."""
        lived = now - self._began
        self.pid = 0
        self._hasty = 0 if lived >= CALM else self._hasty + 1
        self.failures = 0 if self.is_ready else self.failures + 1
        pause = 0.0
        if self._hasty > 1:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._hasty - 2, 16))
        self.due = now + pause
        return lived, pause

    @property
    def cannot_start(self) -> bool:
        """Whether it was tried often enough."""
        return self.failures >= MAX_FAILURES

    def send(self, message: Message) -> bool:
        """Tell the process something, if there is one; say whether it will hear it."""
        return self.channel is not None and self.channel.send(message)

    @property
    def dropped(self) -> int:
        """How many messages it will not hear, since there was last room for one."""
        return 0 if self.channel is None else self.channel.dropped
