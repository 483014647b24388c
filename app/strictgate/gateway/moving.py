"""A conversation, run here as long as its steps are light, and then in a worker.

A conversation depends on nothing but its answers. They are noted, and where a step is heavy, a
worker begins the conversation anew, gives it the same answers, and has it go on from there. A step
that turns out to be heavy while it is computed is left, and computed there. What it then wants is
told here, and answered here: the network stays in this process. A worker that has forgotten it, or
that was lost to another conversation, begins it anew in the same way.
"""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import partial
from itertools import chain, count

from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.judging_cost import LIGHT, STRETCH
from strictgate.core.conversation.protocol import (
    Compile,
    ConversationGenerator,
    DriverAnswer,
    HeavyStep,
    Outcome,
    StreamPart,
    Turn,
)
from strictgate.core.errors import GatewayError, NotJudged, NotJudgedNow, Overloaded
from strictgate.core.value_type import state_type
from strictgate.core.wire.reply import Reply
from strictgate.core.work import StretchSpent
from strictgate.gateway.worker_messages import (
    Answer,
    Begin,
    Entry,
    Finished,
    GoOn,
    GrammarAnswer,
    Turned,
    Unknown,
    dumped,
    packed_entries,
    unpacked_entries,
)
from strictgate.gateway.worker_pool import WorkerLost, WorkerPool, WorkerProcess

_MOST_DELTAS = 512
"""Of the answers that are noted as they are; what is more than that is packed."""
_keys = count()


class _Answers:
    """The answers that a conversation has had, in their order; those of a long stream packed."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._latest: list[Entry] = []
        self._deltas = 0

    def add(self, entry: Entry) -> None:
        """Note one."""
        self._latest.append(entry)
        self._deltas += len(entry.deltas) if isinstance(entry, StreamPart) else 1
        if self._deltas >= _MOST_DELTAS:
            self._packed.append(packed_entries(self._latest))
            self._latest, self._deltas = [], 0

    def __iter__(self) -> Iterator[Entry]:
        """Yield all of them."""
        return chain(unpacked_entries(self._packed), self._latest)

    def begin(self, key: int, conversation: bytes) -> Begin:
        """Return the question that begins `conversation` anew with all of them."""
        return Begin(key, conversation, tuple(self._packed), tuple(self._latest))


@state_type
class _There:
    """Where a conversation has been moved to."""

    pool: WorkerPool
    worker: WorkerProcess
    conversation: Conversation
    written: bytes = b""
    """What is begun there, once it has been written down."""
    key: int = field(default_factory=_keys.__next__)
    begun: int = -1
    """Which of the worker's processes has it."""
    is_let_in: bool = False
    """It has been asked there once: what follows is not refused, however many wait."""


