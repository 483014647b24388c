"""Everything that carries no schema: sent on to the routed upstream, untouched both ways."""

from collections.abc import AsyncIterator

from strictgate.api import response
from strictgate.api.request import BodyLimits, ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.api.sending import AnswerSender
from strictgate.core.surfaces.table import surface_of
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.gateway import Gateway


class Passthrough:
    """The ASGI application for what is not enforced."""

    def __init__(self, gateway: Gateway, limits: BodyLimits) -> None:
        self._gateway = gateway
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, self._limits)
        if inbound.has_body and not inbound.is_json:
            await self.pass_on(inbound, inbound.pieces(), send)
        else:
            await self.pass_on(inbound, RequestBody(await inbound.body()), send)

    async def pass_on(
        self, inbound: ClientRequest, body: RequestBody | AsyncIterator[bytes], send: Send
    ) -> None:
        """Pass on a request whose body may have been read already."""
        request = _request(inbound, body)
        surface = surface_of(inbound.scope["path"])
        sink = _Sink(inbound.scope["answer"])
        await inbound.while_connected(self._gateway.relay(request, inbound.caller, surface, sink))
        if not sink.is_over:
            await response.piece(send, b"", more=False)


class _Sink:
    """Sends on what comes, as it comes."""

    __slots__ = ("_answer", "is_over")

    def __init__(self, answer: AnswerSender) -> None:
        self._answer = answer
        self.is_over = False

    async def whole(self, answer: RawAnswer, data: bytes) -> None:
        self.is_over = True
        await self._answer.whole(answer.status, answer.headers, data)

    async def begin(self, answer: RawAnswer) -> None:
        await response.start(self._answer.send, answer.status, answer.headers)

    async def piece(self, data: bytes) -> None:
        await response.piece(self._answer.send, data, more=True)


def _request(inbound: ClientRequest, body: RequestBody | AsyncIterator[bytes]) -> RawRequest:
    method = inbound.scope["method"]
    return RawRequest(method, inbound.api_path, inbound.caller.query, inbound.headers, body)
