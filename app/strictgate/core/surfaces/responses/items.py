"""The items of a conversation, read one after the other into its history."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.request.field_checks import missing_parameter, optional_field, wrong_type
from strictgate.core.request.tools import INPUT
from strictgate.core.surfaces.responses.client_tools import (
    CLIENT_TOOLS,
    CUSTOM_CALL,
    CUSTOM_OUTPUT,
    FUNCTION_CALL,
    FUNCTION_OUTPUT,
    ClientTool,
)
from strictgate.core.surfaces.responses.content import chat_content, chat_parts, text_field
from strictgate.core.surfaces.responses.history import History, Message
from strictgate.core.surfaces.responses.stored_items import no_such_item
from strictgate.core.surfaces.responses.tools import ToolTable

Item = Mapping[str, Any]

_ROLES = frozenset({"user", "assistant", "system", "developer"})
_OF_HOSTS = frozenset(
    {
        *("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"),
        *("computer_call", "computer_call_output", "mcp_call", "mcp_list_tools"),
        *("mcp_approval_request", "mcp_approval_response", "program", "program_output"),
        "configuration_update",
    }
)
"""What hosts do: it has no place in a chat completion, and is left out."""
_SEARCHES = ("tool_search_call", "tool_search_output")


def items_in(body: Mapping[str, Any]) -> list[Any]:
    """Return the `input` of a request as a list of items.

    Raises:
        BadRequest: there is none.
    """
    given = body.get("input")
    if given is None:
        raise missing_parameter("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list):
        raise wrong_type("input", "a string or an array", given)
    return given


def read_messages(
    items: Sequence[Any], table: ToolTable, instructions: str | None = None, before: int = 0
) -> tuple[list[Message], tuple[str, ...]]:
    """Return the messages that `items` are, and what of them was left out.

    Args:
        before: how many of the items are of earlier responses, not of this `input`.

    Raises:
        BadRequest: an item is malformed, or of a kind that no chat completion takes.
    """
    history, dropped = History(), []
    for index, item in enumerate(items):
        at = f"input[{index - before}]" if index >= before else "previous_response_id"
        if not isinstance(item, dict):
            raise wrong_type(at, "an object", item)
        kind = kind_of(item)
        if kind in _OF_HOSTS or (kind in _SEARCHES and item.get("execution") != "client"):
            dropped.append(f"{at} ({kind})")
            continue
        reader = _READERS.get(kind)
        if reader is None:
            raise BadRequest(
                f"Items of type '{kind[:100]}' need an upstream that has /responses itself.",
                param=f"{at}.type",
                code="unsupported_value",
            )
        reader(history, item, at, table)
    if history.is_empty:
        raise BadRequest("Invalid 'input': no message in it.", param="input", code="empty_array")
    return history.messages(instructions), tuple(dropped)


def kind_of(item: Item) -> str:
    """Return the type of an item; a message may go without."""
    return str(item.get("type") or "message")


def _message(history: History, item: Item, at: str, _: ToolTable) -> None:
    role = item.get("role")
    if role is None:
        raise missing_parameter(f"{at}.role")
    if not isinstance(role, str) or role not in _ROLES:
        raise BadRequest(
            f"Invalid value: '{str(role)[:100]}'. Supported values are: 'assistant', 'system', "
            "'developer', and 'user'.",
            param=f"{at}.role",
            code="invalid_value",
        )
    content = item.get("content")
    if content is None:
        raise missing_parameter(f"{at}.content")
    history.add_message(role, chat_content(content, role, f"{at}.content"))


# --- calls and their results ---------------------------------------------------------------------


def _function_call(history: History, item: Item, at: str, table: ToolTable) -> None:
    name, arguments = text_field(item, "name", at), text_field(item, "arguments", at)
    namespace = optional_field(item, "namespace", str, at)
    chat_name = table.chat_name(FUNCTION_CALL, name, namespace)
    history.add_call(text_field(item, "call_id", at), chat_name, arguments)


def _custom_call(history: History, item: Item, at: str, table: ToolTable) -> None:
    name = text_field(item, "name", at)
    namespace = optional_field(item, "namespace", str, at)
    arguments = write_json({INPUT: text_field(item, "input", at)})
    chat_name = table.chat_name(CUSTOM_CALL, name, namespace)
    history.add_call(text_field(item, "call_id", at), chat_name, arguments)


def _result(history: History, item: Item, at: str, _: ToolTable) -> None:
    if item.get("output") is None:
        raise missing_parameter(f"{at}.output")
    parts = chat_parts(item["output"], f"{at}.output")
    history.add_result(text_field(item, "call_id", at), list(parts), f"{at}.call_id")


def _client_call(tool: ClientTool) -> "Reader":
    def read(history: History, item: Item, at: str, table: ToolTable) -> None:
        name = table.chat_name(tool.call, tool.type)
        history.add_call(_call_id(item, at), name, write_json(tool.arguments(item)))

    return read


def _client_result(tool: ClientTool) -> "Reader":
    def read(history: History, item: Item, at: str, _: ToolTable) -> None:
        output = tool.result(item)
        text = output if isinstance(output, str) else write_json(output)
        history.add_result(_call_id(item, at), [{"type": "text", "text": text}], f"{at}.call_id")

    return read


def _call_id(item: Item, at: str) -> str:
    """Return the id of a call; a shell's output has it as its own."""
    return text_field(item, "call_id" if item.get("call_id") is not None else "id", at)


