"""Calls of the caller's functions, judged: each call's arguments against that function's schema.

A choice with calls is the caller's as a whole or not at all. What is wrong is told in Groq's words
(console.groq.com/docs/tool-use; wire format `tool_use_failed`). A call that a model wrote as text
(`{"name": …, "arguments": …}`, as Groq's `failed_generation` has it) is taken for one where one is
asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.output.extract import extract
from strictgate.core.output.validate_text import InvalidText, ValidText, validate_text
from strictgate.core.repair_steps import Repair, Step
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.problems import Problem, most_specific
from strictgate.core.wire.calls import Call, calls_of, default_call_id, failed_generation, kind_of
from strictgate.core.wire.reply import Choice

FAILED = "Tool call validation failed: tool call validation failed: "
NO_CALL = "Tool choice is required, but model did not call a tool"
NOT_JSON = "Failed to parse tool call arguments as JSON"
EMPTY = "empty_arguments"
FROM_TEXT = "call_from_text"
_ARGUMENT_NAMES = ("arguments", "parameters")
_MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class ToolCallError:
    """What is wrong with one call; or, without one, with there being none."""

    message: str
    """In Groq's words."""
    call: Call | None
    position: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What is wrong, for the model."""
        return [_said(problem) for problem in self.problems[:_MOST_PROBLEMS]] or [self.message]


@dataclass(frozen=True, slots=True)
class JudgedCalls:
    """The calls of one choice, judged."""

    message: Mapping[str, Any]
    """The choice's message, with the arguments as the caller can have them."""
    steps: tuple[Step, ...]
    faults: tuple[ToolCallError, ...]
    calls: tuple[Call, ...]


def judge_calls(
    choice: Choice, tools: Toolset, repair: Repair, *, is_misuse: bool = False
) -> JudgedCalls:
    """Judge the calls in `choice`.

    Args:
        is_misuse: the text of `choice` is a call that an upstream has refused.
    """
    calls = tuple(calls_of(choice.message))
    steps: tuple[Step, ...] = ()
    if not calls and (tools.must_call or is_misuse):
        calls, steps = _from_text(choice.text, tools)
    if not calls:
        is_missing = tools.must_call or is_misuse
        return JudgedCalls(choice.message, (), (ToolCallError(NO_CALL, None),) * is_missing, ())
    results = [_judged(call, at, tools, repair) for at, call in enumerate(calls)]
    faults = tuple(each for each in results if isinstance(each, ToolCallError))
    good = [each for each in results if not isinstance(each, ToolCallError)]
    texts = [text for text, _ in good]
    mended = tuple(step for _, each in good for step in each)
    message = choice.message if faults else _message(choice.message, calls, texts, tools)
    if steps and not faults:
        message = {**message, "content": None}
    return JudgedCalls(message, (*steps, *mended), faults, calls)


def _judged(
    call: Call, position: int, tools: Toolset, repair: Repair
) -> ToolCallError | tuple[str, tuple[Step, ...]]:
    """Return the arguments as the caller can have them, or what is wrong."""
    if call.name not in tools.callable:
        where = "request.functions" if tools.is_deprecated else "request.tools"
        message = f"{FAILED}attempted to call tool '{call.name[:200]}' which was not in {where}"
        return ToolCallError(message, call, position)
    schema = tools.schemas.get(call.name)
    if schema is None:
        return call.arguments, ()
    if not call.arguments.strip() and repair is not Repair.OFF and schema.is_valid({}):
        return "{}", (_placed(Step(EMPTY), position, tools),)
    match validate_text(call.arguments, schema, repair, wrapped=False):
        case ValidText(text, _, steps):
            return text, tuple(_placed(step, position, tools) for step in steps)
        case InvalidText((), reason):
            return ToolCallError(f"{NOT_JSON}: {reason}", call, position)
        case InvalidText(problems):
            first = sorted(
                problems, key=lambda each: most_specific(each).kind != "Required"
            )  # as Groq's
            errors = ", ".join(_said(each) for each in first[:_MOST_PROBLEMS])
            message = f"parameters for tool {call.name} did not match schema: errors: [{errors}]"
            return ToolCallError(FAILED + message, call, position, problems)


def _said(problem: Problem) -> str:
    """Return what is wrong as Groq's validator says it: with the place, where there is one."""
    first = most_specific(problem)
    where = "".join(f"/{step}" for step in first.path)
    return f"`{where}`: {first.message}" if where else first.message


