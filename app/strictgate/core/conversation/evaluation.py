"""One choice of a reply, weighed: settled, or rejected with as much of it as is good.

A text that is a whole answer is judged whole, as if it had not been listened to: the judge mends
what the guard cannot, as it has all of it. What is rejected leaves its good part behind: the draft,
to which what the schema leaves no choice about is added, or the model's own next choice.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from strictgate.core.conversation import choice_result
from strictgate.core.conversation.choice_guards import Guarding
from strictgate.core.conversation.choice_result import Rejection, Settled
from strictgate.core.conversation.choice_state import Pursuit
from strictgate.core.conversation.document_choice import Listener
from strictgate.core.conversation.protocol import Answer, Turn
from strictgate.core.guard.continuation_alignment import Aligner, Kind
from strictgate.core.guard.document_stream import Reading, State
from strictgate.core.guard.logprob_steering import steer
from strictgate.core.guard.partial_document import Draft
from strictgate.core.guard.violation_details import explain
from strictgate.core.jsontext import reader
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.scanner import Token
from strictgate.core.plan.planner import Plan, Purpose
from strictgate.core.repair_steps import Resumption, Spelling, Step
from strictgate.core.schema.problems import Problem
from strictgate.core.wire.collector import Delta
from strictgate.core.wire.reply import Choice

_MAX_WORD = 40
UNFINISHED = "the document ends in the middle"
_DIFFERS = "the new answer differs from what has been given out already"


@dataclass
class Weighing:
    """`weigh` it once."""

    guarding: Guarding
    plan: Plan
    pursuit: Pursuit
    choice: Choice
    listener: Listener | None
    """What has listened to it, if it came as a stream."""
    aligner: Aligner | None

    @property
    def kind(self) -> Kind:
        """What the choice made of a prefix."""
        return self.listener.reading.kind if self.listener else Kind.UNKNOWN

    def weigh(self) -> Generator[Turn, Answer, Settled | Rejection]:
        """Return the choice as the caller can have it, or what is wrong with it."""
        self.pursuit.choice = self.choice
        self.pursuit.had_tokens |= bool(self.choice.raw.get("logprobs"))
        if self.choice.is_refusal or self.guarding.by.schema is None:
            return self._judged()
        if self.listener is not None:
            self.listener.flush()
            if self._is_whole(self.listener):
                return self._finished(self.listener)
        is_try = self.plan.purpose is Purpose.TRY
        judged = self._judged() if is_try or self.kind is Kind.FRESH else None
        if isinstance(judged, Settled):
            return judged
        if self.listener is None:
            yield from self.guarding.load()
            self.listener = self._heard_whole()
            if self._is_whole(self.listener):
                return self._finished(self.listener)
            if self.kind is Kind.FRESH and not is_try:
                judged = self._judged()
        if isinstance(judged, Settled) or (judged is not None and judged.misuse is not None):
            return judged
        return self._salvaged(self.listener, judged)

    # --- as a whole ------------------------------------------------------------------------------

    def _judged(self) -> Settled | Rejection:
        is_misuse, self.guarding.is_misuse = self.guarding.is_misuse, False
        judged = choice_result.settle(self.choice, self.plan, self.guarding.by, is_misuse=is_misuse)
        if isinstance(judged, Rejection) and judged.misuse is not None:
            return judged
        if isinstance(judged, Settled) and self.pursuit.told:  # it stays what it is
            message = {**judged.choice["message"], "content": "".join(self.pursuit.told)}
            return replace(judged, choice={**judged.choice, "message": message})
        given = self.pursuit.given
        if isinstance(judged, Rejection) or not given:
            return judged
        content = str(judged.choice["message"].get("content") or "")
        if content.encode("utf-8", "surrogatepass").startswith(given):
            return judged
        if judged.passed_on:  # a filter's stop: what is out stays what it is
            message = {**judged.choice["message"], "content": given.decode()}
            return replace(judged, choice={**judged.choice, "message": message})
        return Rejection(content, (), _DIFFERS, truncated=False)

    def _heard_whole(self) -> Listener:
        """Listen to a choice that came whole."""
        listener = self.guarding.listener(self.plan, self.pursuit, self.aligner, by_call=False)
        text, _ = choice_result.answer(self.choice, self.plan.mode)
        listener.feed(Delta(0, text, logprobs=_entries(self.choice)))
        listener.flush()
        return listener

    def _is_whole(self, listener: Listener) -> bool:
        reading = listener.reading
        is_closed = reading.state is State.CLOSED and not reading.is_closed_early
        is_sure = is_closed and reading.is_certain
        return is_sure and not listener.is_passed_on and self._is_mine(reading.draft)

    def _is_mine(self, draft: Draft) -> bool:
        """Whether the document can be what the caller gets, who may have the beginning of one; half
        a number is a number, too."""
        if draft.guard.scanner.token is Token.NUMBER and self.choice.finish_reason != "stop":
            return False
        return draft.text.encode().startswith(self.pursuit.given)

    def _finished(self, listener: Listener) -> Settled:
        reading = listener.reading
        self._keep(reading.draft)
        with_tokens = self.guarding.by.with_tokens and not listener.lost_tokens
        return finished(self.choice, reading.draft, reading.steps, with_tokens=with_tokens)

    # --- in part ---------------------------------------------------------------------------------

    def _salvaged(self, listener: Listener, judged: Rejection | None) -> Settled | Rejection:
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
            self.pursuit.exact = len(draft) > before
            if len(draft) == before and reading.state is State.VIOLATED:
                self._steer(reading)
            if draft.is_whole and self._is_mine(draft):
                return self._finished(listener)
        return Rejection(text, problems, reason, self.choice.finish_reason == "length")

    def _complaint(
        self, reading: Reading, judged: Rejection | None
    ) -> tuple[tuple[Problem, ...], str]:
        if judged and (judged.problems or self.choice.finish_reason):
            return judged.problems, judged.reason  # it has seen all there is
        if reading.state is State.VIOLATED and reading.ahead:
            schema = self.guarding.by.schema
            assert schema is not None, "there is a document"
            problems = explain(reading.draft, reading.ahead, schema)
            return problems, "" if problems else _not_allowed(reading)
        return (), judged.reason if judged else UNFINISHED

    def _adopts(self, reading: Reading) -> bool:
        """Whether the reading's draft is the one to go on with; if so, it becomes that."""
        draft, mine = reading.draft, self.pursuit.draft
        is_sure = reading.is_certain and not reading.is_closed_early
        if draft is mine:
            if is_sure and reading.state is not State.SEEKING:
                return True
            self.pursuit.draft = mine if self.pursuit.given else None
            return False
        begins_alike = draft.guard.text.startswith(self.pursuit.given)
        is_further = self.plan.purpose is Purpose.TRY or mine is None or len(draft) > len(mine)
        if not (is_sure and begins_alike and is_further):
            return False
        self._keep(draft)
        return True

    def _keep(self, draft: Draft) -> None:
        draft.released = max(draft.released, len(self.pursuit.given))
        self.pursuit.draft = draft

    def _steer(self, reading: Reading) -> None:
        """Take the model's next choice for the token that was refused."""
        token = reading.tokens.at(reading.refused_at)
        draft = reading.draft
        if token is None or _is_wrong_as_a_whole(draft, reading.ahead):
            return
        read = reading.refused_at - token.start
        path = pointer(draft.guard.scanner.path)
        if steer(draft.guard, token, read, draft.released):
            draft.steps.append(Step(Resumption.STEERED, path))
            self.pursuit.exact = True


