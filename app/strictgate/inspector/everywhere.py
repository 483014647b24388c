"""What the inspectors of all processes that serve together keep, as if it were one.

Each process keeps what has come to it; whoever is looked at asks the others. A live list asks them
a few times a second for what has changed: they note that from its first question on, for as long as
it goes on asking. What goes between processes is pickled; nobody else can write there.
"""

import asyncio
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from strictgate.core.value_type import value_type
from strictgate.gateway.siblings import ALONE, Siblings
from strictgate.inspector.entries import Entry
from strictgate.inspector.recorder import Follower, Inspector, Lesson, rows

TOPIC = "inspector"
FORGOTTEN = 10.0  # seconds after which a list that asks no more is not noted for
NEWS = 0.3  # seconds between two questions of a live list to others

Row = Mapping[str, Any]


@value_type
class Kept:
    """What is kept, as of now."""

    entries: Sequence[Entry]
    """The latest first."""
    lessons: Sequence[tuple[float, Lesson]]
    """In the order of time."""


class Everywhere:
    """One per process; it answers for this one, and asks the others."""

    def __init__(self, inspector: Inspector, siblings: Siblings) -> None:
        self._inspector = inspector
        self._siblings = siblings
        self._lists: dict[str, tuple[Follower, asyncio.TimerHandle]] = {}
        """Live lists of others, by what they call themselves."""
        self._answers: dict[str, Callable[[Any], Any]] = {
            "rows": lambda _: self._own_rows(),
            "entry": self._own_entry,
            "kept": lambda has_texts: self._own(has_texts=has_texts),
            "clear": lambda _: inspector.clear(),
            "news": self._own_news,
        }
        siblings.answer_with(TOPIC, self._answer)

    @property
    def pause(self) -> float | None:
        """How many seconds a live list may wait for this process's news alone; None: for long."""
        return None if self._siblings is ALONE else NEWS

    async def rows(self) -> list[Row]:
        """Return the rows of the list, the latest first."""
        found = self._own_rows()
        for each in await self._ask("rows"):
            found += each
        return sorted(found, key=lambda row: -float(row["at"]))

    async def entry(self, entry_id: str) -> Entry | None:
        """Return one request, wherever it is kept."""
        found = self._inspector.entry(entry_id)
        if found is not None:
            return found
        answers: list[Entry | None] = await self._ask("entry", entry_id)
        return next((each for each in answers if each is not None), None)

    async def kept(self, *, has_texts: bool) -> Kept:
        """Return all that is kept.

        Args:
            has_texts: whether bodies are needed, which may be many bytes.
        """
        parts = [self._own(has_texts=has_texts), *await self._ask("kept", has_texts)]
        entries = [entry for part in parts for entry in part.entries]
        lessons = [lesson for part in parts for lesson in part.lessons]
        return Kept(
            sorted(entries, key=lambda entry: -entry.clock),
            sorted(lessons, key=lambda lesson: lesson[0]),
        )

    async def clear(self) -> None:
        """Forget all requests that are over."""
        self._inspector.clear()
        await self._ask("clear")

    async def news(self, name: str) -> list[Row]:
        """Return the rows that have changed in other processes since the last question.

        Args:
            name: of the live list that asks.
        """
        return [row for each in await self._ask("news", name) for row in each]

    async def _ask(self, what: str, about: Any = None) -> list[Any]:
        answers = await self._siblings.ask(TOPIC, pickle.dumps((what, about)))
        return [pickle.loads(each) for each in answers]

    # --- for the others --------------------------------------------------------------------------

    def _answer(self, question: bytes) -> bytes:
        what, about = pickle.loads(question)
        return pickle.dumps(self._answers[what](about))

    def _own_rows(self) -> list[Row]:
        return [each.row() for each in self._inspector.entries()]

    def _own_entry(self, entry_id: str) -> Entry | None:
        found = self._inspector.entry(entry_id)
        return None if found is None else _sendable(found)

    def _own(self, *, has_texts: bool) -> Kept:
        entries = list(map(_sendable, self._inspector.entries()))
        if not has_texts:
            entries = [_without_texts(each) for each in entries]
        return Kept(entries, list(self._inspector.lessons))

    def _own_news(self, name: str) -> list[Row]:
        follower, timer = self._lists.get(name) or (self._inspector.follow(), None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._lists[name] = follower, loop.call_later(FORGOTTEN, self._forget, name)
        return rows(self._inspector, follower.take_all())

    def _forget(self, name: str) -> None:
        follower, _ = self._lists.pop(name)
        self._inspector.unfollow(follower)


def _sendable(entry: Entry) -> Entry:
    """Return an entry that can be pickled; of a view of a mapping that is not so."""
    return replace(entry, origins=dict(entry.origins))


def _without_texts(entry: Entry) -> Entry:
    asks = [replace(ask, sent=b"", reply=None) for ask in entry.asks]
    return replace(entry, raw=b"", asks=asks, contents=None)
