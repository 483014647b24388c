"""Tools for a model that has none: described in the prompt, called in a JSON document.

A request with tools becomes one for a document that is either `{"tool_calls": […]}`, or the final
answer: `{"content": "…"}`, or `{"answer": <document>}` where the caller wants one. That is an
ordinary contract, under the same guard and the same judge as any other; the document is turned into
`tool_calls` at the end. Calls and results of earlier turns are rendered in the same form, as the
model has no other words for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from strictgate.core.errors import OutputInvalid, ToolUseInvalid
from strictgate.core.jsontext import spans
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.request.contract import ANY_OBJECT, Contract
from strictgate.core.request.tools import NO_TOOLS, Function, Toolbox
from strictgate.core.schema import root_wrapper
from strictgate.core.wire.calls import call_as_json, default_call_id, read_calls

CALLS, TEXT, ANSWER = "tool_calls", "content", "answer"
_TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"})
_FOLLOWS = "You can call these functions:"
_HOW = (
    'To call functions, answer with {"tool_calls": [{"name": "…", "arguments": {…}}]}; their '
    "results will be given to you."
)
_TEXT_ANSWER = 'Else answer with {"content": "…"}, which holds your answer in words.'
_DOCUMENT_ANSWER = 'Else give the final answer as {"answer": …}.'

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PromptedToolsReader:
    """How the answers to one request are read."""

    is_deprecated: bool
    turn: int
    """How many messages there were: it makes the ids of calls differ from turn to turn."""

    def rendered(self, completion: Mapping[str, Any]) -> dict[str, Any]:
        """Return `completion` with its documents as the calls, or the answers, that they are."""
        choices = [self._choice(choice) for choice in completion["choices"]]
        return {**completion, "choices": choices}

    def error(self, error: OutputInvalid) -> ToolUseInvalid:
        """Return `error` as one about calls."""
        return ToolUseInvalid(
            error.message,
            failed_generation=error.failed_generation,
            details=error.details,
            headers=error.headers,
        )

    def _choice(self, choice: Mapping[str, Any]) -> dict[str, Any]:
        message = choice["message"]
        text = message.get("content")
        if message.get("refusal") or not isinstance(text, str):
            return dict(choice)
        try:
            document = parse_json(text)
        except NotJSON:  # a filter's stop, passed on as it is
            return dict(choice)
        if not isinstance(document, dict):
            return dict(choice)
        given = self._given(document, text)
        finish = self._finish(choice) if CALLS in document else choice.get("finish_reason")
        said = {**message, "content": None} | given
        return {**choice, "message": said, "logprobs": None, "finish_reason": finish}

    def _finish(self, choice: Mapping[str, Any]) -> Any:
        return "function_call" if self.is_deprecated else "tool_calls"

    def _given(self, document: Mapping[str, Any], text: str) -> dict[str, Any]:
        if TEXT in document:
            return {"content": document[TEXT]}
        if ANSWER in document:
            return {"content": _at(text, (ANSWER,))}
        made = [
            {"name": call["name"], "arguments": _at(text, (CALLS, position, "arguments"))}
            for position, call in enumerate(document[CALLS])
        ]
        if self.is_deprecated:
            return {"function_call": made[0]}
        return {CALLS: [self._call(call, position) for position, call in enumerate(made)]}

    def _call(self, made: Mapping[str, str], position: int) -> dict[str, Any]:
        identity = default_call_id(made["name"], made["arguments"], position, self.turn)
        return {"id": identity, "type": "function", "function": dict(made)}


def _at(text: str, path: tuple[str | int, ...]) -> str:
    """Return the part of the document at `path`, in the model's own characters."""
    span = spans.locate_values(text, [path])[path].span
    return text[span.start : span.end]


def prompt_tools(wanted: Contract, body: Body, kept: Mapping[str, Any]) -> tuple[Contract, Body]:
    """Return `wanted` and `body` as a contract about one document, and a request without tools.

    Args:
        kept: the schemas of the functions whose arguments are enforced, by name.
    """
    box = wanted.toolbox
    contract = replace(
        wanted,
        source=_union(wanted, kept),
        is_json_object=False,
        name="turn",
        strict=False,
        toolbox=NO_TOOLS,
    )
    unwanted = _TOOLS | {"response_format"}
    rest = {key: value for key, value in body.items() if key not in unwanted}
    messages = [_rendered(message) for message in _merged(body["messages"])]
    rest["messages"] = _told(messages, _manual(box, has_document=wanted.has_document))
    return contract, rest


