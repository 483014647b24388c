"""What is kept: a ring of entries, made of records (gateway/records.py) and events.

In the path of a request what is told only waits, with its time; a moment later it is noted, many
records at once (observe/batching.py, packing.py), and whoever looks pays for the rest. Texts are
written then, since the values that they are made of would keep ten times their size alive. Nothing
waits for a reader: one who follows the list is told which entries have changed, when it asks.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

import orjson

from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.wire.reply import Failure
from strictgate.gateway.records import (
    Asked,
    Begun,
    Concluded,
    Failed,
    Heard,
    Opened,
    Record,
)
from strictgate.inspector.access import Access
from strictgate.inspector.entries import Entry, cut_error
from strictgate.inspector.kept_text import kept_text
from strictgate.inspector.packing import ASKED, OpenEntry, PackedEntry
from strictgate.observe.batching import Batch
from strictgate.observe.events import (
    Event,
    FactLearned,
    ModelDemoted,
    ModeRefused,
    Observer,
    PrefillDropped,
    RequestFinished,
    ToolsDropped,
    UpstreamFailed,
)
from strictgate.observe.log_lines import PROBES
from strictgate.observe.redaction import BLOT, without_credentials
from strictgate.settings.tables import InspectorSettings

if TYPE_CHECKING:
    from strictgate.inspector.request_file import RequestFile

CAPACITY = 64 << 20  # bytes of all entries together
MAX_LESSONS = 500
REFUSED = 10
"""Of the requests that are kept, one in so many may be one that was refused unread."""
_Told = Record | UpstreamFailed | RequestFinished
Lesson = FactLearned | ModeRefused | ModelDemoted | PrefillDropped | ToolsDropped
_LESSONS = get_args(Lesson)


class Follower:
    """One who is told of changes: the ids of the entries that have changed since it looked."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._is_news = asyncio.Event()
        self.is_over = False
        """Whether it may look no longer."""

    def note(self, entry_id: str) -> None:
        """Note a change."""
        self._changed[entry_id] = None
        self._is_news.set()

    def end(self) -> None:
        """Have it look no longer."""
        self.is_over = True
        self._is_news.set()

    async def wait(self, seconds: float) -> None:
        """Wait until there is news, or until the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._is_news.wait()
        except TimeoutError:
            return

    def take_all(self) -> list[str]:
        """Return what has changed."""
        changed, self._changed = list(self._changed), {}
        self._is_news.clear()
        return changed


class Inspector:
    """One per process: the witness of what is said, and an observer of events."""

    def __init__(
        self, settings: InspectorSettings, access: Access, file: "RequestFile | None" = None
    ) -> None:
        """Begin with what the file has; None: there is none."""
        self.access = access
        self._file = file
        self.lessons: deque[tuple[float, Lesson]] = deque(maxlen=MAX_LESSONS)
        """What was learned about models, with the time by the wall clock."""
        self._keep = settings.keep
        self._has_bodies = settings.bodies
        self._open: dict[str, OpenEntry] = {}
        """Of the requests that are under way."""
        self._ring: OrderedDict[str, PackedEntry | OpenEntry] = OrderedDict()
        """The others, the oldest first; a plain dict seeks its first among those that have gone."""
        self._size = 0
        self._refused: OrderedDict[str, PackedEntry | OpenEntry] = OrderedDict()
        """What was refused before it was read, the oldest first: apart, so that whoever is refused
        over and over pushes out nothing else."""
        self._followers: set[Follower] = set()
        self._note: dict[type, Callable[[OpenEntry, Any, float], None]] = {
            Begun: self._begin,
            Asked: self._ask,
            Heard: self._hear,
            Concluded: self._conclude,
            Failed: self._fail,
            UpstreamFailed: self._miss,
            RequestFinished: self._finish,
        }
        """What takes down what is told of a request that is under way, by its kind."""
        self._waiting = Batch(self._take_all_down)
        """What was told, with the time by the monotonic clock."""
        self._add = self._waiting.add
        self.heeds: dict[type, Observer] = dict.fromkeys(_LESSONS, self._learn)
        self.heeds |= {RequestFinished: self._told_of, UpstreamFailed: self._told_of}
        """What takes note of each kind of events."""
        self._epoch = 0.0
        """When the monotonic clock began, in seconds since 1970, as of what is taken down."""
        self._keys: frozenset[bytes] = frozenset()
        for entry_id, packed in [] if file is None else file.take_loaded():
            self._keep_entry(entry_id, packed, is_new=False)

    # --- for those who look ----------------------------------------------------------------------

    def admit(self, access: Access, keys: frozenset[bytes]) -> None:
        """Let in whom new settings say; who follows the list with keys of before is shown out.

        Args:
            keys: digests of the clients' keys.
        """
        self.access = access
        if keys != self._keys:
            self._keys = keys
            for each in self._followers:
                each.end()

    def entries(self) -> list[Entry]:
        """Return what is kept, the latest first."""
        self._waiting.flush()
        all_kept = (self._refused, self._ring, self._open)
        kept = [each.entry() for group in all_kept for each in group.values()]
        return sorted(kept, key=lambda entry: -entry.began)

    def entry(self, entry_id: str) -> Entry | None:
        """Return one of them."""
        self._waiting.flush()
        found = self._open.get(entry_id) or self._ring.get(entry_id) or self._refused.get(entry_id)
        return None if found is None else found.entry()

    def clear(self) -> None:
        """Forget all that are over."""
        self._waiting.flush()
        self._ring.clear()
        self._size = 0
        self._refused.clear()
        if self._file is not None:
            self._file.clear()

    def close(self) -> None:
        """Have the rest written to the file."""
        self._waiting.flush()
        if self._file is not None:
            self._file.close()

    @contextmanager
    def following(self) -> Iterator[Follower]:
        """Tell somebody of changes for a while."""
        follower = self.follow()
        try:
            yield follower
        finally:
            self.unfollow(follower)

    def follow(self) -> Follower:
        """Tell somebody of changes, until `unfollow`."""
        follower = Follower()
        self._followers.add(follower)
        return follower

    def unfollow(self, follower: Follower) -> None:
        """Tell it no more."""
        self._followers.discard(follower)

    # --- the witness -----------------------------------------------------------------------------

    def page(self, request_id: str, host: str) -> str | None:
        """Return the URL where a request is shown; None where the client could not open it."""
        if not self.access.is_open_by(host):
            return None
        name = request_id if request_id.isidentifier() else quote(request_id, safe="")
        return f"http://{host}/inspector#/requests/{name}"

    def record(self, record: Record) -> None:
        """Take note of what was said."""
        self._add((time.monotonic(), record))
        if self._followers or (type(record) is Opened and len(record.raw) > _HEAVY):
            self._waiting.flush()

    def _take_all_down(self, items: Iterable[tuple[float, _Told]]) -> None:
        self._epoch = time.time() - time.monotonic()
        for at, told in items:
            self._take_down(told, at)

    def _take_down(self, told: _Told, at: float) -> None:
        entry = self._open.get(told.request_id)
        if type(told) is Opened:
            self._opened(told, at)
        elif entry is not None:
            self._note[type(told)](entry, told, at)
        elif type(told) is RequestFinished and _is_refusal(told):
            self._refuse(told, at)
        else:  # it is over
            return
        for follower in self._followers:
            follower.note(told.request_id)

    def _opened(self, record: Opened, at: float) -> None:
        request_id, surface, raw, model, is_stream, authorization = record
        key, size = b"", 0
        if authorization:
            given = authorization.rpartition(" ")[2]
            if len(given) >= _SHORTEST_KEY:
                key = given.encode("utf-8", "surrogateescape")
            if isinstance(model, str) and given in model:
                model = without_credentials(model, given)
        if self._has_bodies:
            raw, size = kept_text(raw, key), len(raw)
        else:
            raw = b""
        told = (surface, model, is_stream, raw, size)
        entry = OpenEntry((request_id, self._epoch + at, at, *told), key)
        self._open[request_id] = entry

    def _begin(self, entry: OpenEntry, record: Begun, at: float) -> None:
        entry.begun(record.aim)

    def _ask(self, entry: OpenEntry, record: Asked, at: float) -> None:
        sent = b"" if entry.size > _TOO_LONG else self._json(record.body)
        how = (record.mode, record.purpose, record.is_wrapped, at - entry.clock)
        entry.asked(how, kept_text(sent, entry.key), len(sent))

    def _hear(self, entry: OpenEntry, record: Heard, at: float) -> None:
        if not entry.asks:
            return
        kept, size, status, is_judged = None, 0, 0, record.reply is not None
        if record.reply is not None:
            status, reply = 200, self._json(record.reply)
            kept, size = kept_text(reply, entry.key), len(reply)
            entry.weight += len(kept)
        fault = ""
        if record.fault is not None:
            refused, fault = _told(record.fault)
            status = status or refused
            blotted = fault.replace(entry.key.decode(errors="ignore") or BLOT, BLOT)[:_FAULT]
            fault = blotted if self._has_bodies else ""
        end = (record.seconds, record.first, record.pieces, status, kept, size, fault, is_judged)
        entry.asks[-1] = entry.asks[-1][:ASKED] + end

    def _conclude(self, entry: OpenEntry, record: Concluded, at: float) -> None:
        attempts = record.attempts
        if not self._has_bodies:  # a problem quotes what the model wrote
            attempts = tuple(replace(each, problems=()) for each in attempts)
        entry.concluded(attempts, record.said if self._has_bodies else None)

    def _fail(self, entry: OpenEntry, record: Failed, at: float) -> None:
        body = record.error.body()
        if not self._has_bodies:
            about = {key: body["error"].get(key) for key in ("type", "code")}
            body = {"error": {"message": ""} | about}
        entry.failed(write_json({"error": cut_error(body["error"])}))

    def _json(self, value: Any) -> bytes:
        if not self._has_bodies:
            return b""
        if isinstance(value, bytes):
            return value
        try:
            return orjson.dumps(value)
        except TypeError:  # integers beyond 64 bits, or lone surrogates
            return write_json(value).encode("utf-8", "surrogatepass")

    # --- the observer ----------------------------------------------------------------------------

    def observe(self, event: Event) -> None:
        """Take note of what happened."""
        heed = self.heeds.get(type(event))
        if heed is not None:
            heed(event)

    def _told_of(self, event: Any) -> None:
        self._waiting.put((time.monotonic(), event))
        if self._followers:
            self._waiting.flush()

    def _learn(self, event: Any) -> None:
        self.lessons.append((time.time(), event))

    def _miss(self, entry: OpenEntry, event: UpstreamFailed, at: float) -> None:
        entry.notes += ({"error": event.error, "message": event.message},)

    def _finish(self, entry: OpenEntry, event: RequestFinished, at: float) -> None:
        del self._open[entry.id]
        entry.finished, entry.key = event, b""
        self._keep_entry(entry.id, entry if self._file is None else entry.packed())

    def _keep_entry(
        self, entry_id: str, entry: PackedEntry | OpenEntry, *, is_new: bool = True
    ) -> None:
        """Take one that is over into the ring, and into the file where it is new."""
        if entry_id in self._ring:  # clients may give an id anew
            self._forget(entry_id)
        self._ring[entry_id] = entry
        self._size += entry.weight
        if self._file is not None and is_new and isinstance(entry, PackedEntry):
            self._file.put(entry_id, entry)
        while len(self._ring) > self._keep or self._size > CAPACITY:
            self._gone(*self._ring.popitem(last=False))

    def _refuse(self, event: RequestFinished, at: float) -> None:
        """Keep what came to an error before it was read, or is none of the surfaces'."""
        began = at - event.seconds
        times = (self._epoch + began, began)
        about = (event.request_id, *times, "", event.model, event.is_stream, b"", 0)
        entry = OpenEntry(about, b"")
        entry.finished = event
        self._refused.pop(entry.id, None)
        self._refused[entry.id] = entry.packed()
        if len(self._refused) > max(1, self._keep // REFUSED):
            self._refused.popitem(last=False)

    def _forget(self, entry_id: str) -> None:
        self._gone(entry_id, self._ring.pop(entry_id))

    def _gone(self, entry_id: str, entry: PackedEntry | OpenEntry) -> None:
        """Note that one is not kept any more."""
        self._size -= entry.weight
        if self._file is not None:
            self._file.put(entry_id, None)


def _is_refusal(done: RequestFinished) -> bool:
    """Whether a request that was not read is worth an entry; the inspector's own are not."""
    return done.status >= 400 and done.path not in PROBES and not done.path.startswith(_OWN_PATHS)


def _told(fault: Failure | GatewayError) -> tuple[int, str]:
    """Return the status that an upstream refused with, 0 where it did not, and what went wrong."""
    if isinstance(fault, Failure):
        return fault.status, fault.body if isinstance(fault.body, str) else write_json(fault.body)
    return 0, f"{fault.code}: {fault.message}"


_HEAVY = 256 << 10
"""Bytes of a request from which on it does not wait, uncounted, for others."""
_OWN_PATHS = "/inspector"
_SHORTEST_KEY = 8
_TOO_LONG = 1 << 20  # bytes of a request from which on what is sent upstream is not written again
_FAULT = 4096


def rows(inspector: Inspector, ids: list[str]) -> list[Mapping[str, Any]]:
    """Return the rows of those entries that are still there."""
    found = (inspector.entry(each) for each in ids)
    return [each.row() for each in found if each is not None]
