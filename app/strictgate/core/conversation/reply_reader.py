"""Read one upstream reply, stop early when the rest is useless, evaluate each choice.

A reply that streams is under guard while it comes: it is stopped where nothing good can follow, and
where all that was wanted is there. One that comes whole is judged whole first; only if it is
rejected does the guard show how much of it is good.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.calls_stream import CallsStream, StopPolicy
from strictgate.core.conversation.choice_result import Accepted, Evaluated, Rejected
from strictgate.core.conversation.choice_state import ChoiceState, forward
from strictgate.core.conversation.choice_streams import (
    ChoiceStream,
    DocumentChoiceStream,
    ReplyStream,
    TextChoiceStream,
)
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.evaluation import Evaluation, open_document_stream
from strictgate.core.conversation.judging_cost import (
    LIGHT,
    SLICE,
    WHOLE_STREAM,
    guarded_length,
    nulls_cost,
    slices,
    stream_cost,
    streamed_input_length,
)
from strictgate.core.conversation.protocol import (
    Ask,
    DriverAnswer,
    HeavyStep,
    ReadMore,
    Stop,
    StreamPart,
    Turn,
)
from strictgate.core.conversation.whole_choice import answer_text, with_absent_members
from strictgate.core.errors import (
    GatewayError,
    OutputTooComplex,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.plan.plan import Purpose
from strictgate.core.plan.planner import token_budget
from strictgate.core.repair_steps import Step
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.core.wire.calls import failed_generation
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.reply import Choice, Failure, Reply
from strictgate.core.work import WorkSpent

TAIL_PATIENCE = 0.25  # seconds to wait for what ends a stream whose document is whole: the usage
TAIL_PARTS = 8
BEHIND_PATIENCE = 2.0  # seconds to wait for text behind what is whole; a silent host has ended
_KEPT_HEADERS = frozenset({"retry-after", "retry-after-ms"})
_BYTES_A_TOKEN = 4
_A_MEND = WHOLE_STREAM // 1000  # characters that are guarded in the time of one, at the least


class ReplyEnd(StrEnum):
    """How far a reply was read."""

    OWN = "own"
    """To its end."""
    STOPPED = "stopped"
    """As far as it mattered; if the usage had not come, it is an estimate."""
    BROKEN = "broken"
    """Until the connection broke."""


@value_type
class EvaluatedReply:
    """A reply, evaluated."""

    body: Mapping[str, Any]
    """As the upstream gave it, or as far as it came."""
    results: Sequence[Accepted | Rejected | None]
    """Of the choices that were asked for; None: there was none."""
    usage: Mapping[str, Any] | None
    end: ReplyEnd = ReplyEnd.OWN
    kind: ContinuationKind = ContinuationKind.UNKNOWN
    """What the model made of a prefix."""


@value_type
class ReplyReader:
    """Reads the reply to one ask."""

    ask: Ask
    states: Sequence[ChoiceState]
    """What its choices are for, in their order."""
    criteria: Criteria
    policy: StopPolicy
    forwards: bool
    """The caller gets what is good while it is being written."""
    aligner: Aligner | None = None
    """Tells what a model makes of the prefix that is sent; None: none is sent."""

    def run(self) -> Generator[Turn, DriverAnswer, EvaluatedReply | Failure]:
        """Ask, read the reply, and evaluate its choices."""
        answer = yield self.ask
        if isinstance(answer, Failure):
            return answer
        if isinstance(answer, Reply):
            return (yield from self.evaluate(answer))
        assert isinstance(answer, StreamPart), "what answers an Ask"
        if self.criteria.schema is not None:
            yield from self.criteria.grammars.load(self.criteria.schema, self.criteria.work)
        stream = ReplyStream([self._open(state) for state in self.states])
        return (yield from self._read_stream(answer, stream))

    # --- the choices of a reply ------------------------------------------------------------------

    def evaluate(
        self,
        reply: Reply,
        stream: ReplyStream | None = None,
        *,
        is_misuse: bool = False,
        end: ReplyEnd = ReplyEnd.OWN,
        broken: GatewayError | None = None,
    ) -> Generator[Turn, DriverAnswer, EvaluatedReply]:
        """Evaluate the choices of `reply`; their states change accordingly.

        Args:
            stream: what has read them, if they were streamed.
            is_misuse: the upstream itself found fault with the call that the text is.
            end: how far the reply was read.
            broken: what broke it off.
        """
        results: list[Accepted | Rejected | None] = [None] * len(self.states)
        kind = ContinuationKind.UNKNOWN
        for position, choice in _in_place(reply.choices, len(self.states)):
            state, plan = self.states[position], self.ask.plan
            written, absent = choice, list[Step]()
            if plan.has_nulls and self.criteria.schema is not None:
                yield from self._announce_nulls(written, self.criteria.schema)
                choice, absent = with_absent_members(written, plan, self.criteria.schema)
            read = stream.choices[position] if stream else None
            evaluation = Evaluation(
                plan=plan,
                state=state,
                choice=choice,
                criteria=self.criteria,
                aligner=self.aligner,
                tokens=_tokens(reply, read.pieces if read else None),
                is_misuse=is_misuse,
                is_last=not self.policy.can_retry,
                broken=broken,
            )
            document = read if isinstance(read, DocumentChoiceStream) else None
            try:
                evaluated: Evaluated = yield from evaluation.run(document)
            except WorkSpent:
                evaluated = self._too_complex(choice, state)
            if absent:
                told = _told_of(absent, evaluated.result, answer_text(written, plan.mode)[0])
                evaluated = replace(evaluated, result=told)
            state.after(plan, evaluated)
            results[position], kind = evaluated.result, evaluated.kind
        usage = reply.usage
        if usage is None and stream is not None and end is not ReplyEnd.OWN:
            usage = {"completion_tokens": stream.pieces(), "total_tokens": stream.pieces()}
        return EvaluatedReply(reply.body, results, usage, end, kind)

    def _announce_nulls(
        self, choice: Choice, schema: Schema
    ) -> Generator[Turn, DriverAnswer, None]:
        """Say beforehand where it takes long to take out what is null for absent."""
        cost = nulls_cost(answer_text(choice, self.ask.plan.mode)[0], schema)
        if cost > LIGHT:
            yield HeavyStep(cost)

    def _too_complex(self, choice: Choice, state: ChoiceState) -> Evaluated:
        """Return what is said of a choice whose evaluation has used the budget up."""
        text = choice.text or failed_generation(choice.calls, choice.text)
        error = OutputTooComplex(self.criteria.work.budget, failed_generation=text)
        rejected = Rejected(text, (), error.message, truncated=False, broken=error)
        return Evaluated(rejected, choice, state.document)

    # --- a stream --------------------------------------------------------------------------------

    def _open(self, state: ChoiceState) -> ChoiceStream:
        criteria, plan = self.criteria, self.ask.plan
        if criteria.schema is None:
            must_call = criteria.tools is not None and criteria.tools.must_call
            forwards = self.forwards and not must_call and not state.given_call
            calls = CallsStream(criteria)
            takes_input = self.forwards and self.policy.can_continue_input and not state.given_call
            stream = TextChoiceStream(state.index, calls, forwards, criteria.with_tokens)
            stream.forwards_input = takes_input
            return stream
        by_call = plan.mode is Mode.TOOL and plan.purpose is Purpose.TRY
        document = open_document_stream(
            plan,
            state,
            criteria,
            self.aligner,
            by_call=by_call,
            forwards=self.forwards,
        )
        document.reading.leads_names = self.policy.can_continue and self.policy.leads_names
        budget = token_budget(self.ask.body)
        if budget is not None:  # what talk takes is lost to the document
            talk = budget * _BYTES_A_TOKEN // 2
            document.reading.most_talk = min(document.reading.most_talk, talk)
        return document

    def _read_stream(
        self, part: StreamPart, stream: ReplyStream
    ) -> Generator[Turn, DriverAnswer, EvaluatedReply | Failure]:
        """Read on for as long as it matters, and evaluate what came."""
        answer: DriverAnswer = part
        broken: GatewayError | None = None
        end, tail, length = ReplyEnd.OWN, TAIL_PARTS, 0
        factor = self.criteria.width_factor
        while isinstance(answer, StreamPart):
            yield from self._load_functions(answer)
            try:
                length = yield from self._feed(stream, answer.deltas, length, factor)
            except WorkSpent:  # the evaluation of what has come will say so
                answer, end = None, ReplyEnd.STOPPED
                break
            if stream.is_whole():
                is_over = not tail or not answer.deltas or stream.has_more()
                answer = yield from self._read_tail(TAIL_PATIENCE, is_over=is_over)
                end, tail = (ReplyEnd.STOPPED if answer is None else end), tail - 1
            elif stream.is_closed:
                answer = yield from self._read_tail(BEHIND_PATIENCE, news=self._news(stream))
                end = ReplyEnd.STOPPED if answer is None else end
            elif stream.is_useless(self.policy):
                yield from self._forward_last(stream)
                answer, end = None, ReplyEnd.STOPPED
            else:
                try:
                    answer = yield ReadMore(self._news(stream))
                except (UpstreamBadResponse, UpstreamUnreachable) as error:
                    if not self.policy.can_continue:
                        raise
                    answer, end, broken = None, ReplyEnd.BROKEN, error  # what came before is good
        return (yield from self._end(answer, stream, end, broken))

    def _end(
        self,
        answer: DriverAnswer,
        stream: ReplyStream,
        end: ReplyEnd,
        broken: GatewayError | None,
    ) -> Generator[Turn, DriverAnswer, EvaluatedReply | Failure]:
        """Evaluate what came of a stream that is read no further; `answer`: None where it is to be
        stopped."""
        if answer is None:
            answer = yield Stop()
        if isinstance(answer, Failure):
            if answer.status < 500 or not self.policy.can_continue or not stream.pieces():
                return answer
            end, broken = ReplyEnd.BROKEN, upstream_error(answer)
            answer = yield Stop()  # what came before it failed is good
        assert isinstance(answer, Reply), "what ends a stream"
        return (yield from self.evaluate(answer, stream, end=end, broken=broken))

    def _feed(
        self, stream: ReplyStream, deltas: Sequence[Delta], length: int, factor: int
    ) -> Generator[Turn, DriverAnswer, int]:
        """Feed what a part brought, in slices, others first; return what `length` has become.

        Args:
            length: how much of this reply has been guarded, in characters of a narrow schema.
            factor: how many of these a character counts for.
        """
        length = max(length, min(_A_MEND * stream.mends(), WHOLE_STREAM))
        more = guarded_length(deltas) * factor
        if not self.criteria.inputs_are_linear:
            more += streamed_input_length(deltas)
        if more <= SLICE and (length > WHOLE_STREAM or length + more <= WHOLE_STREAM):
            stream.feed(deltas)
            return length + more
        yield HeavyStep(stream_cost(more if length + more <= WHOLE_STREAM else WHOLE_STREAM))
        for part in slices(deltas):
            stream.feed(part)
            yield HeavyStep(0)
        return length + more

    def _load_functions(self, part: StreamPart) -> Generator[Turn, DriverAnswer, None]:
        """Have the grammars of the arguments of the functions loaded that are called."""
        tools = self.criteria.tools
        if tools is None:
            return
        for name in dict.fromkeys(name for delta in part.deltas for name in delta.names):
            schema = tools.schemas.get(name)
            if schema is not None:
                yield from self.criteria.grammars.load(schema, self.criteria.work)

    def _forward_last(self, stream: ReplyStream) -> Generator[Turn, DriverAnswer, None]:
        """Give the caller what is good before the stream is left; what it brings now is useless."""
        news: tuple[ChoiceDelta, ...] = stream.news()
        if news:
            forward(self.states, news)
            with suppress(UpstreamBadResponse, UpstreamUnreachable):
                yield ReadMore(news, patience=0)

    def _news(self, stream: ReplyStream) -> tuple[ChoiceDelta, ...]:
        """Return what the caller may have now, which counts as given from here on."""
        news = stream.news()
        forward(self.states, news)
        return news

    def _read_tail(
        self, patience: float, *, is_over: bool = False, news: tuple[ChoiceDelta, ...] = ()
    ) -> Generator[Turn, DriverAnswer, DriverAnswer]:
        """Wait a little, once all that is wanted is there: for the usage, or for what may stand
        behind it; None: it is enough."""
        if is_over:
            return None
        try:
            answer = yield ReadMore(news, patience=patience)
        except (UpstreamBadResponse, UpstreamUnreachable, UpstreamTimeout):
            return None
        return None if isinstance(answer, Failure) else answer


def _told_of(
    absent: Sequence[Step], result: Accepted | Rejected, written: str
) -> Accepted | Rejected:
    """Return `result` with the steps that were taken before; of what is rejected, the model gets to
    see what it has `written`, and so does the caller."""
    if isinstance(result, Rejected):
        return replace(result, text=written)
    return replace(result, steps=(*absent, *result.steps))


def _in_place(choices: Sequence[Choice], count: int) -> Iterator[tuple[int, Choice]]:
    """Yield the choices with their positions: by their indices, or in their order where the
    indices make no sense."""
    by_index = {choice.index: choice for choice in choices}
    if len(by_index) < len(choices) or not all(0 <= index < count for index in by_index):
        by_index = dict(enumerate(choices))
    return ((index, choice) for index, choice in by_index.items() if index < count)


def _tokens(reply: Reply, pieces: int | None) -> int:
    """Return how many tokens a choice of `reply` took; `pieces`: of the stream, if it was one."""
    counted = (reply.usage or {}).get("completion_tokens")
    if isinstance(counted, int) and len(reply.choices) == 1:
        return counted
    if pieces is not None:
        return pieces
    return max(len(choice.text) for choice in reply.choices) // _BYTES_A_TOKEN


def upstream_error(failure: Failure) -> UpstreamError:
    """Return an upstream's answer as the error that it is for the caller.

    What tells when to come back stays; an invitation to repeat a refusal goes.
    """
    headers = {
        name: value
        for name, value in failure.headers.items()
        if name in _KEPT_HEADERS
        or name.startswith("x-ratelimit-")
        or (name == "x-should-retry" and value == "false")
    }
    return UpstreamError(failure.status, error_of(failure.status, failure.body), headers)
