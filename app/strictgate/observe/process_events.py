"""What can happen to a process of the gateway, as events: what it lacks, loses, reads anew.

They are part of `Event`, in events.py, where the events of requests and upstreams are.
"""

from strictgate.core.value_type import value_type


@value_type
class LogLinesDropped:
    """Nobody read the log for a while: so many of its lines were dropped."""

    lines: int


@value_type
class OutOfResources:
    """A request could not be served for want of something of this machine."""

    request_id: str
    """"": it was not read."""
    message: str


@value_type
class TurnedAway:
    """So many were refused at once, unread, for there were too many: those of about a second."""

    limit: str
    """What there were too many of: connections or requests."""
    count: int
    message: str


@value_type
class LoopBlocked:
    """The event loop computed for so long without a pause that others noticed; that is a bug. Told
    of each place at the first, second, fourth, … time."""

    seconds: float
    """Of processor time."""
    where: str
    """What ran in the middle of it: `file function`, the innermost first."""
    times: int
    """How often it has been seen there, this one included."""


@value_type
class ConfigurationReloaded:
    """New settings are in force for requests that come from now on."""

    waiting: tuple[str, ...]
    """Those that have changed, and wait until the process is started anew."""


@value_type
class ConfigurationRejected:
    """New settings are wrong; the old ones stay in force."""

    error: str


@value_type
class ProcessEnded:
    """One of the processes that serve together has ended by itself; another takes its place."""

    pid: int
    number: int
    """Of its place among them, from 0."""
    how: str
    """`exit code 1`, or the name of a signal."""
    lived: float
    """Seconds."""
    pause: float
    """Seconds until the next one is started."""


@value_type
class MessagesDropped:
    """One of the processes that serve together takes nothing any more of what the others say: what
    waits for it is too much, and what comes from now on is dropped. Told once each time."""

    pid: int
    number: int
    """Of its place among them, from 0."""
    kind: str
    """Of the first message that was dropped."""


@value_type
class BackgroundCrashed:
    """A bug in what is done beside the requests, which is begun anew."""

    task: str
    traceback: str


@value_type
class Crashed:
    """A bug: the client got a 500 with this request id."""

    request_id: str
    method: str
    path: str
    traceback: str
