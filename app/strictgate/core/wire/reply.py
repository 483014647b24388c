"""What came back from the upstream, read once into values.

An upstream may send odd things in places that do not matter; what matters (choices, messages, the
text) is either understood or an UpstreamBadResponse. Unknown fields are kept, for the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.wire.calls import Call, read_calls


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the upstream's choices."""

    index: int
    raw: Mapping[str, Any]
    message: Mapping[str, Any]
    text: str
    """The content; parts joined, "" where there is none."""
    reasoning: str
    finish_reason: str | None
    calls: tuple[Call, ...]

    @property
    def arguments(self) -> str:
        """The arguments of the first call; "" where there is none."""
        return self.calls[0].arguments if self.calls else ""

    @property
    def is_refusal(self) -> bool:
        return bool(self.message.get("refusal")) or self.finish_reason == "content_filter"


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200 of the upstream: a chat.completion."""

    body: Mapping[str, Any]
    choices: tuple[Choice, ...]
    usage: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Failure:
    """An upstream's answer that says no: its status, its body as JSON or as text."""

    status: int
    body: Any
    headers: Mapping[str, str]


def parse_reply(body: Any) -> Reply:
    """Read a chat.completion object.

    Raises:
        UpstreamBadResponse: it is none.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices:
        raise UpstreamBadResponse("The upstream's answer has no choices.")
    usage = body.get("usage")
    read_in = (_choice(choice, position) for position, choice in enumerate(choices))
    return Reply(
        body=body,
        choices=tuple(sorted(read_in, key=lambda choice: choice.index)),
        usage=usage if isinstance(usage, dict) else None,
    )


def _choice(raw: Any, position: int) -> Choice:
    message = raw.get("message") if isinstance(raw, dict) else None
    if not isinstance(message, dict):
        raise UpstreamBadResponse(f"The upstream's choice {position} has no message.")
    index = raw.get("index")
    finish_reason = raw.get("finish_reason")
    return Choice(
        index=index if isinstance(index, int) else position,
        raw=raw,
        message=message,
        text=content_text(message.get("content")),
        reasoning=content_text(message.get("reasoning_content") or message.get("reasoning")),
        finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        calls=read_calls(message),
    )


def content_text(content: Any) -> str:
    """Return a string, or what parts say, of which thinking is not the answer (Mistral)."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    return ""
