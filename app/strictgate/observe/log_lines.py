"""What a line of the log looks like: one JSON object, or words for people.

Lines are ASCII: JSON escapes what could break a line or a terminal, U+2028 and U+009B too, and the
words are escaped in the same way.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache, partial
from operator import attrgetter
from typing import Any

import orjson

from strictgate.core.value_type import value_type
from strictgate.observe.events import (
    BreakerChanged,
    Enforced,
    Event,
    FactLearned,
    FellBack,
    ModelDemoted,
    ModeRefused,
    PrefillDropped,
    RequestFinished,
    RequestRouted,
    SharedStoreChanged,
    StoreFailed,
    ToolsDropped,
    UpstreamAnswered,
    UpstreamFailed,
)
from strictgate.observe.process_events import (
    BackgroundCrashed,
    ConfigurationRejected,
    Crashed,
    LogLinesDropped,
    LoopBlocked,
    MessagesDropped,
    OutOfResources,
    ProcessEnded,
    TurnedAway,
)
from strictgate.observe.request_lines import request_lines


class LogLevel(StrEnum):
    """How grave something is, the least first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line is written."""

    JSON = "json"
    TEXT = "text"


RANKS = {level: rank for rank, level in enumerate(LogLevel)}
_LEVELS: dict[type, LogLevel] = {
    BackgroundCrashed: LogLevel.ERROR,
    BreakerChanged: LogLevel.WARNING,
    ConfigurationRejected: LogLevel.ERROR,
    Crashed: LogLevel.ERROR,
    Enforced: LogLevel.DEBUG,  # the request's own line says it again
    ModelDemoted: LogLevel.WARNING,
    ModeRefused: LogLevel.WARNING,
    FellBack: LogLevel.WARNING,
    PrefillDropped: LogLevel.WARNING,
    ProcessEnded: LogLevel.ERROR,
    RequestRouted: LogLevel.DEBUG,
    SharedStoreChanged: LogLevel.WARNING,
    StoreFailed: LogLevel.ERROR,
    ToolsDropped: LogLevel.WARNING,
    TurnedAway: LogLevel.ERROR,
    UpstreamAnswered: LogLevel.DEBUG,
    UpstreamFailed: LogLevel.WARNING,
    FactLearned: LogLevel.WARNING,
    LogLinesDropped: LogLevel.WARNING,
    MessagesDropped: LogLevel.ERROR,
    LoopBlocked: LogLevel.WARNING,
    OutOfResources: LogLevel.ERROR,
}
_KEYLESS = frozenset({"method", "mode", "outcome", "purpose", "trace_id", "span_id", "parent_id"})
"""Fields of words that nobody else chooses: there is no key in them to look for."""
_UNIQUE = frozenset(
    {"request_id", "tokens", "tokens_in", "tokens_out", "tokens_in_vain"}
    | {"trace_id", "span_id", "parent_id", "message", "traceback"}
)
"""Fields that differ from one event of a kind to the next, and so do all numbers that are no
integers."""
ALIKE = 256  # parts of lines that are kept
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that are asked for every few seconds, and are worth a line only where they fail."""

_RESET = "\x1b[0m"
_DIM = "\x1b[2m"
_COLOURS = {
    LogLevel.DEBUG: _DIM,
    LogLevel.INFO: "\x1b[32m",  # green
    LogLevel.WARNING: "\x1b[33m",  # yellow
    LogLevel.ERROR: "\x1b[31m",  # red
}


def level_of(event: Event) -> LogLevel:
    """Return how grave `event` is; of a request it is its status that says so."""
    if isinstance(event, RequestFinished):
        return _request_level(event.status, event.path)
    return _LEVELS.get(type(event), LogLevel.INFO)


def _request_level(status: int, path: str) -> LogLevel:
    if status == 500:
        return LogLevel.ERROR
    if status > 500:
        return LogLevel.WARNING
    return LogLevel.DEBUG if path in PROBES else LogLevel.INFO


