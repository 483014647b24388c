"""Calls of the caller's tools, judged: each call's arguments against that function's schema.

A choice with calls is the caller's as a whole or not at all. What is wrong is told in Groq's words
(console.groq.com/docs/tool-use; wire format `tool_use_failed`). A call that a model wrote as text
(`{"name": …, "arguments": …}`, as Groq's `failed_generation` has it, or the two within tags) is
taken for one where one is asked for. The input of a custom tool is free text, and stays as it is
byte for byte; its grammar judges it, also within the arguments of the function that stands for the
tool.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.guard.input_string import InputString
from strictgate.core.guard.input_text import InputText
from strictgate.core.guard.judge_text import InvalidText, TextJudge, ValidText, judge_text
from strictgate.core.guard.text_behind import RUNAWAY
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output.extract import DocumentCandidate, extract
from strictgate.core.repair_steps import Completion, Extraction, Repair, Step
from strictgate.core.request.tools import INPUT, Toolset
from strictgate.core.schema.problems import Problem, most_specific
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type
from strictgate.core.wire.calls import (
    FIRST_IDS,
    Call,
    CallIds,
    render_call,
    with_input,
)
from strictgate.core.wire.reply import Choice
from strictgate.core.work import Work

FAILED = "Tool call validation failed: tool call validation failed: "
NO_CALL = "Tool choice is required, but model did not call a tool"
NOT_JSON = "Failed to parse tool call arguments as JSON"
SEVERAL = "Only one call is wanted in an answer, but the model made several"
EMPTY = "empty_arguments"
FROM_TEXT = "call_from_text"
NO_INPUTS: Mapping[str, InputMatcher] = {}
DROPPED = "calls_dropped"
_CALLS = ("tool_calls", "function_call")
_ARGUMENT_NAMES = ("arguments", "parameters")
_NOTHING: Mapping[str, Any] = {"null": None, "None": None, "undefined": None, '""': "", "''": ""}
"""Texts that say that there are no arguments, with the value that they may be meant as."""
_MOST_PROBLEMS = 10
JudgedArguments = tuple[str, tuple[Step, ...]]
"""The arguments as the caller can have them, and what was done for that."""
_CLOSED = Step(Completion.FORCED)
_CUT = "it ends too early"
_TAGGED = late_pattern(
    r"\s*+<name>\s*+([^<>\s]++)\s*+</name>\s*+<arguments>(.*)</arguments>\s*+", re.DOTALL
)
"""How Qwen2.5-Coder writes a call now and then, behind llama.cpp."""
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


@value_type
class ToolCallError:
    """What is wrong with one call; or, without one, with there being none."""

    kind: CallFault
    message: str
    """In Groq's words."""
    call: Call | None
    position: int = 0
    problems: tuple[Problem, ...] = ()
    input: InputText | None = None
    """As far as it is good, where the grammar of a custom tool refused its input."""

    @property
    def lines(self) -> list[str]:
        """What is wrong, for the model."""
        return [_as_groq(problem) for problem in self.problems[:_MOST_PROBLEMS]] or [self.message]


@value_type
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
    inputs: Mapping[str, InputMatcher] = NO_INPUTS,
    *,
    is_misuse: bool = False,
    is_last: bool = False,
    work: Work | None = None,
    judge_arguments: TextJudge = judge_text,
) -> JudgedCalls:
    """Judge the calls in `choice`.

    Args:
        inputs: see Criteria.
        is_misuse: the text of `choice` is a call that an upstream has refused.
        is_last: nobody can be asked again; of several calls where one is wanted, the first is kept.
        work: what the judging is counted on; None: on a meter of its own.
        judge_arguments: what judges the arguments of functions.
    """
    work = work or Work()
    calls: tuple[Call, ...] = choice.calls
    steps: tuple[Step, ...] = ()
    if not calls and (tools.must_call or is_misuse):
        calls, steps = _from_text(choice)
    if not calls:
        is_missing = tools.must_call or is_misuse
        missing = ToolCallError(CallFault.MISSING, NO_CALL, None)
        return JudgedCalls(choice.message, (), (missing,) * is_missing, ())
    wanted = calls if tools.parallel else calls[:1]
    judge = _CallJudge(tools, inputs, repair, work, judge_arguments)
    is_cut = not choice.has_ended
    results = [
        judge.judged(call, at, is_cut=is_cut and at == len(calls) - 1)
        for at, call in enumerate(wanted)
    ]
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


