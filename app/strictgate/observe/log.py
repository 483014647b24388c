"""The log: one JSON line per event, on a text stream.

Lines are ASCII: JSON escapes what could break a line or a terminal, U+2028 and U+009B too. Bodies
and headers are in no event. A key can be in one where a client puts it in a path or in the name of
a model: those that are known, and what looks like one, are blotted out.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

from strictgate.observe.events import (
    BreakerChanged,
    Crashed,
    Event,
    FactLearned,
    LogLinesDropped,
    ModelDemoted,
    ModeRefused,
    Observer,
    OutOfResources,
    PrefillDropped,
    StoreFailed,
    ToolsDropped,
    UpstreamFailed,
)
from strictgate.observe.log_queue import LogQueue
from strictgate.observe.redaction import redactor

_LEVELS: dict[type, str] = {
    BreakerChanged: "warning",
    Crashed: "error",
    ModelDemoted: "warning",
    ModeRefused: "warning",
    PrefillDropped: "warning",
    StoreFailed: "error",
    ToolsDropped: "warning",
    UpstreamFailed: "warning",
    FactLearned: "warning",
    LogLinesDropped: "warning",
    OutOfResources: "error",
}


class Stream(Protocol):
    """Where lines go."""

    def write(self, line: str, /) -> object: ...


def log_to(stream: Stream, keys: Iterable[str] = ()) -> Observer:
    """Return an observer that writes to `stream`.

    Args:
        keys: what must not be in the log.
    """
    redact = redactor(keys)

    def write(event: Event) -> None:
        with suppress(OSError, ValueError):  # nobody reads it any more: that must stop nothing
            stream.write(_event_line(event, redact))

    return write


def stderr_queue() -> LogQueue:
    """Return standard error as a stream that nobody waits for."""
    return LogQueue(sys.stderr, lambda lines: _event_line(LogLinesDropped(lines), _as_it_is))


class ServerHandler(logging.Handler):
    """What the HTTP server and other libraries have to say, as lines of the same log."""

    EXPECTED = frozenset(
        {
            "ASGI callable returned without completing response.",  # on purpose: api/middleware.py
            "Invalid HTTP request received.",  # anybody can send that, as often as they like
        }
    )

    def __init__(self, stream: Stream) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        text = logging.Formatter().format(record) if record.exc_info else message
        cancelled = text.rstrip().endswith("CancelledError")  # by a second signal
        if message not in self.EXPECTED and not cancelled:
            with suppress(OSError, ValueError):
                line = _line(record.levelname.lower(), "Server", {"message": text})
                self._stream.write(line)


def _event_line(event: Event, redact: Callable[[str], str]) -> str:
    values = {name: getattr(event, name) for name in event.__slots__}
    fields = {
        name: redact(value) if isinstance(value, str) else value for name, value in values.items()
    }
    return _line(_LEVELS.get(type(event), "info"), type(event).__name__, fields)


def _line(level: str, event: str, fields: Mapping[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "event": event, **fields}
    return json.dumps(line, separators=(",", ":")).replace("\x7f", "\\u007f") + "\n"


def _as_it_is(text: str) -> str:
    return text
