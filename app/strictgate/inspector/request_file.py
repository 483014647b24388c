"""What the inspector keeps, in a SQLite file, so that it outlives the process.

The file mirrors the ring: what comes into it is written, what leaves it is deleted. A thread does
that, and nobody waits for it: where MAX_WAITING changes or MAX_BYTES wait, the next requests are
left out, counted, and told of. What is to be forgotten is never left out: it waits until the file
can be written, and there is no more of it than the file holds. The file is the user's own (mode
0600), as it holds what everybody has asked.
"""

import marshal
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from strictgate.gateway.records import Planned
from strictgate.inspector.packing import FIELDS, PackedEntry

VERSION = 1
"""Of what is in the file; what another one has written is dropped."""
_COLUMNS = {"number", "id", "target", "weight", "data"}
"""By which the table is known to be the inspector's, of any version."""
MAX_WAITING = 2000  # changes
MAX_BYTES = 16 << 20  # of the requests that wait
BATCH = 200  # changes in one transaction
RETRY = 5.0  # seconds from a failure to the next attempt
TELL_EVERY = 60.0  # seconds between two reports of the same kind
PATIENCE = 2.0  # seconds that the end waits for what is not written yet


@cache  # few keep a file
def _target_type() -> TypeAdapter[Planned]:
    return TypeAdapter(Planned)


class _Batch(NamedTuple):
    """What one transaction changes."""

    is_clear: bool
    """Whether all that the file holds goes first."""
    changes: Mapping[str, PackedEntry | None]
    """By the id of a request what is kept of it; None: nothing any more."""
    weight: int
    """Bytes of the requests in it."""


