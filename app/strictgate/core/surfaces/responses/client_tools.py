"""Tools of the Responses API that the client runs, as functions of a chat completion, and back.

A chat completion knows functions alone. Each type of tool below becomes one, whose arguments are
then written as the type's own kind of call; the client's output for it becomes the function's
result. The shapes are those of platform.openai.com/docs/api-reference/responses/object.

| tool | function | call | result |
|---|---|---|---|
| `custom` | its name; one string, `input` | `custom_tool_call` | `custom_tool_call_output` |
| `local_shell` | `local_shell` | `local_shell_call` | `local_shell_call_output` |
| `shell`, environment `local` | `shell` | `shell_call` | `shell_call_output` |
| `apply_patch` | `apply_patch` | `apply_patch_call` | `apply_patch_call_output` |
| `tool_search`, execution `client` | `tool_search` | `tool_search_call` | `tool_search_output` |
"""

from collections.abc import Callable, Mapping
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.request.tools import InputGrammar, input_grammar
from strictgate.core.schema.openai_strict import strict_object
from strictgate.core.value_type import value_type

Body = Mapping[str, Any]
Item = dict[str, Any]


@value_type
class ClientTool:
    """One type of tool, and how it is said in a chat completion."""

    type: str
    call: str
    """The type of its calls."""
    output: str
    """The type of the items that hold what the client gives back."""
    prefix: str
    """What the ids of its calls begin with."""
    description: str
    parameters: Mapping[str, Any]
    """The arguments of the function, a JSON Schema that keeps the strict rules."""
    call_fields: Callable[[Body], Item]
    """Arguments → the fields of a call."""
    arguments: Callable[[Body], Item]
    """A call → the arguments."""
    result: Callable[[Body], Any] = lambda item: item.get("output")
    """What the client gives back → text, or parts."""


_STRINGS = {"type": "array", "items": {"type": "string"}}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["integer", "null"]}


def _said(given: Any, *names: str) -> Item:
    """Return those members of an object that are there and say something."""
    known = given if isinstance(given, dict) else {}
    return {name: known[name] for name in names if known.get(name) is not None}


def _with_nulls(given: Any, parameters: Mapping[str, Any]) -> Item:
    """Return all arguments of a function; those that a call does not say are null."""
    known = given if isinstance(given, dict) else {}
    return {name: known.get(name) for name in parameters["properties"]}


# --- custom --------------------------------------------------------------------------------------


def custom_grammar(tool: Body, name: str, at: str) -> InputGrammar | None:
    """Return the grammar of a custom tool; None where it has none that is known.

    Args:
        name: of the tool in the chat completion.
        at: where it stands.
    """
    given = tool.get("format")
    if tool.get("type") != "custom" or not isinstance(given, dict):
        return None
    return input_grammar(name, given, f"{at}.format") if given.get("type") == "grammar" else None


# --- shells --------------------------------------------------------------------------------------

_LOCAL_SHELL = strict_object(
    {
        "command": _STRINGS | {"description": "The program and its arguments."},
        "working_directory": _TEXT_OR_NULL,
        "timeout_ms": _NUMBER_OR_NULL,
    }
)
_SHELL = strict_object(
    {
        "commands": _STRINGS | {"description": "Command lines, each run by a shell of its own."},
        "timeout_ms": _NUMBER_OR_NULL,
        "max_output_length": _NUMBER_OR_NULL,
    }
)


def _local_shell_fields(arguments: Body) -> Item:
    rest = _said(arguments, "timeout_ms", "working_directory")
    command = arguments.get("command")
    return {"action": {"type": "exec", "command": command or [], "env": {}, **rest}}


def _shell_fields(arguments: Body) -> Item:
    action = _with_nulls(arguments, _SHELL)
    return {"action": action | {"commands": action["commands"] or []}}


# --- apply_patch, tool_search --------------------------------------------------------------------

_APPLY_PATCH = strict_object(
    {
        "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
        "path": {"type": "string"},
        "diff": {
            "type": "string",
            "description": "In V4A format: lines that begin with a blank, '+' or '-', under "
            "headers '@@'; of a new file every line begins with '+'. Empty for delete_file.",
        },
    }
)
_TOOL_SEARCH = strict_object({"query": {"type": "string"}})


def _patch_fields(arguments: Body) -> Item:
    is_deletion = arguments.get("type") == "delete_file"
    wanted = ("type", "path") if is_deletion else ("type", "path", "diff")
    return {"operation": {name: arguments.get(name) for name in wanted}}


def _patch_arguments(item: Body) -> Item:
    given = item.get("operation")
    return _with_nulls(given, _APPLY_PATCH) | ({} if _said(given, "diff") else {"diff": ""})


def _patch_result(item: Body) -> str:
    status = str(item.get("status") or "completed")
    return f"{status}: {item['output']}" if item.get("output") else status


def _search_result(item: Body) -> str:
    """The tools that were found are told as functions, too; this is what the model reads."""
    given = item.get("tools")
    found = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    return write_json([_said(each, "type", "name", "description") for each in found])


CLIENT_TOOLS: dict[str, ClientTool] = {
    tool.type: tool
    for tool in (
        ClientTool(
            type="local_shell",
            call="local_shell_call",
            output="local_shell_call_output",
            prefix="lsh",
            description="Runs a command on the user's machine.",
            parameters=_LOCAL_SHELL,
            call_fields=_local_shell_fields,
            arguments=lambda item: _with_nulls(item.get("action"), _LOCAL_SHELL),
        ),
        ClientTool(
            type="shell",
            call="shell_call",
            output="shell_call_output",
            prefix="sh",
            description="Runs shell commands on the user's machine.",
            parameters=_SHELL,
            call_fields=_shell_fields,
            arguments=lambda item: _with_nulls(item.get("action"), _SHELL),
        ),
        ClientTool(
            type="apply_patch",
            call="apply_patch_call",
            output="apply_patch_call_output",
            prefix="apc",
            description="Creates, changes or deletes one file.",
            parameters=_APPLY_PATCH,
            call_fields=_patch_fields,
            arguments=_patch_arguments,
            result=_patch_result,
        ),
        ClientTool(
            type="tool_search",
            call="tool_search_call",
            output="tool_search_output",
            prefix="tsc",
            description="Searches for tools, which can be called from then on.",
            parameters=_TOOL_SEARCH,
            call_fields=lambda arguments: {"execution": "client", "arguments": dict(arguments)},
            arguments=lambda item: dict(item.get("arguments") or {}),
            result=_search_result,
        ),
    )
}
"""By the type of the tool."""
CUSTOM_CALL, CUSTOM_OUTPUT = "custom_tool_call", "custom_tool_call_output"
FUNCTION_CALL, FUNCTION_OUTPUT = "function_call", "function_call_output"


def is_run_by_client(tool: Body) -> bool:
    """Whether a tool of a type in CLIENT_TOOLS is run by the client, not by the host."""
    match tool.get("type"):
        case "shell":
            environment = tool.get("environment")
            given = environment.get("type") if isinstance(environment, dict) else None
            return given in (None, "local")
        case "tool_search":
            return tool.get("execution") == "client"
        case kind:
            return kind in CLIENT_TOOLS
