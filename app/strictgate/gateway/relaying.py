"""Requests that are passed on as they are: where they go, and what is seen of them on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from strictgate.core.errors import RequestTimeout, UpstreamFailure
from strictgate.core.jsontext.reader import write_json
from strictgate.core.request.options import KNOBS_KEY, Enforcement
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.passthrough import RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.usage import UsageTail
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.gateway.knobs import with_overrides
from strictgate.gateway.refused_tools import callable_functions, check_tools, has_custom
from strictgate.gateway.upstream_call import UpstreamCall
from strictgate.observe.redaction import without_credentials
from strictgate.observe.summary import PASSTHROUGH
from strictgate.observe.trace_ids import child_of
from strictgate.upstream import multipart
from strictgate.upstream.client import Client
from strictgate.upstream.passthrough import relay
from strictgate.upstream.routing import Route, Router

_MODELS = "/models/"
"""Below it the path names the model; api/models.py has checked it."""
FORM_DEADLINE = 60.0  # seconds for the beginning of a form, which says where it goes


class Relay:
    """One per process."""

    def __init__(
        self, enforcement: Enforcement, router: Router, client: Client, reports: RequestReports
    ) -> None:
        self._enforcement = enforcement
        self._router = router
        self._client = client
        self._reports = reports

    @asynccontextmanager
    async def relayed(
        self, request: RawRequest, caller: Caller, surface: Surface
    ) -> AsyncIterator[RawAnswer]:
        """Send a request on as it is; give the upstream's answer as it comes.

        Where it goes is decided by the model that a JSON body or a form names.

        Args:
            surface: in whose shape an error is told.

        Raises:
            NotFound: nowhere.
            ToolsRefused: the upstream refuses the functions in it, which can be told in the prompt.
        """
        functions, is_custom = callable_functions(request), has_custom(request)
        route: Route | None = None
        if isinstance(request.body, RequestBody):
            route, body = self._routed(request.body, caller)
            request = replace(request, body=body)
        elif request.is_form:
            route, request = await self._routed_form(request, caller)
        if route is None and not request.path.startswith(_MODELS):
            caller.check_model(None)
        endpoint = self._router.default() if route is None else route.endpoint
        model = "" if route is None else route.model
        self._reports.routed(endpoint, model, caller, is_enforced=False)
        added = endpoint.credentials(caller.authorization) | {"x-request-id": caller.request_id}
        names = (caller.request_id, endpoint.name, without_credentials(model, caller.authorization))
        tell = partial(self._reports.tell, caller)
        call = UpstreamCall(tell, *names, PASSTHROUGH, trace=child_of(caller.trace))
        added |= call.headers()
        tail: UsageTail | None = None
        failure: UpstreamFailure | None = None
        try:
            async with relay(self._client, endpoint, request, added, surface) as answer:
                call.answered(answer.status)
                if (functions or is_custom) and answer.error is not None:
                    check_tools(answer, functions, has_custom=is_custom)
                tail = UsageTail(is_stream=answer.is_event_stream)
                yield replace(answer, pieces=call.timed(answer.pieces, tail))
        except UpstreamFailure as error:
            failure = error
            self._reports.failed(endpoint, caller, error)
            raise
        finally:
            usage = None if tail is None else tail.usage()
            call.over(usage, "" if failure is None else failure.code or failure.type)

    async def _routed_form(
        self, request: RawRequest, caller: Caller
    ) -> tuple[Route | None, RawRequest]:
        assert not isinstance(request.body, RequestBody), "forms are streamed"
        try:
            async with asyncio.timeout(FORM_DEADLINE):
                beginning, rest = await multipart.peeked(request.body)
        except TimeoutError as error:
            raise RequestTimeout(
                "The form's fields did not arrive in time.", headers={"connection": "close"}
            ) from error
        model = multipart.model_of(beginning)
        if model is not None:
            caller.check_model(model)
        route = None if model is None else self._router.route(model)
        headers = request.headers
        if route is not None and route.model != model:
            beginning = multipart.renamed(beginning, route.model)
            headers = [each for each in headers if each[0] != "content-length"]
        body = multipart.joined(beginning, rest)
        return route, replace(request, body=body, headers=headers)

    def _routed(self, body: RequestBody, caller: Caller) -> tuple[Route | None, RequestBody]:
        """Return where `body` goes and what to send: others only if the model is renamed.

        What is no JSON object is sent as it is: the upstream has its own words for it.
        """
        members = body.members
        model = None if members is None else members.get("model")
        if members is None or not isinstance(model, str):
            return None, body
        caller.check_model(model)
        route = self._router.route(model)
        if route.model == model and KNOBS_KEY not in members:
            return route, body
        with_overrides(self._enforcement, members.get(KNOBS_KEY))  # a mistake in it is still one
        changed = {key: value for key, value in members.items() if key != KNOBS_KEY}
        return route, RequestBody(write_json(changed | {"model": route.model}).encode())