class Talk:
    """A conversation that is under way: its turns, wherever they are computed."""

    def __init__(
        self,
        here: ConversationGenerator,
        conversation: Conversation | None = None,
        pool: WorkerPool | None = None,
    ) -> None:
        """Begin here.

        Args:
            here: the conversation, which has not begun.
            conversation: what can be begun in another process; None: it stays here.
            pool: what computes heavy steps; None: they are computed here.
        """
        self._here = here
        self._conversation = conversation
        self._pool = pool
        self._may_move = conversation is not None and pool is not None and pool.is_open
        self._there: _There | None = None
        self._entries = _Answers()
        self._turn: Turn | Outcome | None = None

    async def begin(self) -> Turn | Outcome:
        """Return the first turn."""
        return await self._after(self._sent(None))

    async def send(self, answer: DriverAnswer) -> Turn | Outcome:
        """Answer the turn before; return the next one.

        Raises:
            GatewayError: the conversation is over.
        """
        if self._there is None and isinstance(answer, Reply):
            await asyncio.sleep(0)  # it may be large, and was read or settled in vain just now
        if isinstance(self._turn, Compile):
            entry: Entry = GrammarAnswer(answer is not None)
        else:
            entry = answer
        self._note(entry)
        if self._there is not None:
            return await self._asked(self._there, entry)
        return await self._after(self._sent(answer))

    async def throw(self, error: GatewayError) -> Turn | Outcome:
        """Tell it what went wrong; it raises that, or the verdict it has already, or goes on."""
        self._note(error)
        if self._there is not None:
            return await self._asked(self._there, error)
        return await self._after(self._turned(partial(self._here.throw, error)))

    def close(self) -> None:
        """End it, wherever it is."""
        self._here.close()
        if self._there is not None:
            self._there.worker.forgotten.append(self._there.key)

    def _note(self, entry: Entry) -> None:
        """Note an answer for a worker, if there may be one."""
        if self._may_move:
            if isinstance(entry, Reply):  # its JSON is of no use to a worker
                entry = Reply(entry.body, entry.choices, entry.usage)
            self._entries.add(entry)

    # --- here ------------------------------------------------------------------------------------

    def _sent(self, answer: DriverAnswer) -> Turn | Outcome:
        return self._turned(partial(self._here.send, answer))

    def _turned(self, turn: Callable[[], Turn]) -> Turn | Outcome:
        """Have it take its next turn; where that takes too long, it is a heavy step."""
        if self._conversation is not None:
            work = self._conversation.work
            work.begin_stretch(STRETCH if self._elsewhere() is not None else work.budget)
        try:
            return turn()
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome
        except StretchSpent:
            return HeavyStep(math.inf)

    async def _after(self, step: Turn | Outcome) -> Turn | Outcome:
        """Return the next turn that is the driver's to answer."""
        while isinstance(step, HeavyStep):
            if step.cost > LIGHT and (elsewhere := self._elsewhere()) is not None:
                return await self._moved(*elsewhere)
            await asyncio.sleep(0)
            step = self._sent(None)
        self._turn = step
        return step

    # --- there -----------------------------------------------------------------------------------

    def _elsewhere(self) -> tuple[Conversation, WorkerPool] | None:
        """Return what can go on in a worker, and whose; None: all is computed here."""
        conversation, pool = self._conversation, self._pool
        if conversation is None or pool is None or not (self._may_move and pool.is_open):
            return None
        return conversation, pool

    async def _moved(self, conversation: Conversation, pool: WorkerPool) -> Turn | Outcome:
        """Go on in a worker, from the heavy step that is next here."""
        self._there = _There(pool, pool.worker(), conversation)
        self._here.close()
        try:
            return await self._asked(self._there)
        except Overloaded as full:  # what has been written is paid for, and goes back with it
            headers = full.headers | {"x-should-retry": "true"}
            text = self._text()
            raise NotJudgedNow(full.message, failed_generation=text, headers=headers) from full

    async def _asked(self, there: _There, entry: Entry = None) -> Turn | Outcome:
        """Have it go on there; `entry`: its latest answer."""
        try:
            answer = await self._answer(there, entry)
        except WorkerLost as lost:
            raise self._not_judged(str(lost)) from lost
        match answer:
            case Turned(turn):
                self._turn = turn
                return turn
            case Finished(end, record, plan, spent):
                assert self._conversation is not None, "it has been moved"
                self._conversation.adopt(record, plan, spent)
                if isinstance(end, GatewayError):
                    raise end
                return end
            case other:
                raise AssertionError(f"no answer of a conversation: {other!r}")

    async def _answer(self, there: _There, entry: Entry) -> Answer:
        begun, there.begun = there.begun, -1  # who leaves meanwhile does not know what it has read
        if entry is None or isinstance(entry, Reply):
            await asyncio.sleep(0)  # much was done to come here, or is to be sent
        if begun == there.worker.begun:
            question = GoOn(there.key, entry)
            answer = await there.pool.ask(there.worker, question, is_begun=True)
            if not isinstance(answer, Unknown):
                there.begun = begun
                return answer
        if not there.written:
            there.written = dumped(there.conversation)
            await asyncio.sleep(0)
        begin = self._entries.begin(there.key, there.written)
        answer = await there.pool.ask(there.worker, begin, is_begun=there.is_let_in)
        there.is_let_in = True
        there.begun = there.worker.begun
        return answer

    def _not_judged(self, reason: str) -> NotJudged:
        """Return the error for a text that nobody has judged."""
        return NotJudged(
            f"The model's answer could not be judged, as {reason}.", failed_generation=self._text()
        )

    def _text(self) -> str:
        """Return what the model has written last."""
        whole, streamed = "", list[str]()
        for entry in self._entries:
            match entry:
                case StreamPart(deltas):
                    streamed.extend(each.content for each in deltas)
                case Reply(choices=choices):
                    whole, streamed = choices[0].text or choices[0].arguments, []
        return "".join(streamed) or whole
