"""Calls of functions as a message of the wire holds them.

`tool_calls` of a message, or the deprecated `function_call`
(platform.openai.com/docs/api-reference/chat/object).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from strictgate.core.jsontext.reader import write_json


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as the model made it."""

    name: str
    arguments: str
    raw: Mapping[str, Any]
    """As it stands in the message."""


def calls_of(message: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the calls in a message."""
    given = message.get("tool_calls")
    for each in given if isinstance(given, list) else ():
        inner = each.get(kind_of(each)) if isinstance(each, dict) else None
        if isinstance(inner, dict):
            yield _call(inner, each)
    if not given and isinstance(message.get("function_call"), dict):
        yield _call(message["function_call"], message["function_call"])


def kind_of(raw: Mapping[str, Any]) -> str:
    kind = raw.get("type")
    return kind if isinstance(kind, str) and kind else "function"


def _call(inner: Mapping[str, Any], raw: Mapping[str, Any]) -> Call:
    arguments = inner.get("arguments")
    if not isinstance(arguments, str):
        arguments = "" if arguments is None else write_json(arguments)
    return Call(str(inner.get("name") or ""), arguments, raw)


def default_call_id(name: str, arguments: str, position: int, turn: int = 0) -> str:
    """Return an id for a call whose upstream gave none: the same for the same call."""
    said = f"{turn} {position} {name} {arguments}".encode("utf-8", "surrogatepass")
    return f"call_{blake2b(said, digest_size=12).hexdigest()}"


def failed_generation(calls: Sequence[Call], text: str) -> str:
    """Return what the model wrote, as Groq's `failed_generation` has it."""
    if not calls:
        return text
    written = [call_as_json(call) for call in calls]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def call_as_json(call: Call) -> str:
    """Return a call as JSON, its arguments in the model's own characters."""
    return f'{{"name": {write_json(call.name)}, "arguments": {call.arguments or "null"}}}'
