"""Go on from the good part of a document.

Going on costs the rest of a document, a new try all of it; and a weak model that is told of its
mistake makes it again, while it seldom does so from the place where it went wrong (docs/guard.md
has the measurements). So the model goes on for as long as that gets anywhere. Where it stays stuck
at one place, `RECOVERY_STEPS` says what is tried there, one after the other; what comes to nothing
on all of them is left to a new try.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.calls_stream import StopPolicy
from strictgate.core.conversation.choice_result import Accepted, Rejected, StuckAt
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.protocol import Ask, DriverAnswer, ReadMore, StreamPart, Turn
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyReader
from strictgate.core.conversation.whole_choice import accept_document
from strictgate.core.errors import UpstreamBadResponse, UpstreamUnreachable
from strictgate.core.guard import schema_echo, violation_details
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.judge_text import UNFINISHED
from strictgate.core.guard.partial_document import Beginning, PartialDocument
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.output.coercions import fold
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.plan import prompt
from strictgate.core.plan.planner import Planner
from strictgate.core.plan.rest_schema import rest_schema
from strictgate.core.repair_steps import Resumption, Step
from strictgate.core.request.options import Enforcement
from strictgate.core.value_type import state_type
from strictgate.core.wire.refusal import refuses_prefix
from strictgate.core.wire.reply import Choice, Failure, Reply

MAX_RESTARTS = 2  # new starts instead of continuations, after which this try asks for none
MAX_FREE = 3  # continuations of one try by free samples, where the grammar can hold the rest
_STRUCTURE = frozenset("{}[]:,")
_AROUND = " \t\r\n\"'`.,:;"


class RecoveryStep(StrEnum):
    """A way to get on from one place."""

    SAMPLE = "sample"
    """Another sample, from the same prefix."""
    CLOSE = "close"
    """The brackets that must follow are written, over what the model would add there."""
    NATIVE = "native"
    """The rest under the upstream's own grammar, where that takes a prefix."""
    HINT = "hint"
    """Another sample, told what is allowed there."""
    QUESTION = "question"
    """The question which of the allowed values it is to be."""


RECOVERY_STEPS = (
    RecoveryStep.SAMPLE,
    RecoveryStep.CLOSE,
    RecoveryStep.NATIVE,
    RecoveryStep.HINT,
    RecoveryStep.QUESTION,
)
"""At one place, in this order, the cheapest first; no other order has been measured."""

Result = Accepted | Rejected


