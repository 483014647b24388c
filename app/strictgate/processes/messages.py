"""What a supervisor and the processes that it has started say to each other.

Each process has one channel, to its supervisor, which hands on what is for the others; so a process
that has gone, or does not listen, is nobody's trouble but the supervisor's.

| from a process   | what the supervisor does                                               |
|------------------|------------------------------------------------------------------------|
| `ProcessReady`   | counts it among those that serve                                       |
| `ProcessFailed`  | keeps why, for when the process has ended                              |
| `SettingsApplied`| notes what came of `NewSettings`                                       |
| `Notice`         | hands it to all others                                                 |
| `Inquiry`        | hands it to all others, and says how many those are: `InquirySent`     |
| `InquiryReply`   | hands it to the one that asked                                         |

| from the supervisor | what the process does                                               |
|---------------------|---------------------------------------------------------------------|
| `Announced`         | says what it has to say of its upstreams: the address has been told |
| `NewSettings`       | puts them into force, and answers `SettingsApplied`                 |
| `LeaveOrder`        | drains and ends                                                     |
| `Notice`            | listens                                                             |
| `Inquiry`           | answers `InquiryReply`                                              |
| `InquirySent`, `InquiryReply` | adds them to what it has been answered                    |

Messages are pickled behind their length. Both ends are one program, in processes that are forked
from each other, and nothing else can write into the channel. What asks and answers is bytes in
itself, so that the supervisor need not know what it is about.
"""

import pickle
from collections.abc import Iterator

from strictgate.core.value_type import value_type
from strictgate.settings.loading import Settings

HEADER = 8
"""Bytes of the length before each message, most significant first."""
LEARNED = "learned"
"""The topic of notices about upstreams: core/resilience/messages.py has what they say."""


@value_type
class ProcessReady:
    """It listens, and answers."""


@value_type
class ProcessFailed:
    """It cannot serve, and is about to end."""

    problem: str


@value_type
class Announced:
    """Everybody has been told where the gateway listens."""


@value_type
class NewSettings:
    """The configuration was read anew."""

    settings: Settings
    edition: int
    """Counts them, from 1."""


@value_type
class SettingsApplied:
    """What came of new settings."""

    edition: int
    waiting: tuple[str, ...] = ()
    """The names of those that wait for a restart."""
    problem: str = ""
    """Why the old ones stay in force; "": they do not."""


@value_type
class LeaveOrder:
    """The process is to leave."""

    has_delay: bool
    """Whether it goes on listening for `server.drain_delay`."""
    is_now: bool = False
    """Whether it does not wait for what is under way."""


@value_type
class Notice:
    """Something that all others should know."""

    topic: str
    content: bytes


@value_type
class Inquiry:
    """A question to all others."""

    asker: int
    """The process that asks, by its id."""
    number: int
    """Of its questions."""
    topic: str
    content: bytes


@value_type
class InquirySent:
    """How many answers there will be, at most."""

    number: int
    count: int


@value_type
class InquiryReply:
    """The answer of one of them."""

    asker: int
    number: int
    topic: str
    content: bytes


Message = (
    ProcessReady
    | ProcessFailed
    | Announced
    | NewSettings
    | SettingsApplied
    | LeaveOrder
    | Notice
    | Inquiry
    | InquirySent
    | InquiryReply
)


def written(message: Message) -> bytes:
    """Return the bytes of a message."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(HEADER) + data


class MessageReader:
    """Makes messages of what comes, however it is cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes."""
        self._buffer += data
        while len(self._buffer) >= HEADER:
            end = HEADER + int.from_bytes(self._buffer[:HEADER])
            if len(self._buffer) < end:
                return
            message = pickle.loads(memoryview(self._buffer)[HEADER:end])
            del self._buffer[:end]
            yield message
