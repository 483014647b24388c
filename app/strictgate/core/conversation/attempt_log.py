"""What happened in a conversation, for the caller, the driver's memory and the log."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from strictgate.core.capabilities import Fact, Mode
from strictgate.core.conversation.choice_result import Accepted, Rejected, header_text
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyEnd
from strictgate.core.errors import OutputTooComplex
from strictgate.core.guard.partial_document import Beginning
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan, Purpose
from strictgate.core.repair_steps import DialectStep, Step, StepCounts
from strictgate.core.schema.problems import most_specific
from strictgate.core.value_type import state_type, value_type
from strictgate.core.wire.reply import Reply
from strictgate.core.wire.usage import Usage, add_usage, token_count, total_tokens
from strictgate.core.wire.usage_estimate import untold_tokens

MAX_REPAIRS = 100
"""Repairs that an answer lists: of 30,000 the list was ten times as long as the document."""

_TRY, _CONTINUATION = Purpose.TRY, Purpose.CONTINUATION
_OWN_END, _STOPPED = ReplyEnd.OWN, ReplyEnd.STOPPED
"""Members of enumerations that each request asks for: one takes ten times as long to be found in
its class as here."""


@value_type
class RefusedMode:
    """A mode that the upstream refused."""

    mode: Mode
    for_schema: bool
    """Only for this schema, whose dialect was refused."""
    reason: str
    """In the upstream's words, for the caller."""
    pattern: str
    """The name of the pattern that these words fit, for the log."""


@value_type
class Attempt:
    """One answered ask."""

    mode: Mode
    outcome: str
    """valid, invalid, not_json, truncated, too_complex (to judge), broken (the connection) or
    passed_on; of several choices, the worst. Of a question: answered."""
    problems: tuple[str, ...]
    usage: Mapping[str, Any] | None
    is_clean: bool
    """Every choice stood as it was asked for: nothing rejected, taken out of something or mended.
    """
    purpose: Purpose = Purpose.TRY
    end: ReplyEnd = ReplyEnd.OWN
    part: int = 0
    """Which part of the document was asked for, from 1 on; 0: the whole."""


@value_type
class FailedModel:
    """A model that was asked before another one, and gave no valid document."""

    name: str
    """By which clients know it."""
    reason: str
    """The code of the error that it came to, or else its type."""
    attempts: tuple[Attempt, ...]


@value_type
class AttemptSummary:
    """What the attempts of a conversation come to."""

    tries: int
    """Whole documents that were asked for."""
    continuations: int
    """Rests of one that were asked for."""
    stopped: int
    """Streams that were stopped before their end."""
    outcome: str
    """See `last_outcome`."""
    tokens_in: int
    """With an estimate where upstreams told nothing, as the next two."""
    tokens_out: int
    tokens: int
    tokens_in_vain: int
    """That went into what is no part of the answer: into tries that were given up for a new one,
    with what was gone on from them; if nothing was accepted, all."""


