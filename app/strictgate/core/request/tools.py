"""The functions that a request lets the model call: read once, from `tools` and `tool_choice`.

The deprecated `functions` and `function_call` say the same thing in another place
(platform.openai.com/docs/api-reference/chat/create).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.reader import write_json
from strictgate.core.request.field_checks import missing_parameter, optional_field, wrong_type
from strictgate.core.schema import error_context
from strictgate.core.schema.error_context import SchemaContext
from strictgate.core.schema.openai_strict import violations
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type

MAX_FUNCTIONS = 1024
_CHOICES = "'none', 'auto', and 'required'"


@value_type
class Function:
    """One function."""

    name: str
    description: str
    parameters: Any
    """A JSON Schema; None: it takes no arguments, or nobody says which."""
    strict: bool | None
    """None: nobody says, and it is so where the parameters can be (see is_strict_unsaid)."""
    schema_context: SchemaContext
    """Where in the request it stands, for messages."""

    @property
    def schema_text(self) -> str:
        """The text of what it takes, by which a refusal of that is remembered."""
        return write_json(self.parameters)


@value_type
class InputGrammar:
    """The grammar that the input of a custom tool has to match."""

    name: str
    """Of the tool, in the chat completion."""
    syntax: str
    """`lark` or `regex`."""
    definition: str
    at: str
    """Where in the request it stands: `tools[0].format.definition`."""


INPUT = "input"
"""The one argument of a function that stands for a custom tool."""
GRAMMAR_SYNTAXES = ("lark", "regex")


@value_type
class Toolset:
    """What calls are judged by."""

    schemas: Mapping[str, Schema | None]
    """By the name of each tool; None: its arguments are not judged."""
    callable: frozenset[str]
    must_call: bool
    parallel: bool = True
    is_deprecated: bool = False
    is_named: bool = False
    """The caller named the one function that must be called."""
    is_open: bool = False
    """Calls of names that are not here are the host's affair."""

    def allows(self, name: str) -> bool:
        """Whether a tool of that name may be called."""
        return name in self.callable or (self.is_open and name not in self.schemas)


@value_type
class Toolbox:
    """All functions, and which of them may, or must, be called."""

    functions: tuple[Function, ...] = ()
    others: tuple[str, ...] = ()
    """Names of tools that are no functions, which are not judged."""
    callable: frozenset[str] = frozenset()
    must_call: bool = False
    parallel: bool = True
    """Several calls in one answer are welcome."""
    is_deprecated: bool = False
    """They came as `functions`."""
    is_named: bool = False
    """The caller named the one function that must be called."""
    is_open: bool = False
    """There are tools without a name, which the host knows and runs (Groq's `browser_search`,
    Moonshot's `builtin_function`): calls may have names that are not here."""

    def judged_by(self, schemas: Mapping[str, Schema | None]) -> Toolset:
        """Return what calls are judged by: these schemas of arguments."""
        names = [*(each.name for each in self.functions), *self.others]
        return Toolset(
            dict.fromkeys(names) | dict(schemas),
            self.callable,
            self.must_call,
            self.parallel,
            self.is_deprecated,
            self.is_named,
            self.is_open,
        )


NO_TOOLS = Toolbox()


