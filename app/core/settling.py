"""One choice of a reply, judged: settled, as the caller will get it, or rejected, and why.

A refusal, a content filter's stop and a call of the caller's own tools are passed on as they are:
they are outcomes of their own and never repaired into a document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.capabilities import Mode
from app.core.errors import OutputInvalid
from app.core.judge import Rejected, Repair, Step, Verdict, judge
from app.core.paths import pointer
from app.core.plan import Plan
from app.core.problems import Problem, leaf
from app.core.reply import Choice
from app.core.schema import Schema

_LOOK = "Please adjust your prompt. See 'failed_generation' for more details."
MISMATCH = f"Generated JSON does not match the expected schema. {_LOOK} Error: "
NOT_JSON = f"Failed to validate JSON. {_LOOK}"
TRUNCATED = "max completion tokens reached before generating a valid document"
_MAX_HEADER = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """A choice that the caller can have."""

    choice: Mapping[str, Any]
    """As in a chat.completion, but for its index."""
    steps: tuple[Step, ...]
    passed_on: bool
    """Not a document but a refusal, a filter's stop or a tool call."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A choice that the caller must not get as a success."""

    text: str
    """What the model wrote, whole."""
    problems: tuple[Problem, ...]
    reason: str
    truncated: bool
    place: "Place | None" = None
    """Where a model that can go on from a prefix got stuck."""

    def error(self, headers: Mapping[str, str]) -> OutputInvalid:
        """Return Groq's error for it (console.groq.com/docs/errors; key order and words)."""
        if self.truncated:
            kept = {"failed_generation": self.text, "reason": self.reason}
            return OutputInvalid(
                NOT_JSON, failed_generation=TRUNCATED, details=kept, headers=headers
            )
        details = self.place.details() if self.place else None
        if not self.problems:
            return OutputInvalid(
                NOT_JSON, failed_generation=self.text, details=details, headers=headers
            )
        first = leaf(self.problems[0])
        where: dict[str, str] = {
            "x-strictgate-schema-path": _header(pointer(first.schema_path)),
            "x-strictgate-schema-kind": _header(first.keyword),
        }
        return OutputInvalid(
            MISMATCH + first.sentence,
            failed_generation=self.text,
            details=details,
            headers=where | dict(headers),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """How far a document came, and what could have followed."""

    path: str
    """A JSON Pointer."""
    valid_prefix: str
    allowed: tuple[str, ...]
    """In the spelling of JSON; empty where there is no short list."""

    def details(self) -> dict[str, Any]:
        """Return what an error's `x_strictgate` tells of it."""
        told: dict[str, Any] = {"path": self.path, "valid_prefix": self.valid_prefix}
        return told | ({"allowed": list(self.allowed)} if self.allowed else {})


@dataclass(frozen=True, slots=True)
class Judging:
    """By what a conversation's choices are judged."""

    schema: Schema
    repair: Repair
    has_tools: bool
    any_object: bool = False
    """The contract is JSON mode's: what is no object is no JSON, for there is no schema."""
    with_tokens: bool = True
    """The caller asked for log-probabilities."""


def settled(
    choice: Choice, document: str, steps: tuple[Step, ...], *, with_tokens: bool
) -> Settled:
    """Return `choice` with a valid `document` for its text."""
    return Settled(_rendered(choice, document, with_tokens=with_tokens), steps, passed_on=False)


def settle(choice: Choice, plan: Plan, by: Judging) -> Settled | Rejection:
    """Judge `choice`, which answers `plan`."""
    if choice.is_refusal or (by.has_tools and choice.is_call):
        raw = choice.raw if by.with_tokens else {**choice.raw, "logprobs": None}
        return Settled(raw, (), passed_on=True)
    text, origin = answer(choice, plan.mode)
    verdict = judge(text, by.schema, by.repair, wrapped=plan.wrapped)
    match verdict:
        case Verdict() if choice.finish_reason == "length" and _may_go_on(text, verdict):
            return Rejection(text, (), "the number may have had more digits", truncated=True)
        case Verdict():
            steps = (*origin, *verdict.steps)
            return settled(choice, verdict.text, steps, with_tokens=by.with_tokens)
        case Rejected():
            truncated = choice.finish_reason == "length"
            if by.any_object and verdict.problems:
                return Rejection(text, (), "the answer must be one JSON object", truncated)
            return Rejection(text, verdict.problems, verdict.reason, truncated)


def _may_go_on(text: str, verdict: Verdict) -> bool:
    """Whether the document is a number at the very end: half of one is a number, too."""
    is_number = isinstance(verdict.value, int | float) and not isinstance(verdict.value, bool)
    return is_number and text.endswith(verdict.text)


def answer(choice: Choice, mode: Mode) -> tuple[str, tuple[Step, ...]]:
    """Return where the document is: in the forced call, the content, else the reasoning field.

    Some servers put the whole answer there (LM Studio, DeepSeek on Azure).
    """
    if mode is Mode.TOOL and choice.arguments and choice.arguments.strip():
        return choice.arguments, ()
    if choice.text.strip() or not choice.reasoning.strip():
        return choice.text, ()
    return choice.reasoning, (Step("from_reasoning"),)


def _rendered(choice: Choice, document: str, *, with_tokens: bool) -> dict[str, Any]:
    """The choice with the document as its content; log-probabilities only of unchanged text."""
    message = {
        key: value
        for key, value in choice.message.items()
        if key not in ("tool_calls", "function_call")
    }
    message |= {"role": "assistant", "content": document}
    rendered = dict(choice.raw) | {"message": message}
    is_changed = choice.message.get("content") != document
    if rendered.get("logprobs") is not None and (is_changed or not with_tokens):
        rendered["logprobs"] = None
    if choice.finish_reason != "stop":  # whole and valid, whatever else was to come
        rendered["finish_reason"] = "stop"
    return rendered


def _header(value: str) -> str:
    """Header values are visible ASCII (RFC 9110 §5.5)."""
    ascii_only = value.encode("ascii", "backslashreplace").decode()
    return "".join(each if each.isprintable() else "?" for each in ascii_only)[:_MAX_HEADER]
