"""A streamed choice that is text, or calls of the caller's functions, listened to while it comes.

Text is nobody's document: the caller gets it as it comes. The arguments of a call are held back
until the whole choice has been judged, but they are under guard, so that an upstream that has gone
wrong is stopped at once, not paid for to the end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.protocol import ChoiceDelta
from strictgate.core.guard.document_stream import DocumentState, DocumentStream
from strictgate.core.wire.collector import Delta

MAX_GUARDED = 64  # calls in one choice; what is beyond is judged at its end


@dataclass
class TextChoiceStream:
    """One such choice."""

    state: ChoiceState
    tells: bool
    """The caller gets text as it comes."""
    reading: Callable[[str], DocumentStream | None]
    """Makes what reads the arguments of a call of that function; None where nothing is known."""
    pieces: int = 0
    """How many deltas had text: about one a token."""
    is_talking: bool = False
    is_closed: bool = False
    """It is heard to its end: more calls may come."""
    _readings: dict[int, DocumentStream | None] = field(default_factory=dict)
    _text: str = ""
    _thoughts: str = ""
    _thoughts_name: str = ""

    def feed(self, delta: Delta) -> None:
        """Take in what a chunk added."""
        self.pieces += bool(delta.content or delta.reasoning or delta.arguments)
        for position, text in delta.arguments:
            reading = self._reading(position, delta.names)
            if reading is not None and not reading.is_over:
                reading.feed(text)
        if self.tells:
            self._text += delta.content
            self._thoughts += delta.reasoning
            self._thoughts_name = delta.reasoning_name if delta.reasoning else self._thoughts_name

    def flush(self) -> None:
        """The reply is at its end; its calls are judged as they are."""

    def news(self) -> ChoiceDelta | None:
        """Return what the caller may have now and does not have yet."""
        delta = {}
        if self._thoughts:
            delta[self._thoughts_name], self._thoughts = self._thoughts, ""
        if self._text:
            delta["content"], self._text = self._text, ""
            self.state.sent_text.append(delta["content"])
        for name, text in delta.items():
            self.state.sent[name] = self.state.sent.get(name, 0) + len(text)
        return ChoiceDelta(self.state.index, delta) if delta else None

    def is_lost(self, *, can_continue: bool, can_retry: bool) -> bool:
        """Whether a call has gone wrong in a way that no spelling can mend."""
        del can_continue  # nobody goes on from the middle of a call
        readings = (reading for reading in self._readings.values() if reading is not None)
        return can_retry and any(
            reading.ran_away or (reading.state is DocumentState.VIOLATED and reading.is_hopeless)
            for reading in readings
        )

    def _reading(self, position: int, names: tuple[str, ...]) -> DocumentStream | None:
        if position not in self._readings:
            is_known = position < min(len(names), MAX_GUARDED) and names[position]
            self._readings[position] = self.reading(names[position]) if is_known else None
        return self._readings[position]
