"""The responses that are kept: an embedded SQLite database, off unless a path is configured.

One connection, used in one thread of its own, which works in order: what is `put` is seen by every
later `get` of this process. `put` only hands over; no request waits for the disk. What is kept is
kept for its owner alone: whoever sends the same credentials.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from strictgate.core.jsontext.reader import parse_leniently, write_json

MAX_TURNS = 1000  # that one conversation is followed back
MAX_WAITING = 1000  # responses that wait to be written; what is beyond is not kept

_TABLE = """
CREATE TABLE IF NOT EXISTS responses (
    number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, id TEXT NOT NULL,
    previous TEXT, at REAL NOT NULL, size INTEGER NOT NULL, response TEXT NOT NULL,
    input TEXT NOT NULL, UNIQUE (owner, id)
)
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One turn."""

    response: dict[str, Any]
    input: list[Any]
    """Its own items, without those of the turns before."""
    previous: str | None = None


class ResponseStore:
    """Open it once; close it at the end.

    Raises:
        ValueError: the database cannot be opened.
    """

    def __init__(
        self,
        path: str,
        ttl: float,
        max_bytes: int,
        clock: Callable[[], float] = time.time,
        on_error: Callable[[sqlite3.Error], None] = lambda error: None,
    ) -> None:
        self._ttl = ttl
        self._max_bytes = max_bytes
        self._clock = clock
        self._on_error = on_error
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "store")
        try:
            self._connection = self._thread.submit(_opened, path).result()
        except sqlite3.Error as error:
            self._thread.shutdown()
            raise ValueError(f"store.path: {path} cannot be used: {error}") from error

    def put(self, owner: str, stored: StoredResponse) -> None:
        """Keep `stored`; return at once."""
        if self._waiting < MAX_WAITING:
            self._waiting += 1
            self._thread.submit(self._put, owner, stored, self._clock()).add_done_callback(
                self._written
            )

    async def get(self, owner: str, identity: str) -> StoredResponse | None:
        """Return what is kept under that id."""
        return await self._work(lambda: self._get(owner, identity))

    async def chain(self, owner: str, identity: str) -> list[StoredResponse] | None:
        """Return the turns up to the one with that id, oldest first; None: it is not kept."""
        return await self._work(lambda: self._chain(owner, identity))

    async def delete(self, owner: str, identity: str) -> bool:
        """Forget what is kept under that id; return whether there was anything."""
        return await self._work(lambda: self._delete(owner, identity))

    def close(self) -> None:
        """Finish what is waiting, and close the database."""
        self._thread.submit(self._connection.close)
        self._thread.shutdown()

    async def _work(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _written(self, done: Future[None]) -> None:
        self._waiting -= 1
        error = done.exception()
        if isinstance(error, sqlite3.Error):
            self._on_error(error)

    # --- in the thread ---------------------------------------------------------------------------

    def _put(self, owner: str, stored: StoredResponse, now: float) -> None:
        response, items = write_json(stored.response), write_json(stored.input)
        size = len(response.encode()) + len(items.encode())
        if size > self._max_bytes:
            return
        row = (owner, stored.response["id"], stored.previous, now, size, response, items)
        with self._connection as database:
            database.execute(
                "INSERT OR REPLACE INTO responses (owner, id, previous, at, size, response, input)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            self._make_room(database)

    def _make_room(self, database: sqlite3.Connection) -> None:
        """Forget what is too old, then the oldest until the rest fits."""
        database.execute("DELETE FROM responses WHERE at <= ?", (self._clock() - self._ttl,))
        database.execute(
            "DELETE FROM responses WHERE number IN (SELECT number FROM (SELECT number, "
            "SUM(size) OVER (ORDER BY number DESC) AS total FROM responses) WHERE total > ?)",
            (self._max_bytes,),
        )

    def _get(self, owner: str, identity: str) -> StoredResponse | None:
        found = self._connection.execute(
            "SELECT response, input, previous FROM responses WHERE owner = ? AND id = ? AND at > ?",
            (owner, identity, self._clock() - self._ttl),
        ).fetchone()
        if found is None:
            return None
        response, items, previous = found
        return StoredResponse(
            parse_leniently(response.encode()), parse_leniently(items.encode()), previous
        )

    def _chain(self, owner: str, identity: str) -> list[StoredResponse] | None:
        turns: list[StoredResponse] = []
        following: str | None = identity
        while following is not None and len(turns) < MAX_TURNS:
            stored = self._get(owner, following)
            if stored is None:
                break
            turns.append(stored)
            following = stored.previous
        return turns[::-1] or None

    def _delete(self, owner: str, identity: str) -> bool:
        with self._connection as database:
            gone = database.execute(
                "DELETE FROM responses WHERE owner = ? AND id = ?", (owner, identity)
            )
            return gone.rowcount > 0


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    connection.commit()
    return connection
