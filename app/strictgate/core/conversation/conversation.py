"""Hold the exchange about one request, without the network: ask, judge, go on, ask again.

`Conversation.run` is a generator in the manner of httpx's `Auth.auth_flow`: it yields what it wants
of its driver (protocol.py), is sent what came of it, and returns the `Outcome` or raises a
GatewayError. What goes wrong on the way (no connection, a deadline) is thrown into it.

The rules:

* The first reply is settled where all of it stands as it is (settling.py): then there is no more
  to hold than its outcome.
* Each choice has `max_attempts` full tries; only those that are bad are asked again.
* Where the free answer comes first (`Capabilities.prompt_first`), the last try of several is under
  the upstream's own grammar, unless the caller has a part of the document.
* A refusal is no try: the same is asked for otherwise (negotiation.py).
* What is good of a document stays; where the model can, it goes on from there (continuation.py),
  and so it does with the input of a custom tool (input_continuation.py).
* What is truncated by the caller's own budget is not asked again, nor what was dear to judge.
* Once a try has been judged, its verdict is the answer to whatever stops the conversation.
"""

import math
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.calls_stream import StopPolicy
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.choice_state import ChoiceState, beginning_of, forwards_early
from strictgate.core.conversation.condensing import condense
from strictgate.core.conversation.continuation import Continuation
from strictgate.core.conversation.criteria import Criteria, Grammars
from strictgate.core.conversation.handover import Handover
from strictgate.core.conversation.input_continuation import InputContinuation
from strictgate.core.conversation.judging_cost import judging_cost
from strictgate.core.conversation.negotiation import Negotiation
from strictgate.core.conversation.outcome import outcome_of, settled_outcome
from strictgate.core.conversation.parts import ask_parts, whole_document
from strictgate.core.conversation.protocol import Ask, DriverAnswer, HeavyStep, Outcome, Turn
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyReader
from strictgate.core.conversation.settling import settled_choice
from strictgate.core.conversation.thinking import think, thinks_first, with_reasoning
from strictgate.core.conversation.told_members import add_told_members
from strictgate.core.errors import (
    GatewayError,
    OutputInvalid,
    OutputTooComplex,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamFailure,
)
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.output.grounding import Source
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.request.options import Enforcement, Provenance, Steering, StreamMode, Think
from strictgate.core.wire.calls import CallIds
from strictgate.core.wire.error_body import error_of
from strictgate.core.wire.reply import Failure, Reply
from strictgate.core.work import Work, WorkSpent

_FROM_UPSTREAM = (UpstreamError, UpstreamFailure)


