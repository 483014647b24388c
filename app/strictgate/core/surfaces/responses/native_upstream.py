"""A conversation with an upstream that has /responses itself: its asks and replies in that API.

The conversation knows chat completions alone. What the caller sent goes on as it was sent, hosted
tools included; what the conversation adds (feedback) follows as items. A reply becomes a completion
whose choice keeps the items (`output`), so that those of hosted tools come through.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]

_NOT_SENT = frozenset({"strictgate", "stream", "stream_options"})
_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class NativeResponsesAdapter:
    """For one request."""

    request: Mapping[str, Any]
    """As the caller sent it."""
    told: int
    """How many messages the caller's own input is."""
    path: str = "/responses"

    def sent(self, chat: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request for what a chat completion would ask."""
        body = {key: value for key, value in self.request.items() if key not in _NOT_SENT}
        body["model"] = chat["model"]
        added = [item for message in chat["messages"][self.told :] for item in _items(message)]
        if added:
            body["input"] = [*_listed(body["input"]), *added]
        return body

    def received(self, response: Any) -> Any:
        """Return a response as a chat completion; what is none is left as it is."""
        if not isinstance(response, dict) or not isinstance(response.get("output"), list):
            return response
        if response.get("status") == "failed" and response.get("error"):
            return {"error": response["error"]}
        output = [item for item in response["output"] if isinstance(item, dict)]
        choice = {
            "index": 0,
            "message": _message(output),
            "logprobs": None,
            "finish_reason": _reason(response, output),
            "output": output,
        }
        return {
            "id": response.get("id"),
            "object": "chat.completion",
            "created": response.get("created_at"),
            "model": response.get("model"),
            "choices": [choice],
            "usage": _usage(response.get("usage")),
        }


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [{"role": "user", "content": given}]


def _items(message: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the items that a message of the conversation's own is."""
    if message["role"] == "tool":
        yield {
            "type": "function_call_output",
            "call_id": message["tool_call_id"],
            "output": message["content"],
        }
        return
    if message.get("content"):
        yield {"role": message["role"], "content": message["content"]}
    for call in message.get("tool_calls") or ():
        yield {"type": "function_call", "call_id": call["id"], **call["function"]}


def _message(output: Sequence[Item]) -> dict[str, Any]:
    parts = [part for item in output if item.get("type") == "message" for part in _parts(item)]
    texts = [part.get("text") for part in parts if part.get("type") == "output_text"]
    refusals = [part.get("refusal") for part in parts if part.get("type") == "refusal"]
    calls = [_call(item) for item in output if item.get("type") == "function_call"]
    text = "".join(each for each in texts if isinstance(each, str))
    message: dict[str, Any] = {"role": "assistant", "content": text if texts else None}
    if refusals:
        message["refusal"] = "".join(each for each in refusals if isinstance(each, str))
    return message | ({"tool_calls": calls} if calls else {})


def _parts(item: Item) -> list[Item]:
    content = item.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _call(item: Item) -> dict[str, Any]:
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "type": "function", "function": function}


def _reason(response: Mapping[str, Any], output: Sequence[Item]) -> str:
    details = response.get("incomplete_details")
    if response.get("status") == "incomplete" and isinstance(details, dict):
        return _REASONS.get(str(details.get("reason")), "length")
    return "tool_calls" if any(item.get("type") == "function_call" for item in output) else "stop"


def _usage(given: Any) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        return None
    return {
        "prompt_tokens": given.get("input_tokens") or 0,
        "completion_tokens": given.get("output_tokens") or 0,
        "total_tokens": given.get("total_tokens") or 0,
        "prompt_tokens_details": given.get("input_tokens_details") or {},
        "completion_tokens_details": given.get("output_tokens_details") or {},
    }


def kept(output: Sequence[Item], items: Sequence[Item]) -> list[Item]:
    """Return the upstream's items, with the text and the calls as they were judged.

    Args:
        items: the message and the calls that the judged choice is.
    """
    kinds = ("message", "function_call")
    judged = {kind: [item for item in items if item["type"] == kind] for kind in kinds}
    return [_kept(item, judged.get(str(item.get("type")), [])) for item in output]


def _kept(item: Item, judged: list[Item]) -> Item:
    if not judged:
        return item
    new = judged.pop(0)
    if item.get("type") == "function_call":
        return {**item, "arguments": new["arguments"], "name": new["name"]}
    old = _parts(item)
    first, *_ = new["content"]
    if len(old) == 1 and old[0].get("text") == first.get("text"):
        return item  # annotations and all
    return {**item, "content": new["content"]}
