"""One choice, as far as it has been brought, over all the replies that it took."""

from dataclasses import dataclass, field

from strictgate.core.errors import GatewayError
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.plan import prompt
from strictgate.core.plan.planner import Plan, Purpose
from strictgate.core.wire.reply import Choice, Reply

_BYTES_A_TOKEN = 4


@dataclass
class ChoiceState:
    """The state of one choice."""

    index: int
    draft: PartialDocument | None = None
    """The good part of its document."""
    choice: Choice | None = None
    """Of the last reply."""
    is_wrapped: bool = False
    """The model was asked for `{"value": <document>}`."""
    tries: int = 0
    restarts: int = 0
    """New starts where a continuation was asked for, in this try."""
    keep_whole_prefix: bool = False
    """The next continuation must go on from all of the draft: no byte of it may be cut off."""
    repeated_after_prefix: bool = False
    """What was refused last came behind a prefix, of a model that went on from it."""
    spent: int = 0
    """Tokens that this try has taken, of the caller's budget."""
    sent: dict[str, int] = field(default_factory=dict)
    """Characters that the caller has been given, by field."""
    sent_text: list[str] = field(default_factory=list)
    """Text, not a document, that the caller has been given, in pieces."""
    broken: GatewayError | None = None
    """What broke the last reply off: a verdict on half an answer is none."""
    had_tokens: bool = False
    """A reply came with log-probabilities."""
    feedback_messages: list[prompt.Message] = field(default_factory=list)
    """Feedback for a new try; it grows, so that no mistake is made anew."""
    stuck_at: int = -1
    """The furthest place that the draft has come to in this try, and …"""
    stuck: int = 0
    """… how often it has come to nothing there."""

    @property
    def given(self) -> bytes:
        """What the caller has of the document."""
        return self.draft.guard.text[: self.draft.released] if self.draft else b""

    def count(self, plan: Plan, reply: Reply, pieces: int | None) -> None:
        """Note that a reply came; `pieces`: how many deltas it had, if it was a stream."""
        if plan.purpose is Purpose.TRY:
            self.is_wrapped = plan.wrapped
            self.tries += 1
            self.restarts = self.spent = self.stuck = 0
            self.stuck_at = -1
            self.keep_whole_prefix = self.repeated_after_prefix = False
        told = (reply.usage or {}).get("completion_tokens")
        if isinstance(told, int) and len(reply.choices) == 1:
            self.spent += told
        elif pieces is not None:
            self.spent += pieces
        else:
            longest = max(len(choice.text) for choice in reply.choices)
            self.spent += longest // _BYTES_A_TOKEN

    def note_stuck(self) -> int:
        """Note that something came to nothing where the draft ends; return how often, before."""
        at = len(self.draft) if self.draft else 0
        self.stuck = self.stuck + 1 if at <= self.stuck_at else 0
        self.stuck_at = max(at, self.stuck_at)
        return self.stuck
