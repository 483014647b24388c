"""Requests let in: what is to be enforced becomes an exchange, and all else is passed on."""

from strictgate.core.errors import BadRequest, GatewayError, ToolsRefused
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.caller import Caller
from strictgate.gateway.exchange import Exchange
from strictgate.gateway.gateway import Gateway
from strictgate.gateway.records import Failed, opened
from strictgate.gateway.responses import ResponsesExchange
from strictgate.upstream.breathing import breathe

_EXCHANGES: dict[str, type[Exchange]] = {RESPONSES.name: ResponsesExchange}
"""By the name of the surface, where it has affairs of its own."""


async def open_exchange(
    gateway: Gateway,
    surface: Surface,
    body: RequestBody,
    caller: Caller,
    refused: ToolsRefused | None = None,
) -> Exchange | None:
    """Return the exchange for a request, planned; None where it is to be passed on as it is.

    It is passed on where it carries nothing to enforce, and its upstream has the surface itself;
    but if its upstream has refused its tools, they are told in the prompt.

    Args:
        refused: what came of passing it on.

    Raises:
        BadRequest, NotFound: the request cannot be honoured.
    """
    if refused is not None:
        return await _without_tools(gateway, surface, body, caller, refused)
    witness = gateway.witness
    if witness is None:
        return await _opened(gateway, surface, body, caller)
    witness.record(opened(caller.request_id, surface.name, body, caller.authorization))
    try:
        return await _opened(gateway, surface, body, caller)
    except GatewayError as error:
        witness.record(Failed(caller.request_id, error))
        raise


async def _opened(
    gateway: Gateway, surface: Surface, body: RequestBody, caller: Caller
) -> Exchange | None:
    carried, members = surface.carried(body), body.look()
    await breathe(len(body.raw))
    named = members.get("model")
    caller.check_model(named if isinstance(named, str) else None)
    if not gateway.is_enforced(carried, members) and surface.is_spoken_by(
        gateway.capabilities(members.get("model"))
    ):
        return None
    return await _started(gateway, surface, body, caller)


async def _started(
    gateway: Gateway, surface: Surface, body: RequestBody, caller: Caller
) -> Exchange:
    request = body.strict()
    await breathe(len(body.raw))
    exchange = _EXCHANGES.get(surface.name, Exchange)(gateway, surface, request, caller)
    await exchange.start()
    return exchange


async def _without_tools(
    gateway: Gateway, surface: Surface, body: RequestBody, caller: Caller, refused: ToolsRefused
) -> Exchange:
    """Return the exchange for a request whose tools were refused.

    Raises:
        ToolsRefused: the request cannot be honoured otherwise, either.
    """
    try:
        exchange = await _started(gateway, surface, body, caller)
    except BadRequest as error:
        raise refused from error
    await exchange.prompt_tools(refused)
    return exchange
