"""The inputs of custom tools in a document that is calls, as models without tools write them.

The schema of the document says that an input is a string (plan/prompted_tools.py); what string, its
grammar says. What had to be done for one is done in the document, too, and named.
"""

from collections.abc import Mapping
from typing import Any

from strictgate.core.conversation.tool_calls import ToolCallError, input_mismatch
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.guard.input_text import InputText
from strictgate.core.jsontext import spans
from strictgate.core.jsontext.reader import write_json
from strictgate.core.repair_steps import Repair, Step
from strictgate.core.request.tools import INPUT
from strictgate.core.wire.calls import Call

_CALLS = "tool_calls"


def judged_inputs(
    document: Any, inputs: Mapping[str, InputMatcher], repair: Repair
) -> dict[int, InputText]:
    """Return the inputs in a document that its schema allows, judged, by the position of the call.

    Args:
        inputs: what judges them, by the name of the function.
    """
    return {
        position: matcher.judged(each["arguments"][INPUT], repair)
        for position, each in enumerate(_calls(document))
        if (matcher := inputs.get(each["name"])) is not None
    }


def input_faults(document: Any, judged: Mapping[int, InputText]) -> tuple[ToolCallError, ...]:
    """Return what is wrong with them."""
    calls = [Call(each["name"], str(each["arguments"].get(INPUT)), {}) for each in _calls(document)]
    return tuple(
        input_mismatch(calls[position], position, wrong, text)
        for position, text in judged.items()
        if (wrong := text.problem()) is not None
    )


def with_inputs(content: str, texts: Mapping[int, InputText]) -> str:
    """Return the text of a document with these inputs in it, by the position of the call."""
    paths = {(_CALLS, position, "arguments", INPUT): text for position, text in texts.items()}
    places = spans.locate_values(content, paths)
    for path in reversed(paths):  # from the end, so that no place moves
        span = places[path].span
        content = content[: span.start] + write_json(paths[path].text) + content[span.end :]
    return content


def document_steps(texts: Mapping[int, InputText]) -> tuple[Step, ...]:
    """Return what was done for them, with the places in the document."""
    return tuple(
        Step(step.name, f"/{_CALLS}/{position}/arguments/{INPUT}")
        for position, text in texts.items()
        for step in text.steps
    )


def _calls(document: Any) -> list[Any]:
    calls = document.get(_CALLS) if isinstance(document, dict) else None
    return calls or []
