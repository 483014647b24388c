"""A request of the Responses API → the chat completion that asks for the same.

The shapes are those of platform.openai.com/docs/api-reference/responses/create. What only a host
that keeps state could honour is refused by name. Tools that only a host runs are left out, and the
answer says so.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from strictgate.core.errors import BadRequest, GatewayError
from strictgate.core.request.field_checks import (
    check_known_fields,
    integer_field,
    missing_parameter,
    optional_field,
)
from strictgate.core.surfaces.responses.client_tools import FUNCTION_CALL
from strictgate.core.surfaces.responses.items import read_messages
from strictgate.core.surfaces.responses.tools import (
    MappedTool,
    ToolTable,
    chat_choice,
    read_tool_table,
)
from strictgate.core.value_type import value_type

Body = Mapping[str, Any]

_SAME = (
    *("model", "temperature", "top_p", "metadata", "user", "service_tier"),
    *("seed", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "strictgate"),
)
"""Fields that chat completions have under the same name."""
_NOT_HERE = {
    "background": "Responses in the background need an upstream that has /responses itself.",
    "conversation": "Conversations need an upstream that has /responses itself. Refer to the turn "
    "before by 'previous_response_id' instead.",
    "prompt": "Stored prompts need an upstream that has /responses itself.",
}
_MOVED = (
    "Unsupported parameter: 'response_format'. In the Responses API, this parameter has moved to "
    "'text.format'. Try again with the new parameter. See the API documentation for more "
    "information: https://platform.openai.com/docs/api-reference/responses/create."
)
_FORMAT = ("name", "description", "schema", "strict")
_BRINGING = ("tool_search_call",)
"""Calls of tools that bring more tools, which may be called in later turns."""
_LOGPROBS = "message.output_text.logprobs"


@value_type
class ReadResponsesRequest:
    """A request, read as the chat completion that asks for the same."""

    chat: Mapping[str, Any]
    table: ToolTable
    dropped: tuple[str, ...] = ()
    """What of the request no chat completion can say, and so was left out."""


def read_request(body: Body, items: Sequence[Any], before: int = 0) -> ReadResponsesRequest:
    """Return the chat completion request for `body`.

    Args:
        items: the whole conversation: the items of the turns before, and those of `input`.
        before: how many of them are of the turns before.

    Raises:
        BadRequest: in OpenAI's words.
    """
    _check(body)
    table = read_tool_table(body, items)
    instructions = optional_field(body, "instructions", str)
    messages, dropped = read_messages(items, table, instructions, before)
    chat = _common(body) | {"messages": messages} | _tools(body, table) | _reasoning(body)
    return ReadResponsesRequest(chat, table, (*table.dropped, *dropped))


def read_natively(body: Body) -> ReadResponsesRequest:
    """Return what of `body` is enforced, for an upstream that has the API and gets it as it is.

    The messages are the upstream's affair, which may keep those of earlier turns. So are the tools
    that are no functions: they are there so that a call of one is not taken for a fault.

    Raises:
        BadRequest: in OpenAI's words.
    """
    table = read_tool_table(body)
    chat = _common(body) | {"messages": [{"role": "user", "content": "…"}]}
    if table.tools:
        chat["tools"] = [_native_tool(tool) for tool in table.tools]
        if table.dropped or any(tool.call in _BRINGING for tool in table.tools):
            chat["tools"].append({"type": "hosted"})  # whose calls, too, are no faults
        choice = body.get("tool_choice")
        is_plain = not isinstance(choice, dict) or choice.get("type") == "function"
        if is_plain and not table.dropped:  # else "required" may mean what is not judged
            chat |= {key: each for key, each in _tools(body, table).items() if key != "tools"}
    return ReadResponsesRequest(chat, table)


def _native_tool(tool: MappedTool) -> dict[str, Any]:
    if tool.call == FUNCTION_CALL:
        return {"type": "function", "function": dict(tool.function)}
    return {"type": "custom", "custom": {"name": tool.chat_name}}


def _common(body: Body) -> dict[str, Any]:
    chat: dict[str, Any] = {key: body[key] for key in _SAME if body.get(key) is not None}
    chat |= _text(optional_field(body, "text", dict) or {}) | _budget(body) | _logprobs(body)
    if optional_field(body, "stream", bool):
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    return chat


def _check(body: Body) -> None:
    if "response_format" in body:
        raise BadRequest(_MOVED, param="response_format", code="unsupported_parameter")
    for name, reason in _NOT_HERE.items():
        if body.get(name):
            raise BadRequest(reason, param=name, code="unsupported_parameter")


def _text(text: Body) -> dict[str, Any]:
    given = optional_field(text, "format", dict, "text")
    verbosity = {"verbosity": text["verbosity"]} if text.get("verbosity") is not None else {}
    match None if given is None else given.get("type"):
        case None if given is not None:
            raise missing_parameter("text.format.type")
        case None | "text":
            return verbosity
        case "json_object":
            return verbosity | {"response_format": {"type": "json_object"}}
        case "json_schema":
            check_known_fields(given or {}, {"type", *_FORMAT}, "text.format")
            inner = {key: given[key] for key in _FORMAT if given and key in given}
            wanted = {"type": "json_schema", "json_schema": inner}
            return verbosity | {"response_format": wanted}
        case other:
            raise BadRequest(
                f"Invalid value: '{str(other)[:100]}'. Supported values are: 'json_object', "
                "'json_schema', and 'text'.",
                param="text.format.type",
                code="invalid_value",
            )


def _budget(body: Body) -> dict[str, Any]:
    budget = integer_field(body, "max_output_tokens", low=1, high=None)
    return {} if budget is None else {"max_completion_tokens": budget}


def _reasoning(body: Body) -> dict[str, Any]:
    reasoning = optional_field(body, "reasoning", dict) or {}
    effort = optional_field(reasoning, "effort", str, "reasoning")
    return {"reasoning_effort": effort} if effort else {}


def _logprobs(body: Body) -> dict[str, Any]:
    included = optional_field(body, "include", list) or []
    top = integer_field(body, "top_logprobs", low=0, high=20)
    if _LOGPROBS not in included:
        return {}
    return {"logprobs": True} | ({"top_logprobs": top} if top else {})


# --- tools ---------------------------------------------------------------------------------------


def _tools(body: Body, table: ToolTable) -> dict[str, Any]:
    choice = chat_choice(body.get("tool_choice"), table)
    if not table.tools:
        return {}
    tools = [{"type": "function", "function": dict(tool.function)} for tool in table.tools]
    parallel = optional_field(body, "parallel_tool_calls", bool)
    given = {"tool_choice": choice, "parallel_tool_calls": parallel}
    return {"tools": tools} | {key: value for key, value in given.items() if value is not None}


# --- errors of the chat completion, in this API's terms ------------------------------------------

_PARAMS = (
    ("response_format.json_schema", "text.format"),
    ("response_format", "text.format"),
    ("messages", "input"),
    ("max_completion_tokens", "max_output_tokens"),
)
_FUNCTION = re.compile(r"tools\[(\d+)\]\.function\b")


def translate_error(error: GatewayError, table: ToolTable) -> None:
    """Name, in place, the part of this API's request that `error` blames."""
    if error.param is None:
        return
    param = error.param
    for chat, ours in _PARAMS:
        if param.startswith(chat):
            param = ours + param.removeprefix(chat)
            break
    param = _FUNCTION.sub(lambda found: _place(table, int(found[1])), param)
    error.message = error.message.replace(f"'{error.param}'", f"'{param}'")
    error.param = "text.format.schema" if _is_about_schema(error) else param


def _place(table: ToolTable, index: int) -> str:
    """Return where the tool stands that is the function of that place."""
    return table.tools[index].at if index < len(table.tools) else f"tools[{index}]"


def _is_about_schema(error: GatewayError) -> bool:
    return error.param == "response_format" and error.message.startswith("Invalid schema")
