"""POST /v1/responses: translated to a chat completion and back, or passed on where the upstream has
it itself and there is nothing to enforce."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from strictgate.api import request_body, response
from strictgate.api.event_stream import EventStream
from strictgate.api.passthrough import Relay
from strictgate.api.request import Inbound, Receive, Scope
from strictgate.api.response import Send
from strictgate.api.stored_responses import DISABLED, owner_of
from strictgate.core.capabilities import Mode
from strictgate.core.conversation.protocol import News
from strictgate.core.errors import BadRequest, GatewayError, UpstreamError
from strictgate.core.request import tools
from strictgate.core.responses_api import items, request
from strictgate.core.responses_api.events import Event, Events, encode
from strictgate.core.responses_api.native_upstream import Wire
from strictgate.core.responses_api.response import Shell, finished
from strictgate.gateway.driver import Take
from strictgate.gateway.gateway import Answer, Caller, Gateway
from strictgate.gateway.request_planning import Planned
from strictgate.gateway.response_store import Store, Stored


class Responses:
    """The ASGI application."""

    def __init__(
        self, gateway: Gateway, relay: Relay, body_limit: int, store: Store | None
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._relay = relay
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = Inbound(scope, receive, self._limit)
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
        shell = Shell(identity, int(time.time()), body, model, is_kept)
        if planned.contract.stream:
            await self._stream(planned, shell, inbound, send)
            return
        given = await inbound.while_connected(self._complete(planned, shell, inbound.caller))
        told = finished(_named(shell, given), given.completion)
        self._keep(told, shell, inbound.caller)
        await response.send_json(send, 200, told, given.headers)

    async def _first_plan(
        self, body: Mapping[str, Any], caller: Caller, *, is_native: bool
    ) -> Planned:
        """Plan it for the API that the upstream has, as far as is known."""
        if not is_native:
            return self._planned(body, await self._history(body, caller))
        planned = self._natively(body)
        if Mode.NATIVE not in planned.conversation.refused:
            return planned
        return await self._in_chat(body, caller) or planned

    async def _in_chat(self, body: Mapping[str, Any], caller: Caller) -> Planned | None:
        """Plan it as a chat completion, where that can say it all."""
        try:
            return self._planned(body, await self._history(body, caller))
        except BadRequest:
            return None

    async def _complete(
        self, planned: Planned, shell: Shell, caller: Caller, take: Take | None = None
    ) -> Answer:
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

    def _natively(self, body: Mapping[str, Any]) -> Planned:
        """Plan it for an upstream that has the API itself: what it keeps, and runs, is its own."""
        chat = request.to_chat(request.without_hosted(body))
        try:
            return self._gateway.plan_always(chat, Wire(body, len(chat["messages"])))
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

    def _keep(self, told: Mapping[str, Any], shell: Shell, caller: Caller) -> None:
        """Keep what is not kept by the upstream under an id of its own."""
        if self._store is not None and shell.stored and told["id"] == shell.id:
            given = items.listed(shell.request["input"])
            previous = shell.request.get("previous_response_id")
            self._store.put(owner_of(caller), Stored(dict(told), given, previous))

    def _planned(self, body: Mapping[str, Any], history: list[Any]) -> Planned:
        chat = request.to_chat(body, history)
        try:
            return self._gateway.plan_always(chat)
        except GatewayError as error:
            raise request.in_terms(error) from error

    async def _stream(self, planned: Planned, shell: Shell, inbound: Inbound, send: Send) -> None:
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

    def __init__(self, shell: Shell, keep: Callable[[Mapping[str, Any]], None]) -> None:
        self._shell = shell
        self._keep = keep
        self._events = Events(shell)

    def news(self, head: Mapping[str, Any], news: tuple[News, ...]) -> bytes:
        del head  # a response has one of its own
        return _encoded([event for each in news for event in self._events.news(each.delta)])

    def rest(self, given: Answer) -> bytes:
        shell = _named(self._shell, given)
        stream = self._events if shell is self._shell else Events(shell)
        events = [*stream.rest(given.completion)]
        self._keep(events[-1]["response"])  # before the caller can refer to it
        return _encoded(events)

    def failed(self, error: GatewayError) -> bytes:
        return _encoded([*self._events.failed(error.body()["error"])])


def _named(shell: Shell, given: Answer) -> Shell:
    """Return `shell` with the upstream's own id, by which it knows what it keeps."""
    if "output" not in given.completion["choices"][0]:
        return shell
    is_kept = shell.request.get("store") is not False
    return replace(shell, id=str(given.completion["id"]), stored=is_kept)


def _is_refused(planned: Planned, error: UpstreamError) -> bool:
    """Whether it is this way of asking that was refused: the format, or the whole API."""
    return bool(planned.conversation.record.lessons) or error.status in (404, 405, 501)


def _encoded(events: list[Event]) -> bytes:
    return b"".join(map(encode, events))


def _carries_schema(body: Mapping[str, Any]) -> bool:
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    is_text = wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text")
    return not is_text or tools.is_strict(body, all_tools=False)
