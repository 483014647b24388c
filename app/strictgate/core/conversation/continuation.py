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

from strictgate.core.conversation.attempt_log import Record
from strictgate.core.conversation.choice_guards import Guarding
from strictgate.core.conversation.choice_result import Place, Rejection, Settled
from strictgate.core.conversation.choice_state import Pursuit
from strictgate.core.conversation.evaluation import UNFINISHED, finished
from strictgate.core.conversation.protocol import Answer, Ask, Part, Read, Turn
from strictgate.core.conversation.reply_reader import Heard, Hearing, Stopping
from strictgate.core.errors import UpstreamBadResponse, UpstreamUnreachable
from strictgate.core.guard import violation_details
from strictgate.core.guard.continuation_alignment import Aligner, Kind
from strictgate.core.guard.partial_document import Draft
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

MAX_LIES = 2  # new starts instead of continuations, after which this try asks for none


class Rung(StrEnum):
    """A way to get on from one place."""

    SAMPLE = "sample"
    """Another sample, from the same prefix."""
    CLOSE = "close"
    """The brackets that must follow are written, over what the model would add there."""
    HINT = "hint"
    """The same, told what is allowed there."""
    QUESTION = "question"
    """The question which of the allowed values it is to be."""


RUNGS = (Rung.SAMPLE, Rung.CLOSE, Rung.HINT, Rung.QUESTION)
"""At one place, in this order, the cheapest first; no other order has been measured."""

Going = Generator[Turn, Answer, Settled | Rejection]


