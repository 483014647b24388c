"""The responses that are kept: an embedded SQLite database, in memory unless a file is configured.

One connection, used in one thread of its own, which works in order: what is `put` is seen by every
later `get` of this process. Other processes that have the same file see it, and it outlives this
one, once it is committed: `put` returns what an answer waits for before its end goes out, for
COMMIT_PATIENCE at most. What is kept is kept for its owner alone: whoever sends the same
credentials.

A database that is locked, full or damaged costs what could not be kept, which is reported, and a
read that cannot be answered is a StoreUnavailable; no request waits for it longer than PATIENCE.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from strictgate.core.errors import StoreUnavailable
from strictgate.core.jsontext.reader import parse_leniently, write_json
from strictgate.core.value_type import value_type

if TYPE_CHECKING:
    import sqlite3

MEMORY = ":memory:"  # SQLite's own word for a database without a file
IN_MEMORY = (86_400.0, 32 << 20)
"""Seconds for which a response is kept, and bytes of all together: enough to be referred to by the
turns that follow."""
IN_FILE = (30 * 86_400.0, 256 << 20)
"""The same for what is meant to last."""
MAX_TURNS = 1000  # that one conversation is followed back
MAX_WAITING = 1000  # responses that wait to be written; what is beyond is not kept
COMMIT_PATIENCE = 2.0  # seconds that an answer waits until it is kept
PATIENCE = 5.0  # seconds that a read may take, the writes before it included
_LOCK_PATIENCE = 1.0  # seconds that one statement waits for another process's lock
_RECOUNT = 1000  # writes after which the sizes are added up anew: other processes write, too
_LEAVING = 64  # rows that are looked at together when the oldest have to leave

_SPOILT = (
    "What the store has under this id is no response. Send the conversation in 'input' instead of "
    "'previous_response_id'."
)

_TABLE = """
CREATE TABLE IF NOT EXISTS responses (
    number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, id TEXT NOT NULL,
    previous TEXT, at REAL NOT NULL, size INTEGER NOT NULL, response TEXT NOT NULL,
    input TEXT NOT NULL, UNIQUE (owner, id)
)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS responses_at ON responses (at)"
_COLUMNS = {"number", "owner", "id", "previous", "at", "size", "response", "input"}
T = TypeVar("T")


@value_type
class StoredResponse:
    """One turn."""

    response: dict[str, Any]
    input: list[Any]
    """Its own items, without those of the turns before."""
    previous: str | None = None


