"""The state of one choice over all the replies that it takes, and the only place that changes it.

The rest of the conversation reads it. Whatever happens to a choice is one of these transitions:

| state      | event                                     | method             | next state |
|------------|-------------------------------------------|--------------------|------------|
| asked      | the caller is given a part of its text    | `forward`          | asked      |
| asked      | a reply has come; the choice is accepted  | `after`            | accepted   |
| asked      | a reply has come; the choice is rejected  | `after`            | rejected   |
| rejected   | there is something to go on from          | `open_document`,   | rejected   |
|            |                                           | `note_stuck`       |            |
| new        | another model has left its beginning      | `take_over`        | rejected   |
| accepted   | a member that was left out is opened      | `reopen`           | rejected   |
| rejected   | a prefix is sent (a continuation)         | `cut_prefix`       | asked      |
| rejected   | the whole is asked for anew (a new try)   | `add_feedback`     | asked      |

A choice that a reply does not have stays as it was. After `max_attempts` tries, or when the budget
is spent, a rejected choice is the conversation's error.

What a reply may change: the document that is kept (its bytes that the caller has are never taken
back), and the progress of this try. A new try begins with new progress.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from strictgate.core.conversation.choice_result import Evaluated, Rejected
from strictgate.core.guard.continuation_alignment import ContinuationKind
from strictgate.core.guard.left_out import LeftOut
from strictgate.core.guard.partial_document import Beginning, PartialDocument
from strictgate.core.guard.resume_point import safe_length
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan, Purpose
from strictgate.core.request.contract import Contract
from strictgate.core.request.options import Enforcement, StreamMode
from strictgate.core.request.tools import INPUT
from strictgate.core.schema.root_wrapper import WRAPPER_PROPERTY
from strictgate.core.value_type import state_type
from strictgate.core.wire.choice_delta import CallPiece, ChoiceDelta
from strictgate.core.wire.reply import Choice

_FOLLOWED = (ContinuationKind.ECHO, ContinuationKind.CONTINUATION)
_WRAPPER = f'{{"{WRAPPER_PROPERTY}":'.encode()
_OPENING = (b"{", b"[")
_REASONING = frozenset({"reasoning_content", "reasoning"})


@state_type
class TryProgress:
    """How far one try has come: the ask for a whole document, and its continuations."""

    is_wrapped: bool = False
    """The model was asked for `{"value": <document>}`."""
    spent: int = 0
    """Tokens that this try has taken, of the caller's budget."""
    continuations: int = 0
    """How often the rest was asked for."""
    restarts: int = 0
    """New starts of the model where a continuation was asked for."""
    keep_whole_prefix: bool = False
    """The next continuation must go on from all of the document: no byte may be cut off."""
    sent_whole_prefix: bool = False
    """The last continuation was asked to do that."""
    repeated_after_prefix: bool = False
    """What was refused last came behind a prefix, of a model that went on from it."""
    stuck_at: int = -1
    """The longest length, in bytes, at which the document got stuck."""
    stuck: int = 0
    """Failures at that length, without the first."""


