"""The choices of a reply that streams, each under guard while it comes.

What is proven good can go to the caller at once; a stream in which nothing good can follow any more
is stopped. Behind a document that is whole it is read on for a while, for what stands there may
take the document's place (text_behind.py); the end of the document waits for that. A choice is
either a document (`DocumentChoiceStream`), or text and calls of the caller's functions
(`TextChoiceStream`): text is the caller's as it comes, and so may be the input of a custom tool,
while the arguments of functions are held back until the whole choice has been judged.
"""

from collections.abc import Sequence
from typing import Any

from strictgate.core.conversation.calls_stream import CallsStream, StopPolicy
from strictgate.core.guard.document_reader import DocumentState
from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.text_behind import MOST
from strictgate.core.value_type import state_type
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.collector import Delta

_MOST_PARTS = 2 * MOST  # behind what is whole: each has a byte of text, unless it has nothing


@state_type
class DocumentChoiceStream:
    """A choice that is a document."""

    index: int
    """The caller's index, which need not be the upstream's."""
    reading: DocumentStream
    document: PartialDocument
    """What the reading writes to, as long as the model has not started anew."""
    replaces: PartialDocument | None
    """The document that the caller has the beginning of, if this one is written from its start."""
    by_call: bool
    """The document is in the arguments of a forced call."""
    forwards: bool
    """The caller gets what is good as it comes, …"""
    forwards_logprobs: bool
    """… with its tokens' log-probabilities."""
    calls: CallsStream
    """Of the caller's own tools, where the model calls some in place of a document."""
    is_passed_on: bool = False
    """A refusal, or a call of the caller's own tools: not a document."""
    pieces: int = 0
    """How many deltas had text: about one a token."""
    lost_logprobs: bool = False
    """Some of the text has gone out without its log-probabilities."""
    _reasoning: str = ""
    _reasoning_name: str = ""

    @property
    def has_document(self) -> bool:
        """Whether the document is whole."""
        return self.reading.state is DocumentState.CLOSED and not self.is_passed_on

    @property
    def is_closed(self) -> bool:
        """Whether all that is wanted is there, but for what may stand behind it."""
        if self.is_passed_on:
            return self.calls.is_closed
        return self.has_document and not self.reading.is_closed_early

    @property
    def is_whole(self) -> bool:
        """Whether all that is wanted is there: the document and what counts of the text behind it,
        or the calls in its place."""
        if self.is_passed_on:
            return self.calls.is_whole
        return self.is_closed and self.reading.is_settled

    @property
    def has_more(self) -> bool:
        """Whether there is more behind that."""
        return self.calls.has_more if self.is_passed_on else self.reading.behind.is_cut

    def settle(self) -> None:
        """Take no more text as standing behind the document: something else came, or nothing."""
        self.calls.settle()
        if self.reading.state is DocumentState.CLOSED:
            self.reading.behind.flush()

    def is_useless(self, policy: StopPolicy) -> bool:
        """Whether it is of no use to read on.

        A document whose spelling alone is wrong may yet be mended as a whole; if it can be gone on
        from, that is cheaper. The last try is read to its end, for the caller to see all of it.
        """
        if self.is_passed_on:
            return self.calls.is_useless(policy)
        reading = self.reading
        if policy.can_continue and reading.can_be_led:
            return True
        if not reading.is_over or reading.ran_away:
            return reading.ran_away
        if reading.state is DocumentState.CLOSED:
            is_of_use = reading.is_closed_early and not (policy.can_continue or policy.can_retry)
            return reading.is_settled and not is_of_use
        return policy.can_continue or (policy.can_retry and reading.is_hopeless)

    def feed(self, delta: Delta) -> None:
        """Take in what a chunk added."""
        if self.forwards and delta.reasoning:
            self._reasoning += delta.reasoning
            self._reasoning_name = delta.reasoning_name
        text = delta.content
        if self.by_call:  # what stands beside the call is no document, as long as there is one
            text = "".join(piece for call, piece in delta.arguments if call == 0)
        elif delta.refusal or delta.arguments:
            self.is_passed_on = True
        if self.is_passed_on:
            self.calls.feed(delta)
        self.pieces += delta.chunks if text or delta.reasoning else 0
        if text and not self.reading.is_settled:
            self.reading.tokens.feed(text.encode("utf-8", "surrogatepass"), delta.logprobs)
            self.reading.feed(text)
        if delta.finish_reason or (self.by_call and delta.content):
            self.settle()

    def flush(self) -> None:
        """Take in the end of the reply."""
        self.reading.flush()

    def news(self) -> ChoiceDelta | None:
        """Return what the caller may have now and does not have yet."""
        if not self.forwards or self.is_passed_on:
            return None
        delta, entries = {}, ()
        if self._reasoning:
            delta[self._reasoning_name], self._reasoning = self._reasoning, ""
        reading = self.reading
        is_held = reading.state is DocumentState.CLOSED and not reading.is_undisputed
        if reading.has_begun and reading.draft is self.document and not is_held:
            content, entries = self._release()
            if content:
                delta["content"] = content
        return ChoiceDelta(self.index, delta, entries) if delta else None

    def _release(self) -> tuple[str, tuple[Any, ...]]:
        document = self.document
        until, declared = document.final(), self.reading.declared
        if declared is not None:  # the name goes
            until = min(until, declared.at)
        if until <= document.released:
            return "", ()
        if not self.forwards_logprobs or self.lost_logprobs:
            return document.release(until), ()
        start = self.reading.start
        if start is None or document.steps:  # then the text is not the tokens' own
            self.lost_logprobs = True
            return document.release(until), ()
        tokens = self.reading.tokens.whole(start + document.released, start + until)
        if tokens is None:  # the upstream does not send them
            self.lost_logprobs = True
            return document.release(until), ()
        while tokens and not document.may_cut(tokens[-1].end - start):
            tokens.pop()
        if not tokens:
            return "", ()
        piece = document.release(tokens[-1].end - start)
        return piece, tuple(token.entry for token in tokens)


