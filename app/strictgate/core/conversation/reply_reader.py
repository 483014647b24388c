"""Hearing a reply out, as far as it is worth it, and having each of its choices weighed.

A reply that streams is under guard while it comes: it is stopped where nothing good can follow, and
where all that was wanted is there. One that comes whole is judged whole first; only if it is
rejected does the guard show how much of it is good.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.choice_guards import ChoiceGuards
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.document_choice import DocumentChoiceStream, ReplyStream
from strictgate.core.conversation.evaluation import Evaluation
from strictgate.core.conversation.protocol import (
    Ask,
    ChoiceDelta,
    DriverAnswer,
    ReadMore,
    StreamPart,
    Turn,
)
from strictgate.core.conversation.text_choice import TextChoiceStream
from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout, UpstreamUnreachable
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.plan.planner import Purpose
from strictgate.core.wire.reply import Choice, Failure, Reply, parse_reply

TAIL_PATIENCE = 0.25  # seconds to wait for what ends a stream whose document is whole: the usage
TAIL_PARTS = 8

Result = Accepted | Rejected | None


class ReplyEnd(StrEnum):
    """How far a reply was heard."""

    OWN = "own"
    """To its end."""
    STOPPED = "stopped"
    """As far as it mattered; if the usage had not been told, it is an estimate."""
    BROKEN = "broken"
    """Until the connection broke."""


@dataclass(frozen=True, slots=True)
class EvaluatedReply:
    """A reply, weighed."""

    body: Mapping[str, Any]
    """As the upstream gave it, or as far as it came."""
    results: Sequence[Result]
    """Of the choices that were asked for; None: there was none."""
    usage: Mapping[str, Any] | None
    end: ReplyEnd = ReplyEnd.OWN
    kind: ContinuationKind = ContinuationKind.UNKNOWN
    """What it made of a prefix."""


@dataclass(frozen=True, slots=True)
class StopPolicy:
    """What makes it worth while to stop a stream whose document has gone wrong."""

    can_continue: bool
    """The model can go on from what is good."""
    can_retry: bool
    """There is another try."""


@dataclass(frozen=True, slots=True)
class ReplyReader:
    """How one reply is heard."""

    guarding: ChoiceGuards
    ask: Ask
    states: Sequence[ChoiceState]
    """What its choices are for, in their order."""
    stopping: StopPolicy
    aligner: Aligner | None = None

    def hear(self) -> Generator[Turn, DriverAnswer, EvaluatedReply | Failure]:
        """Ask, hear the reply out, and weigh its choices."""
        got = yield self.ask
        for state in self.states:
            state.broken = None
        if isinstance(got, Failure):
            return got
        if isinstance(got, Reply):
            return (yield from self.weigh(got))
        assert isinstance(got, StreamPart), "what answers an Ask"
        yield from self.guarding.load()
        watch = ReplyStream([self._listener(each) for each in self.states])
        whole, end = yield from self._listen(got, watch)
        if isinstance(whole, Failure):
            return whole
        if end is not ReplyEnd.OWN and whole.usage is None:
            tokens = watch.pieces()
            whole = replace(whole, usage={"completion_tokens": tokens, "total_tokens": tokens})
        heard = yield from self.weigh(whole, watch)
        return replace(heard, end=end)

    def _listener(self, state: ChoiceState) -> DocumentChoiceStream | TextChoiceStream:
        plan = self.ask.plan
        if self.guarding.by.schema is None:
            return self.guarding.overhearer(state)
        by_call = plan.mode is Mode.TOOL and plan.purpose is Purpose.TRY
        return self.guarding.listener(plan, state, self.aligner, by_call=by_call)

    def weigh(
        self, whole: Reply, watch: ReplyStream | None = None
    ) -> Generator[Turn, DriverAnswer, EvaluatedReply]:
        """Weigh the choices of a reply, to which `watch` has listened if it came as a stream."""
        results: list[Result] = []
        kind = ContinuationKind.UNKNOWN
        choices = _placed(whole.choices, len(self.states))
        for position, (state, choice) in enumerate(zip(self.states, choices, strict=True)):
            if choice is None:
                results.append(None)
                continue
            listener = watch.listeners[position] if watch else None
            state.count(self.ask.plan, whole, listener.pieces if listener else None)
            heard = listener if isinstance(listener, DocumentChoiceStream) else None
            weighing = Evaluation(self.guarding, self.ask.plan, state, choice, heard, self.aligner)
            results.append((yield from weighing.weigh()))
            kind = weighing.kind
        return EvaluatedReply(whole.body, results, whole.usage, kind=kind)

    # --- a stream --------------------------------------------------------------------------------

    def _listen(
        self, part: StreamPart, watch: ReplyStream
    ) -> Generator[Turn, DriverAnswer, tuple[Reply | Failure, ReplyEnd]]:
        """Read on for as long as it matters; return what came."""
        got: DriverAnswer = part
        while isinstance(got, StreamPart):
            part = got
            names = (name for delta in part.deltas for name in delta.names)
            yield from self.guarding.load_functions(names)
            watch.feed(part.deltas)
            if watch.are_closed():
                return (yield from self._hear_tail(part, watch))
            if watch.are_lost(
                can_continue=self.stopping.can_continue, can_retry=self.stopping.can_retry
            ):
                yield from _tell(watch.news())
                return _so_far(part), ReplyEnd.STOPPED
            try:
                got = yield ReadMore(watch.news())
            except (UpstreamBadResponse, UpstreamUnreachable) as error:
                if not self.stopping.can_continue:
                    raise
                for state in self.states:
                    state.broken = error
                return _so_far(part), ReplyEnd.BROKEN  # what came before is good
        assert isinstance(got, Reply | Failure), "what ends a stream"
        return got, ReplyEnd.OWN

    def _hear_tail(
        self, part: StreamPart, watch: ReplyStream
    ) -> Generator[Turn, DriverAnswer, tuple[Reply | Failure, ReplyEnd]]:
        """All that was wanted is there, whatever comes now: wait a little for the usage."""
        for _ in range(TAIL_PARTS):
            if watch.is_talking():
                break
            try:
                got = yield ReadMore(patience=TAIL_PATIENCE)
            except (UpstreamBadResponse, UpstreamUnreachable, UpstreamTimeout):
                break
            if isinstance(got, Reply):
                return got, ReplyEnd.OWN
            if not isinstance(got, StreamPart) or not got.deltas:
                break
            part = got
            watch.feed(part.deltas)
        return _so_far(part), ReplyEnd.STOPPED


def _tell(news: tuple[ChoiceDelta, ...]) -> Generator[Turn, DriverAnswer, None]:
    """Give the caller what is good before the stream is left; what it brings now is of no use."""
    if news:
        with suppress(UpstreamBadResponse, UpstreamUnreachable):
            yield ReadMore(news, patience=0)


def _so_far(part: StreamPart) -> Reply:
    return parse_reply(part.collector.completion())


def _placed(choices: Sequence[Choice], count: int) -> list[Choice | None]:
    """Return the choices by their indices, or in their order where the indices make no sense."""
    by_index = {choice.index: choice for choice in choices}
    if len(by_index) < len(choices) or not all(0 <= index < count for index in by_index):
        by_index = dict(enumerate(choices))
    return [by_index.get(index) for index in range(count)]
