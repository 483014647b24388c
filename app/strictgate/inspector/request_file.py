"""What the inspector keeps, in a SQLite file, so that it outlives the process.

The file mirrors the ring: what comes into it is written, what leaves it is deleted. A thread does
that, and nobody waits for it: where more than MAX_WAITING changes wait, the next are left out and
counted. It is the user's own (mode 0600), as it holds what everybody has asked.
"""

import marshal
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue

from pydantic import TypeAdapter, ValidationError

from strictgate.gateway.records import Planned
from strictgate.inspector.packing import FIELDS, PackedEntry

VERSION = 1
"""Of what is in the file; what another one has written is dropped."""
_COLUMNS = {"number", "id", "target", "weight", "data"}
"""By which the table is known to be the inspector's, of any version."""
MAX_WAITING = 2000
BATCH = 200  # changes in one transaction
PATIENCE = 2.0  # seconds that the end waits for what is not written yet
_TARGET = TypeAdapter(Planned)
_Change = tuple[str, PackedEntry | None]
"""The id of a request, and what is kept of it; None: nothing any more. The id "" is the end."""


class RequestFile:
    """Open it once; close it at the end."""

    def __init__(self, path: str, on_error: Callable[[sqlite3.Error], None]) -> None:
        """Open the file, or make it.

        Args:
            on_error: is told, in the thread, of what could not be written.

        Raises:
            ValueError: it cannot be used.
        """
        self._path = path
        self._on_error = on_error
        self.dropped = 0
        """Changes that were left out."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._loaded = list(self._load())
            os.chmod(path, 0o600)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"inspector.file: {path} cannot be used: {error}") from error
        self._changes: Queue[_Change] = Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="inspector", daemon=True)
        self._thread.start()

    def take_loaded(self) -> list[tuple[str, PackedEntry]]:
        """Return what the file held when it was opened, the oldest first; once."""
        loaded, self._loaded = self._loaded, []
        return loaded

    def put(self, entry_id: str, packed: PackedEntry | None) -> None:
        """Have a request kept; None: have it forgotten."""
        try:
            self._changes.put_nowait((entry_id, packed))
        except Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is waiting; give up after PATIENCE seconds."""
        try:
            self._changes.put(("", None), timeout=PATIENCE)
        except Full:
            return
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
        database = self._connect()
        try:
            is_over = False
            while not is_over:
                changes = self._gathered()
                is_over = changes[-1][0] == ""
                try:
                    with database:
                        for entry_id, packed in changes:
                            _write(database, entry_id, packed)
                except sqlite3.Error as error:
                    self._on_error(error)
        finally:
            database.close()

    def _gathered(self) -> list[_Change]:
        """Wait for a change; return it, and those that wait behind it."""
        changes = [self._changes.get()]
        while len(changes) < BATCH and changes[-1][0]:
            try:
                changes.append(self._changes.get_nowait())
            except Empty:
                break
        return changes


def is_readable(data: bytes) -> bool:
    """Whether an entry can be made of what a file says."""
    try:
        values = marshal.loads(data)
    except (ValueError, EOFError, TypeError):
        return False
    return isinstance(values, tuple) and len(values) == FIELDS


def _write(database: sqlite3.Connection, entry_id: str, packed: PackedEntry | None) -> None:
    if not entry_id:
        return
    database.execute("DELETE FROM requests WHERE id = ?", (entry_id,))
    if packed is not None:
        target = None if packed.target is None else _TARGET.dump_json(packed.target)
        database.execute(
            "INSERT INTO requests (id, target, weight, data) VALUES (?, ?, ?, ?)",
            (entry_id, target, packed.weight, packed.data),
        )


def _target(written: bytes | None) -> Planned | None:
    """Return whom a request went to; None where it is not known, or not read by this version."""
    try:
        return None if written is None else _TARGET.validate_json(written)
    except ValidationError:
        return None
