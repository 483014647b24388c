"""A request as it is noted, and as one piece of memory.

Nothing is made in the path of a request, or a moment later, that nobody may ever look at: an entry
refers to the bodies that were sent and received, and to what the gateway has found; plain values
are made of that when somebody looks, or for a file, in Python's own format for them (marshal).
"""

import marshal
from collections.abc import Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import Attempt
from strictgate.core.conversation.reply_reader import ReplyEnd
from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange
from strictgate.core.plan.plan import Purpose
from strictgate.core.repair_steps import Step
from strictgate.gateway.records import Aim, Planned, Said
from strictgate.inspector.entries import Entry, KeptAsk
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
_FIXED = 4096
"""Bytes of an entry beside its values, roughly: its places in the ring, and what it refers to."""
_RANGE = 160
"""Bytes of a part of a document that is known by its origin, or of a repair, roughly."""
_NONE: tuple[Any, ...] = ()
_NOTHING: Mapping[int, DocumentOrigins] = MappingProxyType({})
_FORMAT = 2
"""Of marshal: the newer ones look for values that stand in several places, of which there are
none."""


class OpenEntry:
    """One request, as it was told of: by references to values that nobody changes.

    What is shown of it is made of them when somebody looks; a request mostly leaves the ring
    without having been looked at.
    """

    __slots__ = (
        *("about", "asks", "attempts", "contents", "error", "finished", "id", "key", "notes"),
        *("origins", "size", "steps", "weight", "clock", "_aim", "_target", "call_origins"),
    )

    def __init__(self, about: About, key: bytes) -> None:
        """Begin with what was asked."""
        self.about = about
        self.id, self.clock, self.size = about[0], about[2], about[7]
        self.key = key
        """The client's own, for as long as the request is under way: what must not be kept."""
        self._aim: Aim | None = None
        """Where it went last; None: nowhere, or `_target` is made of it."""
        self._target: Planned | None = None
        self.asks: list[tuple[Any, ...]] = []
        """The first values of a KeptAsk; all of them, once its answer is over."""
        self.attempts: list[Attempt] = []
        self.contents: list[str] | None = None
        self.steps: tuple[tuple[int, Step], ...] = _NONE
        self.origins: Mapping[int, DocumentOrigins] = _NOTHING
        self.call_origins: Mapping[int, DocumentOrigins] = _NOTHING
        """Of what a choice says that has calls and no text."""
        self.error: str | None = None
        self.notes: tuple[Mapping[str, Any], ...] = _NONE
        self.finished: RequestFinished | None = None
        self.weight = _FIXED + len(about[6])

    @property
    def target(self) -> Planned | None:
        """Where it went last, with where it went before."""
        aim, self._aim = self._aim, None
        if aim is not None:
            self._target = aim.planned(self.id).behind(self._target)
        return self._target

    def begun(self, aim: Aim) -> None:
        """Note that a conversation about it begins."""
        if self._aim is not None:
            self._target = self.target
        self._aim = aim

    def asked(self, how: tuple[Any, ...], sent: bytes, size: int) -> None:
        """Note a request to the upstream.

        Args:
            how: from `mode` to `at`, as KeptAsk has it.
            sent: what is kept of its body, …
            size: … and how many bytes it had.
        """
        aim = self._aim
        if aim is not None:
            whom: tuple[str, str] = (aim.upstream, aim.model)
        else:
            whom = ("", "") if self._target is None else _whom(self._target)
        self.asks.append((*whom, *how, sent, size))
        self.weight += len(sent)

    def concluded(self, attempts: Sequence[Attempt], said: Said | None) -> None:
        """Note how a conversation about it went."""
        self.attempts += attempts
        for each in attempts:
            if each.problems:
                self.weight += sum(map(len, each.problems))
        if said is None:
            return
        self.error = None  # it was that of a model in whose place another one was asked
        self.contents, self.steps, self.origins, self.call_origins = said
        for text in said.contents:
            self.weight += len(text) if text.isascii() else 4 * len(text)
        for found in self.origins.values():
            self.weight += _RANGE * len(found.ranges)
        if self.steps:
            self.weight += _RANGE * len(self.steps)

    def failed(self, error: str) -> None:
        """Note the error that its client gets, as JSON."""
        self.error = error
        self.weight += len(error)

    def packed(self) -> "PackedEntry | OpenEntry":
        """Return it as one piece, for a file; as it is where something in it is no plain value."""
        try:
            data = marshal.dumps(self._values(), _FORMAT)
        except ValueError:
            return self
        return PackedEntry(data, self.target, _FIXED + len(data))

    def entry(self) -> Entry:
        """Return it as it is shown."""
        return _entry(self._values(), self.target)

    def _values(self) -> tuple[Any, ...]:
        """Return all but the target in plain values."""
        finished = self.finished
        ended: tuple[Any, ...] | None = None
        if finished is not None:
            names = tuple(map(str, finished.repairs))
            ended = (_finished(finished), str(finished.mode), names)
        asks = [
            (whose, model, str(mode), str(purpose), *rest)
            for whose, model, mode, purpose, *rest in self.asks
        ]
        origins = [
            (at, [(each.start, each.end, str(each.origin)) for each in found.ranges])
            for at, found in (*self.origins.items(), *self.call_origins.items())
        ]
        attempts = [_of_attempt(each) for each in self.attempts]
        steps = [(at, str(step.name), step.path) for at, step in self.steps]
        said = (asks, attempts, self.contents, steps, origins)
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


def _whom(target: Planned) -> tuple[str, str]:
    return target.upstream, target.model


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