# --- the schema ----------------------------------------------------------------------------------


def _union(wanted: Contract, kept: Mapping[str, Any]) -> dict[str, Any]:
    box = wanted.toolbox
    branches = []
    if box.callable:
        branches.append(_calls_schema(box, kept, "/anyOf/0" if not box.must_call else ""))
    if not box.must_call:
        home = f"/anyOf/{len(branches)}" if branches else ""
        branches.append(_final_schema(wanted, home))
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _calls_schema(box: Toolbox, kept: Mapping[str, Any], home: str) -> dict[str, Any]:
    functions = [each for each in box.functions if each.name in box.callable]
    place = f"{home}/properties/{CALLS}/items"
    if len(functions) == 1:
        items = _call_schema(functions[0], kept, place)
    else:
        each = enumerate(functions)
        items = {"anyOf": [_call_schema(one, kept, f"{place}/anyOf/{at}") for at, one in each]}
    most = {} if box.parallel else {"maxItems": 1}
    return _closed({CALLS: {"type": "array", "items": items, "minItems": 1} | most})


def _call_schema(function: Function, kept: Mapping[str, Any], home: str) -> dict[str, Any]:
    source = kept.get(function.name)
    arguments = ANY_OBJECT if source is None else source
    inner = root_wrapper.embed_schema(arguments, f"{home}/properties/arguments")
    return _closed({"name": {"const": function.name}, "arguments": inner})


def _final_schema(wanted: Contract, home: str) -> dict[str, Any]:
    if not wanted.has_document:
        return _closed({TEXT: {"type": "string"}})
    return _closed(
        {ANSWER: root_wrapper.embed_schema(wanted.source, f"{home}/properties/{ANSWER}")}
    )


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


# --- the messages --------------------------------------------------------------------------------


def _manual(box: Toolbox, *, has_document: bool) -> str:
    """Return what the functions are for."""
    if not box.callable:
        return _DOCUMENT_ANSWER if has_document else _TEXT_ANSWER
    lines = [_line(each) for each in box.functions if each.name in box.callable]
    final = [] if box.must_call else [_DOCUMENT_ANSWER if has_document else _TEXT_ANSWER]
    return "\n".join([_FOLLOWS, *lines, _HOW, *final])


def _line(function: Function) -> str:
    about = f": {function.description}" if function.description else ""
    parameters = ANY_OBJECT if function.parameters is None else function.parameters
    return f"- {function.name}{about}\n  parameters: {write_json(parameters)}"


def _told(messages: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    first = messages[0] if messages else {}
    if first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
        return [first | {"content": f"{first['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _merged(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages, with the results of one turn's calls in one."""
    merged: list[Mapping[str, Any]] = []
    for message in messages:
        is_result = message["role"] in ("tool", "function")
        if is_result and merged and merged[-1].get("results"):
            merged[-1]["results"].append(message)
        else:
            merged.append({"role": "tool", "results": [message]} if is_result else message)
    return merged


def _rendered(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message in words that any model takes."""
    if results := message.get("results"):
        told = "\n".join(_result(each) for each in results)
        return {"role": "user", "content": f"Results of your function calls:\n{told}"}
    if message["role"] != "assistant":
        return dict(message)
    kept = {
        key: value for key, value in message.items() if key not in ("tool_calls", "function_call")
    }
    calls = read_calls(message)
    if calls:
        written = ",".join(call_as_json(call) for call in calls)
        return kept | {"content": f'{{"{CALLS}":[{written}]}}'}
    return kept


def _result(message: Mapping[str, Any]) -> str:
    name = message.get("name") or message.get("tool_call_id") or "the function"
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [str(part.get("text") or "") for part in parts if isinstance(part, dict)]
    return f"- {name}: {''.join(texts)}"
