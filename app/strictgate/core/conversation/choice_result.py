"""One choice of a reply, judged: settled, as the caller will get it, or rejected, and why.

A refusal, a content filter's stop and a call of the caller's own tools are passed on as they are:
they are outcomes of their own and never repaired into a document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.tool_calls import ToolCallError, call_feedback, judge_calls
from strictgate.core.errors import OutputInvalid, ToolUseInvalid
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.output.validate_text import InvalidText, ValidText, validate_text
from strictgate.core.plan import prompt
from strictgate.core.plan.planner import Plan
from strictgate.core.repair_steps import Repair, Step
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.problems import Problem, most_specific
from strictgate.core.schema.schema import Schema
from strictgate.core.wire.calls import Call, failed_generation
from strictgate.core.wire.reply import Choice

_LOOK = "Please adjust your prompt. See 'failed_generation' for more details."
MISMATCH = f"Generated JSON does not match the expected schema. {_LOOK} Error: "
NOT_JSON = f"Failed to validate JSON. {_LOOK}"
TRUNCATED = "max completion tokens reached before generating a valid document"
_MAX_HEADER = 500


@dataclass(frozen=True, slots=True)
class Accepted:
    """A choice that the caller can have."""

    choice: Mapping[str, Any]
    """As in a chat.completion, but for its index."""
    steps: tuple[Step, ...]
    passed_on: bool
    """Not a document but a refusal, a filter's stop or a tool call."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A choice that the caller must not get as a success."""

    text: str
    """What the model wrote, whole."""
    problems: tuple[Problem, ...]
    reason: str
    truncated: bool
    place: "StuckAt | None" = None
    """Where a model that can go on from a prefix got stuck."""
    misuse: "ToolCallErrors | None" = None
    """What is wrong is how functions were called."""

    def feedback(self) -> list[prompt.Message]:
        """Return the turns that ask again."""
        if self.misuse is not None:
            return self.misuse.feedback(self.text)
        return prompt.feedback_messages(self.text, self.problems, self.reason)

    def error(self, headers: Mapping[str, str]) -> OutputInvalid:
        """Return Groq's error for it (console.groq.com/docs/errors; key order and words)."""
        if self.misuse is not None:
            return self.misuse.error(self, headers)
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
        first = most_specific(self.problems[0])
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
class ToolCallErrors:
    """Calls of functions that cannot be handed on."""

    calls: tuple[Call, ...]
    faults: tuple[ToolCallError, ...]
    tools: Toolset

    def feedback(self, text: str) -> list[prompt.Message]:
        """Return the turns that ask again; `text`: what stood beside the calls."""
        return call_feedback(self.calls, self.faults, "" if self.calls else text, self.tools)

    def error(self, rejection: Rejected, headers: Mapping[str, str]) -> ToolUseInvalid:
        """Return Groq's error for it."""
        details = {"reason": TRUNCATED} if rejection.truncated else None
        written = failed_generation(self.calls, rejection.text)
        return ToolUseInvalid(
            self.faults[0].message, failed_generation=written, details=details, headers=headers
        )


@dataclass(frozen=True, slots=True)
class StuckAt:
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
class Criteria:
    """By what a conversation's choices are judged."""

    schema: Schema | None
    """Of the document; None: a final answer is text."""
    repair: Repair
    has_tools: bool
    tools: Toolset | None = None
    """By what calls are judged; None: they are handed on as they are."""
    any_object: bool = False
    """The contract is JSON mode's: what is no object is no JSON, for there is no schema."""
    with_tokens: bool = True
    """The caller asked for log-probabilities."""


def accept(
    choice: Choice, document: str, steps: tuple[Step, ...], *, with_tokens: bool
) -> Accepted:
    """Return `choice` with a valid `document` for its text."""
    return Accepted(_rendered(choice, document, with_tokens=with_tokens), steps, passed_on=False)


def judge_choice(
    choice: Choice, plan: Plan, by: Criteria, *, is_misuse: bool = False
) -> Accepted | Rejected:
    """Judge `choice`, which answers `plan`.

    Args:
        is_misuse: the upstream itself found fault with the call that `choice` is.
    """
    if choice.is_refusal:
        return _passed_on(choice, by)
    if by.tools and (choice.is_call or by.tools.must_call or is_misuse):
        return _calls_settled(choice, by, by.tools, is_misuse=is_misuse)
    if by.schema is None or (by.has_tools and choice.is_call):
        return _passed_on(choice, by)
    return _document_settled(choice, plan, by, by.schema)


def _document_settled(
    choice: Choice, plan: Plan, by: Criteria, schema: Schema
) -> Accepted | Rejected:
    text, origin = answer_text(choice, plan.mode)
    verdict = validate_text(text, schema, by.repair, wrapped=plan.wrapped)
    match verdict:
        case ValidText() if choice.finish_reason == "length" and _may_go_on(text, verdict):
            return Rejected(text, (), "the number may have had more digits", truncated=True)
        case ValidText():
            steps = (*origin, *verdict.steps)
            return accept(choice, verdict.text, steps, with_tokens=by.with_tokens)
        case InvalidText():
            truncated = choice.finish_reason == "length"
            if by.any_object and verdict.problems:
                return Rejected(text, (), "the answer must be one JSON object", truncated)
            return Rejected(text, verdict.problems, verdict.reason, truncated)


def _passed_on(choice: Choice, by: Criteria) -> Accepted:
    raw = choice.raw if by.with_tokens else {**choice.raw, "logprobs": None}
    return Accepted(raw, (), passed_on=True)


def _calls_settled(
    choice: Choice, by: Criteria, tools: Toolset, *, is_misuse: bool
) -> Accepted | Rejected:
    judged = judge_calls(choice, tools, by.repair, is_told=is_misuse)
    if judged.faults:
        problems = tuple(problem for fault in judged.faults for problem in fault.problems)
        misuse = ToolCallErrors(judged.calls, judged.faults, tools)
        is_cut = choice.finish_reason == "length"
        reason = judged.faults[0].message
        return Rejected(choice.text, problems, reason, is_cut, misuse=misuse)
    raw = {**choice.raw, "message": judged.message}
    if not by.with_tokens or judged.steps:
        raw["logprobs"] = None
    if choice.finish_reason != "stop":
        raw["finish_reason"] = "function_call" if tools.is_deprecated else "tool_calls"
    return Accepted(raw, judged.steps, passed_on=False)


def _may_go_on(text: str, verdict: ValidText) -> bool:
    """Whether the document is a number at the very end: half of one is a number, too."""
    is_number = isinstance(verdict.value, int | float) and not isinstance(verdict.value, bool)
    return is_number and text.endswith(verdict.text)


def answer_text(choice: Choice, mode: Mode) -> tuple[str, tuple[Step, ...]]:
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
