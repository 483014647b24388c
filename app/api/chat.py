"""POST /v1/chat/completions: enforced where the request carries a schema, else passed on."""

from typing import Any

import orjson

from app.api import outbound
from app.api.inbound import Inbound, Receive, Scope
from app.api.outbound import Send
from app.api.relay import Relay
from app.core import jsontext
from app.core.errors import BadRequest
from app.core.stream import chunks, sse
from app.gateway import Answer, Gateway


class ChatCompletions:
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
        planned = self._gateway.plan(_strictly_read(raw)) if _may_carry_schema(raw) else None
        if planned is None:
            await self._relay.pass_on(inbound, raw, send)
            return
        answer = await inbound.while_connected(self._gateway.complete(planned, inbound.caller))
        await _send(answer, send)


def _may_carry_schema(raw: bytes) -> bool:
    """Whether there is a response_format; what has none may be odd, and is not ours to refuse.

    Raises:
        BadRequest: not a JSON object.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _not_json(str(error)) from error
    if not isinstance(body, dict):
        raise BadRequest("The request's body must be a JSON object.")
    return body.get("response_format") is not None or raw.count(b'"response_format"') > 1


def _strictly_read(raw: bytes) -> dict[str, Any]:
    try:
        body: dict[str, Any] = jsontext.read(raw.decode())
    except jsontext.NotJSON as error:
        raise _not_json(f"{error.message} at character {error.position}") from error
    return body


def _not_json(reason: str) -> BadRequest:
    return BadRequest(f"We could not parse the JSON body of your request: {reason}.")


async def _send(answer: Answer, send: Send) -> None:
    if not answer.contract.stream:
        await outbound.send_json(send, 200, answer.completion, answer.headers)
        return
    head = [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")]
    parts = chunks.chunks(answer.completion, include_usage=answer.contract.include_usage)
    frames = [sse.encode(jsontext.write(part)) for part in parts]
    await outbound.start(send, 200, [*head, *answer.headers.items()])
    await outbound.piece(send, b"".join([*frames, sse.DONE]), more=False)
