"""Calls of the caller's tools, judged: each call's arguments against that function's schema.

A choice with calls is the caller's as a whole or not at all. What is wrong is told in Groq's words
(console.groq.com/docs/tool-use; wire format `tool_use_failed`). A call that a model wrote as text
(`{"name": …, "arguments": …}`, as Groq's `failed_generation` has it) is taken for one where one is
asked for. The input of a custom tool is free text, and stays as it is byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from strictgate.core.guard.judge_text import InvalidText, ValidText, judge_text
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.output.extract import extract
from strictgate.core.repair_steps import Repair, Step
from strictgate.core.request.tools import INPUT, InputRule, Toolset
from strictgate.core.schema.problems import Problem, most_specific
from strictgate.core.schema.schema import Schema
from strictgate.core.wire.calls import (
    FIRST_IDS,
    Call,
    CallIds,
    failed_generation,
    render_call,
)
from strictgate.core.wire.reply import Choice
from strictgate.core.work import Work

FAILED = "Tool call validation failed: tool call validation failed: "
NO_CALL = "Tool choice is required, but model did not call a tool"
NOT_JSON = "Failed to parse tool call arguments as JSON"
SEVERAL = "Only one call is wanted in an answer, but the model made several"
EMPTY = "empty_arguments"
FROM_TEXT = "call_from_text"
DROPPED = "calls_dropped"
_ARGUMENT_NAMES = ("arguments", "parameters")
_NOTHING: Mapping[str, Any] = {"null": None, "None": None, "undefined": None, '""': "", "''": ""}
"""Texts that say that there are no arguments, with the value that they may be meant as."""
_MOST_PROBLEMS = 10
JudgedArguments = tuple[str, tuple[Step, ...]]
"""The arguments as the caller can have them, and what was done for that."""
_MAX_NAME = 200  # characters of an unknown name that are told


class CallFault(StrEnum):
    """What is wrong with a call."""

    MISSING = "missing"
    """There is none, though one is required."""
    NAME = "name"
    """No tool of that name may be called."""
    NOT_JSON = "not_json"
    INVALID = "invalid"
    """The arguments do not match the schema."""
    SEVERAL = "several"
    """It is not the first, and one is all that is wanted."""


@dataclass(frozen=True, slots=True)
class ToolCallError:
    """What is wrong with one call; or, without one, with there being none."""

    kind: CallFault
    message: str
    """In Groq's words."""
    call: Call | None
    position: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What is wrong, for the model."""
        return [_as_groq(problem) for problem in self.problems[:_MOST_PROBLEMS]] or [self.message]


@dataclass(frozen=True, slots=True)
class JudgedCalls:
    """The calls of one choice, judged."""

    message: Mapping[str, Any]
    """The choice's message, with the calls as the caller can have them."""
    steps: tuple[Step, ...]
    faults: tuple[ToolCallError, ...]
    calls: tuple[Call, ...]


def judge_calls(  # noqa: PLR0913 (each is one fact about the choice, or about the request)
    choice: Choice,
    tools: Toolset,
    repair: Repair,
    ids: CallIds = FIRST_IDS,
    *,
    is_misuse: bool = False,
    is_last: bool = False,
    work: Work | None = None,
) -> JudgedCalls:
    """Judge the calls in `choice`.

    Args:
        is_misuse: the text of `choice` is a call that an upstream has refused.
        is_last: nobody can be asked again; of several calls where one is wanted, the first is kept.
        work: what the judging is counted on; None: on a meter of its own.
    """
    work = work or Work()
    calls: tuple[Call, ...] = choice.calls
    steps: tuple[Step, ...] = ()
    if not calls and (tools.must_call or is_misuse):
        calls, steps = _from_text(choice.text, tools)
    if not calls:
        is_missing = tools.must_call or is_misuse
        missing = ToolCallError(CallFault.MISSING, NO_CALL, None)
        return JudgedCalls(choice.message, (), (missing,) * is_missing, ())
    wanted = calls if tools.parallel else calls[:1]
    results = [_judged(call, at, tools, repair, work) for at, call in enumerate(wanted)]
    faults = tuple(each for each in results if isinstance(each, ToolCallError))
    good = [each for each in results if not isinstance(each, ToolCallError)]
    if len(wanted) < len(calls):
        if good and is_last and repair is not Repair.OFF:
            calls, steps = wanted, (*steps, Step(DROPPED, "/tool_calls"))
        else:
            faults += tuple(_unwanted(call, at) for at, call in enumerate(calls) if at)
    if faults:
        return JudgedCalls(choice.message, (), faults, calls)
    message = _message(choice.message, calls, [text for text, _ in good], tools, ids)
    if FROM_TEXT in (step.name for step in steps):
        message["content"] = None
    steps += tuple(step for _, each in good for step in each)
    return JudgedCalls(message, steps, (), calls)