@state_type
class Continuation:
    """Asks for the rest of documents, in one conversation."""

    enforcement: Enforcement
    criteria: Criteria
    record: AttemptLog
    forwards: bool
    """The caller gets what is good while it is being written."""
    is_proven: bool
    """The model is known to go on from prefixes."""
    is_refused: bool = False
    """The upstream takes no prefixes."""
    is_rest_refused: bool = False
    """The upstream's grammar takes none that a document of this conversation begins with."""

    def is_possible(self, planner: Planner) -> bool:
        """Whether there is any use in a prefix."""
        if self.is_refused or not planner.can_continue:
            return False
        return self.enforcement.max_continuations > self.record.continuations

    def leads_names(self, planner: Planner) -> bool:
        """Whether the model is led where what it wrote is allowed: see `Steering.NAMES`."""
        steering = self.enforcement.steering
        return steering.leads_names(prompt_first=planner.capabilities.prompt_first)

    def take_over(
        self, planner: Planner, states: Sequence[ChoiceState], begun: Beginning
    ) -> Generator[Turn, DriverAnswer, Result | None]:
        """Ask for the rest of what another model has begun; None where that cannot be."""
        schema = self.criteria.schema
        if schema is None or len(states) > 1 or not self.is_possible(planner):
            return None
        yield from self.criteria.grammars.load(schema, self.criteria.work)
        document = self.criteria.new_document(schema)
        if not document.take_over(begun):
            return None
        states[0].take_over(document)
        rejected = Rejected(begun.text, (), UNFINISHED, truncated=False)
        result = yield from self.run(planner, states[0], rejected)
        return None if result is rejected else result

    def run(
        self, planner: Planner, state: ChoiceState, rejected: Rejected
    ) -> Generator[Turn, DriverAnswer, Result]:
        """Go on from the document of `state` for as long as it gets on; return what it comes to.

        Args:
            rejected: what the last reply came to.
        """
        if not self.is_possible(planner) or rejected.misuse or rejected.is_disputed:
            return rejected
        result: Result = rejected
        while isinstance(result, Rejected) and (yield from self._may_go_on(planner, state, result)):
            stuck = state.note_stuck()
            if stuck >= len(RECOVERY_STEPS):
                break
            step = RECOVERY_STEPS[stuck]
            if self._is_better_held(planner, state, result, step):
                step = RecoveryStep.NATIVE
            recovered = yield from self._recover(step, planner, state, result)
            result = recovered or result
        return _with_place(result, state.document) if isinstance(result, Rejected) else result

    def _is_better_held(
        self, planner: Planner, state: ChoiceState, rejected: Rejected, step: RecoveryStep
    ) -> bool:
        """Whether another free sample is of less use than the grammar for the rest: the model gets
        on by inches, or does not know what a document is."""
        is_lost = rejected.reason == schema_echo.REASON
        is_lost |= state.progress.continuations >= MAX_FREE
        return (
            step is RecoveryStep.SAMPLE and is_lost and self._can_hold_rest(planner, state.document)
        )

    def _can_hold_rest(self, planner: Planner, document: PartialDocument | None) -> bool:
        """Whether the upstream's grammar is of use for what comes behind `document`: engines know
        no names by their pattern, and would close the object in place of one."""
        is_open = document is not None and violation_details.takes_names_by_pattern(document)
        return planner.can_hold_rest and not self.is_rest_refused and not is_open

    def _may_go_on(
        self, planner: Planner, state: ChoiceState, rejected: Rejected
    ) -> Generator[Turn, DriverAnswer, bool]:
        """Whether the rest may be asked for; if so, there is a document to go on from."""
        progress, budget = state.progress, planner.budget()
        if (
            not self.is_possible(planner)
            or rejected.misuse is not None
            or rejected.is_disputed
            or progress.restarts >= MAX_RESTARTS
            or self.record.is_spent(self.enforcement.token_budget)
            or self.criteria.work.is_spent
            or (progress.restarts > 0 and not self.criteria.work.allows_another_try)
            or (budget is not None and (rejected.truncated or progress.spent >= budget))
        ):
            return False
        schema = self.criteria.schema
        assert schema is not None, "only documents are gone on from"
        if state.document is not None:
            return state.open_document()
        yield from self.criteria.grammars.load(
            schema, self.criteria.work
        )  # a host's error comes before any text
        return state.open_document(self.criteria.new_document(schema))

    def _recover(
        self, step: RecoveryStep, planner: Planner, state: ChoiceState, rejected: Rejected
    ) -> Generator[Turn, DriverAnswer, Result | None]:
        """Try one way to get on; None where it leads nowhere here."""
        document, choice = state.document, state.last_choice
        assert document is not None, "what is gone on from"
        match step:
            case RecoveryStep.NATIVE if not self._can_hold_rest(planner, document):
                return None
            case RecoveryStep.SAMPLE | RecoveryStep.NATIVE | RecoveryStep.HINT:
                return (yield from self._ask_for_rest(step, planner, state, rejected))
            case _ if choice is None:  # another model has written it
                return None
            case RecoveryStep.CLOSE:
                is_called_for = state.progress.repeated_after_prefix
                return _close(document, choice, self.criteria) if is_called_for else None
            case RecoveryStep.QUESTION:
                return (yield from self._ask_which(planner, document, choice, rejected))

    # --- the rest --------------------------------------------------------------------------------

    def _ask_for_rest(
        self, step: RecoveryStep, planner: Planner, state: ChoiceState, rejected: Rejected
    ) -> Generator[Turn, DriverAnswer, Result]:
        """Ask for what comes behind the document; return `rejected` where nothing came."""
        document = state.document
        assert document is not None, "what is gone on from"
        before = len(document)
        length = state.cut_prefix(may_be_whole=step is RecoveryStep.SAMPLE)
        hint = _hint(document, rejected) if step is RecoveryStep.HINT else ""
        prefix = (document.wrapper + document.guard.text[:length]).decode()
        plan = planner.continuation(
            prefix,
            wrapped=bool(document.wrapper),
            hint=hint,
            spent=state.progress.spent,
            native=self._rest(document) if step is RecoveryStep.NATIVE else None,
        )
        body = plan.body | planner.next_seed(len(self.record.attempts))
        reader = ReplyReader(
            Ask(plan, body),
            [state],
            self.criteria,
            StopPolicy(
                can_continue=True,
                can_retry=True,
                leads_names=self.leads_names(planner),
            ),
            self.forwards,
            Aligner(document.guard, document.wrapper, length, self.is_proven),
        )
        try:
            reply = yield from reader.run()
        except (UpstreamBadResponse, UpstreamUnreachable):
            self.is_refused = True  # for now; a new try may still come through
            return rejected
        if isinstance(reply, Failure) and step is RecoveryStep.NATIVE:
            self.is_rest_refused = True  # its grammar has no such beginning; free text may
            return rejected
        if isinstance(reply, Failure):
            self.is_refused = True
            self.record.prefix_refused = refuses_prefix(reply.status, reply.body)
            return rejected
        self.record.accepted(plan, reply)
        has_grown = state.document is document and len(document) > before
        self._learn(reply.kind, has_grown=has_grown)
        return reply.results[0] or rejected

    def _rest(self, document: PartialDocument) -> Any:
        """Return the schema by which the upstream's grammar can read the document so far."""
        scanner, schema = document.guard.scanner, self.criteria.schema
        assert schema is not None, "only documents are gone on from"
        return rest_schema(schema.source, scanner.containers, scanner.path)

    def _learn(self, kind: ContinuationKind, *, has_grown: bool) -> None:
        """Note whether the model goes on from prefixes."""
        if kind is ContinuationKind.FRESH:
            self.record.prefixes.append(False)
        elif has_grown and kind in (ContinuationKind.ECHO, ContinuationKind.CONTINUATION):
            self.is_proven = True
            self.record.prefixes.append(True)

    # --- the question which ----------------------------------------------------------------------

    def _ask_which(
        self, planner: Planner, document: PartialDocument, choice: Choice, rejected: Rejected
    ) -> Generator[Turn, DriverAnswer, Result | None]:
        """Ask which of the allowed values it is to be; None where that leads nowhere."""
        document.drop_token()
        allowed = violation_details.allowed(document)
        options = tuple(each for each in allowed if each not in _STRUCTURE)
        if len(options) < 2:
            return None
        chosen = yield from self._answer(planner, document, options)
        if chosen is None or not document.guard.fits(chosen.encode()):
            return None
        document.steps.append(Step(Resumption.CHOSEN, pointer(document.guard.scanner.path)))
        document.write(chosen.encode(), ByteOrigin.CHOSEN)
        document.complete(b" ")
        if document.is_whole:
            return accept_document(choice, document, self.criteria)
        text = document.prefix.decode()
        return Rejected(text, (), UNFINISHED, truncated=False, broken=rejected.broken)

    def _answer(
        self, planner: Planner, document: PartialDocument, options: tuple[str, ...]
    ) -> Generator[Turn, DriverAnswer, str | None]:
        """Return the one of `options` that the model names."""
        where = pointer(document.guard.scanner.path)
        plan = planner.question(document.prefix.decode(), prompt.question(where, options))
        try:
            answer = yield Ask(plan, plan.body)
            while isinstance(answer, StreamPart):
                answer = yield ReadMore()
        except (UpstreamBadResponse, UpstreamUnreachable):
            return None
        if not isinstance(answer, Reply):
            return None
        self.record.accepted(plan, EvaluatedReply(answer.body, (), answer.usage))
        return _chosen(answer.choices[0].text, options)


def _close(document: PartialDocument, choice: Choice, criteria: Criteria) -> Accepted | None:
    """Write what must follow; None if the document is not whole then."""
    document.complete(b"")
    return accept_document(choice, document, criteria) if document.is_whole else None


def _with_place(rejected: Rejected, document: PartialDocument | None) -> Rejected:
    """Say where it got stuck, if a document was begun."""
    if document is None or not len(document):
        return rejected
    path = pointer(document.guard.scanner.path)
    place = StuckAt(path, document.text, violation_details.allowed(document))
    return replace(rejected, place=place)


def _hint(document: PartialDocument, rejected: Rejected) -> str:
    where = pointer(document.guard.scanner.path)
    names = violation_details.expected_name(document)
    allowed = violation_details.allowed(document) or ((names,) if names else ())
    return prompt.hint(where, allowed, rejected.problems, rejected.reason)


def _chosen(answer: str, options: tuple[str, ...]) -> str | None:
    """Return the one of `options` that `answer` names."""
    said = fold(answer.strip(_AROUND))
    same = [option for option in options if fold(option.strip(_AROUND)) == said]
    named = same or [option for option in options if fold(option.strip(_AROUND)) in said]
    return named[0] if len(named) == 1 else None