@state_type
class AttemptLog:
    """The attempts so far, what they used, and the lessons."""

    model: str = ""
    """The name by which clients know the model; told where it is not the first one."""
    failed_models: tuple[FailedModel, ...] = ()
    """Those that were asked before it, …"""
    spent_before: Usage = field(default_factory=dict)
    """… and what they used."""
    is_written_down: bool = False
    """The model was to write down what one of those before had said."""
    beginning: Beginning | None = None
    """What was good of the one document that was asked for, where no whole one came."""
    part: int = 0
    """Which part of the document is asked for at the moment; see Attempt."""
    attempts: list[Attempt] = field(default_factory=list)
    refused_modes: list[RefusedMode] = field(default_factory=list)
    proven: int = 0
    """How many of the lessons an accepted ask has proven."""
    spent: Usage = field(default_factory=dict)
    untold_in: int = 0
    """Tokens of which upstreams told nothing, estimated: those read, …"""
    untold_out: int = 0
    """… and those written."""
    prefixes: list[bool] = field(default_factory=list)
    """Of each prefix whether the model went on from it."""
    lost_logprobs: bool = False
    """The caller asked for log-probabilities, and the text is not the tokens' own."""
    facts: list[tuple[Fact, tuple[str, ...]]] = field(default_factory=list)
    """What refusals other than of a mode have shown, with its details."""
    proven_facts: int = 0
    """How many of the facts an accepted ask has proven."""
    prefix_refused: bool = False
    """The upstream does not take prefixes."""

    def accepted(self, plan: Plan, reply: EvaluatedReply) -> None:
        """Note an ask that was answered, and how its choices were judged."""
        self.add(_attempt(plan, reply, self.part), plan, reply.body)

    def settled(self, plan: Plan, reply: Reply, accepted: Accepted) -> None:
        """Note the first ask, whose only choice was accepted as it stands."""
        outcome = "passed_on" if accepted.passed_on else "valid"
        attempt = Attempt(plan.mode, outcome, (), reply.usage, is_clean=True)
        self.add(attempt, plan, reply.body)

    def add(self, attempt: Attempt, plan: Plan, body: Mapping[str, Any]) -> None:
        """Note what came of an ask; `body`: of the upstream's reply."""
        self.proven = len(self.refused_modes)
        self.proven_facts = len(self.facts)
        usage = attempt.usage
        if usage is None or not (usage.get("prompt_tokens") and usage.get("completion_tokens")):
            tokens_in, tokens_out = untold_tokens(usage, plan.body, body)
            self.untold_in += tokens_in
            self.untold_out += tokens_out
        self.spent = add_usage(self.spent, usage)
        self.attempts.append(attempt)

    @property
    def tries(self) -> int:
        """How many whole documents were asked for."""
        return self._count(_TRY)

    @property
    def continuations(self) -> int:
        """How many times the rest of one was asked for."""
        return self._count(_CONTINUATION)

    def last_outcome(self, *, is_accepted: bool) -> str:
        """Return how the last attempt ended, questions and thoughts left aside.

        Args:
            is_accepted: every choice was, in the end.
        """
        for each in reversed(self.attempts):
            if each.purpose not in _ASIDE:
                return "valid" if is_accepted and each.outcome != "passed_on" else each.outcome
        return "unanswered"

    def summary(self, *, is_accepted: bool) -> AttemptSummary:
        """Return what the attempts come to.

        Args:
            is_accepted: every choice was, in the end.
        """
        tries = continuations = stopped = last_try = 0
        for at, each in enumerate(self.attempts):
            if each.purpose is _TRY:
                tries += 1
                last_try = at
            elif each.purpose is _CONTINUATION:
                continuations += 1
            stopped += each.end is _STOPPED
        tokens_in = token_count(self.spent, "prompt_tokens", "input_tokens") + self.untold_in
        tokens_out = token_count(self.spent, "completion_tokens", "output_tokens") + self.untold_out
        tokens = max(total_tokens(self.spent), tokens_in + tokens_out)
        in_vain = 0 if is_accepted else tokens
        if is_accepted and last_try:
            in_vain = sum(total_tokens(each.usage or {}) for each in self.attempts[:last_try])
        outcome = self.last_outcome(is_accepted=is_accepted)
        counts = (tries, continuations, stopped, outcome)
        return AttemptSummary(*counts, tokens_in, tokens_out, tokens, in_vain)

    @property
    def used(self) -> Usage:
        """What all models have used, those before it included."""
        return add_usage(self.spent_before, self.spent) if self.spent_before else self.spent

    def is_spent(self, budget: int) -> bool:
        """Whether `budget` tokens have been used; 0 is no budget."""
        return bool(budget) and total_tokens(self.used) >= budget

    @property
    def answers(self) -> int:
        """How many answers came, thoughts before them left aside."""
        return len(self.attempts) - self._count(Purpose.THOUGHT)

    def _count(self, purpose: Purpose) -> int:
        count = 0
        for attempt in self.attempts:
            count += attempt.purpose is purpose
        return count

    def found(self, fact: Fact, *details: str) -> None:
        """Note what a refusal shows; the next accepted ask proves it."""
        self.facts.append((fact, details))

    def proved(self, fact: Fact) -> None:
        """Note what an accepted answer has shown."""
        self.facts.append((fact, ()))
        self.proven_facts = len(self.facts)

    def disproved(self, *facts: Fact) -> None:
        """Forget these of what no accepted ask has proven: to heed them was of no use."""
        unproven = self.facts[self.proven_facts :]
        self.facts[self.proven_facts :] = [each for each in unproven if each[0] not in facts]

    def proven_refusals(self) -> Sequence[RefusedMode]:
        """Return what may be remembered."""
        return self.refused_modes[: self.proven] if self.proven else ()

    def headers(
        self,
        plan: Plan,
        steps: Sequence[tuple[int, Step]] = (),
        more_steps: StepCounts = (),
    ) -> dict[str, str]:
        """Return the answer's headers; `more_steps`: see Outcome."""
        tries = continuations = 0
        for each in self.attempts:
            tries += each.purpose is _TRY
            continuations += each.purpose is _CONTINUATION
        headers = {"x-strictgate-mode": str(plan.mode), "x-strictgate-attempts": str(tries)}
        if self.failed_models:
            headers["x-strictgate-model"] = header_text(self.model)
        if continuations:
            headers["x-strictgate-continuations"] = str(continuations)
        if steps:
            names = dict.fromkeys(
                [*(step.name for _, step in steps), *(name for name, _ in more_steps)]
            )
            headers["x-strictgate-repairs"] = ",".join(names)
        return headers

    def details(
        self,
        plan: Plan,
        steps: Sequence[tuple[int, Step]],
        remembered: Sequence[Mode] = (),
        more_steps: StepCounts = (),
    ) -> dict[str, Any]:
        """Return the answer's `x_strictgate`.

        Args:
            remembered: modes not tried, from before.
            more_steps: see Outcome.
        """
        details: dict[str, Any] = {
            "mode": str(plan.mode),
            "attempts": self._attempts(),
            "repairs": _repairs(steps) if steps else [],
        }
        if len(steps) > MAX_REPAIRS or more_steps:
            listed = min(len(steps), MAX_REPAIRS)
            more = sum(count for _, count in more_steps)
            details["repairs_not_listed"] = len(steps) - listed + more
        if self.failed_models:
            failed = [{"model": each.name, "reason": each.reason} for each in self.failed_models]
            details |= {"model": self.model, "failed_models": failed}
            details |= {"written_down": True} if self.is_written_down else {}
        if self.refused_modes:
            details["refused"] = [
                {"mode": lesson.mode.value, "reason": lesson.reason}
                for lesson in self.refused_modes
            ]
        if remembered:
            details["not_tried"] = [mode.value for mode in remembered]
        if (plan.schema is not None and plan.schema.left_out_at) or plan.functions:
            details["compiled"] = _compiled_details(plan)
        if plan.dropped or self.lost_logprobs:
            details["dropped"] = [*plan.dropped, *(["logprobs"] * self.lost_logprobs)]
        return details

    def _attempts(self) -> list[dict[str, Any]]:
        """Return every attempt as it is told, with its model where there were several."""
        if not self.failed_models:
            return [_details(attempt) for attempt in self.attempts]
        by_model = [(each.name, each.attempts) for each in self.failed_models]
        by_model.append((self.model, tuple(self.attempts)))
        return [{"model": name} | _details(each) for name, tried in by_model for each in tried]

    def failure_details(self, plan: Plan) -> dict[str, Any]:
        """Return an error's `x_strictgate`: what was tried, and what it used; of nothing, nothing.

        `usage` is the sum of all attempts, as it stands in an answer.
        """
        if not self.attempts and not self.failed_models:
            return {}
        details = self.details(plan, ())
        del details["repairs"]
        return details | ({"usage": self.used} if self.used else {})


