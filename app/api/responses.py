"""POST /v1/responses: translated to a chat completion and back, or passed on where the upstream has
it itself and there is nothing to enforce."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from app.api import outbound, requestbody
from app.api.eventstream import EventStream
from app.api.inbound import Inbound, Receive, Scope
from app.api.outbound import Send
from app.api.relay import Relay
from app.core import toolbox
from app.core.errors import BadRequest, GatewayError
from app.core.response_api import answer, request
from app.core.response_api.answer import Shell
from app.core.response_api.events import Event, Events, encode
from app.core.turns import News
from app.gateway import Answer, Gateway
from app.intake import Planned

_NO_STORE = (
    "Responses are not stored here{why}. Send the whole conversation as 'input', or set a path in "
    "the table [store] of Strictgate's configuration."
)


class Responses:
    """The ASGI application."""

    def __init__(self, gateway: Gateway, relay: Relay, body_limit: int) -> None:
        self._gateway = gateway
        self._relay = relay
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = Inbound(scope, receive, self._limit)
        inbound.check_json()
        _ = inbound.api_path  # as it was sent, too
        raw = await inbound.body()
        body = requestbody.strictly_read(raw)
        if self._gateway.has_responses(body.get("model")) and not _carries_schema(body):
            await self._relay.pass_on(inbound, raw, send)
            return
        planned = self._planned(body)
        shell = Shell(f"resp_{secrets.token_hex(24)}", int(time.time()), body, str(body["model"]))
        if planned.contract.stream:
            await self._stream(planned, shell, inbound, send)
            return
        try:
            given = await inbound.while_connected(self._gateway.complete(planned, inbound.caller))
        except GatewayError as error:
            raise request.in_terms(error) from error
        told = answer.finished(shell, given.completion)
        await outbound.send_json(send, 200, told, given.headers)

    def _planned(self, body: Mapping[str, Any]) -> Planned:
        if body.get("previous_response_id") is not None:
            raise _not_stored("previous_response_id", ", so there is no previous one")
        if body.get("store") is True:
            raise _not_stored("store", "")
        chat = request.to_chat(body)
        try:
            return self._gateway.plan_always(chat)
        except GatewayError as error:
            raise request.in_terms(error) from error

    async def _stream(self, planned: Planned, shell: Shell, inbound: Inbound, send: Send) -> None:
        stream = EventStream(
            send,
            lambda: self._gateway.early_headers(planned.conversation),
            ResponseFrames(shell),
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
        await stream.finish(given)


class ResponseFrames:
    """A response in events."""

    def __init__(self, shell: Shell) -> None:
        self._events = Events(shell)

    def news(self, head: Mapping[str, Any], news: tuple[News, ...]) -> bytes:
        del head  # a response has one of its own
        return _encoded([event for each in news for event in self._events.news(each.delta)])

    def rest(self, given: Answer) -> bytes:
        return _encoded([*self._events.rest(given.completion)])

    def failed(self, error: GatewayError) -> bytes:
        return _encoded([*self._events.failed(error.body()["error"])])


def _encoded(events: list[Event]) -> bytes:
    return b"".join(map(encode, events))


def _carries_schema(body: Mapping[str, Any]) -> bool:
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    is_text = wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text")
    return not is_text or toolbox.is_strict(body, all_tools=False)


def _not_stored(param: str, why: str) -> BadRequest:
    message = _NO_STORE.replace("{why}", why)
    return BadRequest(message, param=param, code="store_disabled")