class Responses(Protocol):
    """Where responses are kept; each method is explained at ResponseStore."""

    @property
    def size(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    def put(self, owner: str, stored: StoredResponse) -> "Future[None] | None": ...
    async def get(self, owner: str, identity: str) -> StoredResponse | None: ...
    async def chain(self, owner: str, identity: str) -> list[StoredResponse] | None: ...
    async def delete(self, owner: str, identity: str) -> bool: ...
    def close(self) -> None: ...


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
        clock: Callable[[], float] | None = None,
        on_error: "Callable[[sqlite3.Error], None]" = lambda error: None,
    ) -> None:
        self._ttl = ttl
        self._max_bytes = max_bytes
        self._clock = clock or steady_clock()
        self._on_error = on_error
        self._waiting = 0
        self._is_file = path != MEMORY
        self._size: int | None = None
        """Bytes of all that is kept; None: they have to be added up."""
        self._writes = 0
        self.left = 0
        """Responses that there was no room for, and those that left to make some."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, "store")
        if not self._is_file:  # it can always be opened, and many a process keeps no response
            return
        try:
            self._thread.submit(lambda: self._connection).result()
        except (sqlite().Error, OSError) as error:
            self._thread.shutdown()
            raise ValueError(f"store.path: {path} cannot be used: {error}") from error

    @property
    def size(self) -> int:
        """Bytes of all that is kept, as of the last that was; 0 where that is not known."""
        return self._size or 0

    @property
    def waiting(self) -> int:
        """How many responses wait to be kept."""
        return self._waiting

    def put(self, owner: str, stored: StoredResponse) -> "Future[None] | None":
        """Have `stored` kept; return at once what is done when it is, or has failed to be.

        Returns:
            None where nobody need wait: nobody else sees the database, or there is no room for it.
        """
        written = self.keep(owner, stored)
        return written if self._is_file else None

    def keep(self, owner: str, stored: StoredResponse) -> "Future[None] | None":
        """Have `stored` kept, as `put` does; None means that there is no room for it."""
        if self._waiting >= MAX_WAITING:
            return None
        self._waiting += 1
        written = self._thread.submit(self._put, owner, stored, self._clock())
        written.add_done_callback(self._written)
        return written

    async def get(self, owner: str, identity: str) -> StoredResponse | None:
        """Return what is kept under that id.

        Raises:
            StoreUnavailable
        """
        return await self._work(lambda: self._get(owner, identity))

    async def chain(self, owner: str, identity: str) -> list[StoredResponse] | None:
        """Return the turns up to the one with that id, oldest first; None: it, or one before it, is
        not kept any more, or there are more than MAX_TURNS.

        Raises:
            StoreUnavailable
        """
        return await self._work(lambda: self._chain(owner, identity))

    async def delete(self, owner: str, identity: str) -> bool:
        """Forget what is kept under that id; return whether there was anything.

        Raises:
            StoreUnavailable
        """
        return await self._work(lambda: self._delete(owner, identity))

    def close(self) -> None:
        """Finish what is waiting, and close the database."""
        self._thread.submit(self._close)
        self._thread.shutdown()

    async def _work(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(PATIENCE):
                return await loop.run_in_executor(self._thread, work)
        except TimeoutError as error:
            raise StoreUnavailable("The store of responses did not answer in time.") from error
        except sqlite().Error as error:
            self._on_error(error)
            raise StoreUnavailable("The store of responses cannot be read.") from error

    def _written(self, done: Future[None]) -> None:
        self._waiting -= 1
        error = done.exception()
        if isinstance(error, sqlite().Error):
            self._on_error(error)

    # --- in the thread ---------------------------------------------------------------------------

    @cached_property
    def _connection(self) -> "sqlite3.Connection":
        return _opened(self._path)

    def _close(self) -> None:
        if "_connection" in vars(self):  # it has been opened
            self._connection.close()

    def _put(self, owner: str, stored: StoredResponse, now: float) -> None:
        response, items = write_json(stored.response), write_json(stored.input)
        size = len(response.encode()) + len(items.encode())
        if size > self._max_bytes:
            self.left += 1
            return
        before, self._size = self._size, None  # not known until this is committed
        self._writes += 1
        row = (owner, stored.response["id"], stored.previous, now, size, response, items)
        with self._connection as database:
            if before is None or self._writes % _RECOUNT == 0:
                before = _sum(database, "SELECT SUM(size) FROM responses")
            same = "SELECT SUM(size) FROM responses WHERE owner = ? AND id = ?"
            total = before - _sum(database, same, *row[:2]) + size
            database.execute(
                "INSERT OR REPLACE INTO responses (owner, id, previous, at, size, response, input)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            total = self._make_room(database, total)
        self._size = total

    def _make_room(self, database: "sqlite3.Connection", total: int) -> int:
        """Forget what is too old, then the oldest until the rest fits; return the size of the rest.

        What it costs depends on what leaves, not on what stays.
        """
        oldest = self._clock() - self._ttl
        total -= _sum(database, "SELECT SUM(size) FROM responses WHERE at <= ?", oldest)
        database.execute("DELETE FROM responses WHERE at <= ?", (oldest,))
        while total > self._max_bytes:
            rows = database.execute(
                "SELECT number, size FROM responses ORDER BY number LIMIT ?", (_LEAVING,)
            ).fetchall()
            if not rows:
                return 0
            for number, size in rows:
                if total > self._max_bytes:
                    database.execute("DELETE FROM responses WHERE number = ?", (number,))
                    total -= size
                    self.left += 1
        return total

    def _get(self, owner: str, identity: str) -> StoredResponse | None:
        found = self._connection.execute(
            "SELECT response, input, previous FROM responses WHERE owner = ? AND id = ? AND at > ?",
            (owner, identity, self._clock() - self._ttl),
        ).fetchone()
        if found is None:
            return None
        response, items, previous = found
        return parsed_turn(response.encode(), items.encode(), previous)

    def _chain(self, owner: str, identity: str) -> list[StoredResponse] | None:
        turns: list[StoredResponse] = []
        following: str | None = identity
        while following is not None:
            stored = self._get(owner, following) if len(turns) < MAX_TURNS else None
            if stored is None:  # half a conversation would be answered as if it were all
                return None
            turns.append(stored)
            following = stored.previous
        return turns[::-1]

    def _delete(self, owner: str, identity: str) -> bool:
        self._size = None
        with self._connection as database:
            gone = database.execute(
                "DELETE FROM responses WHERE owner = ? AND id = ?", (owner, identity)
            )
            return gone.rowcount > 0


def parsed_turn(response: bytes, items: bytes, previous: str | None) -> StoredResponse:
    """Return a turn as a store has it: the response and its own input, each as JSON.

    Raises:
        StoreUnavailable: it is not what was put there; others can write to a file or a server.
    """
    try:
        turn = StoredResponse(parse_leniently(response), parse_leniently(items), previous)
    except (ValueError, RecursionError) as error:
        raise StoreUnavailable(_SPOILT) from error
    if not isinstance(turn.response, dict) or not isinstance(turn.input, list):
        raise StoreUnavailable(_SPOILT)
    return turn


async def committed(written: "Future[None]") -> None:
    """Wait until a `put` has come to something; what went wrong is reported by the store."""
    with suppress(TimeoutError, sqlite().Error, StoreUnavailable):
        async with asyncio.timeout(COMMIT_PATIENCE):
            await asyncio.shield(asyncio.wrap_future(written))


def steady_clock() -> Callable[[], float]:
    """Return a clock of the seconds since 1970 that does not jump when the system's is set."""
    since = time.time() - time.monotonic()
    return lambda: since + time.monotonic()


def _opened(path: str) -> "sqlite3.Connection":
    """Open the database; the file is for its owner alone, as what people asked stands in it."""
    if path != MEMORY:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with suppress(PermissionError):  # somebody else's file, which may be used all the same
            os.chmod(path, 0o600)
    connection: sqlite3.Connection = sqlite().connect(path, timeout=_LOCK_PATIENCE)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(responses)")}
    if not columns >= _COLUMNS:
        raise sqlite().DatabaseError("its table 'responses' is not Strictgate's")
    connection.execute(_INDEX)
    connection.commit()
    return connection


def _sum(database: "sqlite3.Connection", query: str, *values: object) -> int:
    (total,) = database.execute(query, values).fetchone()
    return total or 0


def sqlite() -> Any:
    """Return the module sqlite3, which takes 2 MiB, and only where a response is kept."""
    return import_module("sqlite3")
