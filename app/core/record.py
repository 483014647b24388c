"""What happened in a conversation, for the caller, the driver's memory and the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core import prompt, usage
from app.core.capabilities import Mode
from app.core.judge import Step
from app.core.plan import Plan
from app.core.problems import leaf
from app.core.reply import Reply
from app.core.settling import Rejection, Settled


@dataclass(frozen=True, slots=True)
class Lesson:
    """A mode that the upstream refused."""

    mode: Mode
    for_schema: bool
    """Only for this schema, whose dialect was refused."""
    reason: str
    """In the upstream's words, for the caller."""
    pattern: str
    """The name of the pattern that these words fit, for the log."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answered ask."""

    mode: Mode
    outcome: str
    """valid, invalid, not_json, truncated or passed_on; of several choices, the worst."""
    problems: tuple[str, ...]
    usage: Mapping[str, Any] | None
    is_clean: bool
    """Every choice stood as it was: nothing rejected, taken out of something or mended."""


@dataclass
class Record:
    """The attempts so far, what they used, and the lessons."""

    attempts: list[Attempt] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)
    proven: int = 0
    """How many of the lessons an accepted ask has proven."""
    spent: usage.Usage = field(default_factory=dict)

    def accepted(self, plan: Plan, reply: Reply, results: Sequence[Settled | Rejection]) -> None:
        """Note an ask that was answered, and how its choices were judged."""
        self.proven = len(self.lessons)
        self.spent = usage.add(self.spent, reply.usage)
        self.attempts.append(_attempt(plan, reply, results))

    def proven_lessons(self) -> Sequence[Lesson]:
        """Return what may be remembered."""
        return self.lessons[: self.proven]

    def headers(self, plan: Plan, steps: Sequence[tuple[int, Step]] = ()) -> dict[str, str]:
        """Return the answer's headers."""
        headers = {
            "x-strictgate-mode": plan.mode.value,
            "x-strictgate-attempts": str(len(self.attempts)),
        }
        if steps:
            names = dict.fromkeys(step.name for _, step in steps)
            headers["x-strictgate-repairs"] = ",".join(names)
        return headers

    def details(
        self, plan: Plan, steps: Sequence[tuple[int, Step]], remembered: Sequence[Mode] = ()
    ) -> dict[str, Any]:
        """Return the answer's `x_strictgate`; `remembered`: modes not tried, from before."""
        details: dict[str, Any] = {
            "mode": plan.mode.value,
            "attempts": [_details(attempt) for attempt in self.attempts],
            "repairs": [
                {"choice": index, "step": step.name, "path": step.path} for index, step in steps
            ],
        }
        if self.lessons:
            details["refused"] = [
                {"mode": lesson.mode.value, "reason": lesson.reason} for lesson in self.lessons
            ]
        if remembered:
            details["not_tried"] = [mode.value for mode in remembered]
        if plan.dropped:
            details["dropped"] = list(plan.dropped)
        return details


def _attempt(plan: Plan, reply: Reply, results: Sequence[Settled | Rejection]) -> Attempt:
    rejections = [each for each in results if isinstance(each, Rejection)]
    problems = [leaf(each).sentence for one in rejections for each in one.problems]
    reasons = [one.reason for one in rejections if not one.problems]
    mended = any(isinstance(each, Settled) and each.steps for each in results)
    return Attempt(
        mode=plan.mode,
        outcome=_outcome(results, rejections),
        problems=tuple((problems + reasons)[: prompt.MAX_PROBLEMS]),
        usage=reply.usage,
        is_clean=not rejections and not mended,
    )


def _outcome(results: Sequence[Settled | Rejection], rejections: Sequence[Rejection]) -> str:
    if any(rejection.truncated for rejection in rejections):
        return "truncated"
    if rejections:
        return "invalid" if any(rejection.problems for rejection in rejections) else "not_json"
    passed_on = any(isinstance(each, Settled) and each.passed_on for each in results)
    return "passed_on" if passed_on else "valid"


def _details(attempt: Attempt) -> dict[str, Any]:
    details: dict[str, Any] = {"mode": attempt.mode.value, "outcome": attempt.outcome}
    if attempt.problems:
        details["problems"] = list(attempt.problems)
    if attempt.usage is not None:
        details["usage"] = dict(attempt.usage)
    return details
