"""What checks a document while it is being written: one interface, two engines.

`Tracker` (tracker.py) reads strict JSON and judges each value as it closes: every keyword of every
draft, but no sooner than that. `Matcher` (matcher.py) runs a grammar made of the schema: it sees
most violations at their first byte and knows what may come next, but not every keyword. The guard
(guard.py) runs both in step.
"""

from typing import Protocol, Self


class Engine(Protocol):
    """Reads one document, UTF-8, from its first byte on."""

    def consume(self, data: bytes) -> int:
        """Take in as much of `data` as can belong to a valid document; return how many bytes.

        The byte behind them is refused. The engine stands before it and can go on differently.
        """

    def is_accepting(self) -> bool:
        """Whether what was taken in is a whole document. A number may still get longer."""

    def rollback(self, count: int) -> None:
        """Take back the last `count` bytes."""

    def fork(self) -> Self:
        """Return an engine that stands where this one does and goes its own way."""

    def forced(self) -> bytes:
        """Return what must come next, as far as there is one way only; blanks left aside."""

    def options(self) -> tuple[bytes, ...]:
        """Return every way to finish the token that is open, or comes next, if they are few.

        Each with what closes it: for a string, its quote. Empty: many, or not known.
        """
