"""The models that are asked in place of one that fails, for one enforced request.

`[models.NAME] fallbacks` names them. They have one deadline and one token budget together, that of
the first. Where the caller has got any text, no other model is asked. What is not finished is
handed over (core/conversation/handover.py). Where none of them gives a document, the error is the
last verdict on a text; where there was none, that of the model that was asked for.
"""

import asyncio
from dataclasses import dataclass, field

from strictgate.core.conversation.attempt_log import Attempt, FailedModel
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.handover import Handover
from strictgate.core.errors import GatewayError, OutputInvalid
from strictgate.core.guard.partial_document import Beginning
from strictgate.core.resilience.fallbacks import is_worth_another_model, reason_of
from strictgate.core.wire.usage import Usage


@dataclass(slots=True)
class Fallbacks:
    """Which models are left, and where those before have left the request."""

    model: str
    """The one that is asked, by the name that clients know."""
    left: tuple[str, ...]
    """Those that may be asked after it, in their order."""
    deadline: float
    """By the clock of the event loop, over all of them."""
    error: GatewayError | None = None
    """What the caller gets, if nothing more comes."""
    _failed: tuple[FailedModel, ...] = ()
    _spent: Usage = field(default_factory=dict)
    _work: int = 0
    _beginning: Beginning | None = None

    def next(self, error: GatewayError, conversation: Conversation | None) -> Handover | None:
        """Return what the next model is handed over; None where there is none to ask.

        Args:
            error: what the conversation with the one before came to.
            conversation: None: it did not come to one, for the reason `error`.
        """
        attempts: tuple[Attempt, ...] = ()
        outcome = ""
        if conversation is not None:
            self._note(conversation)
            attempts = tuple(conversation.record.attempts)
            outcome = conversation.record.last_outcome(is_accepted=False)
        if self.error is None or isinstance(error, OutputInvalid):
            self.error = error
        self._failed += (FailedModel(self.model, reason_of(error), attempts),)
        is_late = asyncio.get_running_loop().time() >= self.deadline
        is_worth_it = conversation is None or is_worth_another_model(error, outcome)
        if not self.left or is_late or not is_worth_it or self._is_spent(conversation):
            return None
        self.model, *left = self.left
        self.left = tuple(left)
        return Handover(
            self.model,
            self._failed,
            self._spent,
            self._beginning,
            work=self._work,
            deadline=self.deadline,
            is_last=not left,
        )

    def _note(self, conversation: Conversation) -> None:
        """Note what a conversation has used, and what is good of what it has written."""
        record = conversation.record
        self._spent, self._work = record.used, conversation.work.spent
        begun = record.beginning
        if begun and (self._beginning is None or len(begun.text) > len(self._beginning.text)):
            self._beginning = begun

    @staticmethod
    def _is_spent(conversation: Conversation | None) -> bool:
        if conversation is None:
            return False
        budget = conversation.enforcement.token_budget
        return conversation.record.is_spent(budget) or conversation.work.is_spent
