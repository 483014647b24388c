"""The tools of a request of the Responses API, as the functions of a chat completion.

| tool | as a function |
|---|---|
| `function` | itself |
| `namespace` | each of its tools, the namespace in front of the name |
| `custom`, and what else the client runs | see client_tools.py |
| what the host runs (`web_search`, `mcp`, …) | none: left out, and said so |

Tools that stand in items of the input count as well: what an earlier `tool_search` has brought
(`tool_search_output`), and what Codex sends in place of `tools` (`additional_tools`).
The names are those of a chat completion: letters, digits, `_` and `-`, at most 64.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from hashlib import blake2b
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.request.custom_tools import custom_function
from strictgate.core.request.field_checks import missing_parameter, optional_field, wrong_type
from strictgate.core.request.tools import InputGrammar
from strictgate.core.surfaces.responses.client_tools import (
    CLIENT_TOOLS,
    CUSTOM_CALL,
    FUNCTION_CALL,
    custom_grammar,
    is_run_by_client,
)
from strictgate.core.value_type import value_type

Body = Mapping[str, Any]

_FUNCTION_FIELDS = ("name", "description", "parameters", "strict")
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_NAME = 64
_WITH_TOOLS = ("tool_search_output", "additional_tools")
_CHOICES = "'none', 'auto', and 'required'"


@value_type
class MappedTool:
    """One tool, and the function that stands for it."""

    call: str
    """The type of its calls: `function_call`, …"""
    name: str
    """In this API; of a tool without a name its type."""
    namespace: str | None
    function: Mapping[str, Any]
    """As a chat completion has it; its name differs from that of every other."""
    at: str
    """Where it stands in the request: `tools[1].tools[0]`."""
    grammar: InputGrammar | None = None
    """Of the input of a custom tool."""

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What it is known by in this API."""
        return self.call, self.namespace, self.name

    @property
    def chat_name(self) -> str:
        """The name of the function."""
        return str(self.function["name"])


@value_type
class ToolTable:
    """All tools of one request."""

    tools: tuple[MappedTool, ...] = ()
    dropped: tuple[str, ...] = ()
    """What is run by the host, and so was left out: `tools[0] (web_search)`."""
    _by_chat_name: Mapping[str, MappedTool] = field(default_factory=dict)
    _names: Mapping[tuple[str, str | None, str], str] = field(default_factory=dict)

    def of_chat(self, name: str) -> MappedTool | None:
        """Return the tool that a function of that name stands for."""
        return self._by_chat_name.get(name)

    def chat_name(self, call: str, name: str, namespace: str | None = None) -> str:
        """Return what a tool is called in a chat completion, be it among the tools or not."""
        return self._names.get((call, namespace, name)) or _joined(name, namespace)


def read_tool_table(body: Body, items: Sequence[Any] = ()) -> ToolTable:
    """Return the tools of a request.

    Args:
        items: the input, which may hold tools.

    Raises:
        BadRequest: a tool is malformed.
    """
    tools: dict[tuple[str, str | None, str], MappedTool] = {}
    dropped: list[str] = []
    taken: set[str] = set()
    for at, tool in _given(body, items):
        kind = _kind(tool, at)
        if kind == "namespace":
            name = _name(tool, at)
            inner = optional_field(tool, "tools", list, at) or []
            members = [(f"{at}.tools[{index}]", each) for index, each in enumerate(inner)]
        else:
            name, members = None, [(at, tool)]
        for place, each in members:
            mapped = _mapped(each, place, name, taken)
            if mapped is None:
                dropped.append(f"{place} ({_kind(each, place)})"[:200])
            elif mapped.key not in tools:  # a tool that is found again is the same
                taken.add(mapped.chat_name)
                tools[mapped.key] = mapped
    return ToolTable(
        tuple(tools.values()),
        tuple(dropped),
        {tool.chat_name: tool for tool in tools.values()},
        {key: tool.chat_name for key, tool in tools.items()},
    )


