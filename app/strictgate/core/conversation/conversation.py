"""Hold the exchange about one request, without the network: ask, judge, go on, ask again.

`Conversation.run` is a generator in the manner of httpx's `Auth.auth_flow`: it yields what it wants
of its driver (protocol.py), is sent what came of it, and returns the `Outcome` or raises a
GatewayError. What goes wrong on the way (no connection, a deadline) is thrown into it.

The rules:

* Each choice has `max_attempts` full tries; only those that are bad are asked again.
* A refused format takes the next mode and is no try. The driver may remember it once an ask that
  was made because of it has been accepted.
* What is good of a document stays; where the model can, it goes on from there (continuation.py).
* What is truncated by the caller's own budget is not asked again.
* Once a try has been judged, its verdict is the answer to whatever stops the conversation.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from strictgate.core.capabilities import Fact, Mode
from strictgate.core.conversation.attempt_log import AttemptLog, RefusedMode
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.choice_streams import StopPolicy
from strictgate.core.conversation.continuation import Continuation
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.protocol import Ask, DriverAnswer, Outcome, Turn
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyReader, upstream_error
from strictgate.core.conversation.tool_calls import CallIds
from strictgate.core.errors import (
    OutputInvalid,
    ToolsRefused,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamFailure,
)
from strictgate.core.plan import prompt
from strictgate.core.plan.planner import Planner
from strictgate.core.request.options import Enforcement, Steering, StreamMode
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.refusal import (
    Partner,
    Refusal,
    Refused,
    classify_refusal,
    refused_functions,
    refuses_tools,
)
from strictgate.core.wire.reply import Failure, Reply, parse_reply

_FROM_UPSTREAM = (UpstreamError, UpstreamFailure)


@dataclass
class Conversation:
    """The state of one exchange. `run` it once; read the record at any time."""

    planner: Planner
    enforcement: Enforcement
    refused: Collection[Mode] = ()
    """Modes that the upstream is known to refuse."""
    is_proven: bool = False
    """The model is known to go on from prefixes."""
    record: AttemptLog = field(default_factory=AttemptLog)

    def __post_init__(self) -> None:
        steers = self.enforcement.steering is Steering.AUTO
        self.planner = replace(self.planner, steers=steers and self._may_continue)
        self._modes = list(self.planner.ladder(self.refused))
        self.plan = self.planner.plan(self._modes[0])
        self._last_rejected: Rejected | None = None
        """The verdict that is the error if nothing more comes."""
        contract, tools = self.planner.contract, self.planner.tools
        box = contract.toolbox
        says_which = contract.has_document or not box.parallel or box.must_call
        if tools is None and contract.has_tools and says_which:
            tools = box.judged_by({})  # no arguments, but which calls are an answer
        self._criteria = Criteria(
            self.planner.schema if contract.has_document else None,
            self.enforcement.repair,
            tools,
            CallIds.after(self.planner.body["messages"]),
            any_object=contract.is_json_object,
            words_member=contract.words_member,
            with_tokens=contract.wants_logprobs,
        )
        self._forwards = self._forwards_early()
        self._continuation = Continuation(
            self.enforcement,
            self._criteria,
            self.record,
            self._forwards,
            is_proven=self.is_proven,
        )

    @property
    def _may_continue(self) -> bool:
        return self.planner.can_continue and self.enforcement.max_continuations > 0

    def _forwards_early(self) -> bool:
        """Whether the caller gets what is good while it is being written."""
        contract, mode = self.planner.contract, self.enforcement.stream
        if not contract.stream or mode is StreamMode.BUFFERED:
            return False
        if not contract.has_document:
            return True
        if contract.has_tools:
            return False
        return mode is StreamMode.GUARDED or self._may_continue

    def run(self) -> Generator[Turn, DriverAnswer, Outcome]:
        """Hold the conversation.

        Raises:
            OutputInvalid: no valid document came.
            UpstreamError, UpstreamUnreachable, UpstreamBadResponse, UpstreamTimeout: nothing
                came that could be judged.
        """
        try:
            return (yield from self._run())
        except _FROM_UPSTREAM as error:
            if self._last_rejected is None:
                error.details = self.record.failure_details(self.plan)
                raise
            raise self._invalid(self._last_rejected) from error

    def _run(self) -> Generator[Turn, DriverAnswer, Outcome]:
        states = [ChoiceState(index) for index in range(self.planner.contract.choices)]
        first = yield from self._try(states, ())
        accepted = []
        for state, result in zip(states, first.results, strict=True):
            accepted.append((yield from self._until_accepted(state, result)))
        self.record.lost_logprobs = self.planner.contract.wants_logprobs and any(
            state.had_logprobs and each.choice.get("logprobs") is None
            for state, each in zip(states, accepted, strict=True)
        )
        return self._outcome(first.body, accepted, states)

    def _until_accepted(
        self, state: ChoiceState, result: Accepted | Rejected | None
    ) -> Generator[Turn, DriverAnswer, Accepted]:
        """Ask about one choice until it is good; None: the upstream gave fewer than asked for."""
        while not isinstance(result, Accepted):
            if result is not None:
                self._note(result)
                result = yield from self._continuation.run(self.planner, state, result)
                if isinstance(result, Accepted):
                    break
                self._note(result)
                self._check_may_ask_again(result, state)
                state.add_feedback(result)
            elif self.record.is_spent(self.enforcement.token_budget):
                raise UpstreamBadResponse(
                    "The upstream gave fewer choices than asked for, and the token budget is spent."
                )
            reply = yield from self._try([state], state.feedback)
            result = reply.results[0]
        self._last_rejected = None  # what was wrong with it is mended
        return result

    def _note(self, rejected: Rejected) -> None:
        """Note what is the error if nothing more comes; half an answer has no verdict."""
        self._last_rejected = None if rejected.broken else rejected

    def _check_may_ask_again(self, rejected: Rejected, state: ChoiceState) -> None:
        is_last = state.tries >= self.enforcement.max_attempts
        if rejected.broken and self._criteria.schema is None:  # text that is out stays out
            is_last |= bool(state.given) or self._criteria.tools is None
        if rejected.truncated or is_last or self.record.is_spent(self.enforcement.token_budget):
            raise rejected.broken or self._invalid(rejected)

    def _invalid(self, rejected: Rejected) -> OutputInvalid:
        error = rejected.error(self.record.headers(self.plan))
        error.details = self.record.failure_details(self.plan) | dict(error.details or {})
        return error

    def _outcome(
        self, body: Mapping[str, Any], accepted: Sequence[Accepted], states: Sequence[ChoiceState]
    ) -> Outcome:
        choices = [{**each.choice, "index": index} for index, each in enumerate(accepted)]
        completion = {**body, "object": "chat.completion", "choices": choices}
        if self.record.spent:
            completion["usage"] = self.record.spent
        steps = [(index, step) for index, each in enumerate(accepted) for step in each.steps]
        lengths = {each.index: _sent(each, choices[each.index]) for each in states}
        return Outcome(completion, tuple(steps), {at: sent for at, sent in lengths.items() if sent})

    # --- one try, until it is answered -----------------------------------------------------------

    def _try(
        self, states: Sequence[ChoiceState], feedback: Sequence[prompt.Message]
    ) -> Generator[Turn, DriverAnswer, EvaluatedReply]:
        """Put the question, in the next mode where one is refused; return the judged choices."""
        may_call = bool(self.planner.contract.toolbox.callable)  # talk may come before a call
        policy = StopPolicy(
            can_continue=not may_call and self._continuation.is_possible(self.planner),
            can_retry=states[0].tries + 1 < self.enforcement.max_attempts,
        )
        while True:
            ask = self._question(feedback)
            reader = ReplyReader(ask, states, self._criteria, policy, self._forwards)
            reply = yield from reader.run()
            if isinstance(reply, Failure):
                judgeable = self._failed(reply, ask)
                if judgeable is None:
                    continue
                is_misuse = error_of(reply.status, reply.body).get("code") == "tool_use_failed"
                reply = yield from reader.evaluate(judgeable, is_misuse=is_misuse)
            self.record.accepted(ask.plan, reply)
            return reply

    def _question(self, feedback: Sequence[prompt.Message]) -> Ask:
        asked = len(self.record.attempts)  # from the second on about one choice
        body = self.planner.follow_up(self.plan, feedback, asked) if asked else self.plan.body
        return Ask(self.plan, body)

    def _failed(self, failure: Failure, ask: Ask) -> Reply | None:
        """Return the failure as a reply that can be judged, or None to ask anew.

        Raises:
            UpstreamError: neither.
        """
        if self._can_do_without(failure, ask):
            return None
        if self.planner.contract.has_tools:
            self._check_tools(failure, ask)
        refusal = classify_refusal(failure.status, failure.body, self.plan.mode)
        match refusal.kind:
            case Refused.INVALID_OUTPUT:
                return _as_reply(refusal.failed_generation or "", "stop")
            case Refused.TRUNCATED_OUTPUT:
                return _as_reply("", "length")
            case Refused.CONFLICT:
                self._part(refusal, failure)
            case Refused.FORMAT | Refused.DIALECT if self.planner.contract.has_document:
                self._learn(refusal, failure)
            case Refused.JSON_WORD if self.planner.contract.has_document:
                self._remind(failure)
            case _:
                raise upstream_error(failure)
        return None

    def _check_tools(self, failure: Failure, ask: Ask) -> None:
        """Leave it to the prompt to tell of the functions, where they are what was refused.

        Raises:
            ToolsRefused: they are.
        """
        status, body = failure.status, failure.body
        names = [each.name for each in self.planner.contract.toolbox.functions]
        is_alone = "response_format" not in ask.body
        functions = refused_functions(status, body, names, alone=is_alone)
        if functions or refuses_tools(status, body):
            error = upstream_error(failure)
            raise ToolsRefused(status, error.body()["error"], error.headers, functions)

    def _can_do_without(self, failure: Failure, ask: Ask) -> bool:
        """Whether a field was refused that can be left out; it is, from the next ask on."""
        field = self.planner.refused_field(failure.status, failure.body, ask.body)
        if field is None:
            return False
        self.planner = self.planner.without(field)
        self.plan = self.planner.plan(self.plan.mode, stream=self.plan.streamed)
        self.record.found(Fact.NO_FIELD, field)
        return True

    def _learn(self, refusal: Refusal, failure: Failure) -> None:
        reason = str(error_of(failure.status, failure.body).get("message") or "")
        modes = {*refusal.modes, self.plan.mode}
        for_schema = refusal.kind is Refused.DIALECT
        self.record.refused_modes += [
            RefusedMode(mode, for_schema, reason, refusal.pattern) for mode in sorted(modes)
        ]
        self._step_down(modes, failure)

    def _part(self, refusal: Refusal, failure: Failure) -> None:
        """Take apart what does not go together: the format and what it was refused with.

        A pair with tools or with a stream is known from then on; of any other, only this request
        is known to be one.
        """
        able = self.planner.capabilities
        if Partner.STREAM in refusal.partners and self.plan.streamed and able.json_with_stream:
            self.planner = self.planner.having(json_with_stream=False)
            self.record.found(Fact.NO_JSON_WITH_STREAM)
            self.plan = self.planner.plan(self.plan.mode, stream=False)
        elif (
            Partner.TOOLS in refusal.partners
            and self.planner.contract.has_tools
            and able.json_with_tools
        ):
            self.planner = self.planner.having(json_with_tools=False)
            self.record.found(Fact.NO_JSON_WITH_TOOLS)
            self._modes = list(self.planner.ladder(self.refused))
            self.plan = self.planner.plan(self._modes[0])
        elif self.planner.contract.has_document:
            self._step_down({self.plan.mode}, failure)
        else:
            raise upstream_error(failure)

    def _remind(self, failure: Failure) -> None:
        plan = self.planner.plan(self.plan.mode, stream=self.plan.streamed, remind=True)
        if plan.body == self.plan.body:
            raise upstream_error(failure)
        self.plan = plan

    def _step_down(self, refused: Collection[Mode], failure: Failure) -> None:
        self._modes = [mode for mode in self._modes if mode not in refused]
        if not self._modes:
            raise upstream_error(failure)
        self.plan = self.planner.plan(self._modes[0])


def _sent(state: ChoiceState, choice: Mapping[str, Any]) -> Mapping[str, int]:
    """Return how much the caller has of a choice; of its reasoning, all that it will get."""
    lengths = state.sent_lengths()
    if not lengths.keys() & _REASONING:
        return lengths
    return lengths | {name: len(str(choice["message"].get(name) or "")) for name in _REASONING}


_REASONING = frozenset({"reasoning_content", "reasoning"})


def _as_reply(text: str, finish_reason: str) -> Reply:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return parse_reply({"object": "chat.completion", "choices": [choice]})