def _repairs(steps: Sequence[tuple[int, Step]]) -> list[dict[str, Any]]:
    return [
        {"choice": index, "step": step.name, "path": step.path}
        for index, step in steps[:MAX_REPAIRS]
    ]


_ASIDE = (Purpose.QUESTION, Purpose.THOUGHT)


def _attempt(plan: Plan, reply: EvaluatedReply, part: int) -> Attempt:
    accepted: list[Accepted] = []
    rejections: list[Rejected] = []
    for each in reply.results:
        if isinstance(each, Rejected):
            rejections.append(each)
        elif each is not None:
            accepted.append(each)
    steps = [step for each in accepted if each.steps for step in each.steps]
    mended = bool(steps) and any(not isinstance(step.name, DialectStep) for step in steps)
    return Attempt(
        plan.mode,
        _outcome(accepted, rejections),
        _problems(rejections) if rejections else (),
        reply.usage,
        not rejections and not mended,
        plan.purpose,
        reply.end,
        part,
    )


def _problems(rejections: Sequence[Rejected]) -> tuple[str, ...]:
    problems = [most_specific(each).sentence for one in rejections for each in one.problems]
    reasons = [one.reason for one in rejections if not one.problems]
    return tuple((problems + reasons)[: prompt.MAX_PROBLEMS])


def _compiled_details(plan: Plan) -> dict[str, Any]:
    """Return what is told of schemas that were written down to their host's dialect."""
    told: dict[str, Any] = {}
    if plan.schema is not None and (places := plan.schema.left_out_at):
        told = {"dialect": plan.schema.dialect, "left_out": [*places[:MAX_REPAIRS]]}
        told |= {"not_listed": more} if (more := len(places) - MAX_REPAIRS) > 0 else {}
    if plan.functions:
        told["functions"] = {name: [*at[:MAX_REPAIRS]] for name, at in plan.functions.items()}
    return told


def _outcome(accepted: Sequence[Accepted], rejections: Sequence[Rejected]) -> str:
    if not rejections:
        for each in accepted:
            if each.passed_on:
                return "passed_on"
        return "valid" if accepted else "answered"
    if any(rejection.truncated for rejection in rejections):
        return "truncated"
    if any(isinstance(rejection.broken, OutputTooComplex) for rejection in rejections):
        return "too_complex"
    if any(rejection.broken for rejection in rejections):
        return "broken"
    return "invalid" if any(rejection.is_json for rejection in rejections) else "not_json"


def _details(attempt: Attempt) -> dict[str, Any]:
    details: dict[str, Any] = {"mode": str(attempt.mode), "outcome": attempt.outcome}
    if attempt.problems:
        details["problems"] = list(attempt.problems)
    if attempt.purpose is not _TRY:
        details["purpose"] = attempt.purpose.value
    if attempt.part:
        details["part"] = attempt.part
    if attempt.end is not _OWN_END:
        details["end"] = attempt.end.value
    if attempt.usage is not None:
        details["usage"] = dict(attempt.usage)
    return details
