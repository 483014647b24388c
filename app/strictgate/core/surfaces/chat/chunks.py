"""An answer as chat.completion.chunk objects: what is new piece by piece, then the rest.

What is validated whole before the first byte goes out is all rest. The shape is OpenAI's
(platform.openai.com/docs/api-reference/chat-streaming): per choice a role, the content in several
deltas, a finish_reason; then the usage, if asked for, in a chunk without choices.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strictgate.core.value_type import state_type
from strictgate.core.wire.choice_delta import CallPiece

PIECE = 24  # characters of content in a delta: about what models send at once
_NOT_DELTA = frozenset({"role", "content"})
_HEAD = frozenset(
    {"id", "object", "created", "model", "system_fingerprint", "service_tier", "choices", "usage"}
)
Chunk = dict[str, Any]


class Chunks:
    """The chunks of one answer; every one of them has the head of the first."""

    def __init__(self, *, include_usage: bool) -> None:
        self._include_usage = include_usage
        self._head: Chunk | None = None
        self._told: defaultdict[int, _Told] = defaultdict(_Told)

    def news(
        self,
        head: Mapping[str, Any],
        index: int,
        delta: Mapping[str, Any],
        logprobs: Sequence[Any] = (),
        call: CallPiece | None = None,
    ) -> Iterator[Chunk]:
        """Yield the chunks for what is new of one choice.

        Args:
            head: the fields that each chunk repeats.
            logprobs: the entries for the tokens of the content.
            call: what is new of the input of its first call.
        """
        told = self._told[index]
        if not told.has_role:
            yield self._chunk(head, index, {"role": "assistant", "content": ""})
        told.has_role = True
        told.entries += len(logprobs)
        entries = {"content": list(logprobs)} if logprobs else None
        if delta:
            yield self._chunk(head, index, dict(delta), entries)
        if call is not None:
            yield self._chunk(head, index, {"tool_calls": [_piece(call, told)]})
            told.has_call = True

    def rest(
        self, completion: Mapping[str, Any], sent: Mapping[int, Mapping[str, int]]
    ) -> Iterator[Chunk]:
        """Yield what is left of `completion`; extra fields stand in the last chunk with a choice.

        Args:
            sent: how many characters of each choice's texts have been `news`.
        """
        choices = completion["choices"]
        for position, choice in enumerate(choices):
            index = choice["index"]
            for delta, logprobs in _deltas(choice, self._told[index], sent.get(index, {})):
                yield self._chunk(completion, index, delta, logprobs)
            last = self._chunk(completion, index, {})
            last["choices"][0]["finish_reason"] = choice.get("finish_reason")
            yield last | (_extra(completion) if position == len(choices) - 1 else {})
        if self._include_usage:
            yield self._headed(completion) | {"choices": [], "usage": completion.get("usage")}

    def _chunk(
        self, head: Mapping[str, Any], index: int, delta: Chunk, logprobs: Any = None
    ) -> Chunk:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}
        return self._headed(head) | {"choices": [choice]}

    def _headed(self, head: Mapping[str, Any]) -> Chunk:
        if self._head is None:
            self._head = _head(head) | ({"usage": None} if self._include_usage else {})
        return self._head


@state_type
class _Told:
    """What the caller knows of one choice."""

    has_role: bool = False
    entries: int = 0
    """How many of the content's log-probabilities."""
    has_call: bool = False
    """The beginning of the first call."""


def _piece(call: CallPiece, told: _Told) -> Chunk:
    begun = {"id": call.id, "type": "custom"} if not told.has_call else {}
    name = {"name": call.name} if not told.has_call else {}
    return {"index": 0, **begun, "custom": name | {"input": call.text}}


def _head(completion: Mapping[str, Any]) -> Chunk:
    head = {
        "id": completion.get("id"),
        "object": "chat.completion.chunk",
        "created": completion.get("created"),
        "model": completion.get("model"),
    }
    for key in ("system_fingerprint", "service_tier"):
        if key in completion:
            head[key] = completion[key]
    return head


def _extra(completion: Mapping[str, Any]) -> Chunk:
    return {key: value for key, value in completion.items() if key not in _HEAD}


def _deltas(
    choice: Mapping[str, Any], told: _Told, sent: Mapping[str, int]
) -> Iterator[tuple[Chunk, Any]]:
    message = choice["message"]
    content = message.get("content")
    if not told.has_role:
        yield {"role": "assistant", "content": "" if isinstance(content, str) else None}, None
    for key, value in message.items():  # refusal, reasoning: each in one
        if key == "tool_calls" and isinstance(value, list):
            given = sent.get("input", 0) if told.has_call else None
            yield from ((delta, None) for delta in _calls(value, given))
            continue
        left = value[sent[key] :] if key in sent else value
        if key not in _NOT_DELTA and left:
            yield {key: left}, None
    if isinstance(content, str):
        yield from _content(content, sent.get("content", 0), choice.get("logprobs"), told.entries)


def _calls(calls: list[Any], given: int | None) -> Iterator[Chunk]:
    """Yield each call as OpenAI does: first its name, then its arguments, piece by piece.

    A call carries its index in a stream, and only there.

    Args:
        given: how much of the first call's input has been news; None: nothing of the call has.
    """
    for position, call in enumerate(calls):
        if given is not None and not position:
            text = call["custom"]["input"]
            for start in range(given, len(text), PIECE):
                piece = {"input": text[start : start + PIECE]}
                yield {"tool_calls": [{"index": 0, "custom": piece}]}
            continue
        function = call.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
            yield {"tool_calls": [{"index": position, **call}]}
            continue
        arguments = function["arguments"]
        begun = {"index": position, **call, "function": {**function, "arguments": ""}}
        yield {"tool_calls": [begun]}
        for start in range(0, len(arguments), PIECE):
            piece = {"arguments": arguments[start : start + PIECE]}
            yield {"tool_calls": [{"index": position, "function": piece}]}


def _content(content: str, sent: int, logprobs: Any, entries: int) -> Iterator[tuple[Chunk, Any]]:
    """Cut what is left at its tokens where their log-probabilities are known, else anywhere."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    texts = [_text(token) for token in tokens or ()]
    if not tokens or "".join(texts) != content:
        for start in range(sent, len(content), PIECE):
            yield {"content": content[start : start + PIECE]}, None
        return
    end = 0
    for number, text in enumerate(texts):
        start, end = end, end + len(text)
        entry = logprobs | {"content": [tokens[number]]} if number >= entries else None
        if entry is not None or end > sent:
            yield {"content": content[max(start, sent) : end]}, entry


def _text(token: Any) -> str:
    text = token.get("token") if isinstance(token, dict) else None
    return text if isinstance(text, str) else ""
