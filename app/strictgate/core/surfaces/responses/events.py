"""A chat completion → the events of a streamed response, as it comes.

The order is OpenAI's (platform.openai.com/docs/api-reference/responses-streaming): the response is
created and in progress; each item is added, filled part by part, and done; the response is
completed, incomplete or failed. Every event has a number, and there is no `[DONE]`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.surfaces.responses import response
from strictgate.core.surfaces.responses.response import Item, ResponseEnvelope

PIECE = 24  # characters of text in a delta: about what models send at once
ResponseEvent = dict[str, Any]


class ResponseEvents:
    """The events of one response."""

    def __init__(self, envelope: ResponseEnvelope) -> None:
        self._envelope = envelope
        self._number = 0
        self._has_begun = False
        self._open: _Open | None = None
        self._done: list[Item] = []
        self._sent: dict[str, int] = {}

    def begin(self) -> Iterator[ResponseEvent]:
        """Yield the first events, once."""
        if not self._has_begun:
            self._has_begun = True
            for name in ("created", "in_progress"):
                begun = self._envelope.response("in_progress")
                yield self._event(f"response.{name}", response=begun)

    def news(self, delta: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield the events for a chunk's delta: text, or thinking."""
        yield from self.begin()
        thoughts = delta.get("reasoning_content") or delta.get("reasoning")
        if thoughts and not self._is_thought_over:
            yield from self._grow(_REASONING, thoughts)
        if delta.get("content"):
            yield from self._grow(_TEXT, delta["content"])

    def rest(self, completion: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield what is left of `completion`, and the end."""
        yield from self.begin()
        choice = completion["choices"][0]
        message = choice["message"]
        whole = response.finished_response(self._envelope, completion)
        if isinstance(choice.get("output"), list) and not self._sent:
            yield from self._items(whole)
            return
        if not self._is_thought_over:
            yield from self._rest_of(_REASONING, response.thoughts_of(message))
        if message.get("refusal"):
            yield from self._rest_of(_REFUSAL, message["refusal"])
        else:
            yield from self._rest_of(_TEXT, response.text_in(message) or "", choice.get("logprobs"))
        items = [item for item in whole["output"] if item["type"] == "message"]
        if items and self._open is None and len(self._done) < self._index(whole, "message") + 1:
            yield from self._grow(_TEXT, "")  # an empty answer is one, too
        yield from self._close(items[0] if items else None)
        yield from self._calls(whole)
        whole["output"] = list(self._done)
        yield self._event(f"response.{whole['status']}", response=whole)

    def _items(self, whole: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield the events of items that came whole, whatever they are."""
        for item in whole["output"]:
            place = len(self._done)
            content = item.get("content") if item.get("type") == "message" else None
            begun = item if content is None else item | {"content": [], "status": "in_progress"}
            yield self._event("response.output_item.added", output_index=place, item=begun)
            for index, part in enumerate(content or ()):
                yield from self._part(item, part, {"output_index": place, "content_index": index})
            yield self._event("response.output_item.done", output_index=place, item=item)
            self._done.append(item)
        yield self._event(f"response.{whole['status']}", response=dict(whole))

    def _part(self, item: Item, part: Item, place: Mapping[str, int]) -> Iterator[ResponseEvent]:
        kind = _REFUSAL if part.get("type") == "refusal" else _TEXT
        where = {"item_id": item.get("id"), **place}
        more: dict[str, Any] = {"logprobs": []} if kind is _TEXT else {}
        text = str(part.get(kind.field) or "")
        empty = part | {kind.field: ""}
        yield self._event("response.content_part.added", **where, part=empty)
        for start in range(0, len(text), PIECE):
            piece = text[start : start + PIECE]
            yield self._event(f"{kind.event}.delta", **where, delta=piece, **more)
        yield self._event(f"{kind.event}.done", **where, **{kind.field: text}, **more)
        yield self._event("response.content_part.done", **where, part=part)

    def failed(self, error: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        """Yield the end of a response that came to nothing."""
        yield from self.begin()
        failed = response.failed_response(self._envelope, error)
        yield self._event("response.failed", response=failed)

    @property
    def _is_thought_over(self) -> bool:
        """Whether the answer itself has begun: an item that is done is not opened again."""
        return _TEXT.part in self._sent or _REFUSAL.part in self._sent

    # --- texts -----------------------------------------------------------------------------------

    @staticmethod
    def _index(whole: Mapping[str, Any], kind: str) -> int:
        return [item["type"] for item in whole["output"]].index(kind)

    def _rest_of(self, kind: "_Kind", text: str, logprobs: Any = None) -> Iterator[ResponseEvent]:
        sent = self._sent.get(kind.part, 0)
        tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
        if tokens and not sent and "".join(str(each.get("token")) for each in tokens) == text:
            for each in tokens:
                yield from self._grow(kind, each["token"], [response.token_of(each)])
            return
        for start in range(sent, len(text), PIECE):
            yield from self._grow(kind, text[start : start + PIECE])

    def _grow(self, kind: "_Kind", text: str, tokens: Any = ()) -> Iterator[ResponseEvent]:
        if self._open is None or self._open.kind is not kind:
            yield from self._close(None)
            yield from self._begin_item(kind)
        assert self._open is not None
        self._open.pieces.append(text)
        self._open.tokens += tokens
        self._sent[kind.part] = self._sent.get(kind.part, 0) + len(text)
        more = {"logprobs": list(tokens)} if kind is _TEXT else {}
        if text:
            yield self._event(f"{kind.event}.delta", **self._where(), delta=text, **more)

    def _begin_item(self, kind: "_Kind") -> Iterator[ResponseEvent]:
        self._open = _Open(kind)
        item = self._item("in_progress", [])
        yield self._event("response.output_item.added", output_index=len(self._done), item=item)
        part = self._open.part()
        yield self._event("response.content_part.added", **self._where(), part=part)

    def _close(self, item: Item | None) -> Iterator[ResponseEvent]:
        """Yield the end of the item that is open; `item`: as it is to be, where that is known."""
        if self._open is None:
            return
        kind, part = self._open.kind, self._open.part()
        if item is not None and item["content"][0]["type"] == part["type"]:
            part = item["content"][0]
        more = {"logprobs": part.get("logprobs", [])} if kind is _TEXT else {}
        text = {kind.field: part[kind.field]}
        yield self._event(f"{kind.event}.done", **self._where(), **text, **more)
        yield self._event("response.content_part.done", **self._where(), part=part)
        status = "completed" if item is None else item["status"]
        done = self._item(status, [part])
        yield self._event("response.output_item.done", output_index=len(self._done), item=done)
        self._done.append(done)
        self._open = None

    def _item(self, status: str, content: list[Item]) -> Item:
        assert self._open is not None
        if self._open.kind.item == "message":
            before = sum(item["type"] == "message" for item in self._done)
            item = response.message_item(self._envelope, content, status)
            return item | ({"id": f"{item['id']}_{before}"} if before else {})
        return response.reasoning_item(self._envelope, None, status) | {"content": content}

    def _where(self) -> dict[str, Any]:
        assert self._open is not None
        identity = self._item("in_progress", [])["id"]
        return {"item_id": identity, "output_index": len(self._done), "content_index": 0}

    # --- calls -----------------------------------------------------------------------------------

    def _calls(self, whole: Mapping[str, Any]) -> Iterator[ResponseEvent]:
        for item in whole["output"]:
            if item["type"] == "function_call":
                yield from self._call(item)

    def _call(self, item: Item) -> Iterator[ResponseEvent]:
        where = {"item_id": item["id"], "output_index": len(self._done)}
        begun = item | {"status": "in_progress", "arguments": ""}
        name, arguments = "response.function_call_arguments", item["arguments"]
        added = self._event("response.output_item.added", output_index=len(self._done), item=begun)
        yield added
        for start in range(0, len(arguments), PIECE):
            yield self._event(f"{name}.delta", **where, delta=arguments[start : start + PIECE])
        yield self._event(f"{name}.done", **where, name=item["name"], arguments=arguments)
        yield self._event("response.output_item.done", output_index=len(self._done), item=item)
        self._done.append(item)

    def _event(self, kind: str, /, **fields: Any) -> ResponseEvent:
        event = {"type": kind, **fields, "sequence_number": self._number}
        self._number += 1
        return event


class _Kind:
    """A kind of text."""

    def __init__(self, item: str, part: str, field: str) -> None:
        self.item = item
        self.part = part
        self.field = field
        self.event = f"response.{part}"


_TEXT = _Kind("message", "output_text", "text")
_REFUSAL = _Kind("message", "refusal", "refusal")
_REASONING = _Kind("reasoning", "reasoning_text", "text")


class _Open:
    """The item that is being written."""

    def __init__(self, kind: _Kind) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.tokens: list[Any] = []

    def part(self) -> Item:
        if self.kind is _TEXT:
            return response.text_part("".join(self.pieces), self.tokens)
        return {"type": self.kind.part, self.kind.field: "".join(self.pieces)}


def encode_response_event(event: ResponseEvent) -> bytes:
    """Return an event on the wire."""
    return f"event: {event['type']}\ndata: {write_json(event)}\n\n".encode()
