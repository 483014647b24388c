"""Whether a stream of completion chunks that is passed on unread came to its end.

OpenAI's streams end in `[DONE]`; some servers stop after a chunk with a `finish_reason` for every
choice, some after an error. A stream that merely stops has been cut, and must not pass for a short
success. What cannot be read is taken to be whole: it is not ours to judge.
"""

from typing import Any

import orjson

from strictgate.core.wire.collector import END
from strictgate.core.wire.sse import BadEvent, Splitter, SseEvent


class StreamEnd:
    """Feed it what passes."""

    def __init__(self) -> None:
        self._is_over = False
        self._open: set[Any] = set()
        self._closed: set[Any] = set()
        self._splitter = Splitter()

    @property
    def is_reached(self) -> bool:
        """Whether what passed so far may be all."""
        return self._is_over or bool(self._closed and not self._open)

    def feed(self, piece: bytes) -> None:
        """Look at `piece`."""
        if self._is_over:
            return
        try:
            for event in self._splitter.feed(piece):
                self._look_at(event)
        except BadEvent:
            self._is_over = True

    def _look_at(self, event: SseEvent) -> None:
        if event.data == END:
            self._is_over = True
            return
        try:
            chunk = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return
        if not isinstance(chunk, dict):
            return
        self._is_over = bool(chunk.get("error"))
        for choice in chunk.get("choices") or ():
            if isinstance(choice, dict):
                self._note(str(choice.get("index")), choice.get("finish_reason"))

    def _note(self, index: str, finish_reason: Any) -> None:
        if finish_reason:
            self._closed.add(index)
            self._open.discard(index)
        elif index not in self._closed:
            self._open.add(index)
