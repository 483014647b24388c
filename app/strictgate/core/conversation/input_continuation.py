"""Go on from the good part of a custom tool's input.

No host goes on from the middle of a call. But the input is plain text, and plain text can be gone
on from: so the model is told to write it as its answer, and given its beginning (a prefix, as with
documents, continuation.py). Before that, what the grammar leaves no choice about is written. What
comes is put into the call, which is then judged as any other.

At one place the same is tried at most twice, the second time with what was wrong; what comes to
nothing then is left to a new try of the whole.
"""

from collections.abc import Generator, Mapping
from dataclasses import field, replace
from typing import Any

from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.choice_state import ChoiceState, forward
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.document_checks import checked_content
from strictgate.core.conversation.document_inputs import document_steps, with_inputs
from strictgate.core.conversation.judging_cost import input_cost
from strictgate.core.conversation.protocol import (
    Ask,
    DriverAnswer,
    HeavyStep,
    ReadMore,
    Stop,
    StreamPart,
    Turn,
)
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyEnd
from strictgate.core.conversation.tool_calls import ToolCallError, input_steps
from strictgate.core.conversation.whole_choice import judge_choice, with_given_call
from strictgate.core.errors import UpstreamBadResponse, UpstreamUnreachable
from strictgate.core.guard.continuation_alignment import ContinuationKind
from strictgate.core.guard.input_alignment import InputAligner
from strictgate.core.guard.input_text import InputState, InputText
from strictgate.core.guard.logprob_steering import LogprobTokens, alternatives
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.repair_steps import Step
from strictgate.core.request.options import Enforcement
from strictgate.core.request.tools import INPUT
from strictgate.core.value_type import state_type
from strictgate.core.wire.calls import Call, render_call, with_input
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.refusal import refuses_prefix
from strictgate.core.wire.reply import Choice, Failure, Reply, parse_reply

_MORE = 1024  # characters that may be to come
MAX_STUCK = 2  # asks in a row that get no further
MAX_FRESH = 2  # new starts of the model in place of a continuation
Result = Accepted | Rejected


