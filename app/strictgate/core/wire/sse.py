"""Server-sent events: the first and the last stage of a stream.

The splitter follows https://html.spec.whatwg.org/multipage/server-sent-events.html, on bytes. A
line ends at CR, LF or CRLF and nowhere else: JSON may hold U+2028 or U+0085 unescaped, and
`str.splitlines` would cut there. A line that ends in CR ends at once. If the next chunk begins with
the LF of a CRLF, this LF is skipped.

The splitter departs from the standard in two points, because of what servers send:

* A block without data is still an event, with `data == ""`, if it has a name or sets a retry time.
  OpenAI's SDKs do the same.
* The standard drops an event that the end of the stream cuts off. `flush` drops it as well, unless
  its data is complete (`[DONE]` or a JSON object) and so only its blank line is missing: some
  servers end with `data: [DONE]` and one line feed, or write an error and close.

The splitter never guesses at a broken event. It raises BadEvent for bytes that are not UTF-8 and
for events over the limit, and must not be used after that.
"""

import re
from collections.abc import Iterable, Iterator

import orjson

from strictgate.core.value_type import value_type

MAX_EVENT = 1 << 20
DONE = b"data: [DONE]\n\n"
PIECE = 64 << 10  # bytes of a stream that are sent at once

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARKS = (
    b"\xef\xbb\xbf",
    b"\xc3\xaf\xc2\xbb\xc2\xbf",  # the same, taken for Latin-1 and encoded once more
)


class BadEvent(ValueError):
    """The bytes are not a readable event stream; the message says why."""


@value_type
class SseEvent:
    """One event; `event` is its name, or None if the stream gives none."""

    data: str
    event: str | None = None


def encode_event(data: str) -> bytes:
    """Return the bytes of one event with this data, which must not contain line ends."""
    return b"data: %b\n\n" % data.encode()


def joined_frames(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `frames`, joined to pieces of about PIECE bytes; no frame is made before its turn."""
    piece: list[bytes] = []
    size = 0
    for frame in frames:
        piece.append(frame)
        size += len(frame)
        if size >= PIECE:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


class Splitter:
    """Turns bytes into events; how the bytes are cut into chunks makes no difference."""

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self.limit = limit
        """Bytes of an event, at most."""
        self._start: bytes | None = b""  # what may be part of a byte order mark; None: it is past
        self._after_cr = False
        self._tail: list[bytes] = []  # the line that has no end yet
        self._tail_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._name = b""
        self._retry = False
        self._fault: BadEvent | None = None
        """What is wrong behind the events that were returned last; every call from then on raises
        it."""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Return the events that `chunk` completes.

        Raises:
            BadEvent: an event is over the limit, or not UTF-8. If `chunk` completes other events
                before it, these are returned first and the next call raises the error. So it makes
                no difference how the stream is cut into chunks.
        """
        if self._fault is not None:
            raise self._fault
        if plain := self._plain_events(chunk):
            self._start, self._after_cr = None, False
            return plain
        if self._start is not None:
            chunk = self._without_mark(chunk)
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        return self._before_fault(chunk) if chunk else []

    def flush(self) -> list[SseEvent]:
        """Return the last event if the end of the stream cut off no more than its line ends.

        Raises:
            BadEvent: see `feed`.
        """
        if self._fault is not None:
            raise self._fault
        self._field(self._end_line(b""))
        return self._dispatch() if self._data and _is_whole(b"\n".join(self._data)) else []

    @property
    def is_between_events(self) -> bool:
        """Whether nothing of an event has come that is not over, nor of what begins a stream."""
        is_inside = self._start or self._tail or self._data or self._name or self._retry
        return not (is_inside or self._after_cr or self._fault)

    def _plain_events(self, chunk: bytes) -> list[SseEvent]:
        """Return the events of `chunk` if it is whole events of one line each, with nothing
        pending, which is the usual case; else nothing."""
        if (
            not (chunk.startswith(b"data: ") and chunk.endswith(b"\n\n"))
            or b"\r" in chunk
            or len(chunk) > self.limit
            or self._start
            or self._tail
            or self._data
            or self._name
            or self._retry
        ):
            return []
        try:
            lines = chunk[6:-2].decode().split("\n\ndata: ")
        except UnicodeDecodeError:  # which event it is, the long way says
            return []
        is_plain = chunk.count(b"\n") == 2 * len(lines)
        return [SseEvent(line) for line in lines] if is_plain else []

    def _without_mark(self, chunk: bytes) -> bytes:
        """Return `chunk` without a byte order mark; while there may be one, hold it back."""
        start = (self._start or b"") + chunk
        if any(mark.startswith(start) and mark != start for mark in _BYTE_ORDER_MARKS):
            self._start = start
            return b""
        self._start = None
        for mark in _BYTE_ORDER_MARKS:
            start = start.removeprefix(mark)
        return start

    def _before_fault(self, chunk: bytes) -> list[SseEvent]:
        events: list[SseEvent] = []
        try:
            events.extend(self._lines(chunk))
        except BadEvent as fault:
            self._fault = fault
            if not events:
                raise
        return events

    def _lines(self, chunk: bytes) -> Iterator[SseEvent]:
        lines = _LINE_END.split(chunk) if b"\r" in chunk else chunk.split(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        for line in lines[:-1]:
            whole = self._end_line(line)
            if whole:
                self._field(whole)
            else:
                yield from self._dispatch()
        if lines[-1]:
            self._tail.append(lines[-1])
            self._tail_size += len(lines[-1])
            self._check(self._tail_size)

    def _end_line(self, rest: bytes) -> bytes:
        if self._tail:
            rest = b"".join([*self._tail, rest])
            self._tail.clear()
            self._tail_size = 0
        self._check(len(rest))
        return rest

    def _check(self, line_size: int) -> None:
        if self._data_size + line_size > self.limit:
            raise BadEvent(f"An event is larger than {self.limit} bytes")

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_size += len(value) + 1
        elif name == b"event":
            self._name = value
        elif name == b"retry":
            self._retry = self._retry or value.isdigit()

    def _dispatch(self) -> list[SseEvent]:
        data, name, retry = self._data, self._name, self._retry
        self._data, self._data_size, self._name, self._retry = [], 0, b"", False
        if not (data or name or retry):
            return []
        return [SseEvent(_text(b"\n".join(data)), _text(name) or None)]


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadEvent("An event is not UTF-8") from error


def _is_whole(data: bytes) -> bool:
    """Whether `data` is complete: no proper prefix of a JSON object is a JSON object."""
    if data == b"[DONE]":
        return True
    try:
        return isinstance(orjson.loads(data), dict)
    except orjson.JSONDecodeError:
        return False
