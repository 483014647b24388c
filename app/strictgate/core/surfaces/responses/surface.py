"""OpenAI's Responses API: translated to a chat completion, and back.

An upstream that has the API itself is asked there (native_upstream.py); what carries no schema is
then passed on as it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import GatewayError
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.request.contract import CarriedSchemas
from strictgate.core.request.tools import InputGrammar, is_strict_unsaid, named_functions
from strictgate.core.surfaces.openai import COMMENT, OpenAISurface
from strictgate.core.surfaces.responses import request
from strictgate.core.surfaces.responses.client_tools import custom_grammar
from strictgate.core.surfaces.responses.events import (
    ResponseEvent,
    ResponseEvents,
    encode_response_event,
)
from strictgate.core.surfaces.responses.items import items_in
from strictgate.core.surfaces.responses.native_upstream import NativeResponsesAdapter
from strictgate.core.surfaces.responses.response import ResponseEnvelope, finished_response
from strictgate.core.surfaces.surface import AnswerIdentity, Body
from strictgate.core.value_type import value_type
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.sse import joined_frames

_FORMATS = (b'"json_schema"', b'"json_object"')


class ResponsesSurface(OpenAISurface):
    """POST /v1/responses."""

    name = "responses"

    def carried(self, body: RequestBody) -> CarriedSchemas:
        """Look at `text.format` and the tools."""
        members = body.look()
        functions = list(_functions(members.get("tools")))
        has_document = _wants_document(members.get("text"))
        if not has_document and any(each in body.raw for each in _FORMATS):
            body.strict()
        return CarriedSchemas(
            document=has_document,
            tools=bool(functions),
            strict_tools=any(map(_is_strict, functions)),
        )

    def is_spoken_by(self, capabilities: Capabilities) -> bool:
        """Some upstreams have the API, and presets know which."""
        return capabilities.responses

    def read_request(
        self, body: Body, items: Sequence[Any] | None = None, before: int = 0
    ) -> "ResponsesRequest":
        """Return the request, for an upstream that has chat completions alone.

        Args:
            items: the whole conversation; None: it is the request's own `input`.
            before: how many of the items are of the turns before.

        Raises:
            BadRequest: `body` is malformed, or asks for what no chat completion can say.
        """
        given = items_in(body) if items is None else items
        return ResponsesRequest(body, request.read_request(body, given, before))

    def read_natively(self, body: Body) -> "ResponsesRequest":
        """Return the request, for an upstream that has this API itself.

        Raises:
            BadRequest: what is to be enforced is malformed.
        """
        return ResponsesRequest(body, request.read_natively(body), Origin.VERBATIM)

    def error_frame(self, error: GatewayError) -> bytes:
        """Return an event `error`, which names its number no more than the break does."""
        body = error.body()
        told = body["error"] if isinstance(body.get("error"), dict) else {}
        about = {key: told.get(key) for key in ("code", "message", "param")}
        return encode_response_event({"type": "error", **about, "sequence_number": 0, **body})


@value_type
class ResponsesRequest:
    """A request of the Responses API."""

    body: Body
    """As the caller sent it."""
    read: request.ReadResponsesRequest
    origin: Origin = Origin.TRANSLATED
    strict_by_default: bool = True

    @property
    def chat(self) -> Body:
        """The chat completion that asks for the same."""
        return self.read.chat

    @property
    def input_grammars(self) -> Sequence[InputGrammar]:
        """The grammars of its custom tools."""
        found = (tool.grammar for tool in self.read.table.tools)
        return [each for each in found if each is not None]

    @property
    def adapter(self) -> NativeResponsesAdapter:
        """How an upstream that has the API is asked."""
        return NativeResponsesAdapter(self.body, len(self.chat["messages"]), self.read.table)

    def writer(self, identity: AnswerIdentity) -> "ResponsesWriter":
        """Return the writer of a response, which has an id and a time of its own."""
        return ResponsesWriter(
            ResponseEnvelope(
                id=f"resp_{identity.key}",
                created_at=identity.created_at,
                request=self.body,
                model=str(self.body.get("model")),
                stored=identity.is_kept,
                tools=self.read.table,
                dropped=self.read.dropped,
            )
        )

    def translate_error(self, error: GatewayError) -> None:
        """Name the part of this API's request that `error` blames."""
        request.translate_error(error, self.read.table)


class ResponsesWriter:
    """Writes a response, or its events."""

    def __init__(self, envelope: ResponseEnvelope) -> None:
        self.envelope = envelope
        self.response: Mapping[str, Any] | None = None
        """The response as it was given, once it is whole."""

    @cached_property
    def _events(self) -> ResponseEvents:
        return ResponseEvents(self.envelope)

    def body(self, completion: Body) -> Body:
        """Return the response."""
        self.response = finished_response(self._named(completion), completion)
        return self.response

    def news(self, head: Body, news: Sequence[ChoiceDelta]) -> bytes:
        """Return the events for what is new; `head`: a response has one of its own."""
        return _encoded(
            event
            for each in news
            for event in self._events.news(each.delta, each.logprobs, each.call)
        )

    def rest(self, completion: Body, sent: Mapping[int, Mapping[str, int]]) -> Iterator[bytes]:
        """Yield the events for what is left, to the end; they know what they have `sent`."""
        envelope = self._named(completion)
        events = self._events if envelope is self.envelope else ResponseEvents(envelope)
        return joined_frames(self._ending(events.rest(completion)))

    def _ending(self, events: Iterable[ResponseEvent]) -> Iterator[bytes]:
        """Yield the frames of `events`, whose last one has the response as it was given."""
        told = None
        for event in events:
            told = event.get("response")
            yield encode_response_event(event)
        self.response = told

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


def _functions(tools: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the functions among tools, those of namespaces as well; nothing is checked."""
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict) and tool.get("type") == "namespace":
            yield from _functions(tool.get("tools"))
    yield from named_functions({"tools": tools})


def _is_strict(function: Mapping[str, Any]) -> bool:
    if custom_grammar(function, "", "") is not None:
        return True
    strict = function.get("strict")
    return is_strict_unsaid(function.get("parameters")) if strict is None else strict is True


def _encoded(events: Iterable[ResponseEvent]) -> bytes:
    return b"".join(map(encode_response_event, events))


RESPONSES = ResponsesSurface()