class Conversation:
    """The state of one exchange. `run` it once; read the record at any time."""

    def __init__(  # noqa: PLR0913 what a conversation begins with
        self,
        planner: Planner,
        enforcement: Enforcement,
        refused: Collection[Mode] = (),
        *,
        is_proven: bool = False,
        work: Work | None = None,
        inputs: Mapping[str, InputMatcher] | None = None,
        modes: tuple[Mode, ...] = (),
        plan: Plan | None = None,
    ) -> None:
        """Prepare the exchange.

        Args:
            planner: makes the requests.
            enforcement: how hard to try.
            refused: modes that the upstream is known to refuse.
            is_proven: the model is known to go on from prefixes.
            work: what all judging is counted on; None: on a meter of its own.
            inputs: what judges the inputs of custom tools: see Criteria.
            modes: those to take, in their order, where another conversation's planner has them.
            plan: how it is asked first, where that is known.
        """
        self._first_planner, self._inputs = planner, inputs or {}
        self.enforcement, self.is_proven = enforcement, is_proven
        self.work = work or Work()
        """How much of its budget this request has used."""
        self.refused = refused
        self.record = AttemptLog()
        self.is_settled = False
        """It has come to its outcome without being held: see `settle`."""
        self.handover: Handover | None = None
        """What was taken over from other models; None: it is the first that is asked."""
        if plan is None and enforcement.steering is not Steering.OFF and self._may_continue:
            planner = planner if planner.steers else replace(planner, steers=True)
        self._negotiation = Negotiation(planner, refused, self.record, modes, plan)
        self._last_rejected: Rejected | None = None
        """The verdict that is the error if nothing more comes."""
        self._last_written = ""
        """The last that the model wrote for the choice that is asked about, if it was anything."""
        contract, tools = planner.contract, planner.tools
        if tools is None and contract.has_tools:
            tools = contract.toolbox.judged_by({})  # no arguments, but which calls are an answer
        self._criteria = Criteria(
            planner.schema if contract.has_document else None,
            enforcement.repair,
            tools,
            CallIds.after(planner.body["messages"]),
            contract.is_json_object,
            contract.words_member,
            self._inputs,
            None,
            enforcement.provenance is Provenance.PATHS,
            contract.wants_logprobs,
            Grammars(),
            self.work,
        )

    @property
    def _may_continue(self) -> bool:
        """Whether it may be gone on from a prefix, as far as is known when it begins."""
        return self._first_planner.can_continue and self.enforcement.max_continuations > 0

    @cached_property
    def _forwards(self) -> bool:
        contract = self._first_planner.contract
        return forwards_early(contract, self.enforcement, may_continue=self._may_continue)

    @cached_property
    def _continuation(self) -> Continuation:
        about = (self.enforcement, self._criteria, self.record, self._forwards)
        return Continuation(*about, is_proven=self.is_proven)

    @cached_property
    def _input_continuation(self) -> InputContinuation:
        return InputContinuation(self.enforcement, self._criteria, self.record, self._forwards)

    @property
    def planner(self) -> Planner:
        """What makes the requests, as it is known by now what the upstream takes."""
        return self._negotiation.planner

    @property
    def plan(self) -> Plan:
        """The way in which it is asked for a whole answer at the moment."""
        return self._negotiation.plan

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as it was before it was run."""
        options: dict[str, Any] = {"is_proven": self.is_proven, "inputs": self._inputs}
        make = partial(Conversation, work=Work(self.work.budget), **options)
        arguments = (self._first_planner, self.enforcement, tuple(self.refused))
        return _made, (make, arguments, self.handover)

    def take_over(self, handover: Handover) -> None:
        """Begin where other models have left the request."""
        self.handover, self.work.spent = handover, handover.work
        if handover.source:
            source = Source(handover.source, self.planner.schema.source)
            self._criteria = self._continuation.criteria = replace(self._criteria, source=source)
        handover.begin(self.record)

    def adopt(self, record: AttemptLog, plan: Plan, spent: int) -> None:
        """Take over what became of it where it was run in place of here.

        Args:
            spent: the units of work that it took there, those of before included.
        """
        self.record, self.work.spent = record, spent
        self._negotiation.plan = plan

    def opening(self) -> Ask | None:
        """Return what `run` asks first, where that can be asked before it is run."""
        planner = self._negotiation.planner
        is_first = self.handover is None and not planner.parts and self._criteria.is_here
        if not is_first or thinks_first(planner, self.enforcement):
            return None
        return self._negotiation.ask(())

    def settle(self, reply: Reply) -> Outcome | None:
        """Return what comes of the reply to `opening`; None: that takes a `run`, with the same."""
        contract, rules, plan = self.planner.contract, self.enforcement, self._negotiation.plan
        if contract.choices > 1 or rules.provenance is Provenance.PATHS:  # that takes long
            return None
        accepted = settled_choice(reply, plan, self._criteria)
        if accepted is None:
            return None
        self.is_settled = True
        self.record.settled(plan, reply, accepted)
        if contract.wants_logprobs and accepted.choice.get("logprobs") is None:
            self.record.lost_logprobs = bool(reply.choices[0].raw.get("logprobs"))
        return settled_outcome(reply.body, accepted, self.record.used)

    def run(self) -> Generator[Turn, DriverAnswer, Outcome]:
        """Hold the conversation; the outcome is condensed. Raises what `hold` does."""
        outcome = yield from self.hold()
        calls_at = self.planner.contract.calls_at
        return (yield from condense(outcome, self.enforcement.provenance, calls_at))

    def hold(self) -> Generator[Turn, DriverAnswer, Outcome]:
        """Hold it; the outcome has all of its repairs and origins.

        Raises:
            OutputInvalid: no valid document came.
            OutputTooComplex: what came takes too much work to judge.
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
        except OutputTooComplex as error:
            error.details = self.record.failure_details(self.plan)
            raise
        except WorkSpent as spent:  # beside the evaluation of a reply
            text = self._last_rejected.text if self._last_rejected else ""
            too_complex = OutputTooComplex(self.work.budget, failed_generation=text)
            too_complex.details = self.record.failure_details(self.plan)
            raise too_complex from spent

    def _run(self) -> Generator[Turn, DriverAnswer, Outcome]:
        if not self._criteria.is_here:
            yield HeavyStep(math.inf)
        states = [ChoiceState(index) for index in range(self.planner.contract.choices)]
        try:
            return (yield from self._answered(states))
        except GatewayError:
            self.record.beginning = beginning_of(states)
            raise

    def _answered(self, states: Sequence[ChoiceState]) -> Generator[Turn, DriverAnswer, Outcome]:
        """Ask until every choice is accepted."""
        if self.handover is not None and self.handover.beginning is not None:
            begun = self.handover.beginning
            rest = yield from self._continuation.take_over(self.planner, states, begun)
            if isinstance(rest, Accepted):
                return self._outcome({}, [rest], states)
            if rest is not None:
                self._note(rest)
        if self.planner.parts and self._criteria.source is None:
            outcome = yield from self._in_parts(states)
            if outcome is not None:
                return outcome
        thought = yield from self._think(states)
        first = yield from self._try(states, ())
        accepted = []
        for state, result in zip(states, first.results, strict=True):
            one = yield from self._until_accepted(state, result)
            accepted.append(with_reasoning(one, thought))
        self.record.lost_logprobs = self.planner.contract.wants_logprobs and any(
            state.had_logprobs and each.choice.get("logprobs") is None
            for state, each in zip(states, accepted, strict=True)
        )
        return self._outcome(first.body, accepted, states)

    def _in_parts(
        self, states: Sequence[ChoiceState]
    ) -> Generator[Turn, DriverAnswer, Outcome | None]:
        """Ask for the document in parts; None where they make no valid one together."""
        written = yield from ask_parts(self.planner, self.record, self._part)
        self._negotiation.plan = written.plan
        if written.refusal is not None:
            return written.refusal
        yield HeavyStep(judging_cost(written.length, self.planner.schema))
        accepted = whole_document(self.planner, written.outcomes)
        if accepted is None:
            return None
        self.record.lost_logprobs = self.planner.contract.wants_logprobs
        return self._outcome(written.outcomes[0].body, [accepted], states)

    def _part(self, planner: Planner, refused: Collection[Mode]) -> "Conversation":
        """Return the conversation about a part; what happens in it is noted in the same record."""
        rules = replace(self.enforcement, stream=StreamMode.BUFFERED, think=Think.OFF)
        is_proven = self._continuation.is_proven
        part = Conversation(
            planner, rules, (*self.refused, *refused), is_proven=is_proven, work=self.work
        )
        part._share(self.record)
        return part

    def _share(self, record: AttemptLog) -> None:
        """Note what happens in `record`, which is another conversation's."""
        self.record = self._continuation.record = self._input_continuation.record = record
        self._negotiation.record = record

    def _think(self, states: Sequence[ChoiceState]) -> Generator[Turn, DriverAnswer, str]:
        """Have the model think first, where it is to; return what it thought."""
        if self.handover is not None or not thinks_first(self.planner, self.enforcement):
            return ""  # behind another model's tries there is no time for it
        told = yield from think(self.planner, states, self.record, forwards=self._forwards)
        self._negotiation.having_thought(told.text, told.tokens)
        return told.text

    def _until_accepted(
        self, state: ChoiceState, result: Accepted | Rejected | None
    ) -> Generator[Turn, DriverAnswer, Accepted]:
        """Ask about one choice until it is good; None: the upstream gave fewer than asked for."""
        self._last_written = ""
        while not isinstance(result, Accepted):
            if result is not None:
                self._note(result)
                result = yield from self._input_continuation.run(self.planner, state, result)
                if isinstance(result, Rejected):
                    result = yield from self._continuation.run(self.planner, state, result)
                if isinstance(result, Accepted):
                    break
                self._note(result)
                self._check_may_ask_again(result, state)
                state.add_feedback(result)
                if result.lacks_call:
                    self._negotiation.separate_silent_pair()
            elif self.record.is_spent(self.enforcement.token_budget):
                raise UpstreamBadResponse(
                    "The upstream gave fewer choices than asked for, and the token budget is spent."
                )
            reply = yield from self._try([state], state.feedback)
            result = reply.results[0]
        result = yield from add_told_members(self._continuation, self.planner, state, result)
        if result.choice["message"].get("tool_calls"):
            self._negotiation.note_call()
        self._last_rejected = None  # what was wrong with it is mended
        return result

    def _note(self, rejected: Rejected) -> None:
        """Note what is the error if nothing more comes; half an answer has no verdict."""
        self._last_rejected = None if rejected.broken else rejected
        self._last_written = rejected.written if rejected.written.strip() else self._last_written

    def _check_may_ask_again(self, rejected: Rejected, state: ChoiceState) -> None:
        is_last = state.tries >= self.enforcement.max_attempts or not self.work.allows_another_try
        if rejected.broken and self._criteria.schema is None:  # text that is out stays out
            is_last |= bool(state.given) or self._criteria.tools is None
        if rejected.truncated or is_last or self.record.is_spent(self.enforcement.token_budget):
            raise rejected.broken or self._invalid(rejected)

    def _invalid(self, rejected: Rejected) -> OutputInvalid:
        if not rejected.written.strip():  # an empty answer says less than the one before it
            rejected = replace(rejected, text=self._last_written)
        error = rejected.error(self.record.headers(self.plan))
        error.details = self.record.failure_details(self.plan) | dict(error.details or {})
        return error

    def _outcome(
        self, body: Mapping[str, Any], accepted: Sequence[Accepted], states: Sequence[ChoiceState]
    ) -> Outcome:
        is_written = self._criteria.source is not None
        return outcome_of(body, accepted, self.record.used, states, is_written_down=is_written)

    # --- one try, until it is answered -----------------------------------------------------------

    def _try(
        self, states: Sequence[ChoiceState], feedback: Sequence[prompt.Message]
    ) -> Generator[Turn, DriverAnswer, EvaluatedReply]:
        """Put the question, in the next mode where one is refused; return the judged choices."""
        may_call = bool(self.planner.contract.toolbox.callable)  # talk may come before a call
        policy = StopPolicy(
            can_continue=not may_call and self._continuation.is_possible(self.planner),
            can_retry=states[0].tries + 1 < self.enforcement.max_attempts,
            can_continue_input=self._input_continuation.is_possible(self.planner),
            leads_names=self._continuation.leads_names(self.planner),
        )
        is_last = 0 < states[0].tries == self.enforcement.max_attempts - 1
        while True:
            if is_last and not any(state.given for state in states):  # else it could not begin so
                self._negotiation.turn_to_grammar()
            ask = self._negotiation.ask(feedback)
            reader = ReplyReader(ask, states, self._criteria, policy, self._forwards)
            reply = yield from reader.run()
            if isinstance(reply, Failure):
                judgeable = self._negotiation.react(reply, ask)
                if judgeable is None:
                    continue
                is_misuse = error_of(reply.status, reply.body).get("code") == "tool_use_failed"
                reply = yield from reader.evaluate(judgeable, is_misuse=is_misuse)
            self.record.accepted(ask.plan, reply)
            return reply


def _made(
    make: Callable[..., Conversation], arguments: tuple[Any, ...], handover: Handover | None
) -> Conversation:
    conversation = make(*arguments)
    if handover is not None:
        conversation.take_over(handover)
    return conversation
