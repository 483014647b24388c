"""An entry that is over, as one piece of memory.

The small objects that a request is made of lie among those of the requests that follow. Kept as
they are, a thousand requests of them would scatter what comes next over all of the memory, which
costs every request more than the inspector's own work. So they are written into one string of bytes
as soon as a request is over, in Python's own format for plain values (marshal), and made anew when
somebody looks. What several requests share, the target, stays a value.
"""

import marshal
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.jsontext.reader import parse_leniently, write_json
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange
from strictgate.core.plan.plan import Purpose
from strictgate.core.repair_steps import Step
from strictgate.gateway.records import Planned
from strictgate.inspector.entries import Entry, KeptAsk
from strictgate.observe.events import RequestFinished

_PLAIN = (
    *("id", "began", "clock", "surface", "model", "is_stream", "raw", "size"),
    *("contents", "notes", "weight"),
)
_plain = attrgetter(*_PLAIN)
_ask = attrgetter(*KeptAsk.__slots__)
_FINISHED = (
    *("request_id", "method", "path", "status", "seconds", "error", "client_left", "key"),
    *("upstream", "mode", "outcome", "attempts", "continuations", "repairs"),
    *("tokens_in", "tokens_out", "cost"),
)
"""What is shown of how a request ended; the rest of it is the log's."""
_finished = attrgetter(*_FINISHED)


@dataclass(frozen=True, slots=True)
class PackedEntry:
    """An entry that is over."""

    data: bytes
    target: Planned | None
    weight: int
    """As the entry has it."""

    def entry(self) -> Entry:
        """Return the entry, made anew."""
        plain, asks, attempts, steps, origins, error, finished = marshal.loads(self.data)
        entry = Entry(**dict(zip(_PLAIN, plain, strict=True)), target=self.target)
        entry.asks = [KeptAsk(*each) for each in asks]
        entry.attempts = tuple(_attempt(each) for each in attempts)
        entry.steps = tuple((at, Step(name, path)) for at, name, path in steps)
        entry.origins = {at: _origins(ranges) for at, ranges in origins}
        entry.error = None if error is None else parse_leniently(error.encode())
        if finished is not None:
            entry.finished = RequestFinished(**dict(zip(_FINISHED, finished, strict=True)))
        return entry


def packed(entry: Entry) -> PackedEntry | Entry:
    """Return `entry` as one piece; as it is where something in it is no plain value."""
    try:
        data = marshal.dumps(
            (
                _plain(entry),
                [_ask(each) for each in entry.asks],
                [_of_attempt(each) for each in entry.attempts],
                [(at, str(step.name), step.path) for at, step in entry.steps],
                [(at, _of_origins(origins)) for at, origins in entry.origins.items()],
                None if entry.error is None else write_json(entry.error),
                None if entry.finished is None else _plainly(_finished(entry.finished)),
            )
        )
    except ValueError:
        return entry
    return PackedEntry(data, entry.target, entry.weight)


def _plainly(values: Iterable[Any]) -> list[Any]:
    """Return `values` with plain texts where there are members of enumerations, which are texts
    too."""
    return [value if type(value) in _PLAIN_TYPES else _value(value) for value in values]


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    return tuple(map(str, value)) if isinstance(value, tuple) else value


_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})


def _of_attempt(attempt: Attempt) -> tuple[Any, ...]:
    usage = None if attempt.usage is None else dict(attempt.usage)
    about = (attempt.mode.value, attempt.outcome, attempt.problems, usage, attempt.is_clean)
    return (*about, attempt.purpose.value, attempt.end.value)


def _attempt(values: tuple[Any, ...]) -> Attempt:
    mode, outcome, problems, usage, is_clean, purpose, end = values
    about = (outcome, problems, usage, is_clean)
    return Attempt(Mode(mode), *about, Purpose(purpose), ReplyEnd(end))


def _of_origins(origins: DocumentOrigins) -> list[tuple[int, int, str]]:
    return [(each.start, each.end, each.origin.value) for each in origins.ranges]


def _origins(ranges: list[tuple[int, int, str]]) -> DocumentOrigins:
    made = (OriginRange(start, end, ByteOrigin(name)) for start, end, name in ranges)
    return DocumentOrigins(tuple(made))
