"""A reply that streams, listened to while it comes: each choice under guard.

What is proven good can go to the caller at once; what cannot become valid any more need not be
waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from strictgate.core.conversation.protocol import ChoiceDelta
from strictgate.core.conversation.text_choice import TextChoiceStream
from strictgate.core.guard.document_stream import DocumentState, DocumentStream
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.wire.collector import Delta


@dataclass
class DocumentChoiceStream:
    """One choice of one reply."""

    index: int
    """The caller's, which need not be the upstream's."""
    reading: DocumentStream
    draft: PartialDocument
    """What the reading writes to, if it is not a new start."""
    by_call: bool
    """The document is in the arguments of a forced call."""
    tells: bool
    """The caller gets what is good as it comes, …"""
    tells_tokens: bool
    """… with its tokens' log-probabilities."""
    is_passed_on: bool = False
    """A refusal, or a call of the caller's own tools: not a document."""
    pieces: int = 0
    """How many deltas had text: about one a token."""
    sent: dict[str, int] = field(default_factory=dict)
    """Characters of the choice that the caller has been given, by field."""
    lost_tokens: bool = False
    """Some of the text has gone without its log-probabilities."""
    is_talking: bool = False
    """There is more behind the document."""
    _thoughts: str = ""
    _thoughts_name: str = ""

    @property
    def is_over(self) -> bool:
        return self.reading.is_over and not self.is_passed_on

    @property
    def is_closed(self) -> bool:
        """Whether the document is whole, and surely the one that is meant."""
        return (
            self.is_over and self.reading.state is DocumentState.CLOSED and self.reading.is_certain
        )

    def is_lost(self, *, can_continue: bool, can_retry: bool) -> bool:
        """Whether it is of no use to hear more, though the document is not whole."""
        lost = _is_lost(self.reading, can_continue=can_continue, can_retry=can_retry)
        return lost and not self.is_passed_on

    def feed(self, delta: Delta) -> None:
        """Take in what a chunk added."""
        if self.tells and delta.reasoning:
            self._thoughts += delta.reasoning
            self._thoughts_name = delta.reasoning_name
        text = delta.content
        if self.by_call:  # what stands beside the call is no document, as long as there is one
            text = "".join(piece for call, piece in delta.arguments if call == 0)
        elif delta.refusal or delta.arguments:
            self.is_passed_on = True
        self.pieces += bool(text or delta.reasoning)
        if self.is_over:
            self.is_talking |= bool(text.strip(_CLOSING))
        elif text:
            self.reading.tokens.feed(text.encode("utf-8", "surrogatepass"), delta.logprobs)
            self.reading.feed(text)

    def flush(self) -> None:
        """The reply is at its end."""
        self.reading.flush()

    def news(self) -> ChoiceDelta | None:
        """Return what the caller may have now and does not have yet."""
        if not self.tells or self.is_passed_on:
            return None
        delta, entries = {}, ()
        if self._thoughts:
            delta[self._thoughts_name], self._thoughts = self._thoughts, ""
        is_told = self.reading.draft is self.draft and self.reading.is_certain
        if is_told and self.reading.state is not DocumentState.SEEKING:
            content, entries = self._release()
            if content:
                delta["content"] = content
        for name, text in delta.items():
            self.sent[name] = self.sent.get(name, 0) + len(text)
        return ChoiceDelta(self.index, delta, entries) if delta else None

    def _release(self) -> tuple[str, tuple[Any, ...]]:
        draft = self.reading.draft
        until = draft.final()
        if until <= draft.released:
            return "", ()
        if not self.tells_tokens or self.lost_tokens:
            return draft.release(until), ()
        start = self.reading.start
        if start is None or draft.steps:  # then the text is not the tokens' own
            self.lost_tokens = True
            return draft.release(until), ()
        tokens = self.reading.tokens.whole(start + draft.released, start + until)
        if tokens is None:  # the upstream does not tell
            self.lost_tokens = True
            return draft.release(until), ()
        while tokens and not draft.may_cut(tokens[-1].end - start):
            tokens.pop()
        if not tokens:
            return "", ()
        piece = draft.release(tokens[-1].end - start)
        return piece, tuple(token.entry for token in tokens)


class ReplyStream:
    """All choices of one reply."""

    def __init__(self, listeners: Sequence[DocumentChoiceStream | TextChoiceStream]) -> None:
        self.listeners = listeners
        """In the order of the upstream's indices."""

    def feed(self, deltas: Sequence[Delta]) -> None:
        """Take in what a part of the stream brought."""
        for delta in deltas:
            if len(self.listeners) == 1:  # whatever the upstream calls it
                self.listeners[0].feed(delta)
            elif delta.index < len(self.listeners):
                self.listeners[delta.index].feed(delta)

    def news(self) -> tuple[ChoiceDelta, ...]:
        """Return what the caller may have now."""
        told = (listener.news() for listener in self.listeners)
        return tuple(each for each in told if each)

    def are_closed(self) -> bool:
        """Whether every document is whole, and surely the one that is meant."""
        return all(each.is_closed for each in self.listeners)

    def are_lost(self, *, can_continue: bool, can_retry: bool) -> bool:
        """Whether it is of no use to hear more, though not every document is whole.

        A document whose spelling alone is wrong may yet be mended as a whole; if it can be gone on
        from, that is cheaper. The last try is heard out, for the caller to see all of it.
        """
        return all(
            each.is_lost(can_continue=can_continue, can_retry=can_retry) for each in self.listeners
        )

    def is_talking(self) -> bool:
        """Whether there is more behind a document."""
        return any(each.is_talking for each in self.listeners)

    def pieces(self) -> int:
        """Return how many deltas there were."""
        return sum(each.pieces for each in self.listeners)


_CLOSING = " \t\r\n`}"  # a fence's end, or the wrapper's


def _is_lost(reading: DocumentStream, *, can_continue: bool, can_retry: bool) -> bool:
    if can_continue and reading.is_mere_talk:
        return True  # the beginning of the document can be given
    if not reading.is_over or reading.ran_away:
        return reading.ran_away
    if reading.state is DocumentState.CLOSED or not reading.is_certain:
        return reading.is_certain
    return can_continue or (can_retry and reading.is_hopeless)
