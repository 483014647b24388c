"""The log: lines about events, on a text stream.

Bodies and headers are in no event. A key can be in one where a client puts it in a path or in the
name of a model: those that are known, and what looks like one, are blotted out.
"""

import logging
import os
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from strictgate.observe.batching import Batch
from strictgate.observe.events import Event, RequestFinished
from strictgate.observe.log_lines import JSON_LINES, EventLines, LineStyle, LogFormat, LogLevel
from strictgate.observe.log_queue import LogQueue
from strictgate.observe.process_events import LogLinesDropped
from strictgate.observe.redaction import redactor


class Stream(Protocol):
    """Where lines go."""

    def write(self, lines: str, /) -> object: ...


class Log:
    """A listener that writes lines, and whose keys and style can be changed.

    The lines of requests wait for a moment, and are made many at a time (batching.py); what else
    happens is written at once, behind those that wait.
    """

    def __init__(self, stream: Stream) -> None:
        """Begin, and write nothing yet."""
        self._stream = stream
        self._keys: set[str] = set()
        self._lines: EventLines | None = None
        self._silent: frozenset[type] = frozenset()
        self._waiting = Batch(self._write)

    def change(self, keys: Iterable[str], style: LineStyle | None) -> None:
        """Write in `style` from now on, without `keys` and those before them, with which requests
        may still be under way; None: nothing is written."""
        self._waiting.flush()
        self._keys.update(keys)
        self._lines = None if style is None else EventLines(style, redactor(self._keys))
        self._silent = frozenset() if style is None else style.silent()

    def observe(self, event: Event) -> None:
        """Write the line about `event`, with the time that it is now."""
        if self._lines is None or type(event) in self._silent:  # three of the four of a request
            return
        self._waiting.put((time.time(), event))
        if type(event) is not RequestFinished:
            self._waiting.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        self._waiting.flush()

    def _write(self, told: Sequence[tuple[float, Event]]) -> None:
        if self._lines is not None and (text := self._lines.lines(told)):
            with suppress(OSError, ValueError):  # nobody reads it any more: that must stop nothing
                self._stream.write(text)


def log_to(stream: Stream, keys: Iterable[str] = (), style: LineStyle = JSON_LINES) -> Log:
    """Return a log that writes to `stream`.

    Args:
        keys: what must not be in it.
    """
    log = Log(stream)
    log.change(keys, style)
    return log


def stderr_style(level: LogLevel, wanted: LogFormat | None) -> LineStyle:
    """Return how lines are written on standard error.

    Args:
        wanted: the format; None: text on a terminal, else JSON. A terminal gets colours, unless
            the variable NO_COLOR is set (https://no-color.org).
    """
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    by_default = LogFormat.TEXT if is_terminal else LogFormat.JSON
    return LineStyle(level, wanted or by_default, is_terminal and not os.environ.get("NO_COLOR"))


def stderr_queue(
    style: LineStyle = JSON_LINES, turn: AbstractContextManager[None] | None = None
) -> LogQueue:
    """Return standard error as a stream that nobody waits for.

    Args:
        turn: see LogQueue.
    """

    def dropped(lines: int) -> str:
        name, fields = LogLinesDropped.__name__, {"lines": lines}
        return style.line(LogLevel.WARNING, name, fields, time.time())

    return LogQueue(sys.stderr, dropped, turn=turn)


class ServerHandler(logging.Handler):
    """What the HTTP server and other libraries have to say, as lines of the same log."""

    EXPECTED = frozenset(
        {
            "ASGI callable returned without completing response.",  # on purpose: api/middleware.py
            "Invalid HTTP request received.",  # anybody can send that, as often as they like
        }
    )

    def __init__(self, stream: Stream, style: LineStyle = JSON_LINES) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream
        self._style = style

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        text = logging.Formatter().format(record) if record.exc_info else message
        cancelled = text.rstrip().endswith("CancelledError")  # by a second signal
        if message not in self.EXPECTED and not cancelled:
            is_error = record.levelno >= logging.ERROR
            level = LogLevel.ERROR if is_error else LogLevel.WARNING
            line = self._style.line(level, "Server", {"message": text}, time.time())
            with suppress(OSError, ValueError):
                self._stream.write(line)
