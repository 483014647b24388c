"""Requests read into conversations: contract, schemas, route, what is known of the model.

It knows the memory of what was learned, and time, and hands them to the core as values.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from strictgate.core.capabilities import Capabilities, Fact, Mode, Prefill
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.errors import (
    CustomToolsRefused,
    NotFound,
    ToolsRefused,
)
from strictgate.core.guard.input_matcher import WORK_A_CHARACTER, InputMatcher
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan import prompted_tools
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.plan.planner import Planner
from strictgate.core.plan.prompted_tools import PromptedToolsReader
from strictgate.core.request.contract import ANY_OBJECT, CarriedSchemas, Contract, read_contract
from strictgate.core.request.custom_tools import CustomTools, has_custom_tools
from strictgate.core.request.options import (
    KNOBS_KEY,
    Enforcement,
    Prefer,
    RequestOptions,
    StreamMode,
    StrictRules,
    Think,
    ToolEnforcement,
)
from strictgate.core.request.tools import named_functions
from strictgate.core.schema.limits import Limits
from strictgate.core.surfaces.surface import SurfaceRequest, UpstreamAdapter
from strictgate.core.wire.calls import CallIds
from strictgate.core.work import Work
from strictgate.gateway.admission import Admission
from strictgate.gateway.document_splitting import DocumentSplitter
from strictgate.gateway.input_grammars import InputGrammarPending, InputGrammars
from strictgate.gateway.knobs import with_overrides
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.gateway.prepared_requests import PreparedRequests, kind_of
from strictgate.gateway.tool_planning import ReadRequest, ToolPlanner
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.settings.loading import Settings
from strictgate.upstream.learned_capabilities import LearnedCapabilities
from strictgate.upstream.routing import Route, Router

Body = Mapping[str, Any]


class RequestPlanner:
    """One per process."""

    def __init__(
        self,
        settings: Settings,
        router: Router,
        learned: LearnedCapabilities,
        workers: WorkerPool | None = None,
    ) -> None:
        self._enforcement = with_overrides(settings.enforcement, None)
        self._router = router
        self._learned = learned
        limits = settings.limits
        self._work = limits.work
        self._inputs = InputGrammars(partial(InputMatcher, is_bounded=limits.workers == 0))
        self.admission = Admission(
            limits.schema_cache_bytes,
            Limits(
                size=limits.schema_bytes,
                depth=limits.schema_depth,
                nodes=limits.schema_nodes,
                cost=limits.schema_cost,
                pattern_bytes=limits.schema_pattern_bytes,
            ),
            workers,
        )
        self.prepared = PreparedRequests(router, learned)
        self._splitter = DocumentSplitter(self.admission)
        self._tools = ToolPlanner(self.admission)

    async def ready(self, plan: Callable[[], PlannedRequest]) -> PlannedRequest:
        """Return what `plan` gives, once what it comes upon is admitted, or made ready.

        Raises:
            GatewayError: it cannot be.
        """
        while True:
            try:
                return await self.admission.admitted(plan)
            except InputGrammarPending as pending:
                await self._inputs.make(pending)

    def is_enforced(self, carried: CarriedSchemas, body: Body) -> bool:
        """Whether there is something to enforce in a request.

        Args:
            carried: what a first look at it has shown.
            body: the request, of whatever surface; its model and its knobs are read.

        Raises:
            BadRequest: a knob is not one.
        """
        if carried.document or carried.strict_tools:
            return True
        if not carried.tools:
            return False
        rules = with_overrides(self._enforcement, body.get(KNOBS_KEY))
        if rules.tools is ToolEnforcement.ALL or _is_prompt_only(rules.modes):
            return True
        model = body.get("model")
        try:
            route = self._router.route(model) if isinstance(model, str) else None
        except NotFound:
            return False
        return route is not None and self._prompts_tools(route, body)

    def _prompts_tools(self, route: Route, body: Body) -> bool:
        """Whether the tools in `body` are to be told in the prompt, or custom ones as functions, as
        far as is known."""
        able = self._known(route)
        if _lacks_tools(able) or (not able.custom_tools and has_custom_tools(body)):
            return True
        schemas = (write_json(each.get("parameters")) for each in named_functions(body))
        return self._refuses_any(route, schemas)

    def _refuses_any(self, route: Route, schemas: Iterable[str]) -> bool:
        """Whether the upstream has refused one of these schemas of functions, given as texts."""
        about = (Fact.NO_TOOLS_FOR_SCHEMA, route.endpoint.name, route.model, time.monotonic())
        if not self._learned.holds(*about):  # of any function: the texts are not made in vain
            return False
        return any(self._learned.holds(*about, text) for text in schemas)

    def _known(self, route: Route) -> Capabilities:
        """Return what the model can do, by its preset and by what was learned."""
        return self._learned.applied_to(
            route.capabilities, route.endpoint.name, route.model, time.monotonic()
        )

    async def planned(
        self, asked: SurfaceRequest, adapter: UpstreamAdapter | None = None
    ) -> PlannedRequest:
        """Return what `plan` gives; of a kind that was planned before, as it was then.

        Raises:
            GatewayError: it cannot be honoured.
        """
        kind = kind_of(asked) if adapter is None else None
        if kind is None:
            return await self.ready(partial(self.plan, asked, adapter))
        now = time.monotonic()
        known = self.prepared.planned(kind, asked.chat, now)
        if known is not None:
            return known
        planned = await self.ready(partial(self.plan, asked))
        self.prepared.keep(kind, planned, now)
        return planned

    def plan(self, asked: SurfaceRequest, adapter: UpstreamAdapter | None = None) -> PlannedRequest:
        """Make a conversation of a request.

        Args:
            adapter: how the upstream is asked in another API.

        Raises:
            BadRequest, NotFound: the request cannot be honoured.
            AdmissionPending, InputGrammarPending: something in it is to be made ready first.
        """
        body = asked.chat
        rules = with_overrides(self._enforcement, body.get(KNOBS_KEY))
        wanted = read_contract(body, strict_by_default=asked.strict_by_default)
        inputs = self._inputs.of(asked.input_grammars)
        read = self._read(wanted, rules, asked, inputs)
        route = self._router.route(read.contract.model)
        capabilities = self._known(route)
        if adapter is not None:
            # What its format is must be native: nothing is put into the prompt.
            capabilities = replace(capabilities, modes=(Mode.NATIVE,), prefill=Prefill.NONE)
            whole = replace(read, contract=replace(read.contract, stream=False))
            rules = replace(rules, think=Think.OFF)  # its models do so in their own way
            conversation = self._conversation(whole, route, capabilities, rules)
            return PlannedRequest(read, route, conversation, adapter)
        capabilities = preferred(capabilities, rules)
        texts = (each.schema_text for each in read.contract.toolbox.functions)
        if self._refuses_any(route, texts):
            capabilities = replace(capabilities, tools=False)
        return self._routed(read, rules, route, capabilities)

    def without_tools(self, planned: PlannedRequest, refused: ToolsRefused) -> PlannedRequest:
        """Return `planned` anew, for a model whose upstream has refused its tools."""
        capabilities = planned.conversation.planner.capabilities
        if isinstance(refused, CustomToolsRefused):
            capabilities = replace(capabilities, custom_tools=False)
        else:
            capabilities = replace(capabilities, tools=False)
        rules, read = planned.conversation.enforcement, planned.read
        again = self._routed(read, rules, planned.route, capabilities)
        return replace(again, refused_tools=refused)

    def _routed(
        self, read: ReadRequest, rules: Enforcement, route: Route, capabilities: Capabilities
    ) -> PlannedRequest:
        asked, reader, custom, is_told = read, None, None, _lacks_tools(capabilities)
        if read.contract.toolbox.others and (is_told or not capabilities.custom_tools):
            custom = CustomTools.of(read.body)
        if custom is not None:
            asked = self._tools.with_functions(read, custom, rules)
        if asked.contract.has_tools and is_told:
            ids = CallIds.after(asked.body["messages"])
            reader = PromptedToolsReader(asked.contract.toolbox.is_deprecated, ids)
            asked, rules = self._tools.as_document(asked, rules), _for_emulation(rules)
            told = prompted_tools.telling_modes(capabilities)
            capabilities = replace(capabilities, modes=told, prompt_first=False)  # unmeasured
        talk = self._conversation(asked, route, capabilities, rules)
        return PlannedRequest(
            read, route, talk, emulation=reader, custom=custom, manual=asked.manual
        )

    def _conversation(
        self, read: ReadRequest, route: Route, capabilities: Capabilities, rules: Enforcement
    ) -> Conversation:
        upstream, model, now = route.endpoint.name, route.model, time.monotonic()
        if plain := self._learned.plain_modes(upstream, model, now, read.schema.text):
            capabilities = replace(capabilities, plain_modes=plain)
        may_split = read.origin is not Origin.VERBATIM  # what is sent there is the caller's own
        planner = Planner(
            read.contract,
            read.schema,
            capabilities,
            read.body,
            model,
            rules.prompt_template,
            tools=read.tools,
            origin=read.origin,
            parts=self._splitter.parts(read.contract, read.schema, rules) if may_split else (),
            left_out=read.left_out,
        )
        refused = self._learned.refused_modes(upstream, model, now, read.schema.text)
        continues = self._learned.holds(Fact.CONTINUES, upstream, model, now)
        work = Work(self._work)
        work.spent = WORK_A_CHARACTER * sum(len(each.definition) for each in read.inputs.values())
        return Conversation(
            planner, rules, refused, is_proven=continues, work=work, inputs=read.inputs
        )

    # --- schemas ---------------------------------------------------------------------------------

    def _read(
        self,
        wanted: Contract,
        rules: Enforcement,
        asked: SurfaceRequest,
        inputs: Mapping[str, InputMatcher],
    ) -> ReadRequest:
        schema = self.admission.get(
            wanted.source if wanted.has_document else ANY_OBJECT,
            name=wanted.name,
            formats=rules.formats,
            strictly=wanted.strict and rules.strict_rules is StrictRules.ENFORCE,
        )
        tools = self._tools.toolset(wanted.toolbox, rules, has_inputs=bool(inputs))
        return ReadRequest(wanted, asked.chat, schema, tools, inputs, asked.origin)


def _for_emulation(rules: Enforcement) -> Enforcement:
    """Return `rules` for a document that is calls: no part of it can go out, and thoughts before a
    call are the model's own talk."""
    return replace(rules, stream=StreamMode.BUFFERED, think=Think.OFF)


def preferred(capabilities: Capabilities, rules: RequestOptions) -> Capabilities:
    """Return `capabilities` with the modes and their order as the request has it."""
    if rules.modes:
        return replace(capabilities, modes=rules.modes, prompt_first=False)
    if not capabilities.prompt_first:
        return capabilities
    match rules.prefer:
        case Prefer.RIGHT:  # a free answer that cannot be gone on from needs the grammar
            return replace(capabilities, prompt_first=rules.max_continuations > 0)
        case Prefer.NATIVE:
            return replace(capabilities, prompt_first=False)
        case Prefer.CHEAP:
            return replace(capabilities, prompt_first=False, native_needs_prompt=False)


def _lacks_tools(capabilities: Capabilities) -> bool:
    """Whether functions must be described: so it is said, or nothing but the prompt is left."""
    return not capabilities.tools or _is_prompt_only(capabilities.modes)


def _is_prompt_only(modes: tuple[Mode, ...]) -> bool:
    return set(modes) == {Mode.PROMPT}
