"""One choice of a reply, weighed: settled, or rejected with as much of it as is good.

A text that is a whole answer is judged whole, as if it had not been listened to: the judge mends
what the guard cannot, as it has all of it. What is rejected leaves its good part behind: the draft,
to which what the schema leaves no choice about is added, or the model's own next choice.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from strictgate.core.conversation.choice_guards import ChoiceGuards
from strictgate.core.conversation.choice_result import (
    Accepted,
    Rejected,
    accept,
    answer_text,
    judge_choice,
)
from strictgate.core.conversation.choice_state import ChoiceState
from strictgate.core.conversation.document_choice import DocumentChoiceStream
from strictgate.core.conversation.protocol import DriverAnswer, Turn
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.document_stream import DocumentState, DocumentStream
from strictgate.core.guard.logprob_steering import steer
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.violation_details import explain
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan.planner import Plan, Purpose
from strictgate.core.repair_steps import Resumption, Step, SyntaxRepair
from strictgate.core.schema.problems import Problem
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.reply import Choice

_MAX_WORD = 40
UNFINISHED = "the document ends in the middle"
_DIFFERS = "the new answer differs from what has been given out already"


@dataclass
class Evaluation:
    """`weigh` it once."""

    guarding: ChoiceGuards
    plan: Plan
    state: ChoiceState
    choice: Choice
    listener: DocumentChoiceStream | None
    """What has listened to it, if it came as a stream."""
    aligner: Aligner | None

    @property
    def kind(self) -> ContinuationKind:
        """What the choice made of a prefix."""
        return self.listener.reading.kind if self.listener else ContinuationKind.UNKNOWN

    def weigh(self) -> Generator[Turn, DriverAnswer, Accepted | Rejected]:
        """Return the choice as the caller can have it, or what is wrong with it."""
        self.state.choice = self.choice
        self.state.had_tokens |= bool(self.choice.raw.get("logprobs"))
        if self.choice.is_refusal or self.guarding.by.schema is None:
            return self._judged()
        if self.listener is not None:
            self.listener.flush()
            if self._is_whole(self.listener):
                return self._finished(self.listener)
        is_try = self.plan.purpose is Purpose.TRY
        judged = self._judged() if is_try or self.kind is ContinuationKind.FRESH else None
        if isinstance(judged, Accepted):
            return judged
        if self.listener is None:
            yield from self.guarding.load()
            self.listener = self._heard_whole()
            if self._is_whole(self.listener):
                return self._finished(self.listener)
            if self.kind is ContinuationKind.FRESH and not is_try:
                judged = self._judged()
        if isinstance(judged, Accepted) or (judged is not None and judged.misuse is not None):
            return judged
        return self._salvaged(self.listener, judged)

    # --- as a whole ------------------------------------------------------------------------------

    def _judged(self) -> Accepted | Rejected:
        is_misuse, self.guarding.is_misuse = self.guarding.is_misuse, False
        judged = judge_choice(self.choice, self.plan, self.guarding.by, is_misuse=is_misuse)
        if isinstance(judged, Rejected) and judged.misuse is not None:
            return judged
        if isinstance(judged, Accepted) and self.state.sent_text:  # it stays what it is
            message = {**judged.choice["message"], "content": "".join(self.state.sent_text)}
            return replace(judged, choice={**judged.choice, "message": message})
        given = self.state.given
        if isinstance(judged, Rejected) or not given:
            return judged
        content = str(judged.choice["message"].get("content") or "")
        if content.encode("utf-8", "surrogatepass").startswith(given):
            return judged
        if judged.passed_on:  # a filter's stop: what is out stays what it is
            message = {**judged.choice["message"], "content": given.decode()}
            return replace(judged, choice={**judged.choice, "message": message})
        return Rejected(content, (), _DIFFERS, truncated=False)

    def _heard_whole(self) -> DocumentChoiceStream:
        """Listen to a choice that came whole."""
        listener = self.guarding.listener(self.plan, self.state, self.aligner, by_call=False)
        text, _ = answer_text(self.choice, self.plan.mode)
        listener.feed(Delta(0, text, logprobs=_entries(self.choice)))
        listener.flush()
        return listener

    def _is_whole(self, listener: DocumentChoiceStream) -> bool:
        reading = listener.reading
        is_closed = reading.state is DocumentState.CLOSED and not reading.is_closed_early
        is_sure = is_closed and reading.is_certain
        return is_sure and not listener.is_passed_on and self._is_mine(reading.draft)

    def _is_mine(self, draft: PartialDocument) -> bool:
        """Whether the document can be what the caller gets, who may have the beginning of one; half
        a number is a number, too."""
        if draft.guard.scanner.token is LexicalToken.NUMBER and self.choice.finish_reason != "stop":
            return False
        return draft.text.encode().startswith(self.state.given)

    def _finished(self, listener: DocumentChoiceStream) -> Accepted:
        reading = listener.reading
        self._keep(reading.draft)
        with_tokens = self.guarding.by.with_tokens and not listener.lost_tokens
        return accept_document(self.choice, reading.draft, reading.steps, with_tokens=with_tokens)

    # --- in part ---------------------------------------------------------------------------------

    def _salvaged(
        self, listener: DocumentChoiceStream, judged: Rejected | None
    ) -> Accepted | Rejected:
        """Keep what is good, and go on with it as far as that needs no asking."""
        reading = listener.reading
        text = (
            judged.text
            if judged
            else (reading.draft.prefix + reading.ahead).decode(errors="ignore")
        )
        problems, reason = self._complaint(reading, judged)
        if self._adopts(reading):
            draft = reading.draft
            before = len(draft)
            draft.complete(reading.ahead)
            self.state.keep_whole_prefix = len(draft) > before
            if len(draft) == before and reading.state is DocumentState.VIOLATED:
                self._steer(reading)
            if draft.is_whole and self._is_mine(draft):
                return self._finished(listener)
        return Rejected(text, problems, reason, self.choice.finish_reason == "length")

    def _complaint(
        self, reading: DocumentStream, judged: Rejected | None
    ) -> tuple[tuple[Problem, ...], str]:
        if judged and (judged.problems or self.choice.finish_reason):
            return judged.problems, judged.reason  # it has seen all there is
        if reading.state is DocumentState.VIOLATED and reading.ahead:
            schema = self.guarding.by.schema
            assert schema is not None, "there is a document"
            problems = explain(reading.draft, reading.ahead, schema)
            return problems, "" if problems else _not_allowed(reading)
        return (), judged.reason if judged else UNFINISHED

    def _adopts(self, reading: DocumentStream) -> bool:
        """Whether the reading's draft is the one to go on with; if so, it becomes that."""
        draft, mine = reading.draft, self.state.draft
        is_sure = reading.is_certain and not reading.is_closed_early
        if draft is mine:
            if is_sure and reading.state is not DocumentState.SEEKING:
                return True
            self.state.draft = mine if self.state.given else None
            return False
        begins_alike = draft.guard.text.startswith(self.state.given)
        is_further = self.plan.purpose is Purpose.TRY or mine is None or len(draft) > len(mine)
        if not (is_sure and begins_alike and is_further):
            return False
        self._keep(draft)
        return True

    def _keep(self, draft: PartialDocument) -> None:
        draft.released = max(draft.released, len(self.state.given))
        self.state.draft = draft

    def _steer(self, reading: DocumentStream) -> None:
        """Take the model's next choice for the token that was refused."""
        token = reading.tokens.at(reading.refused_at)
        draft = reading.draft
        if token is None or _is_wrong_as_a_whole(draft, reading.ahead):
            return
        read = reading.refused_at - token.start
        path = pointer(draft.guard.scanner.path)
        if steer(draft.guard, token, read, draft.released):
            draft.steps.append(Step(Resumption.STEERED, path))
            self.state.keep_whole_prefix = True


