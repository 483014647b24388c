"""Tools for a model that has none: described in the prompt, called in a JSON document.

A request with tools becomes one for a document that is either `{"tool_calls": […]}`, or the final
answer: `{"content": "…"}`, or `{"answer": <document>}` where the caller wants one. That is an
ordinary contract, under the same guard and the same judge as any other; the document is turned into
`tool_calls` at the end. Calls and results of earlier turns are rendered in the same form, as the
model has no other words for them.

What a function takes is told once, in the schema of the document; only what can be no part of that
is told in the list of the functions. So the document is asked for in a mode that tells the schema.
Arguments of functions that are not strict may be any object beside what their schema says: such
schemas are often wrong, and nobody but the caller judges by them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.errors import OutputInvalid, ToolUseInvalid
from strictgate.core.jsontext import spans
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.output.thinking import without_thinking
from strictgate.core.plan import prompt
from strictgate.core.request.contract import ANY_OBJECT, Contract
from strictgate.core.request.tools import NO_TOOLS, Function, Toolbox
from strictgate.core.schema import root_wrapper
from strictgate.core.schema.openai_strict import strict_object
from strictgate.core.value_type import value_type
from strictgate.core.wire.calls import Call, CallIds, call_as_json, read_calls, render_call

CALLS, TEXT, ANSWER = "tool_calls", "content", "answer"
_TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"})
_NO_WORDS = re.compile(rf"[{{\[]|```|</?\|?(?:tool|function)|{CALLS}", re.IGNORECASE)
_FOLLOWS = "You can call these functions:"
_HOW = (
    'To call functions, answer with {"tool_calls": [{"name": "…", "arguments": {…}}]}; their '
    "results will be given to you."
)
_BELOW = "What else they take is in the JSON Schema below."
_TEXT_ANSWER = 'Else answer with {"content": "…"}, which holds your answer in words.'
_DOCUMENT_ANSWER = 'Else give the final answer as {"answer": …}.'

Body = Mapping[str, Any]


@value_type
class PromptedToolsReader:
    """How the answers to one request are read."""

    is_deprecated: bool
    ids: CallIds
    """What the ids of calls must differ from."""

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
            [answer] = _parts(text, [(ANSWER,)])
            return {"content": answer}
        names = [call["name"] for call in document[CALLS]]
        written = _parts(text, [(CALLS, at, "arguments") for at in range(len(names))])
        made = [Call(name, part, {}) for name, part in zip(names, written, strict=True)]
        if self.is_deprecated:
            return {"function_call": {"name": made[0].name, "arguments": made[0].arguments}}
        ids = self.ids.of(made, written)
        each = zip(made, ids, strict=True)
        return {CALLS: [render_call(call, call.arguments, identity) for call, identity in each]}


def arguments_at(*, is_deprecated: bool) -> str:
    """Return where in a message the arguments of a call stand, with a place for its position."""
    return "/function_call/arguments" if is_deprecated else "/tool_calls/{}/function/arguments"


def rendered_parts(text: str, calls_at: str) -> list[tuple[str, spans.Span]]:
    """Return where in a document that is calls, or an answer, those parts stand that the caller
    gets as JSON, each with its place in the message, as a JSON Pointer; "": the content."""
    document = parse_json(text)
    if not isinstance(document, dict) or TEXT in document:
        return []
    paths: dict[Path, str] = {(ANSWER,): ""}
    if CALLS in document:
        positions = range(len(document[CALLS]))
        paths = {(CALLS, at, "arguments"): calls_at.format(at) for at in positions}
    found = spans.locate_values(text, paths, with_members=False)
    return [(paths[path], found[path].span) for path in paths if path in found]


def _parts(text: str, paths: Sequence[Path]) -> list[str]:
    """Return the parts of the document at `paths`, in the model's own characters."""
    found = spans.locate_values(text, paths, with_members=False)
    places = [found[path].span for path in paths]
    return [text[span.start : span.end] for span in places]


class PromptedRequest(NamedTuple):
    """A request whose tools are told in its messages."""

    contract: Contract
    """About one document."""
    body: Body
    """Without tools."""
    manual: str
    """What its messages tell of them."""


def prompt_tools(
    wanted: Contract, body: Body, strict: Mapping[str, Any], loose: Mapping[str, Any]
) -> PromptedRequest:
    """Return `wanted` and `body` as a contract about one document, and a request without tools.

    Args:
        strict: the schemas of the functions whose arguments are enforced, by name.
        loose: those of others.
    """
    box = wanted.toolbox
    kept = {name: _Arguments(source, is_strict=True) for name, source in strict.items()}
    kept |= {name: _Arguments(source, is_strict=False) for name, source in loose.items()}
    contract = replace(
        wanted,
        source=_union(wanted, kept),
        is_json_object=False,
        name="turn",
        strict=False,
        toolbox=NO_TOOLS,
        words_member="" if wanted.has_document or box.must_call else TEXT,
        calls_at=arguments_at(is_deprecated=box.is_deprecated),
    )
    unwanted = _TOOLS | {"response_format"}
    rest = {key: value for key, value in body.items() if key not in unwanted}
    manual = _manual(box, kept, has_document=wanted.has_document)
    rest["messages"] = prompted_messages(body["messages"], manual)
    return PromptedRequest(contract, rest, manual)


def prompted_messages(messages: Sequence[Body], manual: str) -> list[prompt.Message]:
    """Return `messages` with the calls in them as text, and with what `manual` tells."""
    return prompt.with_instructions(list(_rendered(messages)), manual)


