"""Where requests become conversations: routed, planned, driven, learned from, reported.

The driver (driver.py) takes each conversation to the network.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import (
    GatewayError,
    OutputInvalid,
    RequestTimeout,
    ToolsRefused,
    UpstreamFailure,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from strictgate.core.jsontext.reader import write_json
from strictgate.core.request.contract import CarriedSchemas
from strictgate.core.request.options import KNOBS_KEY
from strictgate.core.surfaces.surface import Surface, SurfaceRequest, UpstreamAdapter
from strictgate.core.wire.passthrough import Header, RawAnswer, RawRequest
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.usage import total_tokens
from strictgate.gateway.driver import DeltaSink, Driver, GrammarSource, default_head
from strictgate.gateway.knobs import with_overrides
from strictgate.gateway.learning import Learner, lessons, lessons_of_tools
from strictgate.gateway.moving import Talk
from strictgate.gateway.refused_tools import callable_functions, check_tools
from strictgate.gateway.request_planning import PlannedRequest, RequestPlanner
from strictgate.gateway.response_store import ResponseStore
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.observe.events import Enforced, Observer, UpstreamFailed
from strictgate.observe.redaction import without_credentials
from strictgate.settings.loading import Settings
from strictgate.upstream import multipart
from strictgate.upstream.client import Client
from strictgate.upstream.headers import KEYS, OF_THE_BODY, OURS, passed_on
from strictgate.upstream.passthrough import relay
from strictgate.upstream.routing import Endpoint, Route, Router

FORM_DEADLINE = 60.0  # seconds for the beginning of a form, which says where it goes
MODELS_TIMEOUT = 5.0  # seconds for one upstream's list of models


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as the upstream or the log needs to know."""

    request_id: str
    authorization: str | None = None
    """The client's own credentials; None where they are for Strictgate."""
    headers: Sequence[Header] = ()
    """All that it sent, names in lower case."""
    query: str = ""
    """Of the URL, as sent."""


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """An enforced request's answer."""

    completion: Mapping[str, Any]
    headers: Mapping[str, str]
    sent: Mapping[int, Mapping[str, int]]
    """How many characters of each choice's texts the caller has already."""


@dataclass(frozen=True, slots=True)
class Computing:
    """What computes beside the event loop; None: the loop itself, or nobody."""

    grammars: GrammarSource | None = None
    workers: WorkerPool | None = None


