"""FastAPI as the gateway has it: with the routes of most of the traffic before all others."""

from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from strictgate.api.enforced import EnforcedRoute
from strictgate.api.framework import AsyncExitStackMiddleware, FastAPI
from strictgate.core.errors import BadRequest, GatewayError, MethodNotAllowed, NotFound
from strictgate.core.surfaces.table import ROOTS


class Application(FastAPI):
    """FastAPI without its answers to errors, which are the middleware's, and without its telemetry,
    which it would set up from the environment.

    What is posted to be enforced is most of the traffic, and has a path of its own: it is found by
    one look-up, where FastAPI and Starlette would try their routes one by one."""

    posted: Mapping[str, EnforcedRoute] = MappingProxyType({})
    """By the path."""

    def build_middleware_stack(self) -> ASGIApp:
        return AsyncExitStackMiddleware(self.router)

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        route = self.posted.get(scope["path"]) if scope["type"] == "http" else None
        if route is not None and scope["method"] == "POST":
            return route(scope, receive, send)
        return self._tried(scope, receive, send)

    async def _tried(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await Starlette.__call__(self, scope, receive, send)
        except HTTPException as error:
            raise _shaped(scope, error) from error


def _shaped(scope: Any, error: HTTPException) -> GatewayError:
    """The router's own refusals."""
    what = f"{scope['method']} {scope['path'][:200]}"
    match error.status_code:
        case 404:
            return NotFound(
                f"Unknown request URL: {what}. The API is below {ROOTS[0]}: set your client's "
                f"base URL to http://HOST:PORT{ROOTS[0]}.",
                code="unknown_url",
            )
        case 405:
            return MethodNotAllowed(f"Not allowed: {what}.", headers=error.headers)
        case _:
            return BadRequest(f"{what}: {error.detail}")