def _judged(
    call: Call, position: int, tools: Toolset, repair: Repair, work: Work
) -> ToolCallError | JudgedArguments:
    """Return the arguments as the caller can have them, or what is wrong."""
    schema, rule = tools.schemas.get(call.name), tools.inputs.get(call.name)
    if not tools.allows(call.name) or (call.is_custom and schema is not None):
        return ToolCallError(CallFault.NAME, _unknown(call, tools), call, position)
    if schema is None:
        return _with_input(call, position, rule, call.arguments, (call.arguments, ()))
    if repair is not Repair.OFF and _says_nothing(call.arguments, schema):
        return "{}", (_placed(Step(EMPTY), position, tools),)
    match judge_text(call.arguments, schema, repair, wrapped=False, work=work):
        case ValidText(text, value, steps):
            placed = tuple(_placed(step, position, tools) for step in steps)
            given = "" if rule is None else value[INPUT]
            return _with_input(call, position, rule, given, (text, placed))
        case InvalidText((), reason):
            return ToolCallError(CallFault.NOT_JSON, f"{NOT_JSON}: {reason}", call, position)
        case InvalidText(problems):
            first = sorted(
                problems, key=lambda each: most_specific(each).kind != "Required"
            )  # as Groq's
            errors = ", ".join(_as_groq(each) for each in first[:_MOST_PROBLEMS])
            message = f"parameters for tool {call.name} did not match schema: errors: [{errors}]"
            return ToolCallError(CallFault.INVALID, FAILED + message, call, position, problems)


def _with_input(
    call: Call, position: int, rule: InputRule | None, given: str, good: JudgedArguments
) -> ToolCallError | JudgedArguments:
    """Return `good`, or what is wrong with the input that was `given`."""
    wrong = rule.fault(given) if rule is not None else None
    return _mismatch(call, position, wrong) if wrong else good


def input_faults(document: Any, rules: Mapping[str, InputRule]) -> list[ToolCallError]:
    """Return what is wrong with the inputs in a document that is calls, which its schema allows.

    Args:
        rules: by the name of the function.
    """
    calls = document.get("tool_calls") if isinstance(document, dict) else None
    faults = []
    for position, each in enumerate(calls or ()):
        rule = rules.get(each["name"])
        wrong = rule.fault(each["arguments"][INPUT]) if rule is not None else None
        if wrong:
            call = Call(each["name"], each["arguments"][INPUT], {}, is_custom=True)
            faults.append(_mismatch(call, position, wrong))
    return faults


def _mismatch(call: Call, position: int, wrong: str) -> ToolCallError:
    message = f"{FAILED}input for tool {call.name} did not match its grammar: {wrong}"
    return ToolCallError(CallFault.INVALID, message, call, position)


def _unknown(call: Call, tools: Toolset) -> str:
    """Return what is wrong with the name, as Groq says it."""
    name = call.name[:_MAX_NAME]
    if call.name in tools.callable:
        return f"{FAILED}attempted to call the function '{name}' as a custom tool"
    if call.name in tools.schemas:
        return f"{FAILED}attempted to call tool '{name}' which tool_choice does not allow"
    where = "request.functions" if tools.is_deprecated else "request.tools"
    return f"{FAILED}attempted to call tool '{name}' which was not in {where}"


def _unwanted(call: Call, position: int) -> ToolCallError:
    return ToolCallError(CallFault.SEVERAL, SEVERAL, call, position)


def _says_nothing(arguments: str, schema: Schema) -> bool:
    """Whether there are no arguments, and none are needed: what says so is no value itself."""
    text = arguments.strip()
    if text and (text not in _NOTHING or schema.is_valid(_NOTHING[text])):
        return False
    return schema.is_valid({})