@state_type
class ChoiceState:
    """The state of one choice."""

    index: int
    """The caller's index of the choice."""
    document: PartialDocument | None = None
    """The valid beginning of its document; None: there is none to go on from."""
    last_choice: Choice | None = None
    """The choice of the last reply."""
    tries: int = 0
    """How many whole documents were asked for."""
    had_logprobs: bool = False
    """A reply came with log-probabilities."""
    feedback: list[prompt.Message] = field(default_factory=list)
    """What the model is told at a new try; it grows, so that no mistake is made anew."""
    progress: TryProgress = field(default_factory=TryProgress)
    given_call: CallPiece | None = None
    """The first call, if the caller has a part of it; its text is the first piece of that."""
    _sent: dict[str, list[str]] = field(default_factory=dict)
    """What the caller has been given, in pieces, by the field of the message, or of its call."""

    # --- what the caller has ---------------------------------------------------------------------

    @property
    def given(self) -> str:
        """The text that the caller has of the content."""
        pieces = self._sent.get("content")
        if not pieces:
            return ""
        if len(pieces) > 1:
            pieces[:] = ["".join(pieces)]
        return pieces[0]

    @property
    def given_input(self) -> str:
        """What the caller has of the input of the first call."""
        return "".join(self._sent.get(INPUT, ()))

    def sent_lengths(self) -> dict[str, int]:
        """Return how many characters the caller has been given, by the field of the message."""
        return {name: sum(map(len, pieces)) for name, pieces in self._sent.items()}

    def sent_of(self, choice: Mapping[str, Any]) -> dict[str, int]:
        """Return how much the caller has of `choice`; of its reasoning, all that it will get."""
        lengths = self.sent_lengths()
        if not lengths.keys() & _REASONING:
            return lengths
        message = choice["message"]
        return lengths | {name: len(str(message.get(name) or "")) for name in _REASONING}

    def forward(self, news: ChoiceDelta) -> None:
        """Note that the caller is given `news`."""
        for name, text in news.delta.items():
            self._sent.setdefault(name, []).append(text)
        if news.call is not None:
            self._sent.setdefault(INPUT, []).append(news.call.text)
            self.given_call = self.given_call or news.call

    # --- what a reply changes --------------------------------------------------------------------

    def after(self, plan: Plan, evaluated: Evaluated) -> None:
        """Take in what came of this choice in the reply to `plan`."""
        if plan.purpose is Purpose.TRY:
            self.tries += 1
            self.progress = TryProgress(is_wrapped=plan.wrapped)
        progress, kind = self.progress, evaluated.kind
        self.last_choice = evaluated.choice
        self.had_logprobs |= bool(evaluated.choice.raw.get("logprobs"))
        self.document = evaluated.document
        progress.spent += evaluated.tokens
        progress.keep_whole_prefix = evaluated.keep_whole_prefix
        if plan.purpose is Purpose.CONTINUATION:
            progress.continuations += 1
            progress.restarts += kind is ContinuationKind.FRESH
            progress.repeated_after_prefix = kind in _FOLLOWED
            if kind is ContinuationKind.ASTRAY and not progress.sent_whole_prefix:
                progress.keep_whole_prefix = True

    # --- what is done between two replies --------------------------------------------------------

    def open_document(self, empty: PartialDocument | None = None) -> bool:
        """Write the opening of an empty document; return whether there is a prefix to send.

        Args:
            empty: a new document, where there is none yet.
        """
        if self.document is None:
            self.document = empty
        assert self.document is not None, "there is nothing to open"
        document, is_wrapped = self.document, self.progress.is_wrapped
        if not len(document):
            forced = document.guard.forced()[:1]
            document.write(forced if forced in _OPENING else b"", ByteOrigin.FORCED)
            document.wrapper = _WRAPPER if is_wrapped else b""
        if is_wrapped and not document.wrapper and not document.released:
            document.wrapper = b"" if document.guard.text[:1] in _OPENING else _WRAPPER
        is_exact = self.progress.keep_whole_prefix
        return bool(safe_length(document.guard, exact=is_exact) or document.wrapper)

    def take_over(self, document: PartialDocument) -> None:
        """Go on from a document that another model has begun."""
        self.document = document
        self.progress = TryProgress()

    def reopen(self, wanted: LeftOut) -> bool:
        """Open a member that the document lacks, which is whole; return whether there is a prefix
        to send now."""
        assert self.document is not None, "what is whole"
        self.progress = replace(self.progress, stuck_at=-1, stuck=0, keep_whole_prefix=True)
        return self.document.reopen(wanted.at, wanted.name, wanted.misplaced)

    def note_stuck(self) -> int:
        """Note that the document got stuck where it ends; return how often it did, before."""
        progress, length = self.progress, len(self.document) if self.document else 0
        progress.stuck = progress.stuck + 1 if length <= progress.stuck_at else 0
        progress.stuck_at = max(length, progress.stuck_at)
        return progress.stuck

    def cut_prefix(self, *, may_be_whole: bool) -> int:
        """Cut the document where a model can go on from it; return its length in bytes.

        Args:
            may_be_whole: all of it may be kept, if that is what the last reply calls for.
        """
        progress, document = self.progress, self.document
        assert document is not None, "open_document comes first"
        progress.sent_whole_prefix = progress.keep_whole_prefix and may_be_whole
        progress.keep_whole_prefix = False
        if progress.sent_whole_prefix and document.ends_as_chosen:
            return len(document)
        length = safe_length(document.guard, exact=progress.sent_whole_prefix)
        document.cut(length)
        return length

    def add_feedback(self, rejected: Rejected) -> None:
        """Tell the model at the next try what was wrong."""
        self.feedback += rejected.feedback()


def beginning_of(states: Sequence[ChoiceState]) -> Beginning | None:
    """Return what is good of the one document that was asked for, if anything is."""
    document = states[0].document if len(states) == 1 else None
    return document.beginning() if document is not None and len(document) else None


def forwards_early(contract: Contract, enforcement: Enforcement, *, may_continue: bool) -> bool:
    """Whether the caller gets what is good while it is being written."""
    mode = enforcement.stream
    if not contract.stream or mode is StreamMode.BUFFERED:
        return False
    if not contract.has_document:
        return True
    if contract.has_tools:
        return False
    return mode is StreamMode.GUARDED or may_continue


def forward(states: Iterable[ChoiceState], news: Iterable[ChoiceDelta]) -> None:
    """Note that the caller is given `news` of the choices of `states`."""
    by_index = {state.index: state for state in states}
    for each in news:
        by_index[each.index].forward(each)