@dataclass
class Resuming:
    """For one conversation."""

    enforcement: Enforcement
    guarding: Guarding
    record: Record
    is_proven: bool
    """The model is known to go on from prefixes."""
    is_refused: bool = False
    """The upstream takes no prefixes."""

    def may_continue(self, planner: Planner) -> bool:
        """Whether there is any use in a prefix."""
        left = self.enforcement.max_continuations - self.record.continuations
        return planner.can_continue and left > 0 and not self.is_refused

    def go_on(self, planner: Planner, pursuit: Pursuit, rejection: Rejection) -> Going:
        """Go on from the draft of `pursuit`, which was rejected, for as long as it gets on."""
        if not self.may_continue(planner) or rejection.misuse is not None:
            return rejection
        result: Settled | Rejection = rejection
        while isinstance(result, Rejection) and self._may_go_on(planner, pursuit, result):
            stuck = pursuit.note_stuck()
            if stuck >= len(RUNGS):
                break
            took = yield from self._take(RUNGS[stuck], planner, pursuit, result)
            result = took or result
        return _placed(result, pursuit.draft) if isinstance(result, Rejection) else result

    def _take(
        self, rung: Rung, planner: Planner, pursuit: Pursuit, rejection: Rejection
    ) -> Generator[Turn, Answer, Settled | Rejection | None]:
        """Try one way to get on; None where it is none here."""
        match rung:
            case Rung.SAMPLE | Rung.HINT:
                return (yield from self._continue(planner, pursuit, rejection, rung))
            case Rung.CLOSE:
                return _close(pursuit) if pursuit.insists else None
            case Rung.QUESTION:
                return (yield from self._ask_which(planner, pursuit))

    def _may_go_on(self, planner: Planner, pursuit: Pursuit, rejection: Rejection) -> bool:
        if (
            not self.may_continue(planner)
            or rejection.misuse is not None
            or pursuit.lies >= MAX_LIES
            or self.record.is_spent(self.enforcement.token_budget)
        ):
            return False
        budget = planner.budget()
        if budget is not None and (rejection.truncated or pursuit.spent >= budget):
            return False
        return self._begin(pursuit)

    def _begin(self, pursuit: Pursuit) -> bool:
        """See to it that there is something to go on from; return whether there is.

        Where no document came, the beginning of one is given.
        """
        if pursuit.draft is None:
            pursuit.draft = self.guarding.draft()
        draft = pursuit.draft
        if not len(draft):
            forced = draft.guard.forced()
            begins = forced[:1] in (b"{", b"[")
            draft.guard.consume(forced[:1] if begins else b"")
            draft.wrapper = f'{{"{MEMBER}":'.encode() if pursuit.is_wrapped else b""
        if pursuit.is_wrapped and not draft.wrapper and not draft.released:
            is_opening = draft.guard.text[:1] not in (b"{", b"[")
            draft.wrapper = f'{{"{MEMBER}":'.encode() if is_opening else b""
        return bool(safe_length(draft.guard, exact=pursuit.exact) or draft.wrapper)

    def _continue(
        self, planner: Planner, pursuit: Pursuit, rejection: Rejection, rung: Rung
    ) -> Going:
        """Ask for what comes behind the draft; return the same rejection where nothing came."""
        draft = pursuit.draft
        assert draft is not None, "what is gone on from"
        before = len(draft)
        was_exact, pursuit.exact = pursuit.exact and rung is Rung.SAMPLE, False
        sent = safe_length(draft.guard, exact=was_exact)
        draft.cut(sent)
        hint = _hint(draft, rejection) if rung is Rung.HINT else ""
        hearing = self._hearing(planner, pursuit, draft, sent, hint)
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
        self._learn(heard.kind, pursuit, has_grown=pursuit.draft is draft and len(draft) > before)
        pursuit.insists = heard.kind in (Kind.ECHO, Kind.CONTINUATION)
        pursuit.exact |= heard.kind is Kind.ASTRAY and not was_exact
        return heard.results[0] or rejection

    def _hearing(
        self, planner: Planner, pursuit: Pursuit, draft: Draft, sent: int, hint: str
    ) -> Hearing:
        prefix = (draft.wrapper + draft.guard.text[:sent]).decode()
        wrapped = bool(draft.wrapper)
        plan = planner.continuation(prefix, wrapped=wrapped, hint=hint, spent=pursuit.spent)
        body = plan.body | planner.reseeded(len(self.record.attempts))
        aligner = Aligner(draft.guard, draft.wrapper, sent, self.is_proven)
        stopping = Stopping(can_continue=True, can_retry=True)
        return Hearing(self.guarding, Ask(plan, body), [pursuit], stopping, aligner)

    def _learn(self, kind: Kind, pursuit: Pursuit, *, has_grown: bool) -> None:
        """Note whether the model goes on from prefixes."""
        if kind is Kind.FRESH:
            pursuit.lies += 1
            self.record.prefixes.append(False)
        elif has_grown and kind in (Kind.ECHO, Kind.CONTINUATION):
            self.is_proven = True
            self.record.prefixes.append(True)

    # --- the question which ----------------------------------------------------------------------

    def _ask_which(
        self, planner: Planner, pursuit: Pursuit
    ) -> Generator[Turn, Answer, Settled | Rejection | None]:
        """Ask which of the allowed values it is to be; None where that leads nowhere."""
        draft, choice = pursuit.draft, pursuit.choice
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
            return finished(choice, draft, with_tokens=False)
        return Rejection(draft.prefix.decode(), (), UNFINISHED, truncated=False)

    def _answer(
        self, planner: Planner, draft: Draft, options: tuple[str, ...]
    ) -> Generator[Turn, Answer, str | None]:
        """Return the one of `options` that the model names."""
        where = pointer(draft.guard.scanner.path)
        plan = planner.question(draft.prefix.decode(), prompt.question(where, options))
        try:
            got = yield Ask(plan, plan.body)
            while isinstance(got, Part):
                got = yield Read()
        except (UpstreamBadResponse, UpstreamUnreachable):
            return None
        if not isinstance(got, Reply):
            return None
        self.record.accepted(plan, Heard(got.body, (), got.usage))
        return _chosen(got.choices[0].text, options)


def _close(pursuit: Pursuit) -> Settled | None:
    draft, choice = pursuit.draft, pursuit.choice
    assert draft is not None, "what is closed"
    assert choice is not None, "whose it is"
    draft.complete(b"")
    return finished(choice, draft, with_tokens=False) if draft.is_whole else None


def _placed(rejection: Rejection, draft: Draft | None) -> Rejection:
    """Say where it got stuck, if a document was begun."""
    if draft is None or not len(draft):
        return rejection
    place = Place(pointer(draft.guard.scanner.path), draft.text, violation_details.allowed(draft))
    return replace(rejection, place=place)


def _hint(draft: Draft, rejection: Rejection) -> str:
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