def _not_allowed(reading: Reading) -> str:
    """Say what was refused, and where."""
    where = pointer(reading.draft.guard.scanner.path) or "the root"
    refused = reading.ahead[:_MAX_WORD].decode(errors="ignore")
    return f"{where}: {reader.write(refused)} is not allowed there"


def _is_wrong_as_a_whole(draft: Draft, ahead: bytes) -> bool:
    """Whether the validator refused a name or a string where it ends: more of it would not make it
    better, as it would where the grammar wants more."""
    is_ending = draft.guard.scanner.token is not None and ahead[:1] == b'"'
    return is_ending and draft.guard.is_grammatical(b'"')


def finished(
    choice: Choice, draft: Draft, steps: Sequence[Step] = (), *, with_tokens: bool
) -> Settled:
    """Return `choice` with a whole draft for its text; `steps`: what was done before."""
    return choice_result.settled(
        choice, draft.text, _once(steps, draft.steps), with_tokens=with_tokens
    )


def _once(*given: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps, those on the spelling once for the whole document."""
    steps = (step for each in given for step in each)
    told = (Step(step.name) if isinstance(step.name, Spelling) else step for step in steps)
    return tuple(dict.fromkeys(told))


def _entries(choice: Choice) -> tuple[object, ...]:
    """Return the log-probability entries of the choice's content."""
    logprobs = choice.raw.get("logprobs")
    entries = logprobs.get("content") if isinstance(logprobs, dict) else None
    return tuple(entries) if isinstance(entries, list) else ()
