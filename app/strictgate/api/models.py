"""GET /v1/models: the names by which models are reached here.

They are the configured ones, and what is listed by the upstream that all other names go to.
"""

from strictgate.api import response
from strictgate.api.passthrough import Passthrough
from strictgate.api.request import BodyLimits, ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.core.errors import GatewayError
from strictgate.gateway.gateway import Gateway

_BODY = BodyLimits(1 << 16, 1 << 16)  # of one that nobody asked for


class Models:
    """The ASGI application for /v1/models and /v1/models/{model}."""

    def __init__(self, gateway: Gateway, relay: Passthrough) -> None:
        self._gateway = gateway
        self._relay = relay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, _BODY)
        name = scope["path_params"].get("model")
        if name is None:
            await inbound.body()
            listed = await inbound.while_connected(self._listed(inbound))
            await response.send_json(send, 200, {"object": "list", **listed})
            return
        inbound.caller.check_model(name)
        if name in self._gateway.router.model_names:
            await response.send_json(send, 200, _model(name))
        else:
            await self._relay(scope, receive, send)

    async def _listed(self, inbound: ClientRequest) -> dict[str, object]:
        """Return the list; where the upstream is down, our own names, with the reason beside.

        Raises:
            GatewayError: it is down, and there are no names of ours.
        """
        key = inbound.caller.key
        names = self._gateway.router.model_names
        ours = {name: _model(name) for name in names if key is None or key.allows(name)}
        try:
            theirs = await self._gateway.upstream_models(inbound.caller)
        except GatewayError as error:
            if not ours:
                raise
            return {"data": [*ours.values()], "x_strictgate": {"not_listed": error.message}}
        listed = {model["id"]: model for model in reversed(theirs)}
        listed = {name: each for name, each in listed.items() if key is None or key.allows(name)}
        return {"data": [*(listed | ours).values()]}


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "strictgate"}