class RequestFile:
    """Open it once; close it at the end."""

    def __init__(self, path: str, on_error: Callable[[str], None]) -> None:
        """Open the file, or make it.

        Args:
            on_error: is told, in the thread or by `put`, of what could not be written; of each
                kind of failure once in TELL_EVERY seconds.

        Raises:
            ValueError: it cannot be used.
        """
        self._path = path
        self._on_error = on_error
        self._told_at: dict[str, float] = {}
        self._told = 0
        self.dropped = 0
        """Requests that were left out."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._loaded = list(self._load())
            os.chmod(path, 0o600)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"inspector.file: {path} cannot be used: {error}") from error
        self._news = threading.Condition()
        """Held for whatever follows."""
        self._waiting: dict[str, PackedEntry | None] = {}
        self._is_clear = False
        """Whether all that the file holds is to go before what waits is written."""
        self._weight = 0
        """Bytes of the requests that wait or are being written."""
        self._held = {entry_id for entry_id, _ in self._loaded}
        """The ids in the file, as far as they are the ring's."""
        self._batch = _Batch(is_clear=False, changes={}, weight=0)
        """What is being written."""
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="inspector", daemon=True)
        self._thread.start()

    def take_loaded(self) -> list[tuple[str, PackedEntry]]:
        """Return what the file held when it was opened, the oldest first; once."""
        loaded, self._loaded = self._loaded, []
        return loaded

    def put(self, entry_id: str, packed: PackedEntry | None) -> None:
        """Have a request kept; None: have it forgotten, whatever waits."""
        with self._news:
            before = self._waiting.pop(entry_id, None)
            if before is not None:
                self._weight -= before.weight
            is_dropped = packed is not None and (
                len(self._waiting) >= MAX_WAITING or self._weight + packed.weight > MAX_BYTES
            )
            if packed is not None and not is_dropped:
                self._waiting[entry_id] = packed
                self._weight += packed.weight
            elif entry_id in self._held or entry_id in self._batch.changes:
                self._waiting[entry_id] = None
            self.dropped += is_dropped
            self._news.notify()
        if is_dropped:
            self._tell_dropped()

    def clear(self) -> None:
        """Have all forgotten; that is one change, however many there are."""
        with self._news:
            self._weight -= sum(each.weight for each in self._waiting.values() if each)
            self._waiting = {}
            self._is_clear = True
            self._news.notify()

    def close(self) -> None:
        """Write what is waiting; give up after PATIENCE seconds."""
        with self._news:
            self._is_closing = True
            self._news.notify()
        self._thread.join(PATIENCE)

    # --- the file --------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=PATIENCE)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        return database

    def _load(self) -> Iterator[tuple[str, PackedEntry]]:
        database = self._connect()
        try:
            columns = {row[1] for row in database.execute("PRAGMA table_info(requests)")}
            if columns and not columns >= _COLUMNS:
                raise sqlite3.DatabaseError("its table 'requests' is not Strictgate's")
            with database:
                if database.execute("PRAGMA user_version").fetchone() != (VERSION,):
                    database.execute("DROP TABLE IF EXISTS requests")
                    database.execute(f"PRAGMA user_version = {VERSION}")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY, "
                    "id TEXT UNIQUE NOT NULL, target BLOB, weight INTEGER NOT NULL, "
                    "data BLOB NOT NULL)"
                )
            rows = database.execute("SELECT id, target, weight, data FROM requests ORDER BY number")
            for entry_id, target, weight, data in rows:
                if is_readable(data):
                    yield entry_id, PackedEntry(data, _target(target), weight)
        finally:
            database.close()

    def _run(self) -> None:
        database: sqlite3.Connection | None = None
        has_failed = False
        while (batch := self._next(RETRY if has_failed else 0.0)) is not None:
            try:
                if database is None:
                    database = self._connect()
                with database:
                    _write(database, batch)
            except sqlite3.Error as error:
                has_failed = True
                self._give_back(batch)
                self._tell("failed", str(error))
                if self._is_closing:
                    break
            else:
                has_failed = False
                self._settle(batch)
            self._tell_dropped()
        if database is not None:
            database.close()

    def _next(self, pause: float) -> _Batch | None:
        """Wait for changes, and `pause` seconds before; return them, and None at the end."""
        with self._news:
            if pause:
                self._news.wait_for(lambda: self._is_closing, pause)
            self._news.wait_for(lambda: self._waiting or self._is_clear or self._is_closing)
            if not self._waiting and not self._is_clear:
                return None
            ids = list(islice(self._waiting, BATCH))
            changes = {entry_id: self._waiting.pop(entry_id) for entry_id in ids}
            weight = sum(each.weight for each in changes.values() if each)
            self._batch = _Batch(self._is_clear, changes, weight)
            self._is_clear = False
            return self._batch

    def _settle(self, batch: _Batch) -> None:
        """Note what the file holds now."""
        with self._news:
            if batch.is_clear:
                self._held.clear()
            for entry_id, packed in batch.changes.items():
                (self._held.discard if packed is None else self._held.add)(entry_id)
            self._weight -= batch.weight
            self._batch = _Batch(is_clear=False, changes={}, weight=0)

    def _give_back(self, batch: _Batch) -> None:
        """Have wait what is to be forgotten; requests that could not be written are lost."""
        with self._news:
            self._is_clear |= batch.is_clear
            again = {each: None for each in batch.changes if each not in self._waiting}
            self._waiting = {
                entry_id: packed
                for entry_id, packed in (again | self._waiting).items()
                if packed is not None or entry_id in self._held
            }
            self.dropped += sum(packed is not None for packed in batch.changes.values())
            self._weight -= batch.weight
            self._batch = _Batch(is_clear=False, changes={}, weight=0)

    # --- what is told ----------------------------------------------------------------------------

    def _tell_dropped(self) -> None:
        if self.dropped > self._told and self._tell(
            "dropped",
            f"{self.dropped} requests since the start are not in the file: it is written more "
            "slowly than they come, or cannot be written",
        ):
            self._told = self.dropped

    def _tell(self, kind: str, message: str) -> bool:
        """Report a failure, and return True, where none of its kind was reported lately."""
        now = time.monotonic()
        if now - self._told_at.get(kind, -TELL_EVERY) < TELL_EVERY:
            return False
        self._told_at[kind] = now
        self._on_error(message)
        return True


def is_readable(data: bytes) -> bool:
    """Whether an entry can be made of what a file says."""
    try:
        values = marshal.loads(data)
    except (ValueError, EOFError, TypeError):
        return False
    return isinstance(values, tuple) and len(values) == FIELDS


def _write(database: sqlite3.Connection, batch: _Batch) -> None:
    if batch.is_clear:
        database.execute("DELETE FROM requests")
    for entry_id, packed in batch.changes.items():
        database.execute("DELETE FROM requests WHERE id = ?", (entry_id,))
        if packed is not None:
            target = None if packed.target is None else _target_type().dump_json(packed.target)
            database.execute(
                "INSERT INTO requests (id, target, weight, data) VALUES (?, ?, ?, ?)",
                (entry_id, target, packed.weight, packed.data),
            )


def _target(written: bytes | None) -> Planned | None:
    """Return whom a request went to; None where it is not known, or not read by this version."""
    try:
        return None if written is None else _target_type().validate_json(written)
    except ValidationError:
        return None
