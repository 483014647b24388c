"""OpenAI's Responses API: translated to a chat completion, and back.

An upstream that has the API itself is asked there (native_upstream.py); what carries no schema is
then passed on as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import GatewayError
from strictgate.core.request.contract import CarriedSchemas
from strictgate.core.request.tools import named_functions
from strictgate.core.surfaces.openai import COMMENT, OpenAISurface
from strictgate.core.surfaces.responses import request
from strictgate.core.surfaces.responses.events import (
    ResponseEvent,
    ResponseEvents,
    encode_response_event,
)
from strictgate.core.surfaces.responses.response import ResponseEnvelope, finished_response
from strictgate.core.surfaces.surface import AnswerIdentity, Body
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.request_body import RequestBody

_FORMATS = (b'"json_schema"', b'"json_object"')


class ResponsesSurface(OpenAISurface):
    """POST /v1/responses."""

    name = "responses"

    def carried(self, body: RequestBody) -> CarriedSchemas:
        """Look at `text.format` and the tools."""
        members = body.look()
        functions = list(named_functions(members))
        has_document = _wants_document(members.get("text"))
        if not has_document and any(each in body.raw for each in _FORMATS):
            body.strict()
        return CarriedSchemas(
            document=has_document,
            tools=bool(functions),
            strict_tools=any(each.get("strict") is True for each in functions),
        )

    def is_spoken_by(self, capabilities: Capabilities) -> bool:
        """Some upstreams have the API, and presets know which."""
        return capabilities.responses

    def to_chat(self, body: Body) -> Body:
        """Return the chat completion that asks for the same, without turns that are kept."""
        return request.to_chat(body)

    def writer(self, body: Body, identity: AnswerIdentity) -> "ResponsesWriter":
        """Return the writer of a response, which has an id and a time of its own."""
        return ResponsesWriter(
            ResponseEnvelope(
                id=f"resp_{identity.key}",
                created_at=identity.created_at,
                request=body,
                model=str(body.get("model")),
                stored=identity.is_kept,
            )
        )

    def translate_error(self, error: GatewayError) -> None:
        """Name the part of this API's request that `error` blames."""
        request.translate_error(error)

    def error_frame(self, error: GatewayError) -> bytes:
        """Return an event `error`, which names its number no more than the break does."""
        body = error.body()
        told = body["error"] if isinstance(body.get("error"), dict) else {}
        about = {key: told.get(key) for key in ("code", "message", "param")}
        return encode_response_event({"type": "error", **about, "sequence_number": 0, **body})


class ResponsesWriter:
    """Writes a response, or its events."""

    def __init__(self, envelope: ResponseEnvelope) -> None:
        self.envelope = envelope
        self._events = ResponseEvents(envelope)
        self.response: Mapping[str, Any] | None = None
        """The response as it was given, once it is whole."""

    def body(self, completion: Body) -> Body:
        """Return the response."""
        self.response = finished_response(self._named(completion), completion)
        return self.response

    def news(self, head: Body, news: Sequence[ChoiceDelta]) -> bytes:
        """Return the events for what is new; `head`: a response has one of its own."""
        return _encoded(event for each in news for event in self._events.news(each.delta))

    def rest(self, completion: Body, sent: Mapping[int, Mapping[str, int]]) -> bytes:
        """Return the events for what is left, to the end; they know what they have `sent`."""
        envelope = self._named(completion)
        events = self._events if envelope is self.envelope else ResponseEvents(envelope)
        rest = list(events.rest(completion))
        self.response = rest[-1]["response"]
        return _encoded(rest)

    def failed(self, error: GatewayError) -> bytes:
        """Return the event `response.failed`."""
        return _encoded(self._events.failed(error.body()["error"]))

    def pause(self) -> bytes:
        """Return a comment."""
        return COMMENT

    def _named(self, completion: Body) -> ResponseEnvelope:
        """Return the envelope with the upstream's own id, by which it knows what it keeps."""
        if "output" not in completion["choices"][0]:
            return self.envelope
        is_kept = self.envelope.request.get("store") is not False
        return replace(self.envelope, id=str(completion["id"]), stored=is_kept)


def _wants_document(text: Any) -> bool:
    wanted = text.get("format") if isinstance(text, dict) else None
    return wanted is not None and not (isinstance(wanted, dict) and wanted.get("type") == "text")


def _encoded(events: Iterable[ResponseEvent]) -> bytes:
    return b"".join(map(encode_response_event, events))


RESPONSES = ResponsesSurface()
