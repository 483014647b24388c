"""What came back from the upstream, read once into values.

An upstream may send odd things in places that do not matter; what matters (choices, messages, the
text) is either understood or an UpstreamBadResponse. Unknown fields are kept, for the answer.
"""

from collections.abc import Mapping
from dataclasses import field
from operator import attrgetter
from typing import Any

from strictgate.core.errors import UpstreamBadResponse, UpstreamError
from strictgate.core.jsontext.reader import write_json
from strictgate.core.value_type import value_type
from strictgate.core.wire.calls import Call, read_calls
from strictgate.core.wire.hidden_error import error_of_choice

_REASONS: Mapping[str, str] = {
    # Anthropic, TGI, Together, Cohere, Gemini
    **dict.fromkeys(("end_turn", "stop_sequence", "eos_token", "eos", "complete"), "stop"),
    **dict.fromkeys(("max_tokens", "max_output_tokens", "model_length"), "length"),  # Mistral
}
"""Reasons to finish of other APIs, which compatible hosts hand on, in OpenAI's words."""
_ENDS = frozenset({None, "stop", "tool_calls", "function_call", "tool_use", "content_filter"})
"""Reasons to finish that no limit is behind; some hosts say none at all."""


_AS_IT_IS = ("stop", "length", "tool_calls")
"""Reasons to finish that need no words."""


@value_type
class Choice:
    """One of the upstream's choices."""

    index: int
    raw: Mapping[str, Any]
    message: Mapping[str, Any]
    text: str
    """The content; parts joined, a value as JSON, "" where there is none."""
    reasoning: str
    finish_reason: str | None
    """In OpenAI's words, where it is known what it means."""
    calls: tuple[Call, ...]
    error: UpstreamError | None = None
    """What the host says went wrong with it."""

    @property
    def is_value(self) -> bool:
        """Whether the content came as a value, which some hosts have parsed already."""
        content = self.message.get("content")
        if content is None or isinstance(content, str):
            return False
        return not _is_parts(content)

    @property
    def arguments(self) -> str:
        """The arguments of the first call; "" where there is none."""
        return self.calls[0].arguments if self.calls else ""

    @property
    def has_ended(self) -> bool:
        """Whether the model has come to an end by itself, as far as the host says; a reason that
        nobody knows (`timeout`) may be a limit."""
        return self.finish_reason in _ENDS

    @property
    def is_refusal(self) -> bool:
        return bool(self.message.get("refusal")) or self.finish_reason == "content_filter"


@value_type
class Reply:
    """A 200 of the upstream: a chat.completion."""

    body: Mapping[str, Any]
    choices: tuple[Choice, ...]
    usage: Mapping[str, Any] | None
    raw: bytes = field(default=b"", compare=False)
    """The JSON that `body` was read from; empty where that is not known."""


@value_type
class Failure:
    """An upstream's answer that says no: its status, its body as JSON or as text."""

    status: int
    body: Any
    headers: Mapping[str, str]


def parse_reply(body: Any, raw: bytes = b"") -> Reply:
    """Read a chat.completion object.

    Args:
        raw: the JSON that it is, if there is one.

    Raises:
        UpstreamBadResponse: it is none.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices:
        raise UpstreamBadResponse("The upstream's answer has no choices.")
    usage = body.get("usage")
    read_in = [_choice(choice, position) for position, choice in enumerate(choices)]
    if len(read_in) > 1:
        read_in.sort(key=attrgetter("index"))
    return Reply(body, tuple(read_in), usage if isinstance(usage, dict) else None, raw)


def _choice(raw: Any, position: int) -> Choice:
    message = raw.get("message") if isinstance(raw, dict) else None
    if not isinstance(message, dict):
        raise UpstreamBadResponse(f"The upstream's choice {position} has no message.")
    refusal = message.get("refusal")
    if refusal and not isinstance(refusal, str):
        # what is no text refuses nothing: else `"refusal": 0.1` would let any content through
        message = message | {"refusal": None}
    index, content = raw.get("index"), message.get("content")
    return Choice(
        index if isinstance(index, int) else position,
        raw,
        message,
        content if isinstance(content, str) else content_text(content),
        _reasoning(message),
        _reason(raw.get("finish_reason")),
        read_calls(message),
        error_of_choice(raw),
    )


def _reason(given: Any) -> str | None:
    """Return a reason to finish in OpenAI's words; some hosts write it in capitals, or say ""."""
    if given in _AS_IT_IS:
        return str(given)
    if not isinstance(given, str) or not given:
        return None
    word = given.lower().removeprefix("finish_reason_")
    return _REASONS.get(word, word)


def _reasoning(message: Mapping[str, Any]) -> str:
    given = message.get("reasoning_content") or message.get("reasoning")
    if not given:
        return ""
    return content_text(given) if isinstance(given, str) or _is_parts(given) else ""


def content_text(content: Any) -> str:
    """Return a string, or what parts say, of which thinking is not the answer (Mistral).

    What is neither is a value that the host has parsed already: it is JSON again.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not _is_parts(content):
        return write_json(content)
    return "".join(_part_text(part) for part in content if isinstance(part, dict))


def _is_parts(content: Any) -> bool:
    if not isinstance(content, list):
        return False
    parts = [part for part in content if isinstance(part, dict)]
    return not content or any("type" in part or isinstance(part.get("text"), str) for part in parts)


def _part_text(part: Mapping[str, Any]) -> str:
    for key in ("text", "json", "output_json"):
        value = part.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            return write_json(value)
    return ""
