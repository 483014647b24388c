"""A chat completion → a response object, whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.responses import native_upstream
from strictgate.core.wire.calls import default_call_id
from strictgate.core.wire.reply import content_text

Item = dict[str, Any]

_ECHOED: dict[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Fields of the request that a response repeats, with OpenAI's defaults."""
_CHAT = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"}
)
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class ResponseEnvelope:
    """What is known of a response before there is any of it."""

    id: str
    """`resp_…`"""
    created_at: int
    """Seconds since the epoch."""
    request: Mapping[str, Any]
    model: str
    stored: bool = False

    @property
    def key(self) -> str:
        """What makes the ids of the response's items."""
        return self.id.removeprefix("resp_")

    def response(self, status: str, **more: Any) -> dict[str, Any]:
        """Return the response object."""
        given = {
            key: self.request[key] if self.request.get(key) is not None else default
            for key, default in _ECHOED.items()
        }
        given["reasoning"] = _ECHOED["reasoning"] | given["reasoning"]
        given["text"] = _ECHOED["text"] | given["text"]
        head = {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "model": self.model,
            "output": [],
            "usage": None,
            "store": self.stored,
        }
        return head | given | more


def finished_response(envelope: ResponseEnvelope, completion: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response that `completion` is."""
    choice = completion["choices"][0]
    reason = _INCOMPLETE.get(str(choice.get("finish_reason")))
    status = "completed" if reason is None else "incomplete"
    more = {key: value for key, value in completion.items() if key not in _CHAT}
    return envelope.response(
        status,
        incomplete_details=None if reason is None else {"reason": reason},
        output=items(envelope, choice, status),
        usage=usage(completion.get("usage")),
        **more,
    )


def failed_response(envelope: ResponseEnvelope, error: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response that `error`, the inner object of OpenAI's error body, ends."""
    told = dict(error) | {
        "code": str(error.get("code") or "server_error"),
        "message": str(error.get("message") or ""),
    }
    return envelope.response("failed", error=told)


def items(envelope: ResponseEnvelope, choice: Mapping[str, Any], status: str) -> list[Item]:
    """Return the output items of a choice: reasoning, message, calls."""
    message = choice["message"]
    if isinstance(choice.get("output"), list):
        rest = {key: value for key, value in choice.items() if key != "output"}
        return native_upstream.kept(choice["output"], items(envelope, rest, status))
    output: list[Item] = []
    thoughts = thoughts_of(message)
    if thoughts:
        output.append(reasoning_item(envelope, thoughts))
    part = _part(message, choice.get("logprobs"))
    if part is not None:
        output.append(message_item(envelope, [part], status))
    calls = items_of_calls(message)
    output += [call_item(envelope, call, at, "completed") for at, call in enumerate(calls)]
    if output and status == "incomplete":  # it is the last that was cut
        output[-1]["status"] = status
    return output


def text_in(message: Mapping[str, Any]) -> str | None:
    """Return the text of a message, which may have come in parts; None where it has none."""
    content = message.get("content")
    return None if content is None else content_text(content)


def thoughts_of(message: Mapping[str, Any]) -> str:
    """Return the thinking beside the answer."""
    return content_text(message.get("reasoning_content") or message.get("reasoning"))


def items_of_calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the calls of functions; those that are not judged may be odd."""
    given = message.get("tool_calls")
    calls = given if isinstance(given, list) else []
    return [each for each in calls if isinstance(each, dict) and _is_function(each)]


def _is_function(call: Mapping[str, Any]) -> bool:
    return isinstance(call.get("function"), dict)


def _part(message: Mapping[str, Any], logprobs: Any) -> Item | None:
    if message.get("refusal"):
        return {"type": "refusal", "refusal": message["refusal"]}
    text = text_in(message)
    if text is None or (not text and message.get("tool_calls")):
        return None
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return text_part(text, tokens or [])


def text_part(text: str, tokens: Any = ()) -> Item:
    """Return a part of a message that is text."""
    logprobs = [token_of(each) for each in tokens]
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def token_of(entry: Any) -> Item:
    """Return a token's entry as this API has it: bytes and alternatives are always lists."""
    given = entry if isinstance(entry, dict) else {}
    top = given.get("top_logprobs")
    return {
        "token": str(given.get("token") or ""),
        "bytes": given.get("bytes") or [],
        "logprob": given.get("logprob") or 0.0,
        "top_logprobs": [token_of(each) for each in top] if isinstance(top, list) else [],
    }


def message_item(envelope: ResponseEnvelope, content: list[Item], status: str) -> Item:
    """Return the item of the answer itself."""
    return {
        "id": f"msg_{envelope.key}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def reasoning_item(envelope: ResponseEnvelope, text: str | None, status: str = "completed") -> Item:
    """Return the item of the model's thinking; `text` None: there is none yet."""
    content = [] if text is None else [{"type": "reasoning_text", "text": text}]
    return {
        "id": f"rs_{envelope.key}",
        "type": "reasoning",
        "summary": [],
        "content": content,
        "status": status,
    }


def call_item(
    envelope: ResponseEnvelope, call: Mapping[str, Any], position: int, status: str
) -> Item:
    """Return the item of one function call."""
    name, arguments = str(call["function"].get("name") or ""), call["function"].get("arguments")
    if not isinstance(arguments, str):
        arguments = "" if arguments is None else write_json(arguments)
    return {
        "id": f"fc_{envelope.key}_{position}",
        "type": "function_call",
        "status": status,
        "call_id": call.get("id") or default_call_id(name, arguments, position),
        "name": name,
        "arguments": arguments,
    }


def usage(given: Any) -> dict[str, Any] | None:
    """Return the usage in this API's terms."""
    if not isinstance(given, dict):
        return None
    asked, told = given.get("prompt_tokens") or 0, given.get("completion_tokens") or 0
    before = given.get("prompt_tokens_details") or {}
    behind = given.get("completion_tokens_details") or {}
    return {
        "input_tokens": asked,
        "input_tokens_details": {
            "cached_tokens": before.get("cached_tokens") or 0,
            "cache_write_tokens": before.get("cache_write_tokens") or 0,
        },
        "output_tokens": told,
        "output_tokens_details": {"reasoning_tokens": behind.get("reasoning_tokens") or 0},
        "total_tokens": given.get("total_tokens") or asked + told,
    }
