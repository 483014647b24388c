"""What is counted, for Prometheus: a listener that has a table for each metric.

Labels are bounded: names of upstreams and client keys are the configuration's, those of models the
first MAX_MODELS that are asked for, codes the first MAX_CODES; what comes later is `other`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder

from strictgate import __version__
from strictgate.observe.events import (
    BreakerChanged,
    Crashed,
    Enforced,
    Event,
    FactLearned,
    FellBack,
    KeyLimited,
    LoopBlocked,
    ModelDemoted,
    ModeRefused,
    OutOfResources,
    PrefillDropped,
    RequestFinished,
    RequestRepeated,
    StoreFailed,
    ToolsDropped,
    UpstreamAnswered,
    UpstreamFailed,
)
from strictgate.observe.log_lines import PROBES
from strictgate.observe.tables import (
    OTHER,
    CounterTable,
    GaugeTable,
    HistogramTable,
    LabelPool,
)

MAX_MODELS = 100
MAX_CODES = 100
_LATENCIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_OVERHEADS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)
_ROUTES = (
    *("chat/completions", "completions", "responses", "embeddings", "models", "conversations"),
    *("audio", "images", "files", "moderations", "batches"),
)
_BREAKER_STATES = {"closed": 0, "half_open": 1, "open": 2}
_TOO_COMPLEX = "too_complex"
"""The outcome of an answer that takes more work to judge than a request may cost."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A gauge that is read when somebody asks for it."""

    name: str
    text: str
    value: Callable[[], float]


