"""The events of an output item that came whole: it is added, filled, and done.

| item | what it is filled with |
|---|---|
| `message` | its parts: texts and refusals |
| `reasoning` | its summary, part by part, then its own texts |
| `function_call`, `custom_tool_call` | its arguments, or its input |
| any other | nothing: it is there at once |
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strictgate.core.surfaces.responses.client_tools import CUSTOM_CALL, FUNCTION_CALL
from strictgate.core.value_type import value_type

Item = Mapping[str, Any]
NamedEvent = tuple[str, dict[str, Any]]
"""The type of an event, and its fields but the number."""

PIECE = 24  # characters of text in a delta: about what models send at once


@value_type
class TextKind:
    """A kind of text."""

    item: str
    part: str
    field: str

    @property
    def event(self) -> str:
        """What its events begin with."""
        return f"response.{self.part}"


TEXT = TextKind("message", "output_text", "text")
REFUSAL = TextKind("message", "refusal", "refusal")
REASONING = TextKind("reasoning", "reasoning_text", "text")
_KINDS = {kind.part: kind for kind in (TEXT, REFUSAL, REASONING)}
_FILLED = {
    FUNCTION_CALL: ("arguments", "response.function_call_arguments"),
    CUSTOM_CALL: ("input", "response.custom_tool_call_input"),
}
"""The text of a call, and what the events about it begin with."""
_SUMMARY = "response.reasoning_summary"


def item_events(item: Item, place: int) -> Iterator[NamedEvent]:
    """Yield the events of an item that is the response's at that place."""
    kind = item.get("type")
    where = {"item_id": item.get("id"), "output_index": place}
    begun = dict(item)
    filled: Iterator[NamedEvent] = iter(())
    if kind in _FILLED:
        begun |= {"status": "in_progress", _FILLED[kind][0]: ""}
        filled = _call_events(item, where, *_FILLED[kind])
    elif kind in ("message", "reasoning"):
        begun |= {"status": "in_progress"} | {
            name: [] for name in ("summary", "content") if isinstance(item.get(name), list)
        }
        filled = _text_events(item, where)
    elif item.get("status") == "completed":
        begun["status"] = "in_progress"
    yield "response.output_item.added", {"output_index": place, "item": begun}
    yield from filled
    yield "response.output_item.done", {"output_index": place, "item": item}


def _call_events(
    item: Item, where: Mapping[str, Any], field: str, event: str
) -> Iterator[NamedEvent]:
    text = str(item.get(field) or "")
    for piece in _pieces(text):
        yield f"{event}.delta", {**where, "delta": piece}
    named = {"name": item.get("name")} if field == "arguments" else {}
    yield f"{event}.done", {**where, **named, field: text}


def _text_events(item: Item, where: Mapping[str, Any]) -> Iterator[NamedEvent]:
    for index, part in enumerate(_parts(item.get("summary"))):
        at = {**where, "summary_index": index}
        text = str(part.get("text") or "")
        yield f"{_SUMMARY}_part.added", {**at, "part": {"type": "summary_text", "text": ""}}
        for piece in _pieces(text):
            yield f"{_SUMMARY}_text.delta", {**at, "delta": piece}
        yield f"{_SUMMARY}_text.done", {**at, "text": text}
        yield f"{_SUMMARY}_part.done", {**at, "part": {"type": "summary_text", "text": text}}
    for index, part in enumerate(_parts(item.get("content"))):
        yield from _part_events(part, {**where, "content_index": index})


def _part_events(part: Item, at: Mapping[str, Any]) -> Iterator[NamedEvent]:
    kind = _KINDS.get(str(part.get("type")), TEXT)
    logprobs: dict[str, Any] = {"logprobs": []} if kind is TEXT else {}
    text = str(part.get(kind.field) or "")
    begun = {**part, kind.field: ""} | ({"annotations": []} if kind is TEXT else {})
    yield "response.content_part.added", {**at, "part": begun}
    for piece in _pieces(text):
        yield f"{kind.event}.delta", {**at, "delta": piece, **logprobs}
    for index, each in enumerate(_parts(part.get("annotations"))):
        added = {"annotation_index": index, "annotation": each}
        yield "response.output_text.annotation.added", {**at, **added}
    yield f"{kind.event}.done", {**at, kind.field: text, **logprobs}
    yield "response.content_part.done", {**at, "part": part}


def _parts(given: Any) -> Sequence[Item]:
    return [part for part in given if isinstance(part, dict)] if isinstance(given, list) else []


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]
