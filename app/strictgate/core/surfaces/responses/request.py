"""A request of the Responses API → the chat completion that asks for the same.

The shapes are those of platform.openai.com/docs/api-reference/responses/create. What only a host
that keeps state, or runs tools of its own, could honour is refused by name; nothing is dropped in
silence but reasoning items, which no chat completion takes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from strictgate.core.errors import BadRequest, GatewayError
from strictgate.core.request.field_checks import (
    check_known_fields,
    integer_field,
    missing_parameter,
    optional_field,
    wrong_type,
)
from strictgate.core.surfaces.responses.items import is_known, messages

Body = Mapping[str, Any]

_SAME = (
    *("model", "temperature", "top_p", "metadata", "user", "service_tier"),
    *("seed", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "strictgate"),
)
"""Fields that chat completions have under the same name."""
_NOT_HERE = {
    "background": "Responses in the background need an upstream that has /responses itself.",
    "conversation": "Conversations need an upstream that has /responses itself.",
    "prompt": "Stored prompts need an upstream that has /responses itself.",
}
_MOVED = (
    "Unsupported parameter: 'response_format'. In the Responses API, this parameter has moved to "
    "'text.format'. Try again with the new parameter. See the API documentation for more "
    "information: https://platform.openai.com/docs/api-reference/responses/create."
)
_FORMAT = ("name", "description", "schema", "strict")
_LOGPROBS = "message.output_text.logprobs"


def to_chat(body: Body, history: Sequence[Any] = ()) -> dict[str, Any]:
    """Return the chat completion request for `body`.

    Args:
        history: the items of the turns before, oldest first.

    Raises:
        BadRequest: in OpenAI's words.
    """
    _check(body)
    told = messages(body.get("input"), history)
    instructions = optional_field(body, "instructions", str)
    if instructions:
        told = [{"role": "system", "content": instructions}, *told]
    chat: dict[str, Any] = {key: body[key] for key in _SAME if body.get(key) is not None}
    chat["messages"] = told
    chat |= _text(optional_field(body, "text", dict) or {})
    chat |= _tools(body)
    chat |= _budget(body) | _reasoning(body) | _logprobs(body)
    if optional_field(body, "stream", bool):
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    return chat


def without_hosted(body: Body) -> dict[str, Any]:
    """Return `body` less what only a host can do, for one that does it: what is left is enforced.

    Items that no chat completion takes are left out, too: the host gets them as they were sent.
    """
    rest = {key: value for key, value in body.items() if key not in _NOT_HERE}
    if isinstance(body.get("tools"), list):
        rest["tools"] = [each for each in body["tools"] if _is_function(each)]
    choice = body.get("tool_choice")
    has_hosted = rest.get("tools") != body.get("tools")  # which "required" may mean as well
    if (isinstance(choice, dict) and not _is_function(choice)) or has_hosted:
        rest.pop("tool_choice", None)
    if isinstance(body.get("input"), list):
        rest["input"] = [each for each in body["input"] if is_known(each)] or "…"
    return rest


def _is_function(given: Any) -> bool:
    return not isinstance(given, dict) or given.get("type") in ("function", None)


def _check(body: Body) -> None:
    if "response_format" in body:
        raise BadRequest(_MOVED, param="response_format", code="unsupported_parameter")
    for name, reason in _NOT_HERE.items():
        if body.get(name):
            raise BadRequest(reason, param=name, code="unsupported_parameter")
    if body.get("input") is None:
        raise missing_parameter("input")


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


def _tools(body: Body) -> dict[str, Any]:
    functions = optional_field(body, "tools", list) or []
    tools = [_tool(each, f"tools[{index}]") for index, each in enumerate(functions)]
    choice = _choice(body.get("tool_choice"))
    if not tools:
        if choice not in (None, "auto", "none"):
            message = "Tool choice needs a 'tools' parameter to choose from."
            raise BadRequest(message, param="tool_choice", code="invalid_value")
        return {}
    parallel = optional_field(body, "parallel_tool_calls", bool)
    given = {"tool_choice": choice, "parallel_tool_calls": parallel}
    return {"tools": tools} | {key: value for key, value in given.items() if value is not None}


def _tool(given: Any, at: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise wrong_type(at, "an object", given)
    kind = given.get("type")
    if kind is None:
        raise missing_parameter(f"{at}.type")
    if kind != "function":
        raise _hosted(kind, f"{at}.type")
    if not isinstance(given.get("name"), str):
        raise missing_parameter(f"{at}.name")
    inner = {key: value for key, value in given.items() if key != "type" and value is not None}
    return {"type": "function", "function": inner}


def _hosted(kind: Any, at: str) -> BadRequest:
    return BadRequest(
        f"The tool type '{str(kind)[:100]}' is run by the host, and this upstream has no "
        "/responses of its own. Use tools of type 'function' here, or a model whose upstream has "
        "it (`responses = true` in Strictgate's configuration).",
        param=at,
        code="unsupported_value",
    )


def _choice(given: Any) -> Any:
    match given:
        case None | "auto" | "none" | "required":
            return given
        case str() as other:
            raise BadRequest(
                f"Invalid value: '{other[:100]}'. Supported values are: 'none', 'auto', and "
                "'required'.",
                param="tool_choice",
                code="invalid_value",
            )
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "tools": list(tools)}:
            allowed = {
                "mode": given.get("mode", "auto"),
                "tools": [_choice(each) for each in tools],
            }
            return {"type": "allowed_tools", "allowed_tools": allowed}
        case {"type": "function"}:
            raise missing_parameter("tool_choice.name")
        case {"type": kind}:
            raise _hosted(kind, "tool_choice")
        case other:
            raise wrong_type("tool_choice", "a string or an object", other)


# --- errors of the chat completion, in this API's terms ------------------------------------------

_PARAMS = (
    ("response_format.json_schema", "text.format"),
    ("response_format", "text.format"),
    ("messages", "input"),
    ("max_completion_tokens", "max_output_tokens"),
)


def translate_error(error: GatewayError) -> None:
    """Name, in place, the part of this API's request that `error` blames."""
    if error.param is None:
        return
    param = error.param
    for chat, ours in _PARAMS:
        if param.startswith(chat):
            param = ours + param.removeprefix(chat)
            break
    param = param.replace("].function.", "].")
    error.message = error.message.replace(f"'{error.param}'", f"'{param}'")
    error.param = "text.format.schema" if _is_about_schema(error) else param


def _is_about_schema(error: GatewayError) -> bool:
    return error.param == "response_format" and error.message.startswith("Invalid schema")