class Metrics:
    """One per process; `observe` is the listener."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._models = LabelPool(MAX_MODELS)
        self._codes = LabelPool(MAX_CODES)
        self._make_tables()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._handlers: dict[type, Callable[[Any], None]] = {
            RequestFinished: self._finished,
            UpstreamAnswered: self._answered,
            Enforced: self._enforced,
            UpstreamFailed: lambda each: self.upstream_failures.add((each.upstream, each.error)),
            RequestRepeated: lambda each: self.repetitions.add((each.upstream, each.reason)),
            FellBack: lambda each: self.fallbacks.add((each.upstream, each.fallback)),
            BreakerChanged: self._breaker,
            ModeRefused: lambda each: self.refusals.add((each.upstream, each.mode)),
            ModelDemoted: lambda each: self._demoted(each, "native"),
            PrefillDropped: lambda each: self._demoted(each, "prefill"),
            ToolsDropped: lambda each: self._demoted(each, "tools"),
            FactLearned: lambda each: self.facts.add((each.upstream, each.fact)),
            LoopBlocked: lambda each: self.loop_blocked.add((), each.seconds),
            KeyLimited: lambda each: self.key_refusals.add((each.key, each.limit)),
            StoreFailed: lambda each: self.store_failures.add(),
            Crashed: lambda each: self.crashes.add(),
            OutOfResources: lambda each: self.out_of_resources.add(),
        }

    def _make_tables(self) -> None:
        model = ("upstream", "model")
        self.requests = CounterTable(
            "strictgate_requests",
            "Requests answered, by route and status; 0: the client left before there was one.",
            ("route", "status"),
        )
        self.errors = CounterTable(
            "strictgate_errors", "Requests that ended with an error, by its code.", ("code",)
        )
        self.clients_left = CounterTable(
            "strictgate_clients_left", "Requests whose client left before the end."
        )
        self.request_seconds = HistogramTable(
            "strictgate_request_seconds",
            "From a request's arrival to the end of its answer.",
            _LATENCIES,
            ("route",),
        )
        self.overhead_seconds = HistogramTable(
            "strictgate_overhead_seconds",
            "Of a request's time, what was not spent waiting for the upstream; in streams, with "
            "the time that the client took to read.",
            _OVERHEADS,
            ("kind",),
        )
        self.first_byte_seconds = HistogramTable(
            "strictgate_first_byte_seconds",
            "From a request's arrival to the first byte of its answer's body.",
            _LATENCIES,
            ("kind",),
        )
        self.upstream_requests = CounterTable(
            "strictgate_upstream_requests",
            "Requests to upstreams by what they were for; status 0: there was no answer.",
            ("upstream", "purpose", "status"),
        )
        self.upstream_seconds = HistogramTable(
            "strictgate_upstream_seconds",
            "How long upstreams were waited for, for each request to them.",
            _LATENCIES,
            ("upstream",),
        )
        self.upstream_first_byte_seconds = HistogramTable(
            "strictgate_upstream_first_byte_seconds",
            "From a request to an upstream to the head of its answer.",
            _LATENCIES,
            ("upstream",),
        )
        self.upstream_failures = CounterTable(
            "strictgate_upstream_failures",
            "Requests to upstreams that got no whole answer.",
            ("upstream", "error"),
        )
        self.repetitions = CounterTable(
            "strictgate_repetitions",
            "Requests to upstreams that were made again after a failure.",
            ("upstream", "status"),
        )
        self.fallbacks = CounterTable(
            "strictgate_fallbacks",
            "Models that failed and in whose place another one was asked, by its name.",
            ("upstream", "fallback"),
        )
        self.breaker_state = GaugeTable(
            "strictgate_breaker_state",
            "Whether an upstream is asked: 0 closed (it is), 1 half open, 2 open (it is not).",
            ("upstream",),
        )
        self.breaker_changes = CounterTable(
            "strictgate_breaker_changes", "Changes of that state.", ("upstream", "state")
        )
        self.enforced = CounterTable(
            "strictgate_enforced",
            "Conversations about enforced requests, by the last mode and how they ended.",
            (*model, "mode", "outcome"),
        )
        self.attempts = CounterTable("strictgate_attempts", "Whole documents asked for.", model)
        self.continuations = CounterTable(
            "strictgate_continuations", "Times that the rest of a document was asked for.", model
        )
        self.streams_stopped = CounterTable(
            "strictgate_streams_stopped", "Streams of upstreams that were ended early.", model
        )
        self.repairs = CounterTable("strictgate_repairs", "Repairs, by step.", ("step",))
        self.work_budget_hits = CounterTable(
            "strictgate_work_budget_hits",
            "Conversations whose last answer took more work to judge than limits.work.",
        )
        self.tokens = CounterTable(
            "strictgate_tokens", "Tokens, as upstreams count them.", (*model, "direction")
        )
        self.tokens_in_vain = CounterTable(
            "strictgate_tokens_in_vain", "Of these, those that no answer was made of.", model
        )
        self.refusals = CounterTable(
            "strictgate_refusals",
            "Modes that upstreams refused, and that are left for a while.",
            ("upstream", "mode"),
        )
        self.demotions = CounterTable(
            "strictgate_demotions",
            "Models of which something is not asked for a while: native, prefill or tools.",
            (*model, "what"),
        )
        self.loop_blocked = CounterTable(
            "strictgate_loop_blocked_seconds",
            "Of computing without a pause that others may have noticed, as far as the log has it.",
        )
        self.facts = CounterTable(
            "strictgate_facts_learned",
            "What upstreams refused otherwise, and is done without for a while.",
            ("upstream", "fact"),
        )
        self.key_requests = CounterTable(
            "strictgate_key_requests", "Requests by client key.", ("key", "status")
        )
        self.key_tokens = CounterTable(
            "strictgate_key_tokens", "Tokens by client key.", ("key", "direction")
        )
        self.key_cost = CounterTable(
            "strictgate_key_cost", "Money by client key, as the configuration has prices.", ("key",)
        )
        self.key_refusals = CounterTable(
            "strictgate_key_refusals",
            "Requests refused because a client key has used up what it may.",
            ("key", "limit"),
        )
        self.store_failures = CounterTable(
            "strictgate_store_failures", "Times that the store of responses failed."
        )
        self.crashes = CounterTable("strictgate_crashes", "Requests that met a bug.")
        self.out_of_resources = CounterTable(
            "strictgate_out_of_resources", "Requests for which the machine lacked something."
        )

    # --- told ------------------------------------------------------------------------------------

    def observe(self, event: Event) -> None:
        """Count `event`."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _finished(self, done: RequestFinished) -> None:
        if done.path in PROBES:
            return
        route, status = _route(done.path), str(done.status)
        self.requests.add((route, status))
        self.request_seconds.add((route,), done.seconds)
        if done.upstream:
            kind = ("enforced" if done.mode else "passthrough",)
            self.overhead_seconds.add(kind, max(0.0, done.seconds - done.upstream_seconds))
            if done.first_byte:
                self.first_byte_seconds.add(kind, done.first_byte)
            model = (done.upstream, self._models.bounded(done.model))
            if done.tokens_in:
                self.tokens.add((*model, "in"), done.tokens_in)
            if done.tokens_out:
                self.tokens.add((*model, "out"), done.tokens_out)
            if done.tokens_in_vain:
                self.tokens_in_vain.add(model, done.tokens_in_vain)
        if done.error is not None:
            self.errors.add((self._codes.bounded(done.error),))
        if done.client_left:
            self.clients_left.add()
        if done.key:
            self._used(done)

    def _used(self, done: RequestFinished) -> None:
        """Count what a client key has used."""
        status = str(done.status)
        self.key_requests.add((done.key, status))
        self.key_tokens.add((done.key, "in"), done.tokens_in)
        self.key_tokens.add((done.key, "out"), done.tokens_out)
        if done.cost:
            self.key_cost.add((done.key,), done.cost)

    def _answered(self, answered: UpstreamAnswered) -> None:
        upstream = (answered.upstream,)
        self.upstream_requests.add((*upstream, answered.purpose, str(answered.status)))
        self.upstream_seconds.add(upstream, answered.waited)
        if answered.status:
            self.upstream_first_byte_seconds.add(upstream, answered.first_byte)

    def _enforced(self, done: Enforced) -> None:
        model = (done.upstream, self._models.bounded(done.model))
        self.enforced.add((*model, done.mode, done.outcome))
        self.attempts.add(model, done.attempts)
        if done.continuations:
            self.continuations.add(model, done.continuations)
        if done.stopped:
            self.streams_stopped.add(model, done.stopped)
        for step in done.repairs:
            self.repairs.add((step,))
        for step, count in done.more_repairs:
            self.repairs.add((step,), count)
        if done.outcome == _TOO_COMPLEX:
            self.work_budget_hits.add()

    def _breaker(self, change: BreakerChanged) -> None:
        self.breaker_state.set((change.upstream,), _BREAKER_STATES[change.state])
        self.breaker_changes.add((change.upstream, change.state))

    def _demoted(self, event: ModelDemoted | PrefillDropped | ToolsDropped, what: str) -> None:
        self.demotions.add((event.upstream, self._models.bounded(event.model), what))

    # --- asked -----------------------------------------------------------------------------------

    def watch(self, readings: Iterable[Reading]) -> None:
        """Show these gauges, too."""
        self._readings.extend(readings)

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """Return the page for Prometheus, and its content type.

        Args:
            accept: the header of that name, by which OpenMetrics may be asked for.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Any]:
        """Yield what prometheus-client shows."""
        yield InfoMetricFamily("strictgate", "The version.", {"version": __version__})
        for table in vars(self).values():
            if isinstance(table, CounterTable | HistogramTable):
                yield table.family()
        for reading in self._readings:
            yield GaugeMetricFamily(reading.name, reading.text, reading.value())


def _route(path: str) -> str:
    """Return the path's first words below the API's root, where there are not too many of them."""
    words = path.removeprefix("/openai").removeprefix("/v1/")
    for route in _ROUTES:
        if words.startswith(route):
            return route
    return OTHER
