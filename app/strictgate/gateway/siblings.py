"""The other processes that serve together with this one, as far as the gateway needs to know.

Where there are none, nobody answers, and what serves is the same: `ALONE`.
"""

from collections.abc import Callable
from typing import Protocol

from strictgate.core.resilience.messages import SharedMessage
from strictgate.gateway.client_keys import CommonUsage
from strictgate.observe.events import Observer

FIGURES = "figures"
"""The topic of what each process counts: a snapshot (observe/merging.py) is asked of the others,
and the own one is the question, so that it is known when this process is no more."""


class Siblings(Protocol):
    """What one process can ask of the others, and tell them. Questions and answers are bytes; who
    asks about a topic and who answers about it are the same code.

    It is a `MessageBoard` (gateway/sharing.py), too.
    """

    @property
    def usage(self) -> CommonUsage | None:
        """What client keys use, counted by all of them; None: each counts for itself."""

    async def ask(self, topic: str, question: bytes = b"") -> list[bytes]:
        """Return what the others answer, in any order; who does not answer soon is left out."""

    def answer_with(self, topic: str, answer: Callable[[bytes], bytes]) -> None:
        """Have `answer` called, on the event loop, with what others ask about a topic."""

    def report_to(self, observe: Observer) -> None:
        """Have bugs in what is done for the others told there."""

    def publish(self, message: SharedMessage) -> None:
        """Have the others told, and return at once. Facts are kept for those that come later."""

    def subscribe(self, listener: Callable[[SharedMessage], None]) -> None:
        """Have `listener` called, on the event loop, with what the others tell."""


class NoSiblings:
    """Nobody else serves."""

    usage: CommonUsage | None = None

    async def ask(self, topic: str, question: bytes = b"") -> list[bytes]:
        """Return nothing."""
        return []

    def answer_with(self, topic: str, answer: Callable[[bytes], bytes]) -> None:
        """Remember nothing: nobody asks."""

    def report_to(self, observe: Observer) -> None:
        """Remember nothing: nothing is done for others."""

    def publish(self, message: SharedMessage) -> None:
        """Tell nobody."""

    def subscribe(self, listener: Callable[[SharedMessage], None]) -> None:
        """Remember nothing: nobody tells."""


ALONE = NoSiblings()
