"""POST /v1/responses: translated to a chat completion and back, or passed on where the upstream has
it itself and there is nothing to enforce."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.api import outbound, requestbody
from app.api.eventstream import EventStream
from app.api.inbound import Inbound, Receive, Scope
from app.api.kept import DISABLED, owner_of
from app.api.outbound import Send
from app.api.relay import Relay
from app.core import toolbox
from app.core.errors import BadRequest, GatewayError
from app.core.response_api import answer, items, request
from app.core.response_api.answer import Shell
from app.core.response_api.events import Event, Events, encode
from app.core.response_api.native import Wire
from app.core.turns import News
from app.gateway import Answer, Caller, Gateway
from app.intake import Planned
from app.store import Store, Stored


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
        body = requestbody.strictly_read(raw)
        if self._gateway.has_responses(body.get("model")):
            if not _carries_schema(body):
                await self._relay.pass_on(inbound, raw, send)
                return
            planned = self._natively(body)
        else:
            planned = self._planned(body, await self._history(body, inbound.caller))
        is_kept = self._store is not None and body.get("store") is not False
        identity, model = f"resp_{secrets.token_hex(24)}", str(body["model"])
        shell = Shell(identity, int(time.time()), body, model, is_kept)
        if planned.contract.stream:
            await self._stream(planned, shell, inbound, send)
            return
        try:
            given = await inbound.while_connected(self._gateway.complete(planned, inbound.caller))
        except GatewayError as error:
            raise request.in_terms(error) from error
        shell = _named(shell, planned, given)
        told = answer.finished(shell, given.completion)
        self._keep(planned, shell, told, inbound.caller)
        await outbound.send_json(send, 200, told, given.headers)

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

    def _keep(
        self, planned: Planned, shell: Shell, told: Mapping[str, Any], caller: Caller
    ) -> None:
        if self._store is not None and shell.stored and planned.wire is None:
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
            ResponseFrames(shell, planned),
        )
        pause = self._gateway.heartbeat
        try:
            given = await inbound.while_connected(
                self._gateway.complete(planned, inbound.caller, stream.take),
                *([stream.beat(pause)] if pause else []),
            )
        except GatewayError as error:
            await stream.fail(request.in_terms(error))
            return
        shell = _named(shell, planned, given)
        self._keep(planned, shell, answer.finished(shell, given.completion), inbound.caller)
        await stream.finish(given)


class ResponseFrames:
    """A response in events."""

    def __init__(self, shell: Shell, planned: Planned) -> None:
        self._shell = shell
        self._planned = planned
        self._events = Events(shell)

    def news(self, head: Mapping[str, Any], news: tuple[News, ...]) -> bytes:
        del head  # a response has one of its own
        return _encoded([event for each in news for event in self._events.news(each.delta)])

    def rest(self, given: Answer) -> bytes:
        shell = _named(self._shell, self._planned, given)
        events = self._events if shell is self._shell else Events(shell)
        return _encoded([*events.rest(given.completion)])

    def failed(self, error: GatewayError) -> bytes:
        return _encoded([*self._events.failed(error.body()["error"])])


def _named(shell: Shell, planned: Planned, given: Answer) -> Shell:
    """Return `shell` with the upstream's own id, by which it knows what it keeps."""
    if planned.wire is None:
        return shell
    is_kept = shell.request.get("store") is not False
    return replace(shell, id=str(given.completion["id"]), stored=is_kept)


def _encoded(events: list[Event]) -> bytes:
    return b"".join(map(encode, events))


def _carries_schema(body: Mapping[str, Any]) -> bool:
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    is_text = wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text")
    return not is_text or toolbox.is_strict(body, all_tools=False)
