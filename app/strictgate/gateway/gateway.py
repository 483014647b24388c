"""Where requests become conversations: routed, planned, driven, learned from, reported.

The driver (driver.py) takes each conversation to the network.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from strictgate.core.capabilities import Capabilities
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Outcome
from strictgate.core.errors import (
    GatewayError,
    OutputInvalid,
    ToolsRefused,
    UpstreamTimeout,
)
from strictgate.core.request.contract import CarriedSchemas
from strictgate.core.resilience.fallbacks import reason_of
from strictgate.core.surfaces.surface import Surface, SurfaceRequest, UpstreamAdapter
from strictgate.core.value_type import value_type
from strictgate.core.wire.passthrough import RawAnswerSink, RawRequest
from strictgate.gateway.answer_details import AnswerDetails
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.gateway.deadlines import Deadlines
from strictgate.gateway.driver import DeltaSink, Driver, GrammarSource
from strictgate.gateway.fallbacks import Fallbacks
from strictgate.gateway.learning import Learner, lessons_of_tools
from strictgate.gateway.moving import Talk
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.gateway.records import Begun, Concluded, Witness, page_of, said_by
from strictgate.gateway.relaying import Relay
from strictgate.gateway.request_planning import RequestPlanner
from strictgate.gateway.response_store import Responses
from strictgate.gateway.transcript import Transcript
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.observe.events import Observer
from strictgate.settings.loading import Settings
from strictgate.upstream.client import Client
from strictgate.upstream.headers import KEYS, OF_THE_BODY, OURS, passed_on
from strictgate.upstream.routing import Router

FALLBACK_PATIENCE = 2.0  # seconds that an upstream is waited for where another can be asked
MODELS_TIMEOUT = 5.0  # seconds for one upstream's list of models
_NOT_SENT = OURS | OF_THE_BODY
"""Headers of a client that an enforced request to the upstream has not, …"""
_NOT_SENT_KEYED = _NOT_SENT | KEYS
"""… and where Strictgate has a key of its own for it."""


@value_type
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

    def __init__(  # noqa: PLR0913 what a gateway is made of
        self,
        settings: Settings,
        router: Router,
        client: Client,
        observe: Observer,
        computing: Computing = Computing(),
        store: Responses | None = None,
        *,
        learner: Learner | None = None,
    ) -> None:
        """Put it together.

        Args:
            learner: what was learned already; None: nothing.
        """
        self.store = store
        self.witness: Witness | None = None
        """Is told what is said; None: nobody is."""
        self._settings = settings
        self._router = router
        self._client = client
        self._computing = computing
        self._deadlines = Deadlines()
        self._reports = RequestReports(observe)
        self._relay = Relay(settings.enforcement, router, client, self._reports)
        self.details = AnswerDetails(settings.answers)
        """What its answers tell of how they came about."""
        rules = settings.enforcement
        self.learner = learner or Learner(rules.capability_ttl, rules.native_failures, observe)
        self._planner = RequestPlanner(settings, router, self.learner.learned, computing.workers)

    @property
    def router(self) -> Router:
        return self._router

    @property
    def heartbeat(self) -> float:
        """Seconds of silence after which the client of a stream gets a comment; 0: never."""
        return self._settings.server.heartbeat

    @property
    def schema_bytes(self) -> int:
        """Bytes of the schemas that are kept, and of the plans for requests that have them."""
        return self._planner.admission.size + self._planner.prepared.weight

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
        return await self._planner.planned(asked, adapter)

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
        route, conversation = planned.route, planned.conversation
        driver = self._driver(planned, caller, take)
        outcome: Outcome | None = None
        try:
            if self.witness is not None:
                self.witness.record(Begun(caller.request_id, planned.aim()))
                driver.transcript = Transcript(caller.request_id, self.witness)
            outcome = await driver.run(lambda: self._talk(conversation), conversation)
        except OutputInvalid as error:
            self.details.quieten(error, self._page(caller))
            raise planned.translated(error) from error
        except GatewayError as error:
            self.details.quieten(error, self._page(caller))
            raise
        finally:
            self.learner.learn_of(route, conversation)
            if driver.unjudged is not None:
                is_settled = conversation.is_settled
                driver.unjudged.charge(conversation.record, is_settled=is_settled)
            self._reports.enforced(route, conversation, caller, outcome)
            if self.witness is not None:
                said = None if outcome is None else said_by(outcome)
                attempts = tuple(conversation.record.attempts)
                self.witness.record(Concluded(caller.request_id, attempts, said))
        if planned.refused_tools is not None:
            self.learner.learn(route, lessons_of_tools(planned))
        about = (outcome, conversation, driver.head, self._page(caller))
        completion = planned.rendered(self.details.completion(*about))
        told = self.details.headers(outcome, conversation)
        return GatewayAnswer(completion, told, outcome.sent)

    def fallbacks(self, planned: PlannedRequest) -> Fallbacks | None:
        """Return what can be asked in place of the model of a request; None: nothing."""
        if not self._router.has_fallbacks:
            return None
        contract = planned.contract
        model = contract.model
        left, writer = self._router.fallbacks(model), self._router.repair_model(model)
        if contract.has_tools or contract.choices > 1:
            writer = None  # it writes one document
        if not left and writer is None:
            return None
        deadline = asyncio.get_running_loop().time() + planned.route.endpoint.settings.timeout
        return Fallbacks(model, left, deadline, writer if contract.has_document else None)

    def fell_back(
        self, failed: PlannedRequest, error: GatewayError, model: str, caller: Caller
    ) -> None:
        """Tell the observer that `model` is asked in place of one that failed."""
        self._reports.fell_back(failed.route, reason_of(error), model, caller)

    async def without_tools(self, planned: PlannedRequest, refused: ToolsRefused) -> PlannedRequest:
        """Return `planned` anew, for an upstream that has refused its tools: they are told in the
        prompt, or custom ones as functions."""
        again = await self._planner.ready(partial(self._planner.without_tools, planned, refused))
        if planned.conversation.handover is not None:
            again.conversation.take_over(planned.conversation.handover)
        return again

    def _talk(self, conversation: Conversation) -> Talk:
        """Return the conversation, about to begin."""
        return Talk(conversation.run(), conversation, self._computing.workers)

    def _driver(self, planned: PlannedRequest, caller: Caller, take: DeltaSink | None) -> Driver:
        """Return what takes the conversation to the upstream."""
        route, handover = planned.route, planned.conversation.handover
        endpoint = route.endpoint
        headers = dict(passed_on(caller.headers, _NOT_SENT_KEYED if endpoint.secret else _NOT_SENT))
        headers |= endpoint.credentials(caller.authorization)
        headers["x-request-id"] = caller.request_id
        self._reports.routed(endpoint, route.model, caller, is_enforced=True)
        driver = Driver(
            *(self._client, self._computing.grammars, endpoint, route.model, headers),
            *(caller, self._reports, take, planned.adapter, self._deadlines),
        )
        if handover is not None:
            driver.deadline = handover.deadline
        if self._may_fall_back(planned):
            driver.patience = FALLBACK_PATIENCE
        return driver

    def _may_fall_back(self, planned: PlannedRequest) -> bool:
        """Whether another model is asked where this one fails."""
        if not self._router.has_fallbacks:
            return False
        handover = planned.conversation.handover
        if handover is not None:
            return not handover.is_last
        return bool(self._router.fallbacks(planned.contract.model))

    def _page(self, caller: Caller) -> Mapping[str, str]:
        """Return what an answer tells of the page that shows how it came about."""
        return page_of(self.witness, caller.request_id, caller.headers)

    # --- passed through --------------------------------------------------------------------------

    def relay(
        self, request: RawRequest, caller: Caller, surface: Surface, sink: RawAnswerSink
    ) -> Awaitable[None]:
        """Send a request on as it is, and the upstream's answer to `sink`; see Relay."""
        return self._relay.relay(request, caller, surface, sink)

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
