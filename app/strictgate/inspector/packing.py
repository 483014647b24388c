"""A request as it is noted while it is under way, and as one piece of memory once it is over.

The small objects that a request is made of lie among those of the requests that follow. Kept as
they are, a thousand requests of them would scatter what comes next over all of the memory, which
costs every request more than the inspector's own work. So plain values alone are noted, in the
order in which they come, and written into one string of bytes as soon as the request is over, in
Python's own format for plain values (marshal). The `Entry` that is shown is made when somebody
looks. What several requests share, the target, stays a value.
"""

import marshal
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange
from strictgate.core.plan.plan import Purpose
from strictgate.core.repair_steps import Step
from strictgate.gateway.records import Planned
from strictgate.inspector.entries import Entry, KeptAsk, choice_text
from strictgate.observe.events import RequestFinished

_FINISHED = (
    *("request_id", "method", "path", "status", "seconds", "error", "client_left", "key"),
    *("upstream", "outcome", "attempts", "continuations", "tokens_in", "tokens_out", "cost"),
)
"""What is shown of how a request ended, beside its mode and repairs, which may be members of
enumerations; the rest of it is the log's."""
_finished = attrgetter(*_FINISHED)
_attempt_values = attrgetter(
    *("mode", "outcome", "problems", "usage", "is_clean", "purpose", "end", "part")
)
About = tuple[str, float, float, str, Any, bool, bytes, int]
"""What is known at the beginning, as Entry has it: from `id` to `size`."""
ASKED = 8
"""How many of a KeptAsk's values are known when it is asked."""
FIELDS = 9
"""How many values a request comes to, see OpenEntry._values."""
_FIXED = 2048
"""Bytes of an entry beside its values, roughly: its places in the ring."""
_NONE: tuple[Any, ...] = ()
_FORMAT = 2
"""Of marshal: the newer ones look for values that stand in several places, of which there are
none."""


class OpenEntry:
    """One request that is under way, in plain values."""

    __slots__ = (
        *("about", "asks", "attempts", "contents", "error", "finished", "id", "key", "notes"),
        *("origins", "size", "steps", "target", "weight", "clock"),
    )

    def __init__(self, about: About, key: bytes) -> None:
        """Begin with what was asked."""
        self.id, _, self.clock, *_, raw, self.size = about
        self.about = about
        self.key = key
        """The client's own, for as long as the request is under way: what must not be kept."""
        self.target: Planned | None = None
        self.asks: list[tuple[Any, ...]] = []
        """The first values of a KeptAsk; all of them, once its answer is over."""
        self.attempts: list[tuple[Any, ...]] = []
        self.contents: list[str] | None = None
        self.steps: Any = _NONE
        self.origins: Any = _NONE
        self.error: str | None = None
        self.notes: tuple[Mapping[str, Any], ...] = _NONE
        self.finished: RequestFinished | None = None
        self.weight = _FIXED + len(raw)

    def concluded(self, attempts: list[Attempt], outcome: Outcome | None) -> None:
        """Note how a conversation about it went."""
        for each in attempts:
            self.attempts.append(_of_attempt(each))
        if outcome is None:
            return
        self.error = None  # it was that of a model in whose place another one was asked
        if outcome.steps:
            self.steps = [(at, str(step.name), step.path) for at, step in outcome.steps]
        if outcome.origins or outcome.call_origins:
            self.origins = [
                (at, [(each.start, each.end, str(each.origin)) for each in origins.ranges])
                for at, origins in _shown_origins(outcome)
            ]
        self.contents = list(map(choice_text, outcome.body["choices"]))

    def packed(self) -> "PackedEntry | OpenEntry":
        """Return it as one piece; as it is where something in it is no plain value."""
        try:
            data = marshal.dumps(self._values(), _FORMAT)
        except ValueError:
            return self
        return PackedEntry(data, self.target, _FIXED + len(data))

    def entry(self) -> Entry:
        """Return it as it is shown."""
        return _entry(self._values(), self.target)

    def _values(self) -> tuple[Any, ...]:
        finished = self.finished
        ended: tuple[Any, ...] | None = None
        if finished is not None:
            repairs = finished.repairs
            names = tuple(map(str, repairs)) if repairs else _NONE
            ended = (_finished(finished), str(finished.mode), names)
        said = (self.asks, self.attempts, self.contents, self.steps, self.origins)
        return (self.about, *said, self.error, self.notes, ended)


class PackedEntry(NamedTuple):
    """A request that is over."""

    data: bytes
    target: Planned | None
    weight: int
    """Bytes that are kept for it."""

    def entry(self) -> Entry:
        """Return it as it is shown."""
        return _entry(marshal.loads(self.data), self.target)


def _entry(values: tuple[Any, ...], target: Planned | None) -> Entry:
    about: About = values[0]
    asks, attempts, contents, steps, origins, error, notes, ended = values[1:]
    finished: RequestFinished | None = None
    if ended is not None:
        told, mode, repairs = ended
        fields = dict(zip(_FINISHED, told, strict=True))
        finished = RequestFinished(**fields, mode=mode, repairs=repairs)
    return Entry(
        *about,
        target=target,
        asks=[KeptAsk(*each) for each in asks],
        attempts=tuple(_attempt(each) for each in attempts),
        contents=contents,
        steps=tuple((at, Step(name, path)) for at, name, path in steps),
        origins={at: _origins(ranges) for at, ranges in origins},
        error=None if error is None else parse_leniently(error.encode()),
        finished=finished,
        notes=notes,
    )


def _shown_origins(outcome: Outcome) -> Iterator[tuple[int, DocumentOrigins]]:
    """Yield the origins of what `choice_text` gives of each choice."""
    yield from outcome.origins.items()
    for at, calls in outcome.call_origins.items():
        if 0 in calls and not outcome.body["choices"][at]["message"].get("content"):
            yield at, calls[0]


def _of_attempt(attempt: Attempt) -> tuple[Any, ...]:
    mode, outcome, problems, usage, is_clean, purpose, end, part = _attempt_values(attempt)
    plainly = usage if usage is None or type(usage) is dict else dict(usage)
    return str(mode), outcome, problems, plainly, is_clean, str(purpose), str(end), part


def _attempt(values: tuple[Any, ...]) -> Attempt:
    mode, outcome, problems, usage, is_clean, purpose, end, part = values
    about = (outcome, problems, usage, is_clean)
    return Attempt(Mode(mode), *about, Purpose(purpose), ReplyEnd(end), part)


def _origins(ranges: list[tuple[int, int, str]]) -> DocumentOrigins:
    made = (OriginRange(start, end, ByteOrigin(name)) for start, end, name in ranges)
    return DocumentOrigins(tuple(made))