def _not_allowed(reading: DocumentStream) -> str:
    """Say what was refused, and where."""
    where = pointer(reading.draft.guard.scanner.path) or "the root"
    refused = reading.ahead[:_MAX_WORD].decode(errors="ignore")
    return f"{where}: {write_json(refused)} is not allowed there"


def _is_wrong_as_a_whole(draft: PartialDocument, ahead: bytes) -> bool:
    """Whether the validator refused a name or a string where it ends: more of it would not make it
    better, as it would where the grammar wants more."""
    is_ending = draft.guard.scanner.token is not None and ahead[:1] == b'"'
    return is_ending and draft.guard.is_grammatical(b'"')


def accept_document(
    choice: Choice, draft: PartialDocument, steps: Sequence[Step] = (), *, with_tokens: bool
) -> Accepted:
    """Return `choice` with a whole draft for its text; `steps`: what was done before."""
    return accept(choice, draft.text, _once(steps, draft.steps), with_tokens=with_tokens)


def _once(*given: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps, those on the spelling once for the whole document."""
    steps = (step for each in given for step in each)
    told = (Step(step.name) if isinstance(step.name, SyntaxRepair) else step for step in steps)
    return tuple(dict.fromkeys(told))


def _entries(choice: Choice) -> tuple[object, ...]:
    """Return the log-probability entries of the choice's content."""
    logprobs = choice.raw.get("logprobs")
    entries = logprobs.get("content") if isinstance(logprobs, dict) else None
    return tuple(entries) if isinstance(entries, list) else ()