def _as_groq(problem: Problem) -> str:
    """Return what is wrong as Groq's validator says it: with the place, where there is one."""
    first = most_specific(problem)
    where = "".join(f"/{step}" for step in first.path)
    return f"`{where}`: {first.message}" if where else first.message


def _placed(step: Step, position: int, tools: Toolset) -> Step:
    where = "function_call" if tools.is_deprecated else f"tool_calls/{position}/function"
    return Step(step.name, f"/{where}/arguments{step.path}")


def _message(
    message: Mapping[str, Any],
    calls: Sequence[Call],
    texts: Sequence[str],
    tools: Toolset,
    ids: CallIds,
) -> dict[str, Any]:
    """Return the message that the caller gets."""
    kept = {key: message[key] for key in message.keys() - {"tool_calls", "function_call"}}
    kept = {"role": "assistant", "content": None} | kept
    if tools.is_deprecated:
        return kept | {"function_call": {"name": calls[0].name, "arguments": texts[0]}}
    return kept | {"tool_calls": render_calls(calls, texts, ids)}


def render_calls(calls: Sequence[Call], texts: Sequence[str], ids: CallIds) -> list[dict[str, Any]]:
    """Return calls as they stand in `tool_calls`, with `texts` for their arguments."""
    identities = ids.of(calls, texts)
    return [render_call(*each) for each in zip(calls, texts, identities, strict=True)]


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


# --- what the model is told of a failure ---------------------------------------------------------


_REASONING = ("reasoning_content", "reasoning", "reasoning_details")
_NOT_DONE = "Error: not done, because another call is not valid. Make this call again, too."
_TOO_MANY = "Error: not done: make one call in an answer, and the next when you have its result."
_MAX_ECHO = 8000  # characters of what the model wrote
_MAX_LINE = 300


def call_feedback(
    message: Mapping[str, Any],
    calls: Sequence[Call],
    faults: Sequence[ToolCallError],
    text: str,
    tools: Toolset,
) -> list[dict[str, Any]]:
    """Return the turns that ask again.

    In the form of tool results where the calls are such that an upstream can read them: many parse
    the arguments, and refuse those that are not JSON. There the model's reasoning goes back with
    its calls, as some hosts demand (DeepSeek, Moonshot).

    Args:
        message: what was rejected.
        text: what stood beside the calls.
    """
    if tools.is_deprecated or not calls or not all(_is_readable(call, tools) for call in calls):
        return _in_words(calls, faults, text)
    made = render_calls(calls, [call.arguments for call in calls], CallIds())
    wrong = {fault.position: fault for fault in faults}
    results = [
        {
            "role": "tool",
            "tool_call_id": each["id"],
            "content": _complaint(wrong[at]) if at in wrong else _NOT_DONE,
        }
        for at, each in enumerate(made)
    ]
    reasoning = {key: message[key] for key in _REASONING if message.get(key)}
    said = {"role": "assistant", "content": text or None, **reasoning, "tool_calls": made}
    return [said, *results]


def _is_readable(call: Call, tools: Toolset) -> bool:
    """Whether an upstream can read a call that it is told of."""
    if not tools.allows(call.name):
        return False
    try:
        return call.is_custom or isinstance(parse_json(call.arguments), dict)
    except NotJSON:
        return False


def _complaint(fault: ToolCallError) -> str:
    if fault.kind is CallFault.SEVERAL:
        return _TOO_MANY
    wrong = "\n".join(f"- {line[:_MAX_LINE]}" for line in fault.lines)
    return f"Error: the arguments are not valid:\n{wrong}\nCall the function again, corrected."


def _in_words(
    calls: Sequence[Call], faults: Sequence[ToolCallError], text: str
) -> list[dict[str, Any]]:
    said = failed_generation(calls, text)[:_MAX_ECHO]
    lines = dict.fromkeys(line[:_MAX_LINE] for fault in faults for line in fault.lines)
    wrong = "\n".join(f"- {line}" for line in lines)
    return [
        {"role": "assistant", "content": said or "(nothing)"},
        {"role": "user", "content": f"That is not valid:\n{wrong}\nCall the function again."},
    ]
