"""POST /v1/responses: translated to a chat completion and back, or passed on where the upstream has
it itself and there is nothing to enforce."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from strictgate.api import request_body, response
from strictgate.api.event_stream import EventStream
from strictgate.api.passthrough import Passthrough
from strictgate.api.request import ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.api.stored_responses import DISABLED, owner_of
from strictgate.core.capabilities import Mode
from strictgate.core.conversation.protocol import ChoiceDelta
from strictgate.core.errors import BadRequest, GatewayError, UpstreamError
from strictgate.core.request.tools import carries_strict_tools
from strictgate.core.surfaces.responses import items, request
from strictgate.core.surfaces.responses.events import (
    ResponseEvent,
    ResponseEvents,
    encode_response_event,
)
from strictgate.core.surfaces.responses.native_upstream import NativeResponsesAdapter
from strictgate.core.surfaces.responses.response import ResponseEnvelope, finished_response
from strictgate.gateway.driver import DeltaSink
from strictgate.gateway.gateway import Caller, Gateway, GatewayAnswer
from strictgate.gateway.request_planning import PlannedRequest
from strictgate.gateway.response_store import ResponseStore, StoredResponse


class Responses:
    """The ASGI application."""

    def __init__(
        self, gateway: Gateway, relay: Passthrough, body_limit: int, store: ResponseStore | None
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._relay = relay
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, self._limit)
        inbound.check_json()
        _ = inbound.api_path  # as it was sent, too
        raw = await inbound.body()
        body = request_body.strictly_read(raw)
        is_native = self._gateway.has_responses(body.get("model"))
        if is_native and not _carries_schema(body):
            await self._relay.pass_on(inbound, raw, send)
            return
        planned = await self._first_plan(body, inbound.caller, is_native=is_native)
        is_kept = self._store is not None and body.get("store") is not False
        identity, model = f"resp_{secrets.token_hex(24)}", str(body["model"])
        shell = ResponseEnvelope(identity, int(time.time()), body, model, is_kept)
        if planned.contract.stream:
            await self._stream(planned, shell, inbound, send)
            return
        given = await inbound.while_connected(self._complete(planned, shell, inbound.caller))
        told = finished_response(_named(shell, given), given.completion)
        self._keep(told, shell, inbound.caller)
        await response.send_json(send, 200, told, given.headers)

    async def _first_plan(
        self, body: Mapping[str, Any], caller: Caller, *, is_native: bool
    ) -> PlannedRequest:
        """Plan it for the API that the upstream has, as far as is known."""
        if not is_native:
            return self._planned(body, await self._history(body, caller))
        planned = self._natively(body)
        if Mode.NATIVE not in planned.conversation.refused:
            return planned
        return await self._in_chat(body, caller) or planned

    async def _in_chat(self, body: Mapping[str, Any], caller: Caller) -> PlannedRequest | None:
        """Plan it as a chat completion, where that can say it all."""
        try:
            return self._planned(body, await self._history(body, caller))
        except BadRequest:
            return None

    async def _complete(
        self,
        planned: PlannedRequest,
        shell: ResponseEnvelope,
        caller: Caller,
        take: DeltaSink | None = None,
    ) -> GatewayAnswer:
        """Hold the conversation; where the upstream refuses it in its own API, in the other.

        Raises:
            GatewayError: in this API's terms.
        """
        try:
            return await self._gateway.complete(planned, caller, take)
        except UpstreamError as error:
            again = None
            if planned.wire is not None and _is_refused(planned, error):
                again = await self._in_chat(shell.request, caller)
            if again is None:
                raise request.in_terms(error) from error
        except GatewayError as error:
            raise request.in_terms(error) from error
        return await self._complete(again, shell, caller, take)

    def _natively(self, body: Mapping[str, Any]) -> PlannedRequest:
        """Plan it for an upstream that has the API itself: what it keeps, and runs, is its own."""
        chat = request.to_chat(request.without_hosted(body))
        try:
            return self._gateway.plan_always(
                chat, NativeResponsesAdapter(body, len(chat["messages"]))
            )
        except GatewayError as error:
            raise request.in_terms(error) from error

    async def _history(self, body: Mapping[str, Any], caller: Caller) -> list[Any]:
        """Return the items of the turns before."""
        previous = body.get("previous_response_id")
        if self._store is None:
            for name in ("previous_response_id", "store"):
                if body.get(name):
                    raise BadRequest(DISABLED, param=name, code="store_disabled")
            return []
        if previous is None:
            return []
        turns = await self._store.chain(owner_of(caller), str(previous))
        if turns is None:
            raise BadRequest(
                f"Previous response with id '{str(previous)[:100]}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return [item for turn in turns for item in (*turn.input, *turn.response["output"])]

    def _keep(self, told: Mapping[str, Any], shell: ResponseEnvelope, caller: Caller) -> None:
        """Keep what is not kept by the upstream under an id of its own."""
        if self._store is not None and shell.stored and told["id"] == shell.id:
            given = items.listed(shell.request["input"])
            previous = shell.request.get("previous_response_id")
            self._store.put(owner_of(caller), StoredResponse(dict(told), given, previous))

    def _planned(self, body: Mapping[str, Any], history: list[Any]) -> PlannedRequest:
        chat = request.to_chat(body, history)
        try:
            return self._gateway.plan_always(chat)
        except GatewayError as error:
            raise request.in_terms(error) from error

    async def _stream(
        self, planned: PlannedRequest, shell: ResponseEnvelope, inbound: ClientRequest, send: Send
    ) -> None:
        stream = EventStream(
            send,
            lambda: self._gateway.early_headers(planned.conversation),
            ResponseFrames(shell, lambda told: self._keep(told, shell, inbound.caller)),
        )
        pause = self._gateway.heartbeat
        try:
            given = await inbound.while_connected(
                self._complete(planned, shell, inbound.caller, stream.take),
                *([stream.beat(pause)] if pause else []),
            )
        except GatewayError as error:
            await stream.fail(error)
            return
        await stream.finish(given)


class ResponseFrames:
    """A response in events."""

    def __init__(self, shell: ResponseEnvelope, keep: Callable[[Mapping[str, Any]], None]) -> None:
        self._shell = shell
        self._keep = keep
        self._events = ResponseEvents(shell)

    def news(self, head: Mapping[str, Any], news: tuple[ChoiceDelta, ...]) -> bytes:
        del head  # a response has one of its own
        return _encoded([event for each in news for event in self._events.news(each.delta)])

    def rest(self, given: GatewayAnswer) -> bytes:
        shell = _named(self._shell, given)
        stream = self._events if shell is self._shell else ResponseEvents(shell)
        events = [*stream.rest(given.completion)]
        self._keep(events[-1]["response"])  # before the caller can refer to it
        return _encoded(events)

    def failed(self, error: GatewayError) -> bytes:
        return _encoded([*self._events.failed(error.body()["error"])])


def _named(shell: ResponseEnvelope, given: GatewayAnswer) -> ResponseEnvelope:
    """Return `shell` with the upstream's own id, by which it knows what it keeps."""
    if "output" not in given.completion["choices"][0]:
        return shell
    is_kept = shell.request.get("store") is not False
    return replace(shell, id=str(given.completion["id"]), stored=is_kept)


def _is_refused(planned: PlannedRequest, error: UpstreamError) -> bool:
    """Whether it is this way of asking that was refused: the format, or the whole API."""
    return bool(planned.conversation.record.refused_modes) or error.status in (404, 405, 501)


def _encoded(events: list[ResponseEvent]) -> bytes:
    return b"".join(map(encode_response_event, events))


def _carries_schema(body: Mapping[str, Any]) -> bool:
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    is_text = wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text")
    return not is_text or carries_strict_tools(body, all_tools=False)
