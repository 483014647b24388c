"""The bytes of a streamed completion, read into deltas: sse.py, collector.py and delta_joining.py.

Most of a stream is chunks that differ in nothing but the text that they add. Where whole events are
all like one before them, but for that text, neither an event nor a chunk is made of any of them:
their texts are cut out, and are parsed as one. Such events are a *run*. Whatever is the least bit
different goes the long way, by Splitter and Collector, and both ways come to the same.

What comes before the text in an event, and what comes behind it, is learned from an event that has
gone the long way. That the text stands there is not guessed: another text in its place has to give
the same chunk, with that text.
"""

import re
from collections.abc import Callable

import orjson

from strictgate.core.value_type import value_type
from strictgate.core.wire.collector import (
    Collector,
    CollectorState,
    Delta,
    mere_content,
    parse_chunk,
)
from strictgate.core.wire.delta_joining import joined_deltas
from strictgate.core.wire.secret import Secret
from strictgate.core.wire.sse import MAX_EVENT, BadEvent, Splitter, SseEvent

Clean = Callable[[list[SseEvent]], list[SseEvent]]

_TEXTS = re.compile(
    r'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})'
    r"|\n)*+"
)
"""The insides of JSON strings, a line each; halves of surrogate pairs go the long way."""
_BEFORE = re.compile(r'.*"content"\s*+:\s*+"', re.DOTALL)
_INSIDE = re.compile(r'(?:[^"\\]|\\.)*+')
_PROBE = "Another text"
_FEW = 3  # events: the end of one that was cut, the role, the first text
_MOST_IN_VAIN = 8
"""Shapes that are learned without use: some servers have something new in each chunk."""


@value_type
class _Shape:
    """What the bytes of all events of a run have in common."""

    index: int
    """Of the choice that the text is of."""
    before: bytes
    behind: bytes
    between: bytes
    """From the text of one event to that of the next."""


class ChunkStream:
    """One stream: `feed` its bytes, however they are cut, then `flush`.

    Both raise BadEvent where the bytes are no events; not before all that came before was returned.
    """

    def __init__(
        self, limit: int = MAX_EVENT, clean: Clean = list, secret: Secret | None = None
    ) -> None:
        """Begin a stream.

        Args:
            limit: bytes of an event.
            clean: is given events before they are read, and returns what is read in their place; …
            secret: … but it leaves alone what does not hold this. None: it leaves all alone.
        """
        self.collector = Collector()
        self._splitter = Splitter(limit)
        self._clean = clean
        self._secret = secret
        self._shape: _Shape | None = None
        self._in_vain = 0

    def feed(self, piece: bytes) -> tuple[Delta, ...]:
        """Take in a piece; return what it adds, in few deltas."""
        deltas: list[Delta] = []
        if self._secret is not None and self._secret.is_in(piece):
            return joined_deltas(self._events(self._splitter.feed(piece)))
        try:
            rest = self._run(piece, deltas)
            few = _first_events(rest)
            if few < len(rest):
                deltas += self._events(self._splitter.feed(rest[:few]))
                rest = self._run(rest[few:], deltas)
            if rest:
                deltas += self._events(self._splitter.feed(rest))
        except BadEvent:  # the splitter raises it again
            if not deltas:
                raise
        return joined_deltas(deltas) if len(deltas) > 1 else tuple(deltas)

    def flush(self) -> tuple[Delta, ...]:
        """Return what was held back for what might follow."""
        return joined_deltas(self._events(self._splitter.flush()))

    def _events(self, events: list[SseEvent]) -> list[Delta]:
        """Take in events, the long way."""
        clean = events if self._secret is None else self._clean(events)
        deltas = [delta for event in clean for delta in self.collector.feed(event)]
        if clean and self.collector.state is CollectorState.OPEN:
            self._learn(clean[-1])
        return deltas

    # --- runs ------------------------------------------------------------------------------------

    def _run(self, piece: bytes, deltas: list[Delta]) -> bytes:
        """Take in the run that `piece` begins with; add what it adds to `deltas`, and return the
        rest, whose first events are to go the long way."""
        shape = self._shape
        if (
            shape is None
            or not piece.startswith(shape.before)
            or len(piece) > self._splitter.limit
            or not self._splitter.is_between_events
            or self.collector.state is not CollectorState.OPEN
        ):
            return piece
        end = piece.rfind(shape.behind)
        texts = piece[len(shape.before) : max(end, 0)].split(shape.between)
        try:
            lines = b"\n".join(texts).decode()  # no character may be of two events
        except UnicodeDecodeError:
            return piece
        if end < 0 or lines.count("\n") >= len(texts) or not _TEXTS.fullmatch(lines):
            return piece
        self._in_vain = 0
        joined = lines.replace("\n", "")
        text: str = orjson.loads(f'"{joined}"')
        deltas += self.collector.add_text(shape.index, text, len(texts) - texts.count(b""))
        return piece[end + len(shape.behind) :]

    def _learn(self, event: SseEvent) -> None:
        """Learn the shape of the last of the events that have gone the long way."""
        if event.event is not None or self._in_vain >= _MOST_IN_VAIN:
            self._shape = None
            return
        shape, data = self._shape, f"data: {event.data}\n\n".encode()
        if shape and data.startswith(shape.before) and data.endswith(shape.behind):
            return  # it came beside others
        self._in_vain += 1
        self._shape = _shape(event.data)


def _first_events(piece: bytes) -> int:
    """Return how much of `piece` goes the long way before another run may begin."""
    end = -1
    for _ in range(_FEW):
        end = piece.find(b"\n\n", end + 1)
        if end < 0:
            return len(piece)
    return end + 2


def _shape(data: str) -> _Shape | None:
    """Return the shape of events like the one with this data; None: it adds something else."""
    before = _BEFORE.match(data)
    if before is None:
        return None
    behind = data[_INSIDE.match(data, before.end()).end() :]  # type: ignore[union-attr]
    try:
        chunk, other = parse_chunk(data), parse_chunk(f"{before[0]}{_PROBE}{behind}")
        choice, its = chunk["choices"][0], other["choices"][0]
        is_mere = len(chunk["choices"]) == 1 and mere_content(choice) is not None
        if not is_mere or mere_content(its) != _PROBE:
            return None
        choice["delta"]["content"] = _PROBE
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    if chunk != other:
        return None
    index = choice.get("index")
    head, tail = f"data: {before[0]}".encode(), f"{behind}\n\n".encode()
    index = index if isinstance(index, int) and index >= 0 else 0
    return _Shape(index, head, tail, tail + head)
