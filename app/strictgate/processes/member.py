"""A process's own end of its channel: what it tells and asks the others, and what it is told.

The channel closes when the supervisor has ended, however that came: then the process leaves, too.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import field
from typing import cast

from strictgate.core.resilience.messages import SharedMessage, decode_message, encode_message
from strictgate.core.value_type import state_type
from strictgate.gateway.background import crashes_told
from strictgate.gateway.client_keys import CommonUsage
from strictgate.observe.events import Observer, ignore
from strictgate.processes.messages import (
    LEARNED,
    Inquiry,
    InquiryReply,
    InquirySent,
    Message,
    MessageReader,
    Notice,
    written,
)

PATIENCE = 1.0  # seconds that an answer is waited for: a process may be computing


@state_type
class _Asking:
    """A question that is open."""

    expected: int | None = None
    """How many answers there will be; None: not known yet."""
    answers: list[bytes] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self) -> None:
        """See whether all have answered."""
        if self.expected is not None and len(self.answers) >= self.expected:
            self.is_over.set()


class Member(asyncio.Protocol):
    """One of the processes; `join` it to its channel once the event loop runs.

    It is the `Siblings` (gateway/siblings.py) of whatever serves in it.
    """

    def __init__(
        self,
        obey: Callable[[Message], None],
        orphaned: Callable[[], None],
        usage: CommonUsage | None = None,
    ) -> None:
        """Prepare it.

        Args:
            obey: is given what the supervisor itself says.
            orphaned: is called once the supervisor has gone.
            usage: what client keys use, counted by all processes.
        """
        self.usage = usage
        self._obey = obey
        self._orphaned = orphaned
        self._observe: Observer = ignore
        self._reader = MessageReader()
        self._transport: asyncio.WriteTransport | None = None
        self._asked = 0
        self._asking: dict[int, _Asking] = {}
        self._answers: dict[str, Callable[[bytes], bytes]] = {}
        self._listeners: list[Callable[[SharedMessage], None]] = []

    async def join(self, channel: socket.socket) -> None:
        """Begin to listen."""
        await asyncio.get_running_loop().create_connection(lambda: self, sock=channel)

    # --- the transport's calls -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is of no such class

    def data_received(self, data: bytes) -> None:
        for message in self._reader.feed(data):
            with crashes_told("messages of processes", self._observe):  # or the channel would close
                self._hear(message)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._orphaned()

    def _hear(self, message: Message) -> None:
        match message:
            case Notice(_, content):
                told = decode_message(content, str(os.getpid()))
                if told is not None:
                    for listener in self._listeners:
                        listener(told)
            case Inquiry(asker, number, topic, content):
                answer = self._answers.get(topic)
                answered = answer(content) if answer is not None else b""
                self.send(InquiryReply(asker, number, topic, answered))
            case InquirySent(number, count):
                if number in self._asking:
                    self._asking[number].expected = count
                    self._asking[number].look()
            case InquiryReply(_, number, _, content):
                if number in self._asking:
                    self._asking[number].answers.append(content)
                    self._asking[number].look()
            case order:
                self._obey(order)

    # --- to the supervisor and the others --------------------------------------------------------

    def send(self, message: Message) -> None:
        """Have `message` sent; where there is no supervisor any more, it is lost."""
        if self._transport is not None:
            self._transport.write(written(message))

    def report_to(self, observe: Observer) -> None:
        """Have bugs in what is done for the others told there."""
        self._observe = observe

    def publish(self, message: SharedMessage) -> None:
        """Have all others told, and those that are started later, where it is a fact."""
        self.send(Notice(LEARNED, encode_message(message, str(os.getpid()))))

    def subscribe(self, listener: Callable[[SharedMessage], None]) -> None:
        """Have `listener` called with what others tell."""
        self._listeners.append(listener)

    async def ask(self, topic: str, question: bytes = b"") -> list[bytes]:
        """Return what the others answer, in any order; who does not within PATIENCE is left out."""
        if self._transport is None:
            return []
        self._asked += 1
        number, asking = self._asked, _Asking()
        self._asking[number] = asking
        self.send(Inquiry(os.getpid(), number, topic, question))
        try:
            async with asyncio.timeout(PATIENCE):
                await asking.is_over.wait()
        except TimeoutError:
            pass
        finally:
            del self._asking[number]
        return [each for each in asking.answers if each]

    def answer_with(self, topic: str, answer: Callable[[bytes], bytes]) -> None:
        """Have `answer` called with what others ask about a topic; b"" is no answer."""
        self._answers[topic] = answer
