"""A chat completion → a response object, whole."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from strictgate.core.jsontext.reader import parse_leniently, write_json
from strictgate.core.request.tools import INPUT, is_strict_unsaid
from strictgate.core.surfaces.responses import native_upstream
from strictgate.core.surfaces.responses.client_tools import (
    CLIENT_TOOLS,
    CUSTOM_CALL,
    FUNCTION_CALL,
)
from strictgate.core.surfaces.responses.items import sealed
from strictgate.core.surfaces.responses.tools import MappedTool, ToolTable
from strictgate.core.value_type import value_type
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
_DETAILS = "x_strictgate"
_ENCRYPTED = "reasoning.encrypted_content"
_CLIENT_TOOLS = {tool.call: tool for tool in CLIENT_TOOLS.values()}
_PREFIXES = {FUNCTION_CALL: "fc", CUSTOM_CALL: "ctc"} | {
    tool.call: tool.prefix for tool in CLIENT_TOOLS.values()
}


@value_type
class ResponseEnvelope:
    """What is known of a response before there is any of it."""

    id: str
    """`resp_…`"""
    created_at: int
    """Seconds since the epoch."""
    request: Mapping[str, Any]
    model: str
    stored: bool = False
    tools: ToolTable = field(default_factory=ToolTable)
    """How the calls of functions are called here."""
    dropped: tuple[str, ...] = ()
    """What of the request was left out."""

    @property
    def key(self) -> str:
        """What makes the ids of the response's items."""
        return self.id.removeprefix("resp_")

    @property
    def wants_document(self) -> bool:
        """Whether the text of the answer is to be JSON."""
        text = self.request.get("text")
        wanted = text.get("format") if isinstance(text, dict) else None
        return isinstance(wanted, dict) and wanted.get("type") in ("json_schema", "json_object")

    @property
    def wants_encrypted(self) -> bool:
        """Whether reasoning that the client cannot read is to be given all the same."""
        included = self.request.get("include")
        return isinstance(included, list) and _ENCRYPTED in included

    def response(self, status: str, **more: Any) -> dict[str, Any]:
        """Return the response object."""
        given = dict(_ECHOED)
        for key, value in self.request.items():
            if value is not None and key in given:
                given[key] = value
        given["reasoning"] = _ECHOED["reasoning"] | given["reasoning"]
        given["text"] = _ECHOED["text"] | given["text"]
        given["tools"] = [_echoed_tool(tool) for tool in given["tools"]]
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


def _echoed_tool(tool: Any) -> Any:
    """Return a tool of the request; a function says in any case whether it is strict."""
    if not isinstance(tool, dict):
        return tool
    if tool.get("type") == "namespace" and isinstance(tool.get("tools"), list):
        return tool | {"tools": [_echoed_tool(each) for each in tool["tools"]]}
    if tool.get("type") != "function" or tool.get("strict") is not None:
        return tool
    return tool | {"strict": is_strict_unsaid(tool.get("parameters"))}


