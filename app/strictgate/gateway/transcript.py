"""A conversation that is under way, with somebody who writes down what is asked and what is heard.

It is a `Talk` in every other way: nothing that it says or is told is changed by being written down.
"""

import time

from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import (
    Ask,
    ConversationGenerator,
    DriverAnswer,
    Outcome,
    StreamPart,
    Turn,
)
from strictgate.core.errors import GatewayError
from strictgate.core.wire.reply import Failure, Reply
from strictgate.gateway.moving import Talk
from strictgate.gateway.records import Asked, Heard, Witness, planned_record
from strictgate.gateway.request_planning import PlannedRequest
from strictgate.gateway.worker_pool import WorkerPool


class Transcript(Talk):
    """A talk whose questions and answers are recorded, each answer with the time that it took."""

    def __init__(
        self,
        here: ConversationGenerator,
        conversation: Conversation,
        pool: WorkerPool | None,
        request_id: str,
        witness: Witness,
    ) -> None:
        super().__init__(here, conversation, pool)
        self._id = request_id
        self._record = witness.record
        # Of the ask that is open; times are the monotonic clock's.
        self._since: float | None = None
        """None: none is open."""
        self._first: float | None = None
        """Seconds until its first piece came."""
        self._pieces = 0
        self._fault: Failure | GatewayError | None = None
        self._ended: float | None = None

    async def begin(self) -> Turn | Outcome:
        step = await Talk.begin(self)
        if isinstance(step, Ask):
            self._ask(step)
        return step

    async def send(self, answer: DriverAnswer) -> Turn | Outcome:
        if isinstance(answer, StreamPart):  # mostly: a stream has hundreds
            if self._first is None and self._since is not None:
                self._first = time.monotonic() - self._since
            self._pieces += len(answer.deltas)
        elif isinstance(answer, Reply):
            self._end(answer)
        elif isinstance(answer, Failure):
            self._note_fault(answer)
        step = await Talk.send(self, answer)
        if isinstance(step, Ask):
            self._ask(step)
        return step

    async def throw(self, error: GatewayError) -> Turn | Outcome:
        self._note_fault(error)
        step = await Talk.throw(self, error)
        if isinstance(step, Ask):
            self._ask(step)
        return step

    def close(self) -> None:
        self._end(None)
        Talk.close(self)

    def _ask(self, ask: Ask) -> None:
        self._end(None)
        self._since, self._first, self._pieces = time.monotonic(), None, 0
        self._fault = self._ended = None
        self._record(Asked(self._id, ask.plan, ask.body))

    def _note_fault(self, fault: Failure | GatewayError) -> None:
        self._fault, self._ended = fault, time.monotonic()

    def _end(self, reply: Reply | None) -> None:
        """Record what came of the open ask, if there is one.

        A reply may come behind a fault: it is then what had been written before.
        """
        since, self._since = self._since, None
        if since is not None:
            took = (self._ended or time.monotonic()) - since
            self._record(Heard(self._id, reply, self._fault, took, self._first, self._pieces))


def begun_talk(
    planned: PlannedRequest, pool: WorkerPool | None, request_id: str, witness: Witness | None
) -> Talk:
    """Return the conversation of `planned`, about to begin; written down for who is a witness."""
    conversation = planned.conversation
    if witness is None:
        return Talk(conversation.run(), conversation, pool)
    witness.record(planned_record(planned, request_id))
    return Transcript(conversation.run(), conversation, pool, request_id, witness)
