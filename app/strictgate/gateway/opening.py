"""Requests let in: what is to be enforced becomes an exchange, and all else is passed on."""

from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.exchange import Exchange
from strictgate.gateway.gateway import Caller, Gateway
from strictgate.gateway.responses import ResponsesExchange

_EXCHANGES: dict[str, type[Exchange]] = {RESPONSES.name: ResponsesExchange}
"""By the name of the surface, where it has affairs of its own."""


async def open_exchange(
    gateway: Gateway, surface: Surface, body: RequestBody, caller: Caller
) -> Exchange | None:
    """Return the exchange for a request, planned; None where it is to be passed on as it is.

    It is passed on where it carries nothing to enforce, and its upstream has the surface itself.

    Raises:
        BadRequest, NotFound: the request cannot be honoured.
    """
    carried, members = surface.carried(body), body.look()
    if not gateway.is_enforced(carried, members) and surface.is_spoken_by(
        gateway.capabilities(members.get("model"))
    ):
        return None
    exchange = _EXCHANGES.get(surface.name, Exchange)(gateway, surface, body.strict(), caller)
    await exchange.start()
    return exchange
