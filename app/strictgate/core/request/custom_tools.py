"""Custom tools of a chat completion, as functions for hosts that know functions alone, and back.

Few hosts but OpenAI have custom tools
(platform.openai.com/docs/guides/function-calling#custom-tools). For others each becomes a function
of one string, and so does all that the request says of it; the model's calls of that function come
back as calls of the tool.

| in the request                                 | for the host                            |
|------------------------------------------------|-----------------------------------------|
| a tool `{"type": "custom", "custom": {…}}`     | a strict function; one string, `input`  |
| `tool_choice` of that tool, or a list with it  | of that function                        |
| a call `{"type": "custom", "custom": {…}}`     | a call with `{"input": …}`              |
| the result of a call                           | the same                                |
"""

from collections.abc import Iterator, Mapping
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.request.tools import INPUT, function_name
from strictgate.core.schema.openai_strict import strict_object
from strictgate.core.schema.patterns import UnsupportedPattern, parse_pattern
from strictgate.core.value_type import value_type

Body = Mapping[str, Any]
Item = dict[str, Any]

_GRAMMAR = "The input must match this {syntax} grammar:\n{definition}"


def custom_function(tool: Body) -> Item:
    """Return the function that stands for a custom tool: its input is one string.

    A grammar is told to the model; one of syntax `regex` is the string's pattern, too, where it can
    be. The input is judged by the grammar itself.

    Args:
        tool: as the Responses API has it, its `format` in one object.
    """
    given, text = tool.get("format"), {"type": "string"}
    grammar = given if isinstance(given, dict) and given.get("type") == "grammar" else {}
    syntax, definition = grammar.get("syntax"), grammar.get("definition")
    about = [str(tool.get("description") or ""), "Its input is free text, given as one string."]
    if isinstance(definition, str):
        about.append(_GRAMMAR.format(syntax=syntax, definition=definition))
        if syntax == "regex" and _is_pattern(definition):
            text["pattern"] = f"^(?:{definition})$"
    description = "\n\n".join(each for each in about if each)
    return {"description": description, "parameters": strict_object({INPUT: text}), "strict": True}


def _is_pattern(definition: str) -> bool:
    try:
        parse_pattern(f"^(?:{definition})$")
    except UnsupportedPattern:
        return False
    return True


def has_custom_tools(body: Body) -> bool:
    """Whether a chat completion offers custom tools, as far as a look at it shows."""
    return next(_custom_tools(body), None) is not None


def _custom_tools(body: Body) -> Iterator[tuple[int, Body]]:
    tools = body.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        inner = _custom(tool)
        if inner is not None and isinstance(inner.get("name"), str):
            yield index, inner


def _custom(tool: Any) -> Body | None:
    """Return what a tool, a choice or a call says of a custom tool; None: it is of another type."""
    is_custom = isinstance(tool, dict) and tool.get("type", "custom") == "custom"
    inner = tool.get("custom") if is_custom else None
    return inner if isinstance(inner, dict) else None


@value_type
class CustomTools:
    """The custom tools of one request."""

    names: frozenset[str]

    @classmethod
    def of(cls, body: Body) -> "CustomTools | None":
        """Return those of a chat completion; None: it has none.

        Raises:
            BadRequest: a function has the name of one, so that nobody could tell their calls apart.
        """
        found = [inner["name"] for _, inner in _custom_tools(body)]
        if not found:
            return None
        every = [function_name(tool) for tool in body["tools"]]
        for name in found:
            if every.count(name) > 1:
                raise BadRequest(
                    f"Two tools are called '{name[:100]}', and this model's upstream knows "
                    "functions alone: give each a name of its own.",
                    param="tools",
                    code="invalid_value",
                )
        return cls(frozenset(found))

    def as_functions(self, body: Body) -> Item:
        """Return the chat completion with functions in place of the tools."""
        given = {index: inner for index, inner in _custom_tools(body)}
        tools = [
            _function_tool(given[index]) if index in given else tool
            for index, tool in enumerate(body["tools"])
        ]
        messages = [self._message(each) for each in body["messages"]]
        changed: Item = {**body, "tools": tools, "messages": messages}
        if "tool_choice" in body:
            changed["tool_choice"] = self._choice(body["tool_choice"])
        return changed

    def rendered(self, completion: Body) -> Item:
        """Return a completion with the calls of the functions as calls of the tools."""
        choices = [
            {**choice, "message": self._with_custom_calls(choice["message"])}
            for choice in completion["choices"]
        ]
        return {**completion, "choices": choices}

    def _choice(self, choice: Any) -> Any:
        if not isinstance(choice, dict):
            return choice
        allowed = choice.get("allowed_tools")
        if isinstance(allowed, dict) and isinstance(allowed.get("tools"), list):
            tools = [self._choice(each) for each in allowed["tools"]]
            return {**choice, "allowed_tools": {**allowed, "tools": tools}}
        name = function_name(choice)
        if name not in self.names:
            return choice
        return {"type": "function", "function": {"name": name}}

    def _message(self, message: Any) -> Any:
        """Return a message whose calls of custom tools are calls of functions: also of tools that
        are no longer offered."""
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        if not isinstance(calls, list):
            return message
        return {**message, "tool_calls": [_function_call(each) for each in calls]}

    def _with_custom_calls(self, message: Body) -> Body:
        calls = message.get("tool_calls")
        if not isinstance(calls, list):
            return message
        return {**message, "tool_calls": [self._custom_call(each) for each in calls]}

    def _custom_call(self, call: Any) -> Any:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or function.get("name") not in self.names:
            return call
        others = {key: value for key, value in call.items() if key != "function"}
        custom = {"name": function["name"], "input": _input(function.get("arguments"))}
        return others | {"type": "custom", "custom": custom}


def _input(arguments: Any) -> str:
    """Return the input in the arguments of a function that stands for a custom tool; what is no
    such arguments, which nobody has judged, is the input itself."""
    try:
        given = parse_json(str(arguments))
    except NotJSON:
        return str(arguments)
    text = given.get(INPUT) if isinstance(given, dict) else None
    return text if isinstance(text, str) else str(arguments)


def _function_tool(inner: Body) -> Item:
    given = inner.get("format")
    if isinstance(given, dict) and isinstance(given.get("grammar"), dict):
        given = {"type": given.get("type"), **given["grammar"]}
    function = custom_function({"description": inner.get("description"), "format": given})
    return {"type": "function", "function": {"name": inner["name"], **function}}


def _function_call(call: Any) -> Any:
    inner = _custom(call)
    if inner is None:
        return call
    others = {key: value for key, value in call.items() if key != "custom"}
    arguments = write_json({INPUT: inner.get("input")})
    function = {"name": inner.get("name"), "arguments": arguments}
    return others | {"type": "function", "function": function}
