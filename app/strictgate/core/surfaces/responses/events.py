"""A chat completion → the events of a streamed response, as it comes.

The order is OpenAI's (platform.openai.com/docs/api-reference/responses-streaming): the response is
created and in progress; each item is added, filled part by part, and done; the response is
completed, incomplete or failed. Every event has a number, and there is no `[DONE]`.

One item is open at a time. Text after text goes into it; what is of another kind closes it and
opens the next:

| open | comes | then |
|---|---|---|
| nothing | a text | it is opened |
| a text | more of its kind | a delta |
| a text | a text of another kind | it is closed, and the other opened |
| a document | thinking | it waits for the end: a document is one text |
| a text | the input of a custom tool | it is closed, and the call opened |
| a call | more of its input | a delta |
| a call | the end | it is closed; what is left of the texts follows |
| a text | the end | it is closed; calls follow, each whole; then the response is over |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.request.tools import INPUT
from strictgate.core.surfaces.responses import response
from strictgate.core.surfaces.responses.response import Item, ResponseEnvelope
from strictgate.core.surfaces.responses.whole_items import (
    PIECE,
    REASONING,
    REFUSAL,
    TEXT,
    TextKind,
    item_events,
)
from strictgate.core.value_type import state_type
from strictgate.core.wire.choice_delta import CallPiece

ResponseEvent = dict[str, Any]


@state_type
class _OpenText:
    """The item that is being written."""

    kind: TextKind
    identity: str
    pieces: list[str] = field(default_factory=list)
    tokens: list[Any] = field(default_factory=list)
    """The entries of its tokens, as the upstream sent them."""


class ResponseEvents:
    """The events of one response."""

    def __init__(self, envelope: ResponseEnvelope) -> None:
        self._envelope = envelope
        self._number = 0
        self._has_begun = False
        self._open: _OpenText | None = None
        self._done: list[Item] = []
        self._sent: dict[str, int] = {}
        """How many characters of each kind of text are out."""
        self._entries = 0
        """How many log-probabilities are."""
        self._call: Item | None = None
        """The item of the first call, if its input is being written."""

    def begin(self) -> Iterator[ResponseEvent]:
        """Yield the first events, once."""
        if not self._has_begun:
            self._has_begun = True
            for name in ("created", "in_progress"):
                begun = self._envelope.response("in_progress")
                yield self._event(f"response.{name}", response=begun)

    def news(
        self,
        delta: Mapping[str, Any],
        logprobs: Sequence[Any] = (),
        call: CallPiece | None = None,
    ) -> Iterator[ResponseEvent]:
        """Yield the events for a chunk's delta: text, or thinking.

        Args:
            logprobs: the entries for the tokens of the text.
            call: what is new of the input of the first call.
        """
        yield from self.begin()
        thoughts = delta.get("reasoning_content") or delta.get("reasoning")
        if thoughts and not self._writes_document:
            yield from self._grow(REASONING, thoughts)
        if delta.get("content"):
            yield from self._grow(TEXT, delta["content"], logprobs)
        if call is not None:
            yield from self._grow_call(call)

    def rest(self, completion: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield what is left of `completion`, and the end."""
        yield from self.begin()
        choice = completion["choices"][0]
        message = choice["message"]
        whole = response.finished_response(self._envelope, completion)
        if isinstance(choice.get("output"), list) and not self._sent:
            yield from self._whole_items(whole["output"])
            yield self._event(f"response.{whole['status']}", response=dict(whole))
            return
        calls = [item for item in whole["output"] if item["type"] not in ("message", "reasoning")]
        if self._call is not None:
            yield from self._close_call(self._call, calls.pop(0))
        if self._writes_document and not message.get("refusal"):
            yield from self._rest_of_text(message, choice.get("logprobs"))
            if len(response.thoughts_of(message)) > self._sent.get(REASONING.part, 0):
                yield from self._close(whole["status"], message)
        yield from self._rest_of(REASONING, response.thoughts_of(message))
        yield from self._seal(message)
        if message.get("refusal"):
            yield from self._rest_of(REFUSAL, message["refusal"])
        else:
            yield from self._rest_of_text(message, choice.get("logprobs"))
        has_message = any(item["type"] == "message" for item in whole["output"])
        if has_message and not any(item["type"] == "message" for item in self._with_open()):
            yield from self._grow(TEXT, "")  # an empty answer is one, too
        yield from self._close(whole["status"], message)
        yield from self._whole_items(calls)
        whole["output"] = list(self._done)
        yield self._event(f"response.{whole['status']}", response=whole)

    def failed(self, error: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield the end of a response that came to nothing."""
        yield from self.begin()
        failed = response.failed_response(self._envelope, error)
        yield self._event("response.failed", response=failed)

    @property
    def _writes_document(self) -> bool:
        """Whether a text is open that is a document: in two messages it would be none."""
        is_text = self._open is not None and self._open.kind is TEXT
        return is_text and self._envelope.wants_document

    # --- texts -----------------------------------------------------------------------------------

    def _rest_of(self, kind: TextKind, text: str) -> Iterator[ResponseEvent]:
        for start in range(self._sent.get(kind.part, 0), len(text), PIECE):
            yield from self._grow(kind, text[start : start + PIECE])

    def _rest_of_text(self, message: Mapping[str, Any], logprobs: Any) -> Iterator[ResponseEvent]:
        """Cut what is left of the text at its tokens, where they are known and are the text's."""
        text = (response.text_in(message) or "")[self._sent.get(TEXT.part, 0) :]
        tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
        left = tokens[self._entries :] if isinstance(tokens, list) else []
        if not left or "".join(response.token_of(each)["token"] for each in left) != text:
            yield from self._rest_of(TEXT, response.text_in(message) or "")
            return
        for each in left:
            yield from self._grow(TEXT, response.token_of(each)["token"], [each])

    def _seal(self, message: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield the reasoning that the client cannot read, if it has asked for that."""
        encrypted = response.encrypted_of(self._envelope, message)
        if encrypted is None:
            return
        if self._open is None or self._open.kind is not REASONING:
            yield from self._close("completed")
            identity = self._identity(REASONING)
            item = response.reasoning_item(self._envelope, None, encrypted) | {"id": identity}
            yield from self._whole_items([item])
        else:
            yield from self._close("completed", encrypted=encrypted)

    def _grow(
        self, kind: TextKind, text: str, tokens: Sequence[Any] = ()
    ) -> Iterator[ResponseEvent]:
        if self._open is None or self._open.kind is not kind:
            yield from self._close("completed")
            yield from self._begin_item(kind)
        assert self._open is not None
        self._open.pieces.append(text)
        self._open.tokens += tokens
        self._sent[kind.part] = self._sent.get(kind.part, 0) + len(text)
        self._entries += len(tokens)
        entries = [response.token_of(each) for each in tokens]
        more = {"logprobs": entries} if kind is TEXT else {}
        if text:
            yield self._event(f"{kind.event}.delta", **self._where(), delta=text, **more)

    def _begin_item(self, kind: TextKind) -> Iterator[ResponseEvent]:
        self._open = _OpenText(kind, self._identity(kind))
        item = self._item("in_progress", [])
        yield self._event("response.output_item.added", output_index=len(self._done), item=item)
        part = self._part()
        yield self._event("response.content_part.added", **self._where(), part=part)

    def _close(
        self, status: str, message: Mapping[str, Any] | None = None, encrypted: str | None = None
    ) -> Iterator[ResponseEvent]:
        """Yield the end of the item that is open.

        Args:
            status: of a message; thinking is complete in any case.
            message: the whole answer, where the item is its last.
        """
        if self._open is None:
            return
        kind, where = self._open.kind, self._where()
        part = self._part(message)
        for index, each in enumerate(part.get("annotations", ())):
            added = {"annotation_index": index, "annotation": each}
            yield self._event("response.output_text.annotation.added", **where, **added)
        more = {"logprobs": part.get("logprobs", [])} if kind is TEXT else {}
        text = {kind.field: part[kind.field]}
        yield self._event(f"{kind.event}.done", **where, **text, **more)
        yield self._event("response.content_part.done", **where, part=part)
        done = self._item(status if kind.item == "message" else "completed", [part], encrypted)
        yield self._event("response.output_item.done", output_index=len(self._done), item=done)
        self._done.append(done)
        self._open = None

    def _part(self, message: Mapping[str, Any] | None = None) -> Item:
        """Return the part that is being written, as far as it is; `message`: it is whole."""
        assert self._open is not None
        kind, text = self._open.kind, "".join(self._open.pieces)
        if kind is not TEXT:
            return {"type": kind.part, kind.field: text}
        before = self._sent.get(TEXT.part, 0) - len(text)
        annotations = response.annotations_of(message, before) if message else []
        return response.text_part(text, self._open.tokens, annotations)

    def _item(self, status: str, content: list[Item], encrypted: str | None = None) -> Item:
        assert self._open is not None
        if self._open.kind.item == "message":
            item = response.message_item(self._envelope, content, status)
        else:
            item = response.reasoning_item(self._envelope, None, encrypted, status)
        return item | {"content": content, "id": self._open.identity}

    def _identity(self, kind: TextKind) -> str:
        """Return the id of the next item of a kind: the first is as the whole response has it."""
        before = sum(item["type"] == kind.item for item in self._done)
        identity = f"{'msg' if kind.item == 'message' else 'rs'}_{self._envelope.key}"
        return f"{identity}_{before}" if before else identity

    def _with_open(self) -> list[Item]:
        return [*self._done, *([] if self._open is None else [{"type": self._open.kind.item}])]

    def _where(self) -> dict[str, Any]:
        assert self._open is not None
        return {
            "item_id": self._open.identity,
            "output_index": len(self._done),
            "content_index": 0,
        }

    # --- a call ----------------------------------------------------------------------------------

    def _grow_call(self, call: CallPiece) -> Iterator[ResponseEvent]:
        if self._call is None:
            yield from self._close("completed")
            begun = {"id": call.id, "custom": {"name": call.name, "input": ""}}
            self._call = response.call_item(self._envelope, begun, 0, "in_progress")
            index = len(self._done)
            yield self._event("response.output_item.added", output_index=index, item=self._call)
        yield self._input_event(self._call, "delta", delta=call.text)
        self._sent[INPUT] = self._sent.get(INPUT, 0) + len(call.text)

    def _close_call(self, begun: Item, item: Item) -> Iterator[ResponseEvent]:
        """Yield what is left of the call that was begun, and is `item`."""
        text = item["input"]
        for start in range(self._sent[INPUT], len(text), PIECE):
            yield self._input_event(begun, "delta", delta=text[start : start + PIECE])
        yield self._input_event(begun, "done", input=text)
        yield self._event("response.output_item.done", output_index=len(self._done), item=item)
        self._done.append(item)

    def _input_event(self, item: Item, kind: str, **fields: str) -> ResponseEvent:
        where = {"item_id": item["id"], "output_index": len(self._done)}
        return self._event(f"response.custom_tool_call_input.{kind}", **where, **fields)

    # --- items that are whole --------------------------------------------------------------------

    def _whole_items(self, items: Sequence[Item]) -> Iterator[ResponseEvent]:
        for item in items:
            for kind, fields in item_events(item, len(self._done)):
                yield self._event(kind, **fields)
            self._done.append(item)

    def _event(self, kind: str, /, **fields: Any) -> ResponseEvent:
        event = {"type": kind, **fields, "sequence_number": self._number}
        self._number += 1
        return event


def replayed_events(whole: Mapping[str, Any], after: int = -1) -> Iterator[ResponseEvent]:
    """Yield the events of a response that is over.

    Args:
        after: the number of the last event that the client has.
    """
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events = [(f"response.{name}", {"response": begun}) for name in ("created", "in_progress")]
    for place, item in enumerate(whole["output"]):
        events += item_events(item, place)
    events.append((f"response.{whole['status']}", {"response": dict(whole)}))
    for number, (kind, fields) in enumerate(events):
        if number > after:
            yield {"type": kind, **fields, "sequence_number": number}


def encode_response_event(event: ResponseEvent) -> bytes:
    """Return an event on the wire."""
    return f"event: {event['type']}\ndata: {write_json(event)}\n\n".encode()
