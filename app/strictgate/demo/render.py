"""Turn messages into a reply: one JSON body, or a stream of events."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson

from strictgate.demo.answer import Message
from strictgate.demo.chat_request import CHARACTERS_PER_TOKEN, ChatRequest
from strictgate.demo.reply import EVENTS, DemoReply, json_reply
from strictgate.demo.tokens import token_logprobs

CREATED = 1_760_000_000
_DELTA = 6  # characters
_numbers = count(1)  # of the completions, for their ids
DONE = b"data: [DONE]\n\n"


def render_completion(request: ChatRequest, messages: list[Message]) -> DemoReply:
    """Return the reply that a request wants, with one choice for each message."""
    identity = {
        "id": f"chatcmpl-demo-{next(_numbers)}",
        "object": "chat.completion.chunk" if request.is_streamed else "chat.completion",
        "created": CREATED,
        "model": request.body["model"],
        "system_fingerprint": "fp_demo",
    }
    if request.is_streamed:
        return DemoReply(200, EVENTS, list(_events(request, messages, identity)), is_streamed=True)
    choices = [_choice(request, index, message) for index, message in enumerate(messages)]
    return json_reply({**identity, "choices": choices, "usage": _usage(request, messages)})


def _usage(request: ChatRequest, messages: list[Message]) -> dict[str, int]:
    prompt = request.byte_count // CHARACTERS_PER_TOKEN
    answer = sum(message.tokens for message in messages)
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def _choice(request: ChatRequest, index: int, message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {
        "role": "assistant",
        "content": None if message.tool else _content(message),
        "refusal": message.refusal,
    }
    if message.reasoning is not None:
        body["reasoning_content"] = message.reasoning
    if message.tool is not None:
        body["tool_calls"] = [_call(index, message.tool, message.text)]
    entries = _scored(message, request.top_logprobs)
    logprobs = None if entries is None else {"content": entries, "refusal": None}
    return {
        "index": index,
        "message": body,
        "logprobs": logprobs,
        "finish_reason": message.finish_reason,
    }


def _content(message: Message) -> str | None:
    return None if message.text is None else message.echo + message.text


def _scored(message: Message, top: int | None) -> list[dict[str, Any]] | None:
    """Return the log-probabilities of the content, if wanted; the echo has none."""
    if top is None or message.text is None or message.tool is not None:
        return None
    return token_logprobs(message.text, message.errors, top)


def _call(index: int, name: str, arguments: str | None) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_demo_{index}", "type": "function", "function": function}


def _events(
    request: ChatRequest, messages: list[Message], identity: dict[str, Any]
) -> Iterator[bytes]:
    """Yield the events. The choices take turns, as they do at providers."""
    extra = {"usage": None} if request.wants_usage else {}

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        return b"data: %b\n\n" % orjson.dumps({**identity, "choices": choices, **extra, **more})

    waiting = [(index, _steps(request, index, message)) for index, message in enumerate(messages)]
    while waiting:
        for index, steps in waiting[:]:
            step = next(steps, None)
            if step is None:
                waiting.remove((index, steps))
                continue
            delta, finish_reason, entry = step
            logprobs = None if entry is None else {"content": [entry], "refusal": None}
            choice = {
                "index": index,
                "delta": delta,
                "logprobs": logprobs,
                "finish_reason": finish_reason,
            }
            yield event([choice])
    if request.wants_usage:
        yield event([], usage=_usage(request, messages))
    yield DONE


_Step = tuple[dict[str, Any], str | None, dict[str, Any] | None]
"""A delta, the finish reason, and the log-probability entry of one chunk."""


def _steps(request: ChatRequest, index: int, message: Message) -> Iterator[_Step]:
    content = "" if message.tool is None and message.text is not None else None
    yield {"role": "assistant", "content": content, "refusal": None}, None, None
    for piece in _pieces(message.reasoning):
        yield {"reasoning_content": piece}, None, None
    if message.tool is not None:
        yield {"tool_calls": [{"index": 0, **_call(index, message.tool, "")}]}, None, None
        for piece in _pieces(message.text):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, None, None
    else:
        for piece, entry in _contents(request, message):
            yield {"content": piece}, None, entry
    for piece in _pieces(message.refusal):
        yield {"refusal": piece}, None, None
    yield {}, message.finish_reason, None


def _contents(
    request: ChatRequest, message: Message
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the pieces of the content. With log-probabilities, each piece is one token."""
    entries = _scored(message, request.top_logprobs)
    if entries is None:
        yield from ((piece, None) for piece in _pieces(_content(message)))
        return
    yield from ((piece, None) for piece in _pieces(message.echo))
    yield from ((entry["token"], entry) for entry in entries)


def _pieces(text: str | None) -> Iterator[str]:
    for start in range(0, len(text or ""), _DELTA):
        yield (text or "")[start : start + _DELTA]


def count_characters(part: bytes) -> int:
    """Return the number of characters of answers in a body or in an event."""
    try:
        body = orjson.loads(part.removeprefix(b"data: "))
    except orjson.JSONDecodeError:
        return 0
    choices = body.get("choices") if isinstance(body, dict) else None
    total = 0
    for choice in choices or ():
        message = choice.get("delta") or choice.get("message") or {}
        texts = [message.get(name) for name in ("content", "reasoning_content", "refusal")]
        texts += [call["function"].get("arguments") for call in message.get("tool_calls") or ()]
        total += sum(len(text or "") for text in texts)
    return total
