"""`strictgate plan`: prints the exact upstream requests for one request, without sending any.

It builds the gateway as `serve` does and stops where the first request would go out.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from strictgate.commands.start_checks import check_settings
from strictgate.core.conversation.handover import Handover
from strictgate.core.conversation.parts import part_planner
from strictgate.core.errors import BadRequest
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.request.options import KNOBS_KEY
from strictgate.core.surfaces.surface import Surface
from strictgate.core.surfaces.table import ROOTS, ROUTES
from strictgate.core.wire.request_body import RequestBody
from strictgate.gateway.caller import Caller
from strictgate.gateway.exchange import Exchange
from strictgate.gateway.fallbacks import Fallbacks
from strictgate.gateway.gateway import Gateway
from strictgate.gateway.opening import open_exchange
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.observe.events import ignore
from strictgate.settings.loading import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.recognition import Recogniser
from strictgate.upstream.routing import Endpoint, Router

_ROOT = ROOTS[0]
_CLIENTS = "the client's"
_SAID = "(what the model before has said)"
PATHS = {path.removeprefix(_ROOT): each for path, each in ROUTES.items() if path.startswith(_ROOT)}
"""The surfaces by the path below /v1 to which requests are posted."""


def likely_path(body: Mapping[str, Any]) -> str:
    """Return the path that a request of this shape is posted to: one with an `input` is of the
    Responses API."""
    return "/responses" if "input" in body and "messages" not in body else "/chat/completions"


def upstream_requests(
    settings: Settings, environment: Mapping[str, str], body: RequestBody, path: str | None = None
) -> dict[str, Any]:
    """Return the first upstream request, and those that would follow if it were refused.

    The result is a JSON object: `surface`, the API that the request is of; `enforced`, whether a
    schema is enforced; and `requests`, in the order in which they would be sent. Each names its
    `upstream`, `method`, `url`, whose key is its `authorization`, and its `body`; where a schema is
    enforced, also the `mode`, and what became of the request in it: the `dialect` that its schema
    was written down to, and what was `left_out` of it; and `fallback`, or `repair_model`, the name
    of the model, where it is asked after others that have failed; and `part`, the number of the
    part of a wide document. `unsaid` has the modes that the first model is not asked in, as their
    dialect cannot say the schema, with the reason.

    None of them is sent; an upstream without a preset is looked at, as when it is served.

    Args:
        environment: the variables of the process; a key that is not set there is not needed.
        body: the request as the client would post it.
        path: one of PATHS, to which the request would be posted; None: the likely one.

    Raises:
        GatewayError: what the client would be answered at once.
        SettingsError: the settings could not be served.
    """
    check_settings(settings.with_server({"port": 0}), environment)  # nothing listens here
    router, client = Router(settings, environment), Client(settings.limits)
    gateway = Gateway(settings, router, client, ignore)
    path = path or likely_path(body.look())

    async def requests() -> dict[str, Any]:
        async with client:
            await Recogniser(router, client, ignore).start()
        return await _requests(gateway, path, PATHS[path], body)

    return asyncio.run(requests())


async def _requests(
    gateway: Gateway, path: str, surface: Surface, body: RequestBody
) -> dict[str, Any]:
    about = {"surface": surface.name}
    exchange = await open_exchange(gateway, surface, body, Caller(""))
    if exchange is None:
        return about | {"enforced": False, "requests": [_passed_on(gateway, path, body.look())]}
    requests, fallbacks = await _of_model(exchange), gateway.fallbacks(exchange.planned)
    unsaid = _unsaid(exchange.planned)
    first = exchange.planned.route.endpoint.name
    for role, handover in _handovers(fallbacks) if fallbacks else ():
        await exchange.ask_model(handover)
        for each in await _of_model(exchange):
            is_clients = each["authorization"] == _CLIENTS and each["upstream"] != first
            key = {"authorization": "none"} if is_clients else {}
            requests.append({role: handover.model} | each | key)
    return about | {"enforced": True, "requests": requests} | ({"unsaid": unsaid} if unsaid else {})


def _unsaid(planned: PlannedRequest) -> dict[str, str]:
    """Return the modes whose dialect cannot say the schema, each with the reason."""
    planner = planned.conversation.planner
    reasons = {mode.value: planner.unsaid(mode) for mode in planner.capabilities.modes}
    return {mode: reason for mode, reason in reasons.items() if reason}


def _handovers(fallbacks: Fallbacks) -> Iterator[tuple[str, Handover]]:
    """Yield what the models are for that are asked after the first, and what they begin with."""
    for model in fallbacks.left:
        yield "fallback", Handover(model, ())
    if fallbacks.repair_model is not None:
        yield "repair_model", Handover(fallbacks.repair_model, (), source=_SAID)


async def _of_model(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the requests for the model that is asked at the moment."""
    return [
        {**about, **_planned(planned, planner.plan(mode))}
        for planned in await exchange.plans()
        for about, planner in _planners(planned.conversation.planner)
        for mode in planner.ladder()
    ]


def _planners(planner: Planner) -> Iterator[tuple[dict[str, Any], Planner]]:
    """Yield what makes the requests, for each part of the document where it is asked for in parts;
    then for the whole, in case that the parts make no valid one."""
    for number in range(1, len(planner.parts) + 1):
        yield {"part": number}, part_planner(planner, number, (), 0)
    yield {}, planner


def _passed_on(gateway: Gateway, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    model = body.get("model")
    if not isinstance(model, str):
        raise BadRequest("you must provide a model parameter", param="model")
    route = gateway.router.route(model)
    sent = {key: value for key, value in body.items() if key != KNOBS_KEY}
    return _request(route.endpoint, path, sent | {"model": route.model})


def _planned(planned: PlannedRequest, plan: Plan) -> dict[str, Any]:
    adapter = planned.adapter
    about = {
        "mode": plan.mode.value,
        "wrapped": plan.wrapped,
        "tools_in_prompt": planned.emulation is not None,
        "dropped": list(plan.dropped),
    }
    if plan.schema is not None and plan.schema.dialect:
        about |= {
            "dialect": plan.schema.dialect,
            "left_out": list(plan.schema.left_out),
            "null_for_absent": plan.schema.has_nulls,
        }
    path = "/chat/completions" if adapter is None else adapter.path
    body = plan.body if adapter is None else adapter.sent(plan.body)
    return about | _request(planned.route.endpoint, path, body)


def _request(endpoint: Endpoint, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    own_key = endpoint.api_key is not None
    return {
        "upstream": endpoint.name,
        "method": "POST",
        "url": f"{endpoint.base_url}{path}",
        "authorization": "Strictgate's key" if own_key else _CLIENTS,
        "body": body,
    }
