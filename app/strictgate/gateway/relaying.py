"""Requests that are passed on as they are: where they go, and what is seen of them on the way."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from strictgate.core.errors import RequestTimeout, UpstreamFailure
from strictgate.core.jsontext.reader import write_json
from strictgate.core.request.options import KNOBS_KEY, Enforcement
from strictgate.core.surfaces.surface import Surface
from strictgate.core.wire.passthrough import RawAnswer, RawAnswerSink, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.usage import UsageTail
from strictgate.core.wire.usage_estimate import prompt_tokens
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.gateway.knobs import with_overrides
from strictgate.gateway.refused_tools import check_tools, offered_tools
from strictgate.gateway.upstream_call import UpstreamCall
from strictgate.observe.redaction import without_credentials
from strictgate.observe.summary import PASSTHROUGH
from strictgate.observe.trace_ids import child_of
from strictgate.upstream import multipart
from strictgate.upstream.client import Client, was_sent
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

    async def relay(
        self, request: RawRequest, caller: Caller, surface: Surface, sink: RawAnswerSink
    ) -> None:
        """Send a request on as it is, and the upstream's answer to `sink`, as it comes.

        Where it goes is decided by the model that a JSON body or a form names.

        Args:
            surface: in whose shape an error is told.

        Raises:
            NotFound: nowhere.
            ToolsRefused: the upstream refuses the functions in it, which can be told in the prompt.
        """
        functions, is_custom = offered_tools(request)
        route: Route | None = None
        if isinstance(request.body, RequestBody):
            route, body = self._routed(request.body, caller)
            if body is not request.body:
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
        watched = _WatchedAnswer(call, functions, sink, has_custom=is_custom)
        error = ""
        try:
            await relay(self._client, endpoint, request, added, surface, watched)
        except BaseException as why:  # whatever it is that cuts the answer off
            if was_sent(why):
                watched.cut_off(request)
            if isinstance(why, UpstreamFailure):
                error = why.code or why.type
                self._reports.failed(endpoint, caller, why)
            raise
        finally:
            watched.end(error)

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


class _WatchedAnswer:
    """Passes on what comes for `sink`, and notes how long it took and what it used."""

    __slots__ = ("_call", "_functions", "_has_custom", "_prompt", "_since", "_sink", "_tail")

    def __init__(
        self, call: UpstreamCall, functions: Sequence[str], sink: RawAnswerSink, *, has_custom: bool
    ) -> None:
        self._call = call
        self._functions = functions
        self._has_custom = has_custom
        self._prompt = 0
        """Tokens that were read of a request whose answer was cut off, estimated."""
        self._sink = sink
        self._tail: UsageTail | None = None
        """None: nothing has come yet."""
        self._since: float | None = None
        """When it began to wait for the next piece, by the monotonic clock; None: it does not."""

    async def whole(self, answer: RawAnswer, data: bytes) -> None:
        self._call.answered(answer.status)
        self._check(answer)
        self._tail = UsageTail(is_stream=False)
        self._tail.feed(data)
        await self._sink.whole(answer, data)

    async def begin(self, answer: RawAnswer) -> None:
        self._call.answered(answer.status)
        self._check(answer)
        self._tail = UsageTail(is_stream=answer.is_event_stream)
        await self._sink.begin(answer)
        self._since = time.monotonic()

    async def piece(self, data: bytes) -> None:
        assert self._tail is not None, "it has begun"
        self._count_wait()
        self._tail.feed(data)
        await self._sink.piece(data)
        self._since = time.monotonic()

    def _check(self, answer: RawAnswer) -> None:
        if (self._functions or self._has_custom) and answer.error is not None:
            check_tools(answer, self._functions, has_custom=self._has_custom)

    def cut_off(self, request: RawRequest) -> None:
        """Note that the answer to `request` ends before it could tell what it used."""
        body = request.body
        if self._call.status < 400 and isinstance(body, RequestBody) and body.members:
            self._prompt = prompt_tokens(body.members)

    def end(self, error: str) -> None:
        """Tell of the call; `error`: the code of what it failed with."""
        usage = None
        if self._tail is not None:
            self._count_wait()
            usage = self._tail.usage()
        if self._prompt:
            usage = {"prompt_tokens": self._prompt} | (usage or {})
        self._call.over(usage, error)

    def _count_wait(self) -> None:
        since, self._since = self._since, None
        if since is not None:  # else the client was waited for, and has left
            self._call.waited += time.monotonic() - since
