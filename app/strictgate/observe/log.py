"""The log: one JSON line per event, on a text stream.

JSON escapes what could break a line or a terminal. Bodies, headers and keys are in no event, and
so not in the log.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from strictgate.core.jsontext.reader import write_json
from strictgate.observe.events import (
    Crashed,
    Event,
    FactLearned,
    ModelDemoted,
    ModeRefused,
    Observer,
    PrefillDropped,
    StoreFailed,
    ToolsDropped,
    UpstreamFailed,
)

_LEVELS: dict[type, str] = {
    Crashed: "error",
    ModelDemoted: "warning",
    ModeRefused: "warning",
    PrefillDropped: "warning",
    StoreFailed: "error",
    ToolsDropped: "warning",
    UpstreamFailed: "warning",
    FactLearned: "warning",
}


def log_to(stream: TextIO) -> Observer:
    """Return an observer that writes to `stream`."""

    def write(event: Event) -> None:
        level = _LEVELS.get(type(event), "info")
        fields = {name: getattr(event, name) for name in event.__slots__}
        _write(stream, level, type(event).__name__, fields)

    return write


class ServerHandler(logging.Handler):
    """What the HTTP server has to say, as lines of the same log."""

    EXPECTED = frozenset(
        {
            "ASGI callable returned without completing response.",  # on purpose: api/middleware.py
            "Invalid HTTP request received.",  # anybody can send that, as often as they like
        }
    )

    def __init__(self, stream: TextIO) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        text = logging.Formatter().format(record) if record.exc_info else message
        cancelled = text.rstrip().endswith("CancelledError")  # by a second signal
        if message not in self.EXPECTED and not cancelled:
            _write(self._stream, record.levelname.lower(), "Server", {"message": text})


def _write(stream: TextIO, level: str, event: str, fields: Mapping[str, Any]) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "event": event, **fields}
    with suppress(OSError, ValueError):  # nobody reads it any more: that must stop nothing
        stream.write(write_json(line) + "\n")
        stream.flush()
