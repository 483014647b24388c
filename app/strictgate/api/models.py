"""GET /v1/models: the configured names, and what the upstreams list."""

from strictgate.api import response
from strictgate.api.passthrough import Passthrough
from strictgate.api.request import ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.gateway.gateway import Gateway

_BODY = 1 << 16  # bytes of a body that nobody asked for


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
            await response.send_json(send, 200, {"object": "list", "data": listed})
        elif name in self._gateway.router.model_names:
            await response.send_json(send, 200, _model(name))
        else:
            await self._relay(scope, receive, send)

    async def _listed(self, inbound: ClientRequest) -> list[object]:
        ours = {name: _model(name) for name in self._gateway.router.model_names}
        theirs = await self._gateway.upstream_models(inbound.caller)
        return list(({model["id"]: model for model in reversed(theirs)} | ours).values())


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "strictgate"}
