"""Messages on the wire: one JSON body, or a stream of events."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson

from app.demo.answer import Message
from app.demo.ask import CHARACTERS_PER_TOKEN, Ask
from app.demo.reply import EVENTS, Reply, json

CREATED = 1_760_000_000
_DELTA = 6  # characters
_numbers = count(1)
DONE = b"data: [DONE]\n\n"


def completion(ask: Ask, messages: list[Message]) -> Reply:
    """Return `messages` as the reply that `ask` wants."""
    identity = {
        "id": f"chatcmpl-demo-{next(_numbers)}",
        "object": "chat.completion.chunk" if ask.streamed else "chat.completion",
        "created": CREATED,
        "model": ask.body["model"],
        "system_fingerprint": "fp_demo",
    }
    if ask.streamed:
        return Reply(200, EVENTS, list(_events(ask, messages, identity)), streamed=True)
    choices = [_choice(index, message) for index, message in enumerate(messages)]
    return json({**identity, "choices": choices, "usage": _usage(ask, messages)})


def _usage(ask: Ask, messages: list[Message]) -> dict[str, int]:
    asked = ask.size // CHARACTERS_PER_TOKEN
    told = sum(message.tokens for message in messages)
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}


def _choice(index: int, message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {
        "role": "assistant",
        "content": None if message.tool else message.text,
        "refusal": message.refusal,
    }
    if message.reasoning is not None:
        said["reasoning_content"] = message.reasoning
    if message.tool is not None:
        said["tool_calls"] = [_call(index, message.tool, message.text)]
    return {"index": index, "message": said, "logprobs": None, "finish_reason": message.finish}


def _call(index: int, name: str, arguments: str | None) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_demo_{index}", "type": "function", "function": function}


def _events(ask: Ask, messages: list[Message], identity: dict[str, Any]) -> Iterator[bytes]:
    """Yield the events; the choices take turns, as they do at a provider."""
    extra = {"usage": None} if ask.wants_usage else {}

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        return b"data: %b\n\n" % orjson.dumps({**identity, "choices": choices, **extra, **more})

    waiting = [(index, _deltas(index, message)) for index, message in enumerate(messages)]
    while waiting:
        for index, deltas in waiting[:]:
            step = next(deltas, None)
            if step is None:
                waiting.remove((index, deltas))
                continue
            delta, finish = step
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield event([choice])
    if ask.wants_usage:
        yield event([], usage=_usage(ask, messages))
    yield DONE


_Step = tuple[dict[str, Any], str | None]


def _deltas(index: int, message: Message) -> Iterator[_Step]:
    content = "" if message.tool is None and message.text is not None else None
    yield {"role": "assistant", "content": content, "refusal": None}, None
    for piece in _pieces(message.reasoning):
        yield {"reasoning_content": piece}, None
    if message.tool is not None:
        yield {"tool_calls": [{"index": 0, **_call(index, message.tool, "")}]}, None
        for piece in _pieces(message.text):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, None
    else:
        for piece in _pieces(message.text):
            yield {"content": piece}, None
    for piece in _pieces(message.refusal):
        yield {"refusal": piece}, None
    yield {}, message.finish


def _pieces(text: str | None) -> Iterator[str]:
    for start in range(0, len(text or ""), _DELTA):
        yield (text or "")[start : start + _DELTA]