def _given(body: Body, items: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for index, each in enumerate(optional_field(body, "tools", list) or []):
        yield f"tools[{index}]", each
    for place, item in enumerate(items):
        if isinstance(item, dict) and item.get("type") in _WITH_TOOLS:
            for index, each in enumerate(optional_field(item, "tools", list) or []):
                yield f"input[{place}].tools[{index}]", each


def _kind(tool: Any, at: str) -> str:
    if not isinstance(tool, dict):
        raise wrong_type(at, "an object", tool)
    kind = tool.get("type")
    if kind is None:
        raise missing_parameter(f"{at}.type")
    if not isinstance(kind, str):
        raise wrong_type(f"{at}.type", "a string", kind)
    return kind


def _name(tool: Body, at: str) -> str:
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise missing_parameter(f"{at}.name")
    return name


def _mapped(tool: Body, at: str, namespace: str | None, taken: set[str]) -> MappedTool | None:
    """Return a tool as a function; None where the host runs it."""
    kind = _kind(tool, at)
    if kind == "function":
        name, call = _name(tool, at), FUNCTION_CALL
        function = {key: tool[key] for key in _FUNCTION_FIELDS if tool.get(key) is not None}
    elif kind == "custom":
        name, call, function = _name(tool, at), CUSTOM_CALL, custom_function(tool)
    elif is_run_by_client(tool):
        known = CLIENT_TOOLS[kind]
        name, call = kind, known.call
        function = {"description": known.description, "parameters": known.parameters}
        function |= {"strict": True} | _own_words(tool)
    else:
        return None
    function = function | {"name": _free(_joined(name, namespace), taken)}
    grammar = custom_grammar(tool, function["name"], at)
    return MappedTool(call, name, namespace, function, at, grammar)


def _own_words(tool: Body) -> dict[str, Any]:
    """Return what a tool says of itself in place of what is known of its type."""
    description = {"description": tool["description"]} if tool.get("description") else {}
    if not isinstance(tool.get("parameters"), dict):
        return description
    return description | {"parameters": tool["parameters"], "strict": False}


def _joined(name: str, namespace: str | None) -> str:
    """Return the name of a function, which says the namespace, too."""
    if namespace is None:
        return name
    whole = f"{namespace}{'' if namespace.endswith('__') else '__'}{name}"
    plain = _ODD.sub("_", whole)
    if plain == whole and len(plain) <= _MAX_NAME:
        return plain
    digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain[: _MAX_NAME - 9]}_{digest}"


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no function of the caller's has."""
    return _free(f"{name}_", taken) if name in taken else name


# --- tool_choice ---------------------------------------------------------------------------------


def chat_choice(given: Any, table: ToolTable) -> Any:
    """Return a `tool_choice` as a chat completion has it; None where there is nothing to say.

    Raises:
        BadRequest: it is malformed, or demands a call of what only a host runs.
    """
    match given:
        case None | "auto" | "none":
            return given if table.tools else None
        case "required":
            if not table.tools:
                raise _nothing_to_choose(table, "tool_choice")
            return given
        case str() as other:
            raise BadRequest(
                f"Invalid value: '{other[:100]}'. Supported values are: {_CHOICES}.",
                param="tool_choice",
                code="invalid_value",
            )
        case {"type": "allowed_tools", "tools": list(tools)}:
            return _allowed(given, tools, table)
        case {"type": str()}:
            return {"type": "function", "function": {"name": _chosen(given, table)}}
        case dict():
            raise missing_parameter("tool_choice.type")
        case other:
            raise wrong_type("tool_choice", "a string or an object", other)


def _allowed(given: Body, tools: Sequence[Any], table: ToolTable) -> Any:
    mode = given.get("mode", "auto")
    names = [
        _chosen(each, table)
        for each in tools
        if not (isinstance(each, dict) and _is_hosted(each.get("type")))
    ]
    if not names:
        if mode == "required":
            raise _nothing_to_choose(table, "tool_choice.tools")
        return "none" if table.tools else None
    functions = [{"type": "function", "function": {"name": name}} for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": functions}}


def _is_hosted(kind: Any) -> bool:
    return isinstance(kind, str) and kind not in ("function", "custom", *CLIENT_TOOLS)


def _chosen(choice: Any, table: ToolTable) -> str:
    """Return the name of the function that a choice of one tool means."""
    kind = choice.get("type") if isinstance(choice, dict) else None
    if not isinstance(kind, str):
        raise wrong_type("tool_choice", "a string or an object", choice)
    if kind in ("function", "custom"):
        call = FUNCTION_CALL if kind == "function" else CUSTOM_CALL
        name = choice.get("name")
        if not isinstance(name, str):
            raise missing_parameter("tool_choice.name")
        return table.chat_name(call, name, choice.get("namespace"))
    known = CLIENT_TOOLS.get(kind)
    for tool in table.tools:
        if known is not None and tool.call == known.call:
            return tool.chat_name
    raise _hosted(kind)


def _hosted(kind: str) -> BadRequest:
    return BadRequest(
        f"The tool choice '{kind[:100]}' demands a call of a tool that is not run by the client, "
        "and this upstream has no /responses of its own to run it. Choose a tool of type "
        "'function' or 'custom', or a model whose upstream runs it (`responses = true` in "
        "Strictgate's configuration).",
        param="tool_choice",
        code="unsupported_value",
    )


def _nothing_to_choose(table: ToolTable, param: str) -> BadRequest:
    if not table.dropped:
        message = "Tool choice needs a 'tools' parameter to choose from."
        return BadRequest(message, param="tool_choice", code="invalid_value")
    return BadRequest(
        "The tool choice demands a call, but this upstream has no /responses of its own to run "
        f"what is given: {', '.join(table.dropped)[:500]}. Give tools of type 'function' or "
        "'custom', or take a model whose upstream runs them.",
        param=param,
        code="unsupported_value",
    )