def named_functions(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the functions with a name in `body`, each as the object that has the name.

    Nothing is checked: what carries no schema may be odd, and passes through.
    """
    given = body.get("tools") or body.get("functions")
    for each in given if isinstance(given, list) else ():
        inner = each.get("function", each) if isinstance(each, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            yield inner


def unnamed_tools(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tools that are neither functions nor custom ones, which no model but the host's
    own can be told of: `tools[0] (browser_search)`."""
    tools = body.get("tools")
    kinds = ((at, each.get("type", "function")) for at, each in enumerate(tools or ()))
    others = ((at, kind) for at, kind in kinds if kind not in ("function", "custom"))
    return tuple(f"tools[{at}] ({kind})"[:200] for at, kind in others)


def input_grammar(name: str, given: Any, at: str) -> InputGrammar | None:
    """Return the grammar `{"syntax": …, "definition": …}` of a custom tool of that name; None where
    there is none of a known syntax."""
    known: Mapping[str, Any] = given if isinstance(given, dict) else {}
    syntax, definition = known.get("syntax"), known.get("definition")
    if syntax not in GRAMMAR_SYNTAXES or not isinstance(definition, str):
        return None
    return InputGrammar(name, syntax, definition, f"{at}.definition")


def custom_grammars(body: Mapping[str, Any]) -> Iterator[InputGrammar]:
    """Yield the grammars of the custom tools of a chat completion."""
    tools = body.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        match tool:
            case {"custom": {"name": name, "format": {"type": "grammar", "grammar": grammar}}}:
                at = f"tools[{index}].custom.format.grammar"
                if (found := input_grammar(str(name), grammar, at)) is not None:
                    yield found


def is_strict_unsaid(parameters: Any) -> bool:
    """Whether a function whose parameters are these is strict where nobody says so.

    OpenAI's Responses API has it so: it is where its schema keeps the rules
    (platform.openai.com/docs/guides/function-calling#strict-mode).
    """
    return isinstance(parameters, dict) and next(violations(parameters), None) is None


def read_tools(body: Mapping[str, Any], *, strict_by_default: bool = False) -> Toolbox:
    """Return the toolbox in `body`.

    Args:
        strict_by_default: see Function.strict.

    Raises:
        BadRequest: in OpenAI's words.
    """
    old = body.get("tools") is None and body.get("functions") is not None
    given = optional_field(body, "functions" if old else "tools", list) or []
    if not given:
        return NO_TOOLS
    if len(given) > MAX_FUNCTIONS:
        raise BadRequest(f"Invalid 'tools': at most {MAX_FUNCTIONS} are taken.", param="tools")
    functions = tuple(_functions(given, is_deprecated=old, strict_by_default=strict_by_default))
    others = tuple(_others(given)) if not old else ()
    names = frozenset({each.name for each in functions} | set(others))
    callable_, must_call = _choice(body, names, is_deprecated=old)
    parallel = optional_field(body, "parallel_tool_calls", bool) is not False and not old
    choice = body.get("function_call" if old else "tool_choice")
    is_named = isinstance(choice, dict) and choice.get("type") != "allowed_tools"
    is_open = len(functions) + len(others) < len(given)
    return Toolbox(functions, others, callable_, must_call, parallel, old, is_named, is_open)


def _functions(
    given: list[Any], *, is_deprecated: bool, strict_by_default: bool
) -> Iterator[Function]:
    for index, each in enumerate(given):
        at = f"functions[{index}]" if is_deprecated else f"tools[{index}]"
        if not isinstance(each, dict):
            raise wrong_type(at, "an object", each)
        if is_deprecated:
            made = _function(each, at, error_context.deprecated_function_context(index))
        elif each.get("type", "function") == "function":
            inner = optional_field(each, "function", dict, at)
            if inner is None:
                raise missing_parameter(f"{at}.function")
            made = _function(inner, f"{at}.function", error_context.function_context(index))
        else:
            continue
        is_unsaid = made.strict is None and not strict_by_default
        yield replace(made, strict=False) if is_unsaid else made


def _function(inner: Mapping[str, Any], at: str, where: SchemaContext) -> Function:
    name = optional_field(inner, "name", str, at)
    if not name:
        raise missing_parameter(f"{at}.name")
    strict = optional_field(inner, "strict", bool, at)
    description = optional_field(inner, "description", str, at) or ""
    return Function(name, description, inner.get("parameters"), strict, where)


def _others(given: list[Any]) -> Iterator[str]:
    """The tools of types other than function (`custom`), which carry no schema."""
    for each in given:
        inner = each.get(each.get("type")) if isinstance(each.get("type"), str) else None
        if each.get("type", "function") != "function" and isinstance(inner, dict):
            yield str(inner.get("name"))


def _choice(
    body: Mapping[str, Any], names: frozenset[str], *, is_deprecated: bool
) -> tuple[frozenset[str], bool]:
    """Return what may be called, and whether anything must."""
    key = "function_call" if is_deprecated else "tool_choice"
    match body.get(key):
        case None | "auto":
            return names, False
        case "none":
            return frozenset(), False
        case "required" if not is_deprecated:
            return names, True
        case {"type": "allowed_tools", "allowed_tools": dict() as allowed}:
            return _allowed(allowed, names), allowed.get("mode") == "required"
        case dict() as choice:
            return frozenset({_named(choice, names, key)}), True
        case str() as other:
            raise BadRequest(
                f"Invalid value: '{other[:100]}'. Supported values are: {_CHOICES}.",
                param=key,
                code="invalid_value",
            )
        case other:
            raise wrong_type(key, "a string or an object", other)


def _allowed(allowed: Mapping[str, Any], names: frozenset[str]) -> frozenset[str]:
    tools = optional_field(allowed, "tools", list, "tool_choice.allowed_tools") or []
    return frozenset(_named(each, names, "tool_choice") for each in tools)


def _named(choice: Any, names: frozenset[str], key: str) -> str:
    """Return the name that a choice says; it must be one of `names`."""
    name = function_name(choice)
    if not isinstance(name, str):
        raise missing_parameter(f"{key}.function.name" if key == "tool_choice" else f"{key}.name")
    if name not in names:
        where = "functions" if key == "function_call" else "tools"
        raise BadRequest(f"Tool choice '{name[:100]}' not found in '{where}' parameter.", param=key)
    return name


def function_name(tool: Any) -> Any:
    """Return the name in `{"type": "function", "function": {"name": …}}`, or in `{"name": …}`.

    Tools and `tool_choice` have this form; what is not of it, or has no name, gives None.
    """
    kind = tool.get("type", "function") if isinstance(tool, dict) else None
    inner = tool.get(kind, tool) if isinstance(kind, str) else None
    return inner.get("name") if isinstance(inner, dict) else None
