"""What is posted to a surface: enforced where there is something to enforce, else passed on."""

from functools import partial

from strictgate.api import response
from strictgate.api.event_stream import EventStream
from strictgate.api.passthrough import Passthrough
from strictgate.api.request import BodyLimits, ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.core.errors import GatewayError, ToolsRefused
from strictgate.core.jsontext.reader import json_bytes
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.exchange import Exchange
from strictgate.gateway.gateway import Gateway
from strictgate.gateway.opening import open_exchange
from strictgate.upstream.breathing import breathe


class EnforcedRoute:
    """The ASGI application of one surface."""

    def __init__(
        self, surface: Surface, gateway: Gateway, relay: Passthrough, limits: BodyLimits
    ) -> None:
        self._surface = surface
        self._gateway = gateway
        self._relay = relay
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, self._limits)
        inbound.check_json()
        _ = inbound.api_path  # as it was sent, too
        body = RequestBody(await inbound.body())
        about = (self._gateway, self._surface, body, inbound.caller)
        exchange = await open_exchange(*about)
        if exchange is None:
            try:
                await self._relay.pass_on(inbound, body, send)
            except ToolsRefused as refused:  # nothing has been sent
                exchange = await open_exchange(*about, refused)
        if exchange is None:
            return
        if exchange.is_streamed:
            await self._stream(exchange, inbound, send)
        else:
            answer = await inbound.while_connected(exchange.complete())
            told = exchange.body(answer)
            await exchange.settle()
            data = json_bytes(told)
            await breathe(len(data))
            headers = response.json_headers(data, answer.headers)
            await scope["answer"].whole(200, headers, data)

    async def _stream(self, exchange: Exchange, inbound: ClientRequest, send: Send) -> None:
        stream = EventStream(send, self._surface.stream_type, exchange, exchange.early_headers)
        pause = self._gateway.heartbeat
        try:
            beat = partial(stream.beat, pause) if pause else None
            answer = await inbound.while_connected(
                exchange.complete(stream.take), beat, after=pause
            )
        except GatewayError as error:
            await stream.fail(error)
        else:
            await stream.finish(exchange.rest(answer), answer.headers, exchange.settle)
