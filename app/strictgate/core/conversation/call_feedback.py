"""What the model is told of calls that cannot be handed on."""

from collections.abc import Mapping, Sequence
from typing import Any

from strictgate.core.conversation.tool_calls import CallFault, ToolCallError, render_calls
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.request.tools import Toolset
from strictgate.core.wire.calls import Call, CallIds, failed_generation

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