# --- reasoning -----------------------------------------------------------------------------------


def _reasoning(history: History, item: Item, at: str, _: ToolTable) -> None:
    content, summary = (
        [part["text"] for part in optional_field(item, key, list, at) or () if _is_text(part)]
        for key in ("content", "summary")
    )
    thoughts = opened(item.get("encrypted_content"))
    text = "".join(content) or thoughts.get("reasoning_content") or "\n\n".join(summary)
    history.add_reasoning(thoughts | ({"reasoning_content": text} if text else {}))


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


_SEAL = "strictgate:"
_SEALED: dict[str, type] = {"reasoning_content": str, "reasoning_details": list}


def sealed(thoughts: Mapping[str, Any]) -> str:
    """Return thinking as `encrypted_content`, which every client sends back as it is.

    Args:
        thoughts: `reasoning_content`, and `reasoning_details` (OpenRouter's), as a chat message
            has them.
    """
    return base64.b64encode((_SEAL + write_json(thoughts)).encode()).decode()


def opened(content: Any) -> dict[str, Any]:
    """Return what `sealed` has put there; nothing where it is another's."""
    if not isinstance(content, str):
        return {}
    try:
        text = base64.b64decode(content, validate=True).decode()
        given = parse_json(text.removeprefix(_SEAL)) if text.startswith(_SEAL) else None
    except (binascii.Error, UnicodeDecodeError, NotJSON):
        return {}
    known = given if isinstance(given, dict) else {}
    return {key: known[key] for key, kind in _SEALED.items() if isinstance(known.get(key), kind)}


def _no_message(history: History, item: Item, at: str, _: ToolTable) -> None:
    """The item says nothing to the model; what it holds is read elsewhere (tools.py)."""


def _reference(history: History, item: Item, at: str, _: ToolTable) -> None:
    """A reference that could not be resolved."""
    raise BadRequest(no_such_item(str(item.get("id"))), param=f"{at}.id", code="item_not_found")


Reader = Callable[[History, Item, str, ToolTable], None]
_READERS: dict[str, Reader] = {
    "message": _message,
    FUNCTION_CALL: _function_call,
    FUNCTION_OUTPUT: _result,
    CUSTOM_CALL: _custom_call,
    CUSTOM_OUTPUT: _result,
    "reasoning": _reasoning,
    "additional_tools": _no_message,
    "item_reference": _reference,
    **{tool.call: _client_call(tool) for tool in CLIENT_TOOLS.values()},
    **{tool.output: _client_result(tool) for tool in CLIENT_TOOLS.values()},
}
