"""The other processes that serve together with this one, as far as the gateway needs to know.

Where there are none, nobody answers, and what serves is the same: `ALONE`.
"""

from collections.abc import Callable
from typing import Protocol


class Siblings(Protocol):
    """What one process can ask of the others. Questions and answers are bytes; who asks about a
    topic and who answers about it are the same code."""

    async def ask(self, topic: str, question: bytes = b"") -> list[bytes]:
        """Return what the others answer, in any order; who does not answer soon is left out."""

    def answer_with(self, topic: str, answer: Callable[[bytes], bytes]) -> None:
        """Have `answer` called, on the event loop, with what others ask about a topic."""


class NoSiblings:
    """Nobody else serves."""

    async def ask(self, topic: str, question: bytes = b"") -> list[bytes]:
        """Return nothing."""
        return []

    def answer_with(self, topic: str, answer: Callable[[bytes], bytes]) -> None:
        """Remember nothing: nobody asks."""


ALONE = NoSiblings()