@value_type
class LineStyle:
    """How lines are written, and which."""

    level: LogLevel = LogLevel.INFO
    format: LogFormat = LogFormat.JSON
    is_coloured: bool = False

    def silent(self) -> frozenset[type]:
        """Return the types of events of which none is grave enough for a line."""
        least = RANKS[self.level]
        return frozenset(kind for kind, level in _LEVELS.items() if RANKS[level] < least)

    def line(self, level: LogLevel, name: str, fields: Mapping[str, Any], now: float) -> str:
        """Return a line with its end; `now`: in seconds since 1970."""
        if self.format is LogFormat.JSON:
            return f"{_time(now)}{_names(level, name)}{_members(fields)}}}\n"
        time = datetime.fromtimestamp(now).strftime("%H:%M:%S.%f")[:-3]
        is_request = name == RequestFinished.__name__
        words = _request_words(fields) if is_request else _words(name, fields)
        label = f"{level.value.upper():7}"
        if self.is_coloured:
            time, label = f"{_DIM}{time}{_RESET}", f"{_COLOURS[level]}{label}{_RESET}"
        return f"{time} {label} {' '.join(words)}\n"


JSON_LINES = LineStyle()


class EventLines:
    """Makes lines of events.

    What is said of one request is mostly said of the next, too: where it went, how, and to what
    end. That part of a line is written once for all that are alike, and kept for a while.
    """

    def __init__(self, style: LineStyle, redact: Callable[[str], str]) -> None:
        """Begin.

        Args:
            redact: takes keys out of a text.
        """
        self._style = style
        self._least = RANKS[style.level]
        self._redact = redact
        self._alike = lru_cache(ALIKE)(self._written)

    def lines(self, told: Sequence[tuple[float, Event]]) -> str:
        """Return the lines about all these events, in their order.

        Args:
            told: each event with the time when it happened, in seconds since 1970.
        """
        requests = [(now, event) for now, event in told if type(event) is RequestFinished]
        if self._style.format is LogFormat.JSON and len(requests) == len(told):
            alike = partial(self._alike, _shape(RequestFinished))
            text = request_lines(requests, alike, self._redact, _second)
            if text is not None:
                return text
        lines = [self.line(event, now) for now, event in told]
        return "".join([each for each in lines if each is not None])

    def line(self, event: Event, now: float) -> str | None:
        """Return the line about `event`, or None where it is not grave enough for one.

        Args:
            now: when it happened, in seconds since 1970.
        """
        kind: type = type(event)
        shape = _shape(kind)
        if self._style.format is LogFormat.TEXT:
            return self._words(event, shape, now)
        alike = self._alike(shape, shape.alike_of(event))
        if alike is None:
            return None
        names, members = alike
        own = dict(zip(shape.own, shape.own_of(event), strict=True))
        for name in shape.texts:
            text = own[name]
            if not text:
                del own[name]
            elif name not in _KEYLESS:
                own[name] = self._redact(text)
        return f"{_time(now)}{names}{_members(own)}{members}}}\n"

    def _words(self, event: Event, shape: "_Shape", now: float) -> str | None:
        level = level_of(event)
        if RANKS[level] < self._least:
            return None
        said = self._said(shape.names, shape.all_of(event))
        return self._style.line(level, shape.kind.__name__, said, now)

    def _written(self, shape: "_Shape", values: tuple[Any, ...]) -> tuple[str, str] | None:
        """Return the two parts of a line that are alike; None: it is not grave enough for one."""
        level = _LEVELS.get(shape.kind, LogLevel.INFO)
        if shape.kind is RequestFinished:
            told = dict(zip(shape.alike, values, strict=True))
            level = _request_level(told["status"], told["path"])
        if RANKS[level] < self._least:
            return None
        return _names(level, shape.kind.__name__), _members(self._said(shape.alike, values))

    def _said(self, names: tuple[str, ...], values: tuple[Any, ...]) -> dict[str, Any]:
        """Return values by their names, without keys in them; what is empty is left out."""
        return {
            name: self._redact(value) if type(value) is str and name not in _KEYLESS else value
            for name, value in zip(names, values, strict=True)
            if value or value == 0  # not: "", None, ()
        }


