"""What only an upstream that has /responses itself can do: POST /v1/responses/compact and
/v1/responses/input_tokens, and all of /v1/conversations, which are kept there."""

from strictgate.api.passthrough import Passthrough
from strictgate.api.request import BodyLimits, ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.gateway import Gateway

_INSTEAD = {
    "compact": "Ask the model for a summary, and go on from that.",
    "input_tokens": "The 'usage' of an answer says how many there were.",
}
"""By the last step of the path."""


class Conversations:
    """The ASGI application of /v1/conversations: the default upstream's, as no model is named."""

    def __init__(self, gateway: Gateway, relay: Passthrough) -> None:
        self._gateway = gateway
        self._relay = relay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not RESPONSES.is_spoken_by(self._gateway.default_capabilities()):
            raise BadRequest(
                f"{scope['method']} {scope['path'][:200]} needs a default upstream that has "
                "/responses itself, and this one has chat completions alone. Refer to the turn "
                "before by 'previous_response_id' instead.",
                code="unsupported_endpoint",
            )
        await self._relay(scope, receive, send)


class NativeOnly:
    """The ASGI application of the other two."""

    def __init__(self, gateway: Gateway, relay: Passthrough, limits: BodyLimits) -> None:
        self._gateway = gateway
        self._relay = relay
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, self._limits)
        inbound.check_json()
        path = inbound.api_path
        body = RequestBody(await inbound.body())
        model = body.look().get("model")
        if not RESPONSES.is_spoken_by(self._gateway.capabilities(model)):
            raise BadRequest(
                f"POST {path} needs an upstream that has /responses itself, and this model's has "
                f"chat completions alone. {_INSTEAD[path.rpartition('/')[2]]}",
                code="unsupported_endpoint",
            )
        await self._relay.pass_on(inbound, body, send)