class Gateway:
    """One per process."""

    def __init__(
        self,
        settings: Settings,
        router: Router,
        client: Client,
        observe: Observer,
        computing: Computing = Computing(),
        store: ResponseStore | None = None,
    ) -> None:
        self.store = store
        self._settings = settings
        self._router = router
        self._client = client
        self._computing = computing
        self._observe = observe
        self._enforcement = settings.enforcement
        rules = settings.enforcement
        self._learner = Learner(rules.capability_ttl, rules.native_failures, observe)
        self._planner = RequestPlanner(settings, router, self._learner.learned, computing.workers)

    @property
    def router(self) -> Router:
        return self._router

    @property
    def heartbeat(self) -> float:
        """Seconds of silence after which the client of a stream gets a comment; 0: never."""
        return self._settings.server.heartbeat

    # --- enforced --------------------------------------------------------------------------------

    def is_enforced(self, carried: CarriedSchemas, body: Mapping[str, Any]) -> bool:
        """Whether there is something to enforce in `body`; see RequestPlanner.

        Raises:
            BadRequest: a knob is not one.
        """
        return self._planner.is_enforced(carried, body)

    async def plan(
        self, asked: SurfaceRequest, adapter: UpstreamAdapter | None = None
    ) -> PlannedRequest:
        """Make a conversation of a request.

        Args:
            adapter: how the upstream is asked in another API.

        Raises:
            BadRequest, NotFound: the request cannot be honoured.
        """
        return await self._planner.admission.admitted(partial(self._planner.plan, asked, adapter))

    def capabilities(self, model: Any) -> Capabilities:
        """Return what the upstream of `model` can do, as far as is known; what is no name is none.

        Raises:
            NotFound: no upstream serves it.
        """
        return self._router.route(model).capabilities if isinstance(model, str) else Capabilities()

    def default_capabilities(self) -> Capabilities:
        """Return what the upstream of requests that name no model can do."""
        name = self._router.default_name
        return Capabilities() if name is None else self._router.endpoints[name].capabilities

    async def complete(
        self, planned: PlannedRequest, caller: Caller, take: DeltaSink | None = None
    ) -> GatewayAnswer:
        """Hold the conversation; return a completion whose every choice is valid.

        Args:
            take: takes what the caller may have of a streamed answer before it is whole.

        Raises:
            GatewayError: there is none.
        """
        try:
            return await self._held(planned, caller, take)
        except ToolsRefused as refused:
            if planned.adapter is not None:  # the same is asked for in a chat completion first
                raise
            return await self._held(await self.without_tools(planned, refused), caller, take)

    async def without_tools(self, planned: PlannedRequest, refused: ToolsRefused) -> PlannedRequest:
        """Return `planned` anew, for an upstream that has refused its tools: they are told in the
        prompt."""
        return await self._planner.admission.admitted(
            partial(self._planner.without_tools, planned, refused)
        )

    async def _held(
        self, planned: PlannedRequest, caller: Caller, take: DeltaSink | None
    ) -> GatewayAnswer:
        route, conversation = planned.route, planned.conversation
        endpoint = route.endpoint
        unwanted = OURS | OF_THE_BODY | (KEYS if endpoint.secret else set())
        headers = dict(passed_on(caller.headers, unwanted))
        headers |= endpoint.credentials(caller.authorization)
        driver = Driver(
            self._client,
            self._computing.grammars,
            endpoint,
            route.model,
            headers,
            caller.query,
            take,
            planned.adapter,
            partial(self._failed, endpoint, caller),
            observe=self._observe,
        )
        outcome: Outcome | None = None
        try:
            outcome = await driver.run(
                Talk(conversation.run(), conversation, self._computing.workers)
            )
        except OutputInvalid as error:
            self._quieten(error)
            raise planned.translated(error) from error
        except GatewayError as error:
            self._quieten(error)
            raise
        finally:
            self._learner.learn(route, lessons(conversation))
            self._report(route, conversation, outcome, caller)
        self._learner.learn(route, lessons_of_tools(planned))
        completion = planned.rendered(self._rendered(outcome, conversation, driver.head))
        return GatewayAnswer(completion, self._headers(outcome, conversation), outcome.sent)

    def _failed(self, endpoint: Endpoint, caller: Caller, error: UpstreamFailure) -> None:
        """Tell the observer that a request to an upstream got no whole answer, and why."""
        if isinstance(error, UpstreamUnavailable):  # the failures that led to it have been told
            return
        about = (caller.request_id, endpoint.name, endpoint.base_url)
        self._observe(UpstreamFailed(*about, error.code or error.type, error.message))

    def early_headers(self, conversation: Conversation) -> Mapping[str, str]:
        """Return what can be said of an answer that begins before it is whole.

        How many attempts it will take, and which repairs, is not known yet; `x_strictgate` in the
        last chunk says it. Nor is the mode certain: it is the one in which it is being asked.
        """
        if not self._settings.answers.headers:
            return {}
        return {"x-strictgate-mode": conversation.plan.mode.value}

    def _quieten(self, error: GatewayError) -> None:
        """Take from an error what the settings say that answers shall not tell."""
        if not self._settings.answers.body:
            error.details = None
        if not self._settings.answers.headers:
            for name in [name for name in error.headers if name.startswith("x-strictgate-")]:
                del error.headers[name]

    def _report(
        self, route: Route, conversation: Conversation, outcome: Outcome | None, caller: Caller
    ) -> None:
        record = conversation.record
        self._observe(
            Enforced(
                request_id=caller.request_id,
                upstream=route.endpoint.name,
                model=without_credentials(route.model, caller.authorization),
                mode=conversation.plan.mode,
                attempts=record.tries,
                outcome=record.last_outcome(is_accepted=outcome is not None),
                repairs=tuple(step.name for _, step in outcome.steps) if outcome else (),
                tokens=total_tokens(record.spent),
                stopped=record.stopped,
                continuations=record.continuations,
            )
        )

    def _rendered(
        self, outcome: Outcome, conversation: Conversation, head: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the completion; what stands in `head` has been sent, and stays as it is."""
        completion = default_head(conversation.planner.model)
        given = outcome.body.items()
        completion |= {
            key: each for key, each in given if each is not None or key not in completion
        }
        completion |= head
        if self._settings.answers.body:
            known = conversation.planner.capabilities.modes
            completion["x_strictgate"] = conversation.record.details(
                conversation.plan,
                outcome.steps,
                [mode for mode in known if mode in conversation.refused],
            )
        return completion

    def _headers(self, outcome: Outcome, conversation: Conversation) -> Mapping[str, str]:
        if not self._settings.answers.headers:
            return {}
        return conversation.record.headers(conversation.plan, outcome.steps)

    # --- passed through --------------------------------------------------------------------------

    @asynccontextmanager
    async def relay(
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
        functions = callable_functions(request)
        if isinstance(request.body, RequestBody):
            endpoint, body = self._routed(request.body)
            request = replace(request, body=body)
        elif request.is_form:
            endpoint, request = await self._routed_form(request)
        else:
            endpoint = None
        endpoint = endpoint or self._router.default()
        credentials = endpoint.credentials(caller.authorization)
        try:
            async with relay(self._client, endpoint, request, credentials, surface) as answer:
                if functions and answer.error is not None:
                    check_tools(answer, functions)
                yield answer
        except UpstreamFailure as error:
            self._failed(endpoint, caller, error)
            raise

    async def _routed_form(self, request: RawRequest) -> tuple[Endpoint | None, RawRequest]:
        assert not isinstance(request.body, RequestBody), "forms are streamed"
        try:
            async with asyncio.timeout(FORM_DEADLINE):
                beginning, rest = await multipart.peeked(request.body)
        except TimeoutError as error:
            raise RequestTimeout("The form's fields did not arrive in time.") from error
        model = multipart.model_of(beginning)
        route = None if model is None else self._router.route(model)
        headers = request.headers
        if route is not None and route.model != model:
            beginning = multipart.renamed(beginning, route.model)
            headers = [each for each in headers if each[0] != "content-length"]
        body = multipart.joined(beginning, rest)
        endpoint = None if route is None else route.endpoint
        return endpoint, replace(request, body=body, headers=headers)

    def _routed(self, body: RequestBody) -> tuple[Endpoint | None, RequestBody]:
        """Return where `body` goes and what to send: others only if the model is renamed.

        What is no JSON object is sent as it is: the upstream has its own words for it.
        """
        members = body.members
        model = None if members is None else members.get("model")
        if members is None or not isinstance(model, str):
            return None, body
        route = self._router.route(model)
        if route.model == model and KNOBS_KEY not in members:
            return route.endpoint, body
        with_overrides(self._enforcement, members.get(KNOBS_KEY))  # a mistake in it is still one
        changed = {key: value for key, value in members.items() if key != KNOBS_KEY}
        return route.endpoint, RequestBody(write_json(changed | {"model": route.model}).encode())

    async def upstream_models(self, caller: Caller) -> list[Mapping[str, Any]]:
        """Return what is listed by the upstream that models without an entry here are asked of.

        What other upstreams list is not reached by its name, and so is not asked for.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamBadResponse: it does not answer.
        """
        endpoint = self._router.catch_all
        if endpoint is None:
            return []
        try:
            async with asyncio.timeout(MODELS_TIMEOUT):
                credentials = endpoint.credentials(caller.authorization)
                listed = await self._client.get(endpoint, "/models", credentials)
        except TimeoutError as error:
            raise UpstreamTimeout(
                f"The upstream '{endpoint.name}' did not list its models within "
                f"{MODELS_TIMEOUT:g} seconds."
            ) from error
        data = listed.get("data") if isinstance(listed, dict) else None
        rows = data if isinstance(data, list) else []
        return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
