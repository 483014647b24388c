"""What came of one choice of a reply: accepted, as the caller will get it, or rejected, and why.

These are values; evaluation.py makes them, and choice_state.py takes them in. A rejected choice
knows the two things that can be said of it: the turns that ask the model again, and the error for
the caller.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from strictgate.core.conversation.call_feedback import call_feedback
from strictgate.core.conversation.tool_calls import CallFault, ToolCallError
from strictgate.core.errors import GatewayError, OutputInvalid, ToolUseInvalid
from strictgate.core.guard.continuation_alignment import ContinuationKind
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.output.origins import DocumentOrigins
from strictgate.core.output.provenance import ScoredToken
from strictgate.core.plan import prompt
from strictgate.core.repair_steps import Step
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.problems import Problem, most_specific
from strictgate.core.value_type import value_type
from strictgate.core.wire.calls import Call, failed_generation
from strictgate.core.wire.refusal_patterns import TRUNCATED
from strictgate.core.wire.reply import Choice

_ADVICE = "Please adjust your prompt. See 'failed_generation' for more details."
MISMATCH = f"Generated JSON does not match the expected schema. {_ADVICE} Error: "
NOT_JSON = f"Failed to validate JSON. {_ADVICE}"
_RAISE = "raise max_tokens (max_completion_tokens, max_output_tokens)."
CUT_OFF = f"Failed to validate JSON. The answer was cut off by the limit on its tokens: {_RAISE}"
_MAX_HEADER = 500


@value_type
class Accepted:
    """A choice that the caller can have."""

    choice: Mapping[str, Any]
    """As in a chat.completion, but for its index."""
    steps: tuple[Step, ...]
    passed_on: bool
    """Not a document but a refusal, a filter's stop or a tool call."""
    origins: DocumentOrigins | None = field(default=None, compare=False)
    """Of the document, if it is one."""
    scores: tuple[ScoredToken, ...] = field(default=(), compare=False)
    """The document's tokens, where that was asked for and they are known."""
    call_origins: Mapping[int, DocumentOrigins] = field(default_factory=dict, compare=False)
    """Of the arguments of each call that were judged, by its position."""


@value_type
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
    broken: GatewayError | None = None
    """The error that broke the reply off: what is said of half an answer is no verdict."""
    is_refused: bool = False
    """It was JSON as far as it went, and the schema refused what came next. The problems do not say
    so where too little of that had come to say what is wrong with it."""
    is_disputed: bool = False
    """There is a whole document, and another one in its place: none is gone on from."""

    @property
    def written(self) -> str:
        """What the model wrote, as `failed_generation` has it; "": nothing."""
        if self.misuse is None:
            return self.text
        return failed_generation(self.misuse.calls, self.text)

    @property
    def is_json(self) -> bool:
        """Whether it could be read, but is not what it should be."""
        if self.misuse is not None:
            return not self.misuse.is_not_json
        return bool(self.problems) or self.is_refused

    @property
    def lacks_call(self) -> bool:
        """Whether there is no call, though one is required."""
        faults = self.misuse.faults if self.misuse is not None else ()
        return any(fault.kind is CallFault.MISSING for fault in faults)

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
            details = {"failed_generation": self.text, "reason": self.reason}
            return OutputInvalid(
                CUT_OFF, failed_generation=TRUNCATED, details=details, headers=headers
            )
        details = self.place.details() if self.place else {}
        if not self.problems:
            return OutputInvalid(
                NOT_JSON, failed_generation=self.text, details=details, headers=headers
            )
        first = most_specific(self.problems[0])
        where = {
            "x-strictgate-schema-path": header_text(pointer(first.schema_path)),
            "x-strictgate-schema-kind": header_text(first.keyword),
        }
        return OutputInvalid(
            MISMATCH + first.sentence,
            failed_generation=self.text,
            details=details,
            headers=where | dict(headers),
        )


@value_type
class Evaluated:
    """One choice of a reply, evaluated: the result, and all that it changes about the choice."""

    result: Accepted | Rejected
    choice: Choice
    document: PartialDocument | None
    """The valid beginning that is kept, to go on from; None: there is none."""
    kind: ContinuationKind = ContinuationKind.UNKNOWN
    """What the model made of the prefix that it was sent."""
    keep_whole_prefix: bool = False
    """The next continuation must go on from all of the document: what was written last is not the
    model's own, and a shorter prefix would take it back."""
    tokens: int = 0
    """Tokens that the choice took, by the upstream's count or by ours."""


@value_type
class ToolCallErrors:
    """Calls of functions that cannot be handed on."""

    message: Mapping[str, Any]
    """In which they stand."""
    calls: tuple[Call, ...]
    faults: tuple[ToolCallError, ...]
    tools: Toolset

    @property
    def is_not_json(self) -> bool:
        """Whether arguments could not be read."""
        return any(fault.kind is CallFault.NOT_JSON for fault in self.faults)

    def feedback(self, text: str) -> list[prompt.Message]:
        """Return the turns that ask again; `text`: what stood beside the calls."""
        beside = "" if self.calls else text
        return call_feedback(self.message, self.calls, self.faults, beside, self.tools)

    def error(self, rejection: Rejected, headers: Mapping[str, str]) -> ToolUseInvalid:
        """Return Groq's error for it."""
        message, details = self.faults[0].message, None
        if rejection.truncated:
            details = {"reason": TRUNCATED}
            message = f"{message}. The answer was cut off by the limit on its tokens: {_RAISE}"
        written = rejection.written
        return ToolUseInvalid(message, failed_generation=written, details=details, headers=headers)


@value_type
class StuckAt:
    """How far a document came, and what could have followed."""

    path: str
    """A JSON Pointer."""
    valid_prefix: str
    allowed: tuple[str, ...]
    """In the spelling of JSON; empty where there is no short list."""

    def details(self) -> dict[str, Any]:
        """Return it as it stands in an error's `x_strictgate`."""
        details: dict[str, Any] = {"path": self.path, "valid_prefix": self.valid_prefix}
        return details | ({"allowed": list(self.allowed)} if self.allowed else {})


def header_text(value: str) -> str:
    """Return `value` as a header can carry it: in visible ASCII (RFC 9110 §5.5)."""
    ascii_only = value.encode("ascii", "backslashreplace").decode()
    return "".join(each if each.isprintable() else "?" for each in ascii_only)[:_MAX_HEADER]
