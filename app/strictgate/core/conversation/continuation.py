"""Going on from the good part of a document.

Going on costs the rest of a document, a new try all of it; and a weak model that is told of its
mistake makes it again, while it seldom does so from the place where it went wrong (docs/guard.md
has the measurements). So the model goes on for as long as that gets anywhere. Where it stays stuck
at one place, `RUNGS` says what is tried there, one after the other; what comes to nothing on all of
them is left to a new try.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from enum import StrEnum

from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.choice_guards import ChoiceGuards
from strictgate.core.conversation.choice_result import Accepted, Rejected, StuckAt
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.evaluation import UNFINISHED, accept_document
from strictgate.core.conversation.protocol import Ask, DriverAnswer, ReadMore, StreamPart, Turn
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyReader, StopPolicy
from strictgate.core.errors import UpstreamBadResponse, UpstreamUnreachable
from strictgate.core.guard import violation_details
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.resume_point import safe_length
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.output.coercions import fold
from strictgate.core.plan import prompt
from strictgate.core.plan.planner import Planner
from strictgate.core.repair_steps import Resumption, Step
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.root_wrapper import MEMBER
from strictgate.core.wire.refusal import refuses_prefix
from strictgate.core.wire.reply import Failure, Reply

MAX_RESTARTS = 2  # new starts instead of continuations, after which this try asks for none


class RecoveryStep(StrEnum):
    """A way to get on from one place."""

    SAMPLE = "sample"
    """Another sample, from the same prefix."""
    CLOSE = "close"
    """The brackets that must follow are written, over what the model would add there."""
    HINT = "hint"
    """The same, told what is allowed there."""
    QUESTION = "question"
    """The question which of the allowed values it is to be."""


RECOVERY_STEPS = (RecoveryStep.SAMPLE, RecoveryStep.CLOSE, RecoveryStep.HINT, RecoveryStep.QUESTION)
"""At one place, in this order, the cheapest first; no other order has been measured."""

Going = Generator[Turn, DriverAnswer, Accepted | Rejected]


@dataclass
class Continuation:
    """For one conversation."""

    enforcement: Enforcement
    guarding: ChoiceGuards
    record: AttemptLog
    is_proven: bool
    """The model is known to go on from prefixes."""
    is_refused: bool = False
    """The upstream takes no prefixes."""

    def may_continue(self, planner: Planner) -> bool:
        """Whether there is any use in a prefix."""
        left = self.enforcement.max_continuations - self.record.continuations
        return planner.can_continue and left > 0 and not self.is_refused

    def go_on(self, planner: Planner, state: ChoiceState, rejection: Rejected) -> Going:
        """Go on from the draft of `state`, which was rejected, for as long as it gets on."""
        if not self.may_continue(planner) or rejection.misuse is not None:
            return rejection
        result: Accepted | Rejected = rejection
        while isinstance(result, Rejected) and self._may_go_on(planner, state, result):
            stuck = state.note_stuck()
            if stuck >= len(RECOVERY_STEPS):
                break
            took = yield from self._take(RECOVERY_STEPS[stuck], planner, state, result)
            result = took or result
        return _placed(result, state.draft) if isinstance(result, Rejected) else result

    def _take(
        self, rung: RecoveryStep, planner: Planner, state: ChoiceState, rejection: Rejected
    ) -> Generator[Turn, DriverAnswer, Accepted | Rejected | None]:
        """Try one way to get on; None where it is none here."""
        match rung:
            case RecoveryStep.SAMPLE | RecoveryStep.HINT:
                return (yield from self._continue(planner, state, rejection, rung))
            case RecoveryStep.CLOSE:
                return _close(state) if state.repeated_after_prefix else None
            case RecoveryStep.QUESTION:
                return (yield from self._ask_which(planner, state))

    def _may_go_on(self, planner: Planner, state: ChoiceState, rejection: Rejected) -> bool:
        if (
            not self.may_continue(planner)
            or rejection.misuse is not None
            or state.restarts >= MAX_RESTARTS
            or self.record.is_spent(self.enforcement.token_budget)
        ):
            return False
        budget = planner.budget()
        if budget is not None and (rejection.truncated or state.spent >= budget):
            return False
        return self._begin(state)

    def _begin(self, state: ChoiceState) -> bool:
        """See to it that there is something to go on from; return whether there is.

        Where no document came, the beginning of one is given.
        """
        if state.draft is None:
            state.draft = self.guarding.draft()
        draft = state.draft
        if not len(draft):
            forced = draft.guard.forced()
            begins = forced[:1] in (b"{", b"[")
            draft.guard.consume(forced[:1] if begins else b"")
            draft.wrapper = f'{{"{MEMBER}":'.encode() if state.is_wrapped else b""
        if state.is_wrapped and not draft.wrapper and not draft.released:
            is_opening = draft.guard.text[:1] not in (b"{", b"[")
            draft.wrapper = f'{{"{MEMBER}":'.encode() if is_opening else b""
        return bool(safe_length(draft.guard, exact=state.keep_whole_prefix) or draft.wrapper)

    def _continue(
        self, planner: Planner, state: ChoiceState, rejection: Rejected, rung: RecoveryStep
    ) -> Going:
        """Ask for what comes behind the draft; return the same rejection where nothing came."""
        draft = state.draft
        assert draft is not None, "what is gone on from"
        before = len(draft)
        was_exact, state.keep_whole_prefix = (
            state.keep_whole_prefix and rung is RecoveryStep.SAMPLE,
            False,
        )
        sent = safe_length(draft.guard, exact=was_exact)
        draft.cut(sent)
        hint = _hint(draft, rejection) if rung is RecoveryStep.HINT else ""
        hearing = self._hearing(planner, state, draft, sent, hint)
        try:
            heard = yield from hearing.hear()
        except (UpstreamBadResponse, UpstreamUnreachable):
            self.is_refused = True  # for now; a new try may still come through
            return rejection
        if isinstance(heard, Failure):
            self.is_refused = True
            self.record.prefix_refused = refuses_prefix(heard.status, heard.body)
            return rejection
        self.record.accepted(hearing.ask.plan, heard)
        self._learn(heard.kind, state, has_grown=state.draft is draft and len(draft) > before)
        state.repeated_after_prefix = heard.kind in (
            ContinuationKind.ECHO,
            ContinuationKind.CONTINUATION,
        )
        state.keep_whole_prefix |= heard.kind is ContinuationKind.ASTRAY and not was_exact
        return heard.results[0] or rejection

    def _hearing(
        self, planner: Planner, state: ChoiceState, draft: PartialDocument, sent: int, hint: str
    ) -> ReplyReader:
        prefix = (draft.wrapper + draft.guard.text[:sent]).decode()
        wrapped = bool(draft.wrapper)
        plan = planner.continuation(prefix, wrapped=wrapped, hint=hint, spent=state.spent)
        body = plan.body | planner.reseeded(len(self.record.attempts))
        aligner = Aligner(draft.guard, draft.wrapper, sent, self.is_proven)
        stopping = StopPolicy(can_continue=True, can_retry=True)
        return ReplyReader(self.guarding, Ask(plan, body), [state], stopping, aligner)

    def _learn(self, kind: ContinuationKind, state: ChoiceState, *, has_grown: bool) -> None:
        """Note whether the model goes on from prefixes."""
        if kind is ContinuationKind.FRESH:
            state.restarts += 1
            self.record.prefixes.append(False)
        elif has_grown and kind in (ContinuationKind.ECHO, ContinuationKind.CONTINUATION):
            self.is_proven = True
            self.record.prefixes.append(True)

    # --- the question which ----------------------------------------------------------------------

    def _ask_which(
        self, planner: Planner, state: ChoiceState
    ) -> Generator[Turn, DriverAnswer, Accepted | Rejected | None]:
        """Ask which of the allowed values it is to be; None where that leads nowhere."""
        draft, choice = state.draft, state.choice
        assert draft is not None, "what is asked about"
        assert choice is not None, "whose it is"
        draft.drop_token()
        options = tuple(each for each in violation_details.allowed(draft) if each not in _STRUCTURE)
        if len(options) < 2:
            return None
        chosen = yield from self._answer(planner, draft, options)
        if chosen is None or not draft.guard.fits(chosen.encode()):
            return None
        draft.steps.append(Step(Resumption.CHOSEN, pointer(draft.guard.scanner.path)))
        draft.guard.consume(chosen.encode())
        draft.complete(b" ")
        if draft.is_whole:
            return accept_document(choice, draft, with_tokens=False)
        return Rejected(draft.prefix.decode(), (), UNFINISHED, truncated=False)

    def _answer(
        self, planner: Planner, draft: PartialDocument, options: tuple[str, ...]
    ) -> Generator[Turn, DriverAnswer, str | None]:
        """Return the one of `options` that the model names."""
        where = pointer(draft.guard.scanner.path)
        plan = planner.question(draft.prefix.decode(), prompt.question(where, options))
        try:
            got = yield Ask(plan, plan.body)
            while isinstance(got, StreamPart):
                got = yield ReadMore()
        except (UpstreamBadResponse, UpstreamUnreachable):
            return None
        if not isinstance(got, Reply):
            return None
        self.record.accepted(plan, EvaluatedReply(got.body, (), got.usage))
        return _chosen(got.choices[0].text, options)


def _close(state: ChoiceState) -> Accepted | None:
    draft, choice = state.draft, state.choice
    assert draft is not None, "what is closed"
    assert choice is not None, "whose it is"
    draft.complete(b"")
    return accept_document(choice, draft, with_tokens=False) if draft.is_whole else None


def _placed(rejection: Rejected, draft: PartialDocument | None) -> Rejected:
    """Say where it got stuck, if a document was begun."""
    if draft is None or not len(draft):
        return rejection
    place = StuckAt(pointer(draft.guard.scanner.path), draft.text, violation_details.allowed(draft))
    return replace(rejection, place=place)


def _hint(draft: PartialDocument, rejection: Rejected) -> str:
    where = pointer(draft.guard.scanner.path)
    return prompt.hint(
        where, violation_details.allowed(draft), rejection.problems, rejection.reason
    )


def _chosen(answer: str, options: tuple[str, ...]) -> str | None:
    """Return the one of `options` that `answer` names."""
    said = fold(answer.strip(_AROUND))
    same = [option for option in options if fold(option.strip(_AROUND)) == said]
    named = same or [option for option in options if fold(option.strip(_AROUND)) in said]
    return named[0] if len(named) == 1 else None


_STRUCTURE = frozenset("{}[]:,")
_AROUND = " \t\r\n\"'`.,:;"
