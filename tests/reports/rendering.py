"""An answer of a script, as the body of an HTTP answer: JSON, server-sent events, or as it is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Given = Mapping[str, Any]
PAUSE = 0.02  # seconds between pieces that are not to be read together
PIECE = 5  # characters of a text in one chunk, where the row does not cut it itself
HEAD = {"id": "c1", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
SSE, JSON, HTML = "text/event-stream", "application/json", "text/html"
_OF_MESSAGE = ("content", "reasoning_content", "tool_calls", "function_call")


@dataclass(frozen=True)
class Sent:
    """An HTTP answer, in the pieces that it is written in."""

    status: int
    kind: str
    pieces: tuple[bytes, ...]
    pause: float = 0
    """Seconds between two pieces."""


def rendered(answer: Given, *, streamed: bool) -> Sent:
    """Return the answer to a request that asked for a stream or did not."""
    if "raw" in answer:
        return Sent(200, answer.get("ctype", JSON), (answer["raw"].encode(),))
    if "status" in answer:
        body = answer["body"]
        is_page = isinstance(body, str)
        text = body if is_page else json.dumps(body)
        return Sent(answer["status"], HTML if is_page else JSON, (text.encode(),))
    if "response" in answer:
        return Sent(200, JSON, (json.dumps(answer["response"]).encode(),))
    if streamed:
        return Sent(200, SSE, tuple(_events(answer)), PAUSE if "pace" in answer else 0)
    return Sent(200, JSON, (json.dumps(_completion(answer)).encode(),))


def _completion(answer: Given) -> dict[str, Any]:
    choice = {"index": 0, "message": _message(answer), "finish_reason": _finish(answer)}
    if "logprobs" in answer:
        choice["logprobs"] = answer["logprobs"]
    return {"object": "chat.completion", **HEAD, "choices": [choice], "usage": USAGE}


def _finish(answer: Given) -> str | None:
    return answer.get("finish_reason", "stop")


def _message(answer: Given) -> dict[str, Any]:
    if "message" in answer:
        return dict(answer["message"])
    if "chunks" in answer:
        return _merged(answer["chunks"])
    told = {name: answer[name] for name in _OF_MESSAGE if name in answer}
    return {"role": "assistant", "content": None} | told


def _merged(chunks: Sequence[Given]) -> dict[str, Any]:
    """Put chunks together as a simple host would: by index, the last name and id counting."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for name in ("content", "reasoning_content"):
            if name in chunk:
                message[name] = (message.get(name) or "") + chunk[name]
        for call in chunk.get("tool_calls", ()):
            new = {"id": None, "type": "function"}
            merged = calls.setdefault(call.get("index", len(calls)), new)
            _add(merged, call)
    return message | ({"tool_calls": list(calls.values())} if calls else {})


def _add(merged: dict[str, Any], call: Given) -> None:
    function = merged.setdefault("function", {"name": "", "arguments": ""})
    given = call.get("function", {})
    merged["id"] = call.get("id") or merged.get("id")
    function["name"] = given.get("name") or function["name"]
    arguments = given.get("arguments", "")
    function["arguments"] = (
        arguments if arguments.__class__ is dict else (function["arguments"] + arguments)
    )


def _events(answer: Given) -> Iterator[bytes]:
    yield _chunk({"role": "assistant", "content": ""})
    for delta in answer["chunks"] if "chunks" in answer else _cut(answer):
        if "_raw" in delta:
            yield delta["_raw"].encode()
        elif "_chunk" in delta:
            yield _event(delta["_chunk"])
        else:
            yield _chunk(delta)
    if answer.get("end") == "none":
        return
    yield _chunk({}, _finish(answer))
    yield b"data: [DONE]\n\n"


def _cut(answer: Given) -> Iterator[dict[str, Any]]:
    """The deltas of an answer that its row gives whole: texts in pieces, each call in one."""
    for name in ("reasoning_content", "content"):
        text = answer.get(name) or ""
        yield from ({name: text[at : at + PIECE]} for at in range(0, len(text), PIECE))
    for index, call in enumerate(answer.get("tool_calls") or ()):
        yield {"tool_calls": [{"index": index} | call]}
    if "function_call" in answer:
        yield {"function_call": answer["function_call"]}


def _chunk(delta: Given, finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _event(chunk: Given) -> bytes:
    whole = {"object": "chat.completion.chunk", **HEAD, **chunk}
    return f"data: {json.dumps(whole)}\n\n".encode()