def _placed(step: Step, position: int, tools: Toolset) -> Step:
    where = "function_call" if tools.is_deprecated else f"tool_calls/{position}/function"
    return Step(step.name, f"/{where}/arguments{step.path}")


# --- the message that the caller gets ------------------------------------------------------------


def _message(
    message: Mapping[str, Any], calls: Sequence[Call], texts: Sequence[str], tools: Toolset
) -> dict[str, Any]:
    kept = {key: message[key] for key in message.keys() - {"tool_calls", "function_call"}}
    kept = {"role": "assistant", "content": None} | kept
    if tools.is_deprecated:
        return kept | {"function_call": {"name": calls[0].name, "arguments": texts[0]}}
    made = [
        _rendered(call, text, at) for at, (call, text) in enumerate(zip(calls, texts, strict=True))
    ]
    return kept | {"tool_calls": made}


def _rendered(call: Call, text: str, position: int) -> dict[str, Any]:
    kind = kind_of(call.raw)
    inner = call.raw.get(kind)
    inner = dict(inner) if isinstance(inner, dict) else {}
    if kind == "function":
        inner |= {"name": call.name, "arguments": text}
    identity = call.raw.get("id") or default_call_id(call.name, text, position)
    others = {key: value for key, value in call.raw.items() if key not in ("name", "arguments")}
    return others | {"id": identity, "type": kind, kind: inner}


# --- a call that was written as text -------------------------------------------------------------


def _from_text(text: str, tools: Toolset) -> tuple[tuple[Call, ...], tuple[Step, ...]]:
    for candidate in extract(text).candidates:
        try:
            value = parse_json(candidate.text)
        except NotJSON:
            continue
        calls = [_written(each) for each in (value if isinstance(value, list) else [value])]
        found = tuple(call for call in calls if call is not None)
        if found and len(found) == len(calls):
            return found, (Step(FROM_TEXT),)
    return (), ()


def _written(value: Any) -> Call | None:
    """Return the call that an object `{"name": …, "arguments": …}` is."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    given = next((value[name] for name in _ARGUMENT_NAMES if name in value), None)
    if not isinstance(given, dict | str):
        return None
    return Call(value["name"], given if isinstance(given, str) else write_json(given), {})


# --- what is said of a failure -------------------------------------------------------------------


def call_feedback(
    calls: Sequence[Call], faults: Sequence[ToolCallError], text: str, tools: Toolset
) -> list[dict[str, Any]]:
    """Return the turns that ask again.

    In the form of tool results where the calls are such that an upstream can read them: many parse
    the arguments, and refuse those that are not JSON.
    """
    if any(fault.call is None for fault in faults) or tools.is_deprecated:
        return _in_words(calls, faults, text)
    if not all(_is_readable(call, tools) for call in calls):
        return _in_words(calls, faults, text)
    made = [_rendered(call, call.arguments, at) for at, call in enumerate(calls)]
    wrong = {fault.position: fault for fault in faults}
    results = [
        {
            "role": "tool",
            "tool_call_id": each["id"],
            "content": _complaint(wrong[at]) if at in wrong else _NOT_DONE,
        }
        for at, each in enumerate(made)
    ]
    return [{"role": "assistant", "content": text or None, "tool_calls": made}, *results]


_NOT_DONE = "Error: not done, because another call is not valid. Make this call again, too."
_MAX_ECHO = 8000  # characters of what the model wrote
_MAX_LINE = 300


def _is_readable(call: Call, tools: Toolset) -> bool:
    try:
        return call.name in tools.callable and isinstance(parse_json(call.arguments), dict)
    except NotJSON:
        return False


def _complaint(fault: ToolCallError) -> str:
    wrong = "\n".join(f"- {line[:_MAX_LINE]}" for line in fault.lines)
    return f"Error: the arguments are not valid:\n{wrong}\nCall the function again, corrected."


def _in_words(
    calls: Sequence[Call], faults: Sequence[ToolCallError], text: str
) -> list[dict[str, Any]]:
    said = failed_generation(calls, text)[:_MAX_ECHO]
    wrong = "\n".join(f"- {line[:_MAX_LINE]}" for fault in faults for line in fault.lines)
    return [
        {"role": "assistant", "content": said or "(nothing)"},
        {"role": "user", "content": f"That is not valid:\n{wrong}\nCall the function again."},
    ]
