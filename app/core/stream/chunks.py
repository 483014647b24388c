"""A finished chat.completion as a stream of chat.completion.chunk objects.

For streams that are validated whole before the first byte goes out. The shape is OpenAI's
(platform.openai.com/docs/api-reference/chat-streaming): per choice a role, the content in several
deltas, a finish_reason; then the usage, if asked for, in a chunk without choices.
"""

from collections.abc import Iterator, Mapping
from typing import Any

PIECE = 24  # characters of content in a delta: about what models send at once
_NOT_DELTA = frozenset({"role", "content"})
Chunk = dict[str, Any]


def chunks(completion: Mapping[str, Any], *, include_usage: bool) -> Iterator[Chunk]:
    """Yield the chunks of `completion`; extra fields of it stand in the last one with a choice."""
    head = _head(completion, include_usage=include_usage)
    choices = completion["choices"]
    for position, choice in enumerate(choices):
        for delta, logprobs in _deltas(choice):
            yield head | {"choices": [_choice(choice, delta, logprobs, None)]}
        last = _choice(choice, {}, None, choice.get("finish_reason"))
        extra = _extra(completion) if position == len(choices) - 1 else {}
        yield head | {"choices": [last]} | extra
    if include_usage:
        yield head | {"choices": [], "usage": completion.get("usage")}


def _head(completion: Mapping[str, Any], *, include_usage: bool) -> Chunk:
    head = {
        "id": completion.get("id"),
        "object": "chat.completion.chunk",
        "created": completion.get("created"),
        "model": completion.get("model"),
    }
    for key in ("system_fingerprint", "service_tier"):
        if key in completion:
            head[key] = completion[key]
    return head | ({"usage": None} if include_usage else {})


_HEAD = frozenset(
    {"id", "object", "created", "model", "system_fingerprint", "service_tier", "choices", "usage"}
)


def _extra(completion: Mapping[str, Any]) -> Chunk:
    return {key: value for key, value in completion.items() if key not in _HEAD}


def _choice(
    choice: Mapping[str, Any], delta: Chunk, logprobs: Any, finish_reason: str | None
) -> Chunk:
    return {
        "index": choice["index"],
        "delta": delta,
        "logprobs": logprobs,
        "finish_reason": finish_reason,
    }


def _deltas(choice: Mapping[str, Any]) -> Iterator[tuple[Chunk, Any]]:
    message = choice["message"]
    content = message.get("content")
    yield {"role": "assistant", "content": "" if isinstance(content, str) else None}, None
    for key, value in message.items():  # refusal, reasoning, tool calls: each whole
        if key not in _NOT_DELTA and value:
            yield {key: _numbered(value) if key == "tool_calls" else value}, None
    if isinstance(content, str):
        yield from _content(content, choice.get("logprobs"))


def _numbered(calls: Any) -> list[Any]:
    """Tool calls carry their index in a stream, and only there."""
    return [{"index": position, **call} for position, call in enumerate(calls)]


def _content(content: str, logprobs: Any) -> Iterator[tuple[Chunk, Any]]:
    """Cut `content` at its tokens where their log-probabilities are known, else anywhere."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if tokens and "".join(token["token"] for token in tokens) == content:
        for token in tokens:
            yield {"content": token["token"]}, logprobs | {"content": [token]}
    else:
        for start in range(0, len(content), PIECE):
            yield {"content": content[start : start + PIECE]}, None
