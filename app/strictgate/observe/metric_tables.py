"""What there is to be seen at /metrics, beside what is read off the parts of the application."""

from strictgate.observe.tables import CounterTable, GaugeTable, HistogramTable

_LATENCIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_OVERHEADS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)


class MetricTables:
    """A table for each metric."""

    def __init__(self) -> None:
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
        self.background_crashes = CounterTable(
            "strictgate_background_crashes",
            "Bugs in what is done beside the requests, which was begun anew.",
            ("task",),
        )
        self.out_of_resources = CounterTable(
            "strictgate_out_of_resources", "Requests for which the machine lacked something."
        )
        self.turned_away = CounterTable(
            "strictgate_turned_away",
            "Connections and requests refused at once, unread, as there were too many.",
            ("limit",),
        )
