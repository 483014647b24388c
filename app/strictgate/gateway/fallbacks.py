"""The models that are asked in place of one that fails, for one enforced request.

`[models.NAME] fallbacks` names them. They have one deadline and one token budget together, that of
the first. Where the caller has got any text, no other model is asked. What is not finished is
handed over (core/conversation/handover.py). Last comes the `repair_model`, which does not answer,
but writes down what the last text says. Where none of them gives a document, the error is the last
verdict on an answer; where there was none, that of the model that was asked for.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from strictgate.core.conversation.attempt_log import Attempt, FailedModel
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.handover import Handover
from strictgate.core.errors import GatewayError, OutputInvalid
from strictgate.core.guard.partial_document import Beginning
from strictgate.core.plan import prompt
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.request import response_format_aliases
from strictgate.core.request.options import KNOBS_KEY
from strictgate.core.request.tools import InputGrammar
from strictgate.core.resilience.fallbacks import is_worth_another_model, reason_of
from strictgate.core.surfaces.surface import AnswerIdentity, AnswerWriter, SurfaceRequest
from strictgate.core.value_type import state_type, value_type
from strictgate.core.wire.usage import Usage


@state_type
class Fallbacks:
    """Which models are left, and where those before have left the request."""

    model: str
    """The one that is asked, by the name that clients know."""
    left: tuple[str, ...]
    """Those that may be asked after it, in their order."""
    deadline: float
    """By the clock of the event loop, over all of them."""
    repair_model: str | None = None
    """The one that may write down the last text, where none of them gave a document."""
    error: GatewayError | None = None
    """What the caller gets, if nothing more comes."""
    _is_written_down: bool = False
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
        is_verdict = isinstance(error, OutputInvalid) and not self._is_written_down
        if self.error is None or is_verdict:
            self.error = error
        self._failed += (FailedModel(self.model, reason_of(error), attempts),)
        is_late = asyncio.get_running_loop().time() >= self.deadline
        is_worth_it = conversation is None or is_worth_another_model(error, outcome)
        if is_late or not is_worth_it or self._is_spent(conversation):
            return None
        if not self.left:
            return self._writing_down()
        self.model, *left = self.left
        self.left = tuple(left)
        is_last = not left and self.repair_model is None
        return replace(self._handover(self.model), beginning=self._beginning, is_last=is_last)

    def _writing_down(self) -> Handover | None:
        """Return what the repair model is handed over: the last text that was judged."""
        model, self.repair_model = self.repair_model, None
        written = isinstance(self.error, OutputInvalid) and self.error.failed_generation.strip()
        if model is None or not written:
            return None
        self.model, self._is_written_down = model, True
        return replace(self._handover(model), source=written)

    def _handover(self, model: str) -> Handover:
        return Handover(model, self._failed, self._spent, work=self._work, deadline=self.deadline)

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


@value_type
class WritingRequest:
    """A request as it is put to a model that writes down what another one has said."""

    read: SurfaceRequest
    """The caller's."""
    model: str
    text: str
    """What was said."""
    origin: Origin = Origin.TRANSLATED
    strict_by_default: bool = False
    input_grammars: Sequence[InputGrammar] = ()

    @property
    def chat(self) -> Mapping[str, Any]:
        """The chat completion for it: the format is the caller's, the messages are ours.

        Nothing goes out before it is known that nothing was added, and no document of another
        model's is gone on from.
        """
        given = self.read.chat
        kept = {name: given[name] for name in _KEPT & given.keys()}
        knobs = {**(given.get(KNOBS_KEY) or {}), "stream": "buffered", "max_continuations": 0}
        messages = prompt.writing_down(self.text)
        return kept | {"model": self.model, "messages": messages, KNOBS_KEY: knobs}

    def writer(self, identity: AnswerIdentity) -> AnswerWriter:
        """Return what writes the answer to the caller."""
        return self.read.writer(identity)

    def translate_error(self, error: GatewayError) -> None:
        """Make it an error about the caller's request."""
        self.read.translate_error(error)


_KEPT = response_format_aliases.FIELDS | {
    *("response_format", "stream", "stream_options", "seed", "temperature", "user"),
    *("max_tokens", "max_completion_tokens"),
}
"""Fields of a request that hold for whoever writes its document."""
