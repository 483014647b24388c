"""What `strictgate plan` shows: the exact upstream requests for one request, without sending."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.plan.planner import Plan
from strictgate.core.request.options import KNOBS_KEY
from strictgate.gateway.gateway import Gateway
from strictgate.observe.events import ignore
from strictgate.settings import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Endpoint, Router


def upstream_requests(
    settings: Settings, environment: Mapping[str, str], body: Any
) -> dict[str, Any]:
    """Return the first request, and those that would follow if it were refused.

    Raises:
        GatewayError: what the client would be answered at once.
        SettingsError: the settings do not fit together.
    """
    if not isinstance(body, dict):
        raise BadRequest("The request's body must be a JSON object.")
    router = Router(settings, _AnyKey(environment))
    gateway = Gateway(settings, router, Client(settings.limits), ignore)
    planned = gateway.plan(body)
    if planned is None:
        model = body.get("model")
        if not isinstance(model, str):
            raise BadRequest("you must provide a model parameter", param="model")
        route = router.route(model)
        sent = {key: value for key, value in body.items() if key != KNOBS_KEY}
        sent["model"] = route.model
        return {"enforced": False, "requests": [_request(route.endpoint, sent)]}
    route, conversation = planned.route, planned.conversation
    ladder = [conversation.planner.plan(mode) for mode in conversation.planner.ladder()]
    return {"enforced": True, "requests": [_planned(route.endpoint, plan) for plan in ladder]}


class _AnyKey(dict[str, str]):
    """An environment in which every key is set: nothing is sent, so none is needed."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name) or "…"


def _planned(endpoint: Endpoint, plan: Plan) -> dict[str, Any]:
    about = {"mode": plan.mode.value, "wrapped": plan.wrapped, "dropped": list(plan.dropped)}
    return about | _request(endpoint, plan.body)


def _request(endpoint: Endpoint, body: Mapping[str, Any]) -> dict[str, Any]:
    own_key = endpoint.api_key is not None
    return {
        "upstream": endpoint.name,
        "method": "POST",
        "url": f"{endpoint.base_url}/chat/completions",
        "authorization": "Strictgate's key" if own_key else "the client's",
        "body": body,
    }
