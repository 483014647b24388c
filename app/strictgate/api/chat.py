"""POST /v1/chat/completions: enforced where the request carries a schema, else passed on."""

from collections.abc import Callable
from typing import Any

import orjson

from strictgate.api import request_body, response
from strictgate.api.event_stream import ChunkFrames, EventStream
from strictgate.api.passthrough import Passthrough
from strictgate.api.request import ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.core.errors import BadRequest
from strictgate.core.request import response_format_aliases
from strictgate.core.request.options import KNOBS_KEY
from strictgate.core.request.tools import carries_strict_tools
from strictgate.gateway.gateway import Gateway
from strictgate.gateway.request_planning import PlannedRequest


class ChatCompletions:
    """The ASGI application."""

    def __init__(self, gateway: Gateway, relay: Passthrough, body_limit: int) -> None:
        self._gateway = gateway
        self._relay = relay
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, self._limit)
        inbound.check_json()
        _ = inbound.api_path  # as it was sent, too
        raw = await inbound.body()
        may_carry = _may_carry_schema(raw, self._gateway.keeps_all_tools)
        planned = self._gateway.plan(request_body.strictly_read(raw)) if may_carry else None
        if planned is None:
            await self._relay.pass_on(inbound, raw, send)
            return
        if planned.contract.stream:
            await self._stream(planned, inbound, send)
            return
        answer = await inbound.while_connected(self._gateway.complete(planned, inbound.caller))
        await response.send_json(send, 200, answer.completion, answer.headers)

    async def _stream(self, planned: PlannedRequest, inbound: ClientRequest, send: Send) -> None:
        stream = EventStream(
            send,
            lambda: self._gateway.early_headers(planned.conversation),
            ChunkFrames(include_usage=planned.contract.include_usage),
        )
        pause = self._gateway.heartbeat
        answer = await inbound.while_connected(
            self._gateway.complete(planned, inbound.caller, stream.take),
            *([stream.beat(pause)] if pause else []),
        )
        await stream.finish(answer)


def _may_carry_schema(raw: bytes, keeps_all_tools: Callable[[Any], bool]) -> bool:
    """Whether a schema may be in it; what has none may be odd, and is not ours to refuse.

    Raises:
        BadRequest: not a JSON object.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise request_body.not_json(str(error)) from error
    if not isinstance(body, dict):
        raise BadRequest("The request's body must be a JSON object.")
    return (
        body.get("response_format") is not None
        or raw.count(b'"response_format"') > 1
        or response_format_aliases.is_elsewhere(body)
        or carries_strict_tools(body, all_tools=KNOBS_KEY in body)
        or (bool(body.get("tools")) and keeps_all_tools(body.get("model")))
    )