@state_type
class InputContinuation:
    """Asks for the rest of inputs, in one conversation."""

    enforcement: Enforcement
    criteria: Criteria
    record: AttemptLog
    forwards: bool
    """The caller gets what is good while it is being written, if it has a part of it."""
    is_refused: bool = False
    """The upstream takes no prefixes."""
    spent: int = 0
    """Tokens of the caller's budget that these asks have taken for one choice."""

    def is_possible(self, planner: Planner) -> bool:
        """Whether there is any use in a prefix."""
        if self.is_refused or not self.criteria.inputs:
            return False
        is_told = self.criteria.tools is None
        can = planner.can_continue if is_told else planner.can_continue_input
        return can and self.enforcement.max_continuations > self.record.continuations

    def run(
        self, planner: Planner, state: ChoiceState, rejected: Rejected
    ) -> Generator[Turn, DriverAnswer, Result]:
        """Go on with the inputs in the choice of `state` that are not whole; return what it comes
        to: `rejected`, if one of them comes to nothing, or more is wrong than that."""
        misuse, choice = rejected.misuse, state.last_choice
        if misuse is None or choice is None or not self._may_go_on(planner, state, rejected):
            return rejected
        if not all(fault.input is not None for fault in misuse.faults):
            return rejected
        self.spent, texts = 0, {}
        for fault in misuse.faults:
            text = yield from self._written(planner, state, rejected, fault)
            if text is None:
                return rejected
            texts[fault.position] = text
        if self.criteria.tools is None:
            whole, done = _with_content(choice, rejected.text, texts), document_steps(texts)
        else:
            whole, done = _with_inputs(choice, misuse.calls, texts), _steps(misuse.calls, texts)
        plan = planner.plan(planner.ladder()[0])
        judged = checked_content(judge_choice(whole, plan, self.criteria), self.criteria)
        if isinstance(judged, Rejected):
            return judged
        judged = replace(judged, steps=tuple(dict.fromkeys((*judged.steps, *done))))
        given = state.given_call
        if given is None:
            return judged
        return with_given_call(judged, given, state.given_input, misuse.tools)

    def _may_go_on(self, planner: Planner, state: ChoiceState, rejected: Rejected) -> bool:
        budget = planner.budget()
        is_spent = budget is not None and (rejected.truncated or self._spent(state) >= budget)
        return (
            self.is_possible(planner)
            and not is_spent
            and not self.record.is_spent(self.enforcement.token_budget)
            and not self.criteria.work.is_spent
        )

    def _spent(self, state: ChoiceState) -> int:
        spent: int = state.progress.spent + self.spent
        return spent

    def _written(
        self, planner: Planner, state: ChoiceState, rejected: Rejected, fault: ToolCallError
    ) -> Generator[Turn, DriverAnswer, InputText | None]:
        """Return the input of one call, whole; None, where it comes to nothing."""
        text = fault.input
        assert text is not None, "what is gone on from"
        text.released = len(state.given_input.encode()) if fault.position == 0 else 0
        stuck, fresh, furthest = 0, 0, -1
        while stuck < MAX_STUCK and fresh < MAX_FRESH:
            wrong = text.problem()
            text.complete()
            if text.is_final:
                text.flush()
                return text
            stuck = 0 if len(text) > furthest else stuck + 1
            if stuck >= MAX_STUCK or not self._may_go_on(planner, state, rejected):
                return None
            furthest = max(len(text), furthest)
            again = (wrong or "") if stuck else None
            aligner, ended = yield from self._go_on(planner, state, fault, text, again)
            if ended is None:
                return None
            if aligner.kind is ContinuationKind.FRESH:
                fresh += 1
                if text.released or len(aligner.text) < len(text):
                    continue
            text = aligner.text
            if ended and text.problem() is None:
                return text
        return None

    def _go_on(
        self,
        planner: Planner,
        state: ChoiceState,
        fault: ToolCallError,
        text: InputText,
        wrong: str | None,
    ) -> Generator[Turn, DriverAnswer, tuple[InputAligner, bool | None]]:
        """Ask for what follows `text`; return what came, and what `_ask` says of it.

        Args:
            wrong: what is wrong with what came to nothing at this place; None: nothing has.
        """
        call = fault.call
        assert call is not None, "the input stands in one"
        cost = input_cost(len(text) + _MORE, is_linear=self.criteria.inputs_are_linear)
        yield HeavyStep(cost)
        matcher, prefix = self.criteria.inputs[call.name], text.resume(exact=wrong is not None)
        told = prompt.input_instructions(call.name, matcher.definition, wrong or "")
        plan = planner.input_continuation(prefix, told, self._spent(state))
        aligner = InputAligner(text, matcher.start(self.enforcement.repair), prefix)
        ended = yield from self._ask(planner, plan, state, fault, aligner)
        return aligner, ended

    def _ask(
        self,
        planner: Planner,
        plan: Plan,
        state: ChoiceState,
        fault: ToolCallError,
        aligner: InputAligner,
    ) -> Generator[Turn, DriverAnswer, bool | None]:
        """Have the rest written; return whether the model has ended it, or None where nothing
        came."""
        body = plan.body | planner.next_seed(len(self.record.attempts))
        try:
            answer = yield Ask(plan, body)
            reader = _AnswerReader(aligner, state, fault, forwards=self.forwards)
            reply, end = yield from reader.run(answer)
        except (UpstreamBadResponse, UpstreamUnreachable):
            self.is_refused = True  # for now; a new try may still come through
            return None
        if isinstance(reply, Failure):
            self.is_refused = True
            self.record.prefix_refused = refuses_prefix(reply.status, reply.body)
            return None
        reason = reply.choices[0].finish_reason
        has_ended = end is ReplyEnd.OWN and reason in ("stop", None)
        aligner.flush()
        if has_ended:
            aligner.text.flush()
        wrong = aligner.text.problem()
        said = reply.choices[0].text
        rejected = () if wrong is None else (Rejected(said, (), wrong, False, is_refused=True),)
        usage = reply.usage
        if usage is None and end is ReplyEnd.STOPPED:
            usage = {"completion_tokens": reader.pieces, "total_tokens": reader.pieces}
        self.spent += (usage or {}).get("completion_tokens") or 0
        answered = EvaluatedReply(reply.body, rejected, usage, end, aligner.kind)
        self.record.accepted(plan, answered)
        return has_ended or aligner.text.is_final