@state_type
class TextChoiceStream:
    """A choice that is text, or calls of the caller's functions."""

    index: int
    """The caller's index."""
    calls: CallsStream
    forwards: bool
    """The caller gets text as it comes, …"""
    forwards_logprobs: bool = False
    """… with its tokens' log-probabilities."""
    pieces: int = 0
    """How many deltas had text: about one a token."""
    forwards_input: bool = False
    """The caller gets the input of a custom tool as its grammar takes it."""
    _has_call: bool = False
    """The caller has a part of that."""
    _text: str = ""
    _entries: tuple[Any, ...] = ()
    _reasoning: str = ""
    _reasoning_name: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether all that is wanted is there, but for what may stand behind it."""
        return self.calls.is_closed

    @property
    def is_whole(self) -> bool:
        """Whether all that is wanted is there; of text nobody knows."""
        return self.calls.is_whole

    @property
    def has_more(self) -> bool:
        """Whether there is more behind that."""
        return self.calls.has_more

    def is_useless(self, policy: StopPolicy) -> bool:
        """Whether it is of no use to read on."""
        return self.calls.is_useless(policy)

    def feed(self, delta: Delta) -> None:
        """Take in what a chunk added."""
        if delta.content or delta.reasoning or delta.arguments:
            self.pieces += delta.chunks
        self.calls.feed(delta)
        if self.forwards:
            self._text += delta.content
            self._entries += delta.logprobs if self.forwards_logprobs else ()
            self._reasoning += delta.reasoning
            self._reasoning_name = delta.reasoning_name if delta.reasoning else self._reasoning_name

    def settle(self) -> None:
        """Take no more text as standing behind a call: something else came, or nothing."""
        self.calls.settle()

    def flush(self) -> None:
        """Take in the end of the reply; its calls are judged as they are."""

    def news(self) -> ChoiceDelta | None:
        """Return what the caller may have now and does not have yet."""
        delta: dict[str, str] = {}
        entries: tuple[Any, ...] = ()
        if self._has_call:  # what else comes then follows in the end
            self._reasoning = self._text = ""
        if self._reasoning:
            delta[self._reasoning_name], self._reasoning = self._reasoning, ""
        if self._text:
            delta["content"], self._text = self._text, ""
            entries, self._entries = self._entries, ()
        call = self.calls.news() if self.forwards_input else None
        self._has_call |= call is not None
        return ChoiceDelta(self.index, delta, entries, call) if delta or call else None


ChoiceStream = DocumentChoiceStream | TextChoiceStream


@state_type
class ReplyStream:
    """All choices of one reply."""

    choices: Sequence[ChoiceStream]
    """In the order of the upstream's indices."""
    is_closed: bool = False
    """Nothing is waited for but what may stand behind what is wanted."""
    _parts_behind: int = 0
    """How many parts came once all that is wanted was closed."""

    def feed(self, deltas: Sequence[Delta]) -> None:
        """Take in what a part of the stream brought; without deltas: nothing came in time."""
        for delta in deltas:
            if len(self.choices) == 1:  # whatever the upstream calls it
                self.choices[0].feed(delta)
            elif delta.index < len(self.choices):
                self.choices[delta.index].feed(delta)
        self.is_closed = all([each.is_closed for each in self.choices])  # a list is quicker
        if self.is_closed:
            self._parts_behind += 1
            if not deltas or self._parts_behind > _MOST_PARTS:
                self.settle()

    def news(self) -> tuple[ChoiceDelta, ...]:
        """Return what the caller may have now."""
        return tuple(news for each in self.choices if (news := each.news()))

    def settle(self) -> None:
        """Take no more text as standing behind what is wanted."""
        for each in self.choices:
            each.settle()

    def is_whole(self) -> bool:
        """Whether all that is wanted of every choice is there."""
        return self.is_closed and all(each.is_whole for each in self.choices)

    def is_useless(self, policy: StopPolicy) -> bool:
        """Whether it is of no use to read on, though not every choice is whole."""
        return all(each.is_useless(policy) for each in self.choices)

    def has_more(self) -> bool:
        """Whether there is more behind what is whole."""
        return any(each.has_more for each in self.choices)

    def pieces(self) -> int:
        """Return how many deltas had text."""
        return sum(each.pieces for each in self.choices)

    def mends(self) -> int:
        """Return how many mends the documents have needed so far."""
        documents = [each for each in self.choices if isinstance(each, DocumentChoiceStream)]
        return sum([len(each.reading.draft.steps) for each in documents])