def finished_response(envelope: ResponseEnvelope, completion: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response that `completion` is."""
    choice = completion["choices"][0]
    reason = _INCOMPLETE.get(str(choice.get("finish_reason")))
    status = "completed" if reason is None else "incomplete"
    more = {key: value for key, value in completion.items() if key not in _CHAT}
    details = more.get(_DETAILS)
    if envelope.dropped and isinstance(details, dict) and "output" not in choice:
        dropped = [*details.get("dropped", ()), *envelope.dropped]
        more[_DETAILS] = details | {"dropped": dropped}
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
    thoughts, encrypted = thoughts_of(message), encrypted_of(envelope, message)
    if thoughts or encrypted:
        output.append(reasoning_item(envelope, thoughts or None, encrypted))
    part = _part(message, choice.get("logprobs"))
    if part is not None:
        output.append(message_item(envelope, [part], status))
    calls = calls_of(message)
    output += [call_item(envelope, call, at, "completed") for at, call in enumerate(calls)]
    if output and status == "incomplete":  # it is the last that was cut
        output[-1]["status"] = status
    return output


# --- texts ---------------------------------------------------------------------------------------


def text_in(message: Mapping[str, Any]) -> str | None:
    """Return the text of a message, which may have come in parts; None where it has none."""
    content = message.get("content")
    return None if content is None else content_text(content)


def thoughts_of(message: Mapping[str, Any]) -> str:
    """Return the thinking beside the answer."""
    return content_text(message.get("reasoning_content") or message.get("reasoning"))


def encrypted_of(envelope: ResponseEnvelope, message: Mapping[str, Any]) -> str | None:
    """Return what the client is to send back of the thinking, if it asks for that.

    Some clients lose the text of the thinking, and all of them send this back.
    """
    text, details = thoughts_of(message), message.get("reasoning_details")
    thoughts = ({"reasoning_content": text} if text else {}) | (
        {"reasoning_details": details} if isinstance(details, list) and details else {}
    )
    return sealed(thoughts) if thoughts and envelope.wants_encrypted else None


def annotations_of(message: Mapping[str, Any], offset: int = 0) -> list[Item]:
    """Return the citations of a text as this API has them: flat.

    Args:
        offset: how many characters of the text stand in earlier items.
    """
    given = message.get("annotations")
    found = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    return [_annotation(each, offset) for each in found]


def _annotation(given: Mapping[str, Any], offset: int) -> Item:
    kind = given.get("type")
    inner = given.get(kind) if isinstance(kind, str) else None
    flat = {"type": kind, **inner} if isinstance(inner, dict) else dict(given)
    for key in ("start_index", "end_index"):
        if isinstance(flat.get(key), int):
            flat[key] = max(flat[key] - offset, 0)
    return flat


def _part(message: Mapping[str, Any], logprobs: Any) -> Item | None:
    if message.get("refusal"):
        return {"type": "refusal", "refusal": message["refusal"]}
    text = text_in(message)
    if text is None or (not text and message.get("tool_calls")):
        return None
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return text_part(text, tokens or [], annotations_of(message))


def text_part(text: str, tokens: Any = (), annotations: Sequence[Item] = ()) -> Item:
    """Return a part of a message that is text."""
    logprobs = [token_of(each) for each in tokens]
    about = {"annotations": list(annotations), "logprobs": logprobs}
    return {"type": "output_text", "text": text} | about


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


def reasoning_item(
    envelope: ResponseEnvelope,
    text: str | None,
    encrypted: str | None = None,
    status: str = "completed",
) -> Item:
    """Return the item of the model's thinking; `text` None: there is none, or none yet."""
    content = [] if text is None else [{"type": "reasoning_text", "text": text}]
    return {
        "id": f"rs_{envelope.key}",
        "type": "reasoning",
        "summary": [],
        "content": content,
        "status": status,
    } | ({"encrypted_content": encrypted} if encrypted else {})


# --- calls ---------------------------------------------------------------------------------------


def calls_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the calls in a message; those that are not judged may be odd."""
    given = message.get("tool_calls")
    calls = given if isinstance(given, list) else []
    return [each for each in calls if isinstance(each, dict) and _is_call(each)]


def _is_call(call: Mapping[str, Any]) -> bool:
    return isinstance(call.get("function"), dict) or isinstance(call.get("custom"), dict)


def call_item(
    envelope: ResponseEnvelope, call: Mapping[str, Any], position: int, status: str
) -> Item:
    """Return the item of one call, of the kind that the tool's own calls are."""
    if isinstance(call.get("custom"), dict):
        name, text = str(call["custom"].get("name") or ""), call["custom"].get("input")
    else:
        name, text = str(call["function"].get("name") or ""), call["function"].get("arguments")
    if not isinstance(text, str):
        text = "" if text is None else write_json(text)
    tool = envelope.tools.of_chat(name)
    kind = CUSTOM_CALL if "custom" in call else FUNCTION_CALL if tool is None else tool.call
    return {
        "id": f"{_PREFIXES[kind]}_{envelope.key}_{position}",
        "type": kind,
        "status": status,
        "call_id": call.get("id") or default_call_id(name, text, position),
        **_call_fields(kind, name, text, tool),
    }


def _call_fields(kind: str, name: str, text: str, tool: MappedTool | None) -> Item:
    if kind in _CLIENT_TOOLS:
        return _CLIENT_TOOLS[kind].call_fields(_members(text))
    called: Item = {"name": name if tool is None else tool.name}
    if tool is not None and tool.namespace is not None:
        called["namespace"] = tool.namespace
    if kind == FUNCTION_CALL:
        return called | {"arguments": text}
    is_wrapped = tool is not None and tool.call == CUSTOM_CALL
    given = _members(text).get(INPUT) if is_wrapped else None
    return called | {"input": given if isinstance(given, str) else text}


def _members(text: str) -> dict[str, Any]:
    """Return the arguments of a function; those that are not judged may be no object."""
    try:
        value = parse_leniently(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


# --- usage ---------------------------------------------------------------------------------------


def usage(given: Any) -> dict[str, Any] | None:
    """Return the usage in this API's terms.

    What came from the cache is said in `prompt_tokens_details` (OpenAI), or beside the sums:
    `prompt_cache_hit_tokens` (DeepSeek), `cached_tokens` (Moonshot).
    """
    if not isinstance(given, dict):
        return None
    asked, told = _number(given, "prompt_tokens"), _number(given, "completion_tokens")
    before, behind = _details(given, "prompt"), _details(given, "completion")
    cached = (
        _number(before, "cached_tokens")
        or _number(given, "prompt_cache_hit_tokens")
        or _number(given, "cached_tokens")
    )
    return {
        "input_tokens": asked,
        "input_tokens_details": {
            "cached_tokens": cached,
            "cache_write_tokens": _number(before, "cache_write_tokens"),
        },
        "output_tokens": told,
        "output_tokens_details": {"reasoning_tokens": _number(behind, "reasoning_tokens")},
        "total_tokens": _number(given, "total_tokens") or asked + told,
    }


def _details(given: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    details = given.get(f"{kind}_tokens_details")
    return details if isinstance(details, dict) else {}


def _number(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    return value if type(value) is int else 0  # and no bool