@state_type
class _AnswerReader:
    """Reads the answer to one prefix, and stops it where nothing good can follow."""

    aligner: InputAligner
    state: ChoiceState
    fault: ToolCallError
    forwards: bool
    tokens: LogprobTokens = field(default_factory=LogprobTokens)
    pieces: int = 0
    """How many deltas had text: about one a token."""

    def run(
        self, answer: DriverAnswer
    ) -> Generator[Turn, DriverAnswer, tuple[Reply | Failure, ReplyEnd]]:
        """Read it; what is good goes to the text, and what the caller may have to the caller."""
        length, end = 0, ReplyEnd.OWN
        if isinstance(answer, Reply):
            self.aligner.feed(answer.choices[0].text)
        while isinstance(answer, StreamPart):
            for delta in answer.deltas:
                data = delta.content.encode("utf-8", "surrogatepass")
                length += len(data)
                self.pieces += delta.chunks if data else 0
                self.tokens.feed(data, delta.logprobs)
                self.aligner.feed(delta.content)
            text = self.aligner.text
            if text.state is InputState.VIOLATED or text.is_final:
                self._steer(length)
                answer, end = (yield Stop()), ReplyEnd.STOPPED
            else:
                answer = yield ReadMore(self._news())
        assert isinstance(answer, Reply | Failure), "what ends a stream"
        return answer, end

    def _steer(self, length: int) -> None:
        """Take the model's next choice for the token that was refused, if it is known."""
        text = self.aligner.text
        refused_at = length - len(text.ahead)
        token = self.tokens.at(refused_at) if text.state is InputState.VIOLATED else None
        if token is not None:
            others = (each for each in alternatives(token.entry) if each != token.data)
            text.replace(refused_at - token.start, others)

    def _news(self) -> tuple[ChoiceDelta, ...]:
        given, text = self.state.given_call, self.aligner.text
        if given is None or not self.forwards or self.fault.position:
            return ()
        if self.aligner.kind is ContinuationKind.FRESH:
            return ()
        piece = text.release()
        if not piece:
            return ()
        news = (ChoiceDelta(self.state.index, {}, (), replace(given, text=piece)),)
        forward([self.state], news)
        return news


def _with_inputs(choice: Choice, calls: tuple[Call, ...], texts: Mapping[int, InputText]) -> Choice:
    """Return the choice with these inputs in its calls, by their positions."""
    made = [_with_input(call, texts.get(at)) for at, call in enumerate(calls)]
    message = {**choice.message, "tool_calls": made}
    raw = {**choice.raw, "message": message, "finish_reason": "tool_calls"}
    return parse_reply({"choices": [raw]}).choices[0]


def _with_content(choice: Choice, content: str, texts: Mapping[int, InputText]) -> Choice:
    """Return the choice with these inputs in the document that is its calls."""
    message = {**choice.message, "content": with_inputs(content, texts)}
    raw = {**choice.raw, "message": message, "finish_reason": "stop"}
    return parse_reply({"choices": [raw]}).choices[0]


def _steps(calls: tuple[Call, ...], texts: Mapping[int, InputText]) -> tuple[Step, ...]:
    found = (input_steps(calls[at], at, text) for at, text in texts.items())
    return tuple(step for each in found for step in each)


def _with_input(call: Call, text: InputText | None) -> Mapping[str, Any]:
    if text is None:
        return call.raw
    if call.is_custom:
        return with_input(call, text.text).raw
    return render_call(call, write_json({INPUT: text.text}), call.raw.get("id") or "")
