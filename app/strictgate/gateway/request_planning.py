"""Requests read into conversations: contract, schemas, route, what is known of the model.

It knows the memory of what was learned, and time, and hands them to the core as values.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from strictgate.core.capabilities import Capabilities, Fact, Mode, Prefill
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.errors import (
    BadRequest,
    NotFound,
    OutputInvalid,
    OutputTooComplex,
    ToolsRefused,
)
from strictgate.core.guard.input_matcher import WORK_A_CHARACTER, InputMatcher
from strictgate.core.jsontext.reader import write_json
from strictgate.core.plan import prompted_tools
from strictgate.core.plan.optional_fields import Origin
from strictgate.core.plan.planner import Planner
from strictgate.core.plan.prompted_tools import PromptedToolsReader
from strictgate.core.request.contract import ANY_OBJECT, CarriedSchemas, Contract, read_contract
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
from strictgate.core.request.tools import (
    Function,
    Toolbox,
    Toolset,
    is_strict_unsaid,
    named_functions,
)
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import Schema
from strictgate.core.surfaces.surface import SurfaceRequest, UpstreamAdapter
from strictgate.core.wire.calls import CallIds
from strictgate.core.work import Work
from strictgate.gateway.admission import Admission, AdmissionPending
from strictgate.gateway.document_splitting import DocumentSplitter
from strictgate.gateway.input_grammars import InputGrammarPending, InputGrammars
from strictgate.gateway.knobs import with_overrides
from strictgate.gateway.worker_messages import Admit
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.settings.loading import Settings
from strictgate.upstream.learned_capabilities import LearnedCapabilities
from strictgate.upstream.routing import Route, Router

Body = Mapping[str, Any]
_NO_CUSTOM_TOOLS = (
    "This model calls no tools by itself, and in a chat completion a custom tool cannot be told in "
    "its place: send a function with one string, or use /v1/responses, where that is done."
)
"""For a request in which nothing else may be called."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A request, and all that it is judged by."""

    contract: Contract
    body: Body
    schema: Schema
    tools: Toolset | None
    inputs: Mapping[str, InputMatcher]
    """By the name of each custom tool with a grammar."""
    origin: Origin = Origin.CHAT


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """A request that is for a conversation."""

    read: ReadRequest
    route: Route
    conversation: Conversation
    adapter: UpstreamAdapter | None = None
    """The upstream is asked in another API than chat completions."""
    emulation: PromptedToolsReader | None = None
    """The model has no tools: its documents are read as calls."""
    refused_tools: ToolsRefused | None = None
    """The refusal because of which it is planned so, if it is not known from before."""

    @property
    def contract(self) -> Contract:
        """What the caller asked for."""
        return self.read.contract

    def rendered(self, completion: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `completion` as the caller knows it."""
        return self.emulation.rendered(completion) if self.emulation else completion

    def translated(self, error: OutputInvalid) -> OutputInvalid:
        """Return `error` as one about what the caller asked for."""
        is_about_calls = self.emulation is not None and not self.contract.has_document
        if self.emulation is None or not is_about_calls or isinstance(error, OutputTooComplex):
            return error
        return self.emulation.error(error)


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
        self._inputs = InputGrammars()
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
        self._splitter = DocumentSplitter(self.admission)

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
        """Whether the functions in `body` are to be told in the prompt, as far as is known."""
        if _lacks_tools(self._known(route)):
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
        capabilities = replace(planned.conversation.planner.capabilities, tools=False)
        rules, read = planned.conversation.enforcement, planned.read
        again = self._routed(read, rules, planned.route, capabilities)
        return replace(again, refused_tools=refused)

    def _routed(
        self, read: ReadRequest, rules: Enforcement, route: Route, capabilities: Capabilities
    ) -> PlannedRequest:
        wanted, asked, reader = read.contract, read, None
        if wanted.has_tools and _lacks_tools(capabilities):
            ids = CallIds.after(read.body["messages"])
            reader = PromptedToolsReader(wanted.toolbox.is_deprecated, ids)
            asked, rules = self._emulated(read, rules), _for_emulation(rules)
            told = prompted_tools.telling_modes(capabilities)
            capabilities = replace(capabilities, modes=told, prompt_first=False)  # unmeasured
        talk = self._conversation(asked, route, capabilities, rules)
        return PlannedRequest(read, route, talk, emulation=reader)

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
        tools = self._toolset(wanted.toolbox, rules, has_inputs=bool(inputs))
        return ReadRequest(wanted, asked.chat, schema, tools, inputs, asked.origin)

    def _toolset(self, box: Toolbox, rules: Enforcement, *, has_inputs: bool) -> Toolset | None:
        """Return what calls are judged by; None where no function's arguments are."""
        schemas: dict[str, Schema | None] = dict.fromkeys(box.others)
        pending: list[Admit] = []
        for each in box.functions:
            is_asked = each.strict or rules.tools is ToolEnforcement.ALL
            judged = self._parameters if is_asked else self._unsaid
            try:
                schemas[each.name] = judged(each, rules)
            except AdmissionPending as more:  # all of them are told at once
                pending += more.questions
        if pending:
            raise AdmissionPending(pending)
        if not any(schemas.values()) and not has_inputs:
            return None
        return box.judged_by(schemas)

    def _unsaid(self, function: Function, rules: Enforcement) -> Schema | None:
        """Return the schema of a function that may be strict by default; None where it cannot."""
        if function.strict is not None or not is_strict_unsaid(function.parameters):
            return None
        try:
            return self._parameters(replace(function, strict=True), rules)
        except BadRequest:  # not admitted: nobody has asked for it to be enforced
            return None

    def _parameters(self, function: Function, rules: Enforcement) -> Schema:
        is_given = function.parameters is not None
        strictly = bool(function.strict) and rules.strict_rules is StrictRules.ENFORCE
        return self.admission.get(
            function.parameters if is_given else ANY_OBJECT,
            name=function.name,
            formats=rules.formats,
            strictly=strictly and is_given,
            context=function.schema_context,
        )

    def _emulated(self, read: ReadRequest, rules: Enforcement) -> ReadRequest:
        """Return `read` as a request for one document, which is calls or an answer."""
        box = read.contract.toolbox
        if box.callable and not box.callable & {each.name for each in box.functions}:
            raise BadRequest(_NO_CUSTOM_TOOLS, param="tools", code="unsupported_value")
        known = read.tools.schemas if read.tools else {}
        strict = {name: schema.source for name, schema in known.items() if schema is not None}
        loose = {}
        pending: list[Admit] = []
        for each in read.contract.toolbox.functions:
            if each.name not in strict and each.parameters is not None:
                try:
                    loose[each.name] = self._parameters(each, rules).source
                except AdmissionPending as more:
                    pending += more.questions
                except BadRequest:
                    continue
        if pending:
            raise AdmissionPending(pending)
        try:
            return self._as_document(read, rules, strict, loose)
        except BadRequest:  # together they are over a limit
            return self._as_document(read, rules, strict, {})

    def _as_document(
        self,
        read: ReadRequest,
        rules: Enforcement,
        strict: Mapping[str, Any],
        loose: Mapping[str, Any],
    ) -> ReadRequest:
        wanted, body = prompted_tools.prompt_tools(read.contract, read.body, strict, loose)
        schema = self.admission.get(wanted.source, name=wanted.name, formats=rules.formats)
        return ReadRequest(wanted, body, schema, None, read.inputs, read.origin)


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