@dataclass(frozen=True, slots=True, eq=False)  # by identity: there is one of each kind
class _Shape:
    """The fields of a kind of events: those that are its own each time, and the others."""

    kind: type
    names: tuple[str, ...]
    own: tuple[str, ...]
    """Numbers are always said."""
    texts: tuple[str, ...]
    """Those of its own that may be empty, and then are left out."""
    alike: tuple[str, ...]
    all_of: Callable[[Event], tuple[Any, ...]]
    own_of: Callable[[Event], tuple[Any, ...]]
    alike_of: Callable[[Event], tuple[Any, ...]]


@cache
def _shape(kind: type) -> _Shape:
    types = {each.name: each.type for each in dataclass_fields(kind)}
    own = tuple(name for name in types if types[name] is float or name in _UNIQUE)
    texts = tuple(name for name in own if types[name] is str)
    alike = tuple(name for name in types if name not in own)
    names = (tuple(types), own, alike)
    return _Shape(kind, names[0], own, texts, alike, *map(_getter, names))


def _getter(names: tuple[str, ...]) -> Callable[[Event], tuple[Any, ...]]:
    """Return what gets all these values of an event at once."""
    if len(names) > 1:  # attrgetter of one name gives no tuple
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)


def _time(now: float) -> str:
    """Return the beginning of a line of JSON, up to its level."""
    second, thousandth = divmod(round(now * 1000), 1000)
    return f'{{"time":"{_second(second)}.{thousandth:03}+00:00"'


def _names(level: LogLevel, name: str) -> str:
    """Return what follows: how grave it is, and what happened."""
    return f',"level":"{level}","event":"{name}"'


def _members(said: Mapping[str, Any]) -> str:
    """Return members of an object as JSON in ASCII, each behind a comma; mostly they are ASCII
    already, and the quick writer does."""
    if not said:
        return ""
    try:
        text = orjson.dumps(said)
        if text.isascii() and b"\x7f" not in text:
            return f",{text[1:-1].decode()}"
    except TypeError:  # a lone surrogate
        pass
    slowly = json.dumps(said, separators=(",", ":")).replace("\x7f", "\\u007f")
    return f",{slowly[1:-1]}"


@lru_cache(1)
def _second(since_1970: int) -> str:
    """Return a second as it is written down, in UTC: a thousand lines may have the same."""
    return datetime.fromtimestamp(since_1970, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _words(name: str, fields: Mapping[str, Any]) -> Iterator[str]:
    yield name
    for key, value in fields.items():
        lines = str(", ".join(value) if isinstance(value, tuple) else value).split("\n")
        if len(lines) == 1:
            yield f"{key}={_plain(lines[0])}"
        else:  # a traceback: each line is its own, and none can be taken for one of the log
            yield f"{key}:" + "".join(f"\n    {_plain(line)}" for line in lines)


def _request_words(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to say of a request, in the order in which it is looked for."""
    yield f"{fields['status'] or '---'} {fields['method']} {_plain(fields['path'])}"
    yield f"{fields['seconds'] * 1000:.0f}ms"
    if "upstream" in fields:
        yield f"{_plain(fields.get('model', ''))}@{_plain(fields['upstream'])}"
    if "mode" in fields:
        tries = f"{fields['attempts']}+{fields['continuations']}"
        yield f"{fields['mode']}:{fields.get('outcome', '')} attempts={tries}"
    if "repairs" in fields:
        yield f"repairs={','.join(fields['repairs'])}"
    if fields["tokens_in"] or fields["tokens_out"]:
        vain = f"({fields['tokens_in_vain']} in vain)" if fields["tokens_in_vain"] else ""
        yield f"tokens={fields['tokens_in']}+{fields['tokens_out']}{vain}"
    if fields["cost"]:
        yield f"cost={fields['cost']:.6g}"
    if "key" in fields:
        yield f"key={_plain(fields['key'])}"
    if "error" in fields:
        yield f"error={_plain(fields['error'])}"
    if "cause" in fields:
        yield f"cause={_plain(fields['cause'])} ({_plain(fields['address'])})"
    if fields["client_left"]:
        yield "client left"
    yield _plain(fields["request_id"])


def _plain(text: str) -> str:
    """Return `text` with everything escaped that is not printable ASCII."""
    if text.isascii() and text.isprintable():
        return text
    return json.dumps(text)[1:-1].replace("\x7f", "\\u007f")