@value_type
class _CallJudge:
    """What the calls of one choice are judged by."""

    tools: Toolset
    inputs: Mapping[str, InputMatcher]
    repair: Repair
    work: Work
    judge_arguments: TextJudge

    def judged(self, call: Call, position: int, *, is_cut: bool) -> ToolCallError | JudgedArguments:
        """Return the arguments as the caller can have them, or what is wrong.

        Args:
            is_cut: the limit on tokens may have cut them off.
        """
        tools, schema = self.tools, self.tools.schemas.get(call.name)
        if not tools.allows(call.name) or (call.is_custom and schema is not None):
            return ToolCallError(CallFault.NAME, _unknown(call, tools), call, position)
        matcher = self.inputs.get(call.name)
        if schema is None:
            if matcher is None:
                return call.arguments, ()
            return self._with_input(call, position, matcher, call.arguments, is_cut=is_cut)
        return self._function(call, position, schema, matcher)

    def _function(
        self, call: Call, position: int, schema: Schema, matcher: InputMatcher | None
    ) -> ToolCallError | JudgedArguments:
        """Judge the arguments of a function.

        Args:
            matcher: of the input in them, where it stands for a custom tool.
        """
        tools = self.tools
        if self.repair is not Repair.OFF and _says_nothing(call.arguments, schema):
            return "{}", (_placed(Step(EMPTY), position, tools),)
        judged = self.judge_arguments(
            call.arguments, schema, self.repair, wrapped=False, work=self.work
        )
        match judged:
            case ValidText(text, value, steps):
                placed = tuple(_placed(step, position, tools) for step in steps)
                if matcher is None:
                    return text, placed
                return self._with_input(call, position, matcher, value[INPUT], (text, placed))
            case InvalidText(problems, reason):
                string = InputString()
                given = string.feed(call.arguments) if matcher else ""
                if matcher and string.is_open and self.repair is not Repair.OFF:
                    written = write_json({INPUT: given}), (_placed(_CLOSED, position, tools),)
                    return self._with_input(call, position, matcher, given, written, is_cut=True)
                return _not_valid(call, position, problems, reason)

    def _with_input(
        self,
        call: Call,
        position: int,
        matcher: InputMatcher,
        given: str,
        arguments: JudgedArguments = ("", ()),
        *,
        is_cut: bool = False,
    ) -> ToolCallError | JudgedArguments:
        """Judge the input that was `given`.

        Args:
            arguments: of the function that stands for the tool.
            is_cut: where the text breaks off, the input need not have ended.
        """
        self.work.spend(len(given))
        judged = matcher.judged(given, self.repair)
        wrong = judged.problem()
        if wrong or (is_cut and judged.may_be_cut_off()):
            return input_mismatch(call, position, wrong or _CUT, judged)
        text, steps = arguments
        if judged.text != given:
            text = judged.text if call.is_custom else write_json({INPUT: judged.text})
        elif call.is_custom:
            text = given
        return text, (*steps, *input_steps(call, position, judged))


def input_steps(call: Call, position: int, text: InputText) -> list[Step]:
    """Return what was done for the input of a call, with its place in the message."""
    where = f"custom/{INPUT}" if call.is_custom else f"function/arguments/{INPUT}"
    return [Step(step.name, f"/tool_calls/{position}/{where}") for step in text.steps]


def _not_valid(
    call: Call, position: int, problems: tuple[Problem, ...], reason: str
) -> ToolCallError:
    """Return what is wrong with arguments that are not what the schema says."""
    if not problems:
        return ToolCallError(CallFault.NOT_JSON, f"{NOT_JSON}: {reason}", call, position)
    first = sorted(problems, key=lambda each: most_specific(each).kind != "Required")  # as Groq's
    errors = ", ".join(_as_groq(each) for each in first[:_MOST_PROBLEMS])
    message = f"parameters for tool {call.name} did not match schema: errors: [{errors}]"
    return ToolCallError(CallFault.INVALID, FAILED + message, call, position, problems)


def input_mismatch(call: Call, position: int, wrong: str, judged: InputText) -> ToolCallError:
    """Return what is wrong with the input of a call."""
    message = f"{FAILED}input for tool {call.name} did not match its grammar: {wrong}"
    return ToolCallError(CallFault.INVALID, message, call, position, input=judged)


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
    kept: dict[str, Any] = {"role": "assistant", "content": None, **message}
    for name in _CALLS:
        kept.pop(name, None)
    if tools.is_deprecated:
        return kept | {"function_call": {"name": calls[0].name, "arguments": texts[0]}}
    return kept | {"tool_calls": render_calls(calls, texts, ids)}


def render_calls(calls: Sequence[Call], texts: Sequence[str], ids: CallIds) -> list[dict[str, Any]]:
    """Return calls as they stand in `tool_calls`, with `texts` for their arguments."""
    identities = ids.of(calls, texts)
    changed = [
        with_input(call, text) if call.is_custom and text != call.arguments else call
        for call, text in zip(calls, texts, strict=True)
    ]
    return [render_call(*each) for each in zip(changed, texts, identities, strict=True)]


# --- a call that was written as text -------------------------------------------------------------


def _from_text(choice: Choice) -> tuple[tuple[Call, ...], tuple[Step, ...]]:
    """Return the calls that the text is; none, where it says several things, or where what is cut
    off amid prose may have corrected them."""
    if tagged := _TAGGED.fullmatch(choice.text):
        return (Call(tagged[1], tagged[2].strip(), {}),), (Step(FROM_TEXT),)
    found = [
        calls for each in extract(choice.text).candidates if (calls := _calls_in(each, choice))
    ]
    if not found or any(calls != found[0] for calls in found):
        return (), ()
    return found[0], (Step(FROM_TEXT),)


def _calls_in(candidate: DocumentCandidate, choice: Choice) -> tuple[Call, ...]:
    try:
        value = parse_json(candidate.text)
    except NotJSON:
        return ()
    calls = [_written(each) for each in (value if isinstance(value, list) else [value])]
    found = tuple(call for call in calls if call is not None)
    has_ended = choice.has_ended or _ends_in_blanks(choice.text)
    is_cut = Extraction.PROSE in candidate.steps and not has_ended
    return found if len(found) == len(calls) and not is_cut else ()


def _ends_in_blanks(text: str) -> bool:
    """Whether the model wrote blanks without end: nothing else would have come."""
    return len(text) - len(text.rstrip()) > RUNAWAY


def _written(value: Any) -> Call | None:
    """Return the call that an object `{"name": …, "arguments": …}` is."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    given = next((value[name] for name in _ARGUMENT_NAMES if name in value), None)
    if not isinstance(given, dict | str):
        return None
    return Call(value["name"], given if isinstance(given, str) else write_json(given), {})