def plain_words(text: str) -> str | None:
    """Return `text`, less its thinking, if it is an answer in words and nothing else.

    What has a bracket or a mark of a call in it may be a call that went wrong.
    """
    answer = without_thinking(text)
    words = answer.text.strip()
    return None if answer.unfinished or not words or _NO_WORDS.search(words) else words


def telling_modes(capabilities: Capabilities) -> tuple[Mode, ...]:
    """Return the modes in which the model is told the schema; if that is in none, all."""
    untold = {Mode.NATIVE} if not capabilities.native_needs_prompt else set()
    told = tuple(mode for mode in capabilities.modes if mode not in untold)
    return told or capabilities.modes


# --- the schema ----------------------------------------------------------------------------------


@value_type
class _Arguments:
    """What one function takes, of those whose schemas can be part of the document's."""

    source: Any
    is_strict: bool


Kept = Mapping[str, _Arguments]


def _union(wanted: Contract, kept: Kept) -> dict[str, Any]:
    box = wanted.toolbox
    branches = []
    if box.callable:
        branches.append(_calls_schema(box, kept, "/anyOf/0" if not box.must_call else ""))
    if not box.must_call:
        home = f"/anyOf/{len(branches)}" if branches else ""
        branches.append(_final_schema(wanted, home))
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _calls_schema(box: Toolbox, kept: Kept, home: str) -> dict[str, Any]:
    functions = [each for each in box.functions if each.name in box.callable]
    place = f"{home}/properties/{CALLS}/items"
    if len(functions) == 1:
        items = _call_schema(functions[0], kept, place)
    else:
        each = enumerate(functions)
        items = {"anyOf": [_call_schema(one, kept, f"{place}/anyOf/{at}") for at, one in each]}
    most = {} if box.parallel else {"maxItems": 1}
    return strict_object({CALLS: {"type": "array", "items": items, "minItems": 1} | most})


def _call_schema(function: Function, kept: Kept, home: str) -> dict[str, Any]:
    place = f"{home}/properties/arguments"
    match kept.get(function.name):
        case None:
            arguments: Any = ANY_OBJECT
        case _Arguments(source, is_strict=True):
            arguments = root_wrapper.embed_schema(source, place)
        case _Arguments(source):
            said = root_wrapper.embed_schema(source, f"{place}/anyOf/0")
            arguments = {"anyOf": [said, ANY_OBJECT]}
    return strict_object({"name": {"const": function.name}, "arguments": arguments})


def _final_schema(wanted: Contract, home: str) -> dict[str, Any]:
    if not wanted.has_document:
        return strict_object({TEXT: {"type": "string"}})
    return strict_object(
        {ANSWER: root_wrapper.embed_schema(wanted.source, f"{home}/properties/{ANSWER}")}
    )


# --- the messages --------------------------------------------------------------------------------


def _manual(box: Toolbox, kept: Kept, *, has_document: bool) -> str:
    """Return what the functions are for, and what those take that are not in the schema."""
    final = _DOCUMENT_ANSWER if has_document else _TEXT_ANSWER
    callable_ = [each for each in box.functions if each.name in box.callable]
    if not callable_:
        return final
    lines = [_line(each, is_in_schema=each.name in kept) for each in callable_]
    below = [_BELOW] if any(each.name in kept for each in callable_) else []
    return "\n".join([_FOLLOWS, *lines, *below, _HOW, *([] if box.must_call else [final])])


def _line(function: Function, *, is_in_schema: bool) -> str:
    about = f": {function.description}" if function.description else ""
    parameters = ANY_OBJECT if function.parameters is None else function.parameters
    takes = "" if is_in_schema else f"\n  parameters: {write_json(parameters)}"
    return f"- {function.name}{about}{takes}"


def _rendered(messages: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the messages in words that any model takes; the results of one turn's calls in one."""
    calls: Sequence[Call] = ()
    results: list[Mapping[str, Any]] = []
    for message in messages:
        if message["role"] in ("tool", "function"):
            results.append(message)
            continue
        if results:
            yield _results(results, calls)
            results = []
        calls = read_calls(message) if message["role"] == "assistant" else ()
        yield _with_calls(message, calls) if calls else dict(message)
    if results:
        yield _results(results, calls)


def _with_calls(message: Mapping[str, Any], calls: Sequence[Call]) -> dict[str, Any]:
    """Return an assistant's message with its calls in its text, behind what else it said."""
    unwanted = ("tool_calls", "function_call")
    kept = {key: value for key, value in message.items() if key not in unwanted}
    written = f'{{"{CALLS}":[{",".join(map(call_as_json, calls))}]}}'
    text = _text(message.get("content"))
    return kept | {"content": f"{text}\n{written}" if text.strip() else written}


def _results(results: Sequence[Mapping[str, Any]], calls: Sequence[Call]) -> dict[str, Any]:
    """Return the results of `calls`, in their order, as a message of the user's."""
    order = {call.raw.get("id"): at for at, call in enumerate(calls) if call.raw.get("id")}
    names = [call.name for call in calls]
    lines = []
    for result in sorted(results, key=lambda each: order.get(each.get("tool_call_id"), len(order))):
        at = order.get(result.get("tool_call_id"))
        name = result.get("name") or result.get("tool_call_id") or "the function"
        if at is not None:  # named as it was called, in full if it was called several times
            is_one = names.count(names[at]) == 1
            name = names[at] if is_one else f"{names[at]} {calls[at].arguments}"
        lines.append(f"- {name}: {_text(result.get('content'))}")
    told = "\n".join(lines)
    return {"role": "user", "content": f"Results of your function calls:\n{told}"}


def _text(content: Any) -> str:
    """Return the text of a message's content."""
    parts = content if isinstance(content, list) else [{"text": content}]
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
