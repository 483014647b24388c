"""A conversation with an upstream that has /responses itself: its asks and replies in that API.

The conversation knows chat completions alone. What the caller sent goes on as it was sent, hosted
tools included; what the conversation adds (feedback) follows as items. A reply becomes a completion
whose choice keeps the items (`output`), so that those of hosted tools come through.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.schema import root_wrapper
from strictgate.core.surfaces.responses.client_tools import (
    CLIENT_TOOLS,
    CUSTOM_CALL,
    CUSTOM_OUTPUT,
    FUNCTION_CALL,
    FUNCTION_OUTPUT,
)
from strictgate.core.surfaces.responses.tools import ToolTable
from strictgate.core.value_type import value_type

Item = dict[str, Any]

_NOT_SENT = frozenset({"strictgate", "stream", "stream_options"})
_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}
_CLIENT_CALLS = {tool.call: tool.type for tool in CLIENT_TOOLS.values()}


@value_type
class NativeResponsesAdapter:
    """For one request."""

    request: Mapping[str, Any]
    """As the caller sent it."""
    told: int
    """How many messages stand for the caller's own input."""
    table: ToolTable = field(default_factory=ToolTable)
    path: str = "/responses"

    def sent(self, chat: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request for what a chat completion would ask."""
        body = {key: value for key, value in self.request.items() if key not in _NOT_SENT}
        body["model"] = chat["model"]
        if (written := self._format(chat)) is not None:
            body["text"] = {**body["text"], "format": written}
        added: list[Item] = []
        for message in chat["messages"][self.told :]:
            added += self._items(message, added)
        if added:
            body["input"] = [*_listed(body.get("input")), *added]
        return body

    def _format(self, chat: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the format of `chat`, if its schema was written down to the host's dialect."""
        text = self.request.get("text")
        given = text.get("format") if isinstance(text, dict) else None
        planned = chat.get("response_format", {}).get("json_schema")
        if not isinstance(given, dict) or "schema" not in given or planned is None:
            return None
        own, schema = given["schema"], planned["schema"]
        if schema in (own, _undeclared(own), root_wrapper.wrap_root(_undeclared(own))):
            return None
        return {**given, **{key: planned[key] for key in ("schema", "strict") if key in planned}}

    def received(self, response: Any) -> Any:
        """Return a response as a chat completion; what is none is left as it is."""
        if not isinstance(response, dict) or not isinstance(response.get("output"), list):
            return response
        if response.get("status") == "failed":
            return {"error": response.get("error") or {"message": "The response has failed."}}
        output = [item for item in response["output"] if isinstance(item, dict)]
        calls = [call for item in output if (call := self._call(item)) is not None]
        choice = {
            "index": 0,
            "message": _message(output) | ({"tool_calls": calls} if calls else {}),
            "logprobs": None,
            "finish_reason": _reason(response, has_calls=bool(calls)),
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

    def _items(self, message: Mapping[str, Any], before: Sequence[Item]) -> Iterator[Item]:
        """Yield the items that a message of the conversation's own is.

        Args:
            before: those of the messages before, which may hold the call that this one is about.
        """
        if message["role"] == "tool":
            identity = message["tool_call_id"]
            kinds = (each["type"] for each in before if each.get("call_id") == identity)
            if kind := next(kinds, None):
                output = CUSTOM_OUTPUT if kind == CUSTOM_CALL else FUNCTION_OUTPUT
                yield {"type": output, "call_id": identity, "output": message["content"]}
            return
        if message.get("content"):
            yield {"role": message["role"], "content": message["content"]}
        yield from filter(None, map(self._call_item, message.get("tool_calls") or ()))

    def _call_item(self, call: Mapping[str, Any]) -> Item | None:
        """Return the item that a call of a message is; None: it stands for one of another kind."""
        inner = call.get("function") or call["custom"]
        tool = self.table.of_chat(inner["name"])
        kind = FUNCTION_CALL if "function" in call else CUSTOM_CALL
        if kind == CUSTOM_CALL and (tool is None or tool.call != CUSTOM_CALL):
            return None
        item = {"type": kind, "call_id": call["id"], **inner}
        if tool is not None:
            item["name"] = tool.name
            if tool.namespace is not None:
                item["namespace"] = tool.namespace
        return item

    def _call(self, item: Item) -> dict[str, Any] | None:
        """Return a call as a chat completion has it; None where the item is no call of a client's.

        A function's is judged; any other is there so that it counts as an answer.
        """
        kind = str(item.get("type"))
        if kind not in (FUNCTION_CALL, CUSTOM_CALL, *_CLIENT_CALLS):
            return None
        name = str(item.get("name") or _CLIENT_CALLS.get(kind) or "")
        name = self.table.chat_name(kind, name, item.get("namespace"))
        if kind == FUNCTION_CALL:
            function = {"name": name, "arguments": item.get("arguments")}
            return {"id": item.get("call_id"), "type": "function", "function": function}
        text = item.get("input")
        custom = {"name": name, "input": text if isinstance(text, str) else write_json(item)}
        return {"id": item.get("call_id"), "type": "custom", "custom": custom}


def _undeclared(schema: Any) -> Any:
    """Return a schema without the draft that it declares, which is not sent."""
    if not isinstance(schema, dict):
        return schema
    return {key: value for key, value in schema.items() if key != "$schema"}


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return given if isinstance(given, list) else [{"role": "user", "content": given}]


def _message(output: Sequence[Item]) -> dict[str, Any]:
    parts = [part for item in output if item.get("type") == "message" for part in _parts(item)]
    texts = [part.get("text") for part in parts if part.get("type") == "output_text"]
    refusals = [part.get("refusal") for part in parts if part.get("type") == "refusal"]
    text = "".join(each for each in texts if isinstance(each, str))
    message: dict[str, Any] = {"role": "assistant", "content": text if texts else None}
    if refusals:
        message["refusal"] = "".join(each for each in refusals if isinstance(each, str))
    return message


def _parts(item: Item) -> list[Item]:
    content = item.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _reason(response: Mapping[str, Any], *, has_calls: bool) -> str:
    details = response.get("incomplete_details")
    if response.get("status") == "incomplete" and isinstance(details, dict):
        return _REASONS.get(str(details.get("reason")), "length")
    return "tool_calls" if has_calls else "stop"


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
        items: the message and the calls that the judged choice is; the text of all messages is one.
    """
    message = next((item for item in items if item["type"] == "message"), None)
    calls = [item for item in items if item["type"] == FUNCTION_CALL]
    is_same = message is None or _text_of(message) == _text_of(*output)
    rendered: list[Item] = []
    for item in output:
        kind = item.get("type")
        if kind == FUNCTION_CALL and calls:
            judged = calls.pop(0)
            rendered.append({**item, "arguments": judged["arguments"], "name": judged["name"]})
        elif kind != "message" or is_same:
            rendered.append(item)  # annotations and all
        elif message is not None:
            rendered.append({**item, "content": message["content"]})
            message = None
    return rendered


def _text_of(*items: Item) -> str:
    messages = (item for item in items if item.get("type") == "message")
    parts = (part for item in messages for part in _parts(item))
    return "".join(str(part.get("text") or "") for part in parts)
