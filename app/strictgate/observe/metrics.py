"""Counting, for Prometheus: a listener that has a table for each metric (metric_tables.py).

Labels are bounded: names of upstreams and client keys are the configuration's, those of models the
first MAX_MODELS that there are, codes the first MAX_CODES; the others are `other`. Clients make
names of models up, so one counts as a model's once its upstream has answered, or is in trouble: a
model that is down needs its label. Where the upstream refused (a 4xx but 429), it may not exist.

The events of every request wait for a moment, and are counted many at a time (batching.py), in
numbers that are looked up once for all requests that are alike (`_Request`, `_Conversation`,
`_Call`): a dozen look-ups for each request cost more than the additions.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, TypeVar

from strictgate.core.value_type import value_type
from strictgate.observe.batching import Batch
from strictgate.observe.events import (
    BreakerChanged,
    Enforced,
    Event,
    FactLearned,
    FellBack,
    KeyLimited,
    ModelDemoted,
    ModeRefused,
    PrefillDropped,
    RequestFinished,
    RequestRepeated,
    StoreFailed,
    ToolsDropped,
    UpstreamAnswered,
    UpstreamFailed,
)
from strictgate.observe.log_lines import PROBES
from strictgate.observe.metric_tables import MetricTables
from strictgate.observe.process_events import (
    BackgroundCrashed,
    Crashed,
    LoopBlocked,
    OutOfResources,
    TurnedAway,
)
from strictgate.observe.tables import (
    OTHER,
    Cell,
    CounterTable,
    HistogramRow,
    HistogramTable,
    LabelPool,
)

MAX_MODELS = 100
MAX_CODES = 100
MAX_ALIKE = 1000
"""Kinds of requests whose numbers are held; beyond that they are looked up anew."""
MAX_UNFOLDED = 1000
"""Events whose values wait to be put into the buckets of histograms."""
_ROUTES = (
    *("chat/completions", "completions", "responses", "embeddings", "models", "conversations"),
    *("audio", "images", "files", "moderations", "batches"),
)
_Kept = TypeVar("_Kept")
_BREAKER_STATES = {"closed": 0, "half_open": 1, "open": 2}
_UNANSWERED = "unanswered"
"""The outcome of a conversation of which no question was answered."""
_TOO_COMPLEX = "too_complex"
"""The outcome of an answer that takes more work to judge than a request may cost."""


@value_type
class Reading:
    """A gauge that is read when somebody asks for it."""

    name: str
    text: str
    value: Callable[[], float]


class _Request(NamedTuple):
    """The numbers of all requests with the same path, status, upstream and model."""

    requests: Cell
    seconds: HistogramRow
    answer: "_Answer | None"
    """None: no upstream was asked."""


class _Answer(NamedTuple):
    """The numbers of what was answered by an upstream."""

    overhead: HistogramRow
    first_byte: HistogramRow
    tokens_in: Cell
    tokens_out: Cell
    in_vain: Cell


class _Call(NamedTuple):
    """The numbers of all requests to an upstream for the same purpose, with the same status."""

    requests: Cell
    seconds: HistogramRow
    first_byte: HistogramRow


class _Conversation(NamedTuple):
    """The numbers of all conversations with a model that ended in the same way."""

    enforced: Cell
    attempts: Cell
    continuations: Cell
    stopped: Cell


class Metrics(MetricTables):
    """One per process; `observe` is the listener."""

    def __init__(self) -> None:
        super().__init__()
        self._readings: list[Reading] = []
        self._models = LabelPool(MAX_MODELS)
        self._codes = LabelPool(MAX_CODES)
        self._requests: dict[tuple[str, int, str, str, str], _Request] = {}
        self._calls: dict[tuple[str, str, int], _Call] = {}
        self._conversations: dict[tuple[str, str, str, str], _Conversation] = {}
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
            BackgroundCrashed: lambda each: self.background_crashes.add((each.task,)),
            OutOfResources: lambda each: self.out_of_resources.add(),
            TurnedAway: lambda each: self.turned_away.add((each.limit,), each.count),
        }
        self._waiting = Batch(self._count_all)
        self._histograms = [each for each in vars(self).values() if type(each) is HistogramTable]
        self._unfolded = 0
        """Events since their values were counted last."""
        self.heeds = dict.fromkeys(self._handlers, self._count) | {
            RequestFinished: self._waiting.put,
            UpstreamAnswered: self._waiting.add,
            Enforced: self._waiting.add,
        }
        """What takes note of each kind: what happens within a request waits for its end."""

    # --- told ------------------------------------------------------------------------------------

    def observe(self, event: Event) -> None:
        """Count `event`: at once, or before somebody asks."""
        heed = self.heeds.get(type(event))
        if heed is not None:
            heed(event)

    def _count(self, event: Event) -> None:
        self._handlers[type(event)](event)

    def _count_all(self, events: Sequence[Event]) -> None:
        handlers = self._handlers
        for event in events:
            handlers[type(event)](event)
        self._unfolded += len(events)
        if self._unfolded > MAX_UNFOLDED:
            self._unfolded = 0
            for each in self._histograms:
                each.fold()

    def _finished(self, done: RequestFinished) -> None:
        if done.path in PROBES:
            return
        kind = "enforced" if done.mode else "passthrough"
        status, model, seconds = done.status, done.model, done.seconds
        if not self._models.has(model):
            of = self._models
            model = of.bounded(model) if 0 < status < 400 else of.known(model)
        key = (done.path, status, done.upstream, model, kind)
        alike = self._requests.get(key)
        if alike is None:
            alike = _kept(self._requests, key, self._request(*key))
        requests, taken, answer = alike
        requests[0] += 1
        taken.add(seconds)
        if answer is not None:
            overhead, first_byte, tokens_in, tokens_out, in_vain = answer
            waited = done.upstream_seconds
            overhead.add(seconds - waited if seconds > waited else 0.0)
            if done.first_byte:
                first_byte.add(done.first_byte)
            tokens_in[0] += done.tokens_in
            tokens_out[0] += done.tokens_out
            in_vain[0] += done.tokens_in_vain
        if done.error is not None:
            self.errors.add((self._codes.bounded(done.error),))
        if done.client_left:
            self.clients_left.add()
        if done.key:
            self._used(done)

    def _request(self, path: str, status: int, upstream: str, model: str, kind: str) -> _Request:
        route = _route(path)
        both = (self.requests.cell((route, str(status))), self.request_seconds.row((route,)))
        if not upstream:
            return _Request(*both, None)
        about = (upstream, model)
        answer = _Answer(
            self.overhead_seconds.row((kind,)),
            self.first_byte_seconds.row((kind,)),
            self.tokens.cell((*about, "in")),
            self.tokens.cell((*about, "out")),
            self.tokens_in_vain.cell(about),
        )
        return _Request(*both, answer)

    def _used(self, done: RequestFinished) -> None:
        """Count what a client key has used."""
        status = str(done.status)
        self.key_requests.add((done.key, status))
        self.key_tokens.add((done.key, "in"), done.tokens_in)
        self.key_tokens.add((done.key, "out"), done.tokens_out)
        if done.cost:
            self.key_cost.add((done.key,), done.cost)

    def _answered(self, answered: UpstreamAnswered) -> None:
        if answered.status != 200 and _is_in_trouble(answered):
            self._models.bounded(answered.model)
        key = (answered.upstream, answered.purpose, answered.status)
        alike = self._calls.get(key)
        if alike is None:
            upstream = (answered.upstream,)
            call = _Call(
                self.upstream_requests.cell((*upstream, answered.purpose, str(answered.status))),
                self.upstream_seconds.row(upstream),
                self.upstream_first_byte_seconds.row(upstream),
            )
            alike = _kept(self._calls, key, call)
        requests, waited, first_byte = alike
        requests[0] += 1
        waited.add(answered.waited)
        if answered.status:
            first_byte.add(answered.first_byte)

    def _enforced(self, done: Enforced) -> None:
        name, outcome = done.model, done.outcome
        if not self._models.has(name):
            of = self._models
            name = of.known(name) if outcome == _UNANSWERED else of.bounded(name)
        key = (done.upstream, name, done.mode, outcome)
        alike = self._conversations.get(key)
        if alike is None:
            model = (done.upstream, name)
            conversation = _Conversation(
                self.enforced.cell((*model, done.mode, outcome)),
                self.attempts.cell(model),
                self.continuations.cell(model),
                self.streams_stopped.cell(model),
            )
            alike = _kept(self._conversations, key, conversation)
        enforced, attempts, continuations, stopped = alike
        enforced[0] += 1
        attempts[0] += done.attempts
        continuations[0] += done.continuations
        stopped[0] += done.stopped
        for step in done.repairs:
            self.repairs.add((step,))
        for step, count in done.more_repairs:
            self.repairs.add((step,), count)
        if outcome == _TOO_COMPLEX:
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
        page: tuple[bytes, str] = _merging().page_of(self._families(), accept)
        return page

    def snapshot(self) -> bytes:
        """Return what is shown, for the process that adds it to what others show (merging.py)."""
        shown: bytes = _merging().snapshot(self._families())
        return shown

    def _families(self) -> list[Any]:
        """Return what prometheus-client shows; it is loaded now, as few starts are ever asked."""
        self._waiting.flush()
        exposition = import_module("strictgate.observe.exposition")
        tables = (
            each for each in vars(self).values() if isinstance(each, CounterTable | HistogramTable)
        )
        gauges = ((each.name, each.text, each.value()) for each in self._readings)
        return list(exposition.all_families(tables, gauges))


def _merging() -> Any:
    return import_module("strictgate.observe.merging")  # prometheus-client comes with it


def _is_in_trouble(answered: UpstreamAnswered) -> bool:
    """Whether the upstream gave no answer, or one that says nothing of the model that was named."""
    status = answered.status
    return status >= 500 or status == 429 or (not status and bool(answered.error))


def _kept(among: dict[Any, _Kept], key: Any, numbers: _Kept) -> _Kept:
    """Return `numbers`, which are held under `key` from now on."""
    if len(among) >= MAX_ALIKE:  # whoever makes names up must not fill the memory
        among.clear()
    among[key] = numbers
    return numbers


def _route(path: str) -> str:
    """Return the path's first words below the API's root, where there are not too many of them."""
    words = path.removeprefix("/openai").removeprefix("/v1/")
    for route in _ROUTES:
        if words.startswith(route):
            return route
    return OTHER
