"""What is kept: a ring of entries, made of records (gateway/records.py) and events.

It is written to in the path of every request, so it only takes hold of what it is told; whoever
looks pays for the rest. Nothing waits for a reader: one who follows the list is told which entries
have changed, when it asks.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import GatewayError
from strictgate.core.wire.reply import Failure
from strictgate.gateway.records import Asked, Concluded, Failed, Heard, Opened, Planned, Record
from strictgate.inspector.access import Access
from strictgate.inspector.entries import (
    NO_TEXT,
    Entry,
    KeptAsk,
    Target,
    Text,
    json_of,
    preview,
    text_of,
)
from strictgate.observe.events import (
    Enforced,
    Event,
    FactLearned,
    ModelDemoted,
    ModeRefused,
    PrefillDropped,
    RequestFinished,
    ToolsDropped,
    UpstreamFailed,
)
from strictgate.observe.redaction import without_credentials
from strictgate.settings.tables import InspectorSettings

CAPACITY = 64 << 20  # bytes of all entries together
MAX_LESSONS = 500
_BODIES_OFF = Text(b"", 0)
Lesson = FactLearned | ModeRefused | ModelDemoted | PrefillDropped | ToolsDropped


class Follower:
    """One who is told of changes: the ids of the entries that have changed since it looked."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._is_news = asyncio.Event()

    def note(self, entry_id: str) -> None:
        """Note a change."""
        self._changed[entry_id] = None
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

    def __init__(self, settings: InspectorSettings, access: Access) -> None:
        self.access = access
        self.lessons: deque[tuple[float, Lesson]] = deque(maxlen=MAX_LESSONS)
        """What was learned about models, with the time by the wall clock."""
        self._keep = settings.keep
        self._has_bodies = settings.bodies
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._size = 0
        self._followers: set[Follower] = set()

    # --- for those who look ----------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Return what is kept, the latest first."""
        return list(reversed(self._entries.values()))

    def entry(self, entry_id: str) -> Entry | None:
        """Return one of them."""
        return self._entries.get(entry_id)

    def clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()
        self._size = 0

    @contextmanager
    def following(self) -> Iterator[Follower]:
        """Tell somebody of changes for a while."""
        follower = Follower()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    # --- the witness -----------------------------------------------------------------------------

    def page(self, request_id: str, host: str) -> str | None:
        """Return the URL where a request is shown; None where the client could not open it."""
        if not self.access.is_open_by(host):
            return None
        return f"http://{host}/inspector#/requests/{quote(request_id, safe='')}"

    def record(self, record: Record) -> None:
        """Take note of what was said."""
        if isinstance(record, Opened):
            self._open(record)
            return
        entry = self._entries.get(record.request_id)
        if entry is None:  # the ring has gone on meanwhile
            return
        match record:
            case Planned():
                entry.target = _target(record)
            case Asked():
                entry.asks.append(self._ask(entry, record))
            case Heard():
                if entry.asks:
                    self._hear(entry.asks[-1], record)
            case Concluded(_, outcome, log):
                entry.log = log
                self._close(entry, outcome)
            case Failed(_, error):
                entry.error = error.body()
        self._changed(entry)

    def _open(self, record: Opened) -> None:
        members = record.body.members or {}
        model = members.get("model")
        entry = Entry(
            record.request_id,
            time.time(),
            time.monotonic(),
            record.surface,
            without_credentials(model, record.authorization) if isinstance(model, str) else "",
            preview(members) if self._has_bodies else "",
            members.get("stream") is True,
            text_of(self._clean(record)) if self._has_bodies else NO_TEXT,
        )
        self._put(entry)

    def _clean(self, record: Opened) -> bytes:
        """Return a body without the client's own key, which does not belong there."""
        key = (record.authorization or "").rpartition(" ")[2].encode("utf-8", "surrogateescape")
        raw = record.body.raw
        return raw.replace(key, b"***") if len(key) >= _SHORTEST_KEY and key in raw else raw

    def _ask(self, entry: Entry, record: Asked) -> KeptAsk:
        plan = record.plan
        is_long = entry.body.size > _TOO_LONG
        sent = json_of(record.body) if self._has_bodies and not is_long else _BODIES_OFF
        at = time.monotonic() - entry.clock
        return KeptAsk(plan.mode.value, plan.purpose.value, plan.wrapped, at, sent)

    def _hear(self, ask: KeptAsk, record: Heard) -> None:
        ask.seconds, ask.first, ask.pieces = record.seconds, record.first, record.pieces
        if record.reply is not None:
            ask.status, ask.is_judged = 200, True
            ask.reply = json_of(record.reply.body) if self._has_bodies else _BODIES_OFF
        match record.fault:
            case Failure(status, body):
                ask.status = status if record.reply is None else 200
                ask.fault = (body if isinstance(body, str) else json_of(body).shown())[:_FAULT]
            case GatewayError() as error:
                ask.fault = f"{error.code}: {error.message}"[:_FAULT]

    def _close(self, entry: Entry, outcome: Outcome | None) -> None:
        if outcome is not None:
            entry.steps, entry.origins = outcome.steps, outcome.origins
            entry.answer = json_of(outcome.body) if self._has_bodies else None

    # --- the observer ----------------------------------------------------------------------------

    def observe(self, event: Event) -> None:
        """Take note of what happened."""
        match event:
            case Enforced():
                entry = self._entries.get(event.request_id)
                if entry is not None:
                    entry.enforced = event
            case RequestFinished():
                self._finish(event)
            case UpstreamFailed():
                entry = self._entries.get(event.request_id)
                if entry is not None:
                    entry.notes.append({"error": event.error, "message": event.message})
            case FactLearned() | ModeRefused() | ModelDemoted() | PrefillDropped() | ToolsDropped():
                self.lessons.append((time.time(), event))

    def _finish(self, event: RequestFinished) -> None:
        entry = self._entries.get(event.request_id)
        if entry is None:
            return
        entry.finished, entry.weight = event, entry.size
        self._size += entry.weight
        while self._entries and self._size > CAPACITY:
            self._drop()
        self._changed(entry)

    # --- the ring --------------------------------------------------------------------------------

    def _put(self, entry: Entry) -> None:
        if (before := self._entries.pop(entry.id, None)) is not None:  # clients may give ids anew
            self._size -= before.weight
        self._entries[entry.id] = entry
        while len(self._entries) > self._keep:
            self._drop()
        self._changed(entry)

    def _drop(self) -> None:
        _, oldest = self._entries.popitem(last=False)
        self._size -= oldest.weight

    def _changed(self, entry: Entry) -> None:
        for follower in self._followers:
            follower.note(entry.id)


_SHORTEST_KEY = 8
_TOO_LONG = 1 << 20  # bytes of a request from which on what is sent upstream is not written again
_FAULT = 4096


def _target(record: Planned) -> Target:
    schema = record.schema
    return Target(
        record.upstream,
        record.address,
        record.model,
        record.path,
        schema.text if schema else None,
        schema.draft if schema else "",
        record.enforcement.formats,
        record.enforcement,
        record.capabilities,
    )


def rows(inspector: Inspector, ids: list[str]) -> list[Mapping[str, Any]]:
    """Return the rows of those entries that are still there."""
    found = (inspector.entry(each) for each in ids)
    return [each.row() for each in found if each is not None]
