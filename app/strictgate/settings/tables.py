"""The tables of the configuration that are no upstreams: each is frozen."""

from enum import StrEnum

from pydantic import Field

from strictgate.core.work import DEFAULT_BUDGET
from strictgate.observe.log_lines import LogFormat, LogLevel
from strictgate.settings.fields import Frozen, Names, Secret, Secrets, Url


class Server(Frozen):
    """`[server]`: where Strictgate listens, and whom it answers."""

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port; 0 picks a free one.")
    api_keys: Secrets = Field(
        default=(),
        description="Strictgate's own client keys; better given as STRICTGATE_SERVER__API_KEYS.",
    )
    allow_keyless: bool = Field(
        default=False,
        description="Whether an address that is not loopback is served without client keys.",
    )
    allowed_hosts: Names = Field(
        default=(),
        description="The host names that are answered, besides localhost, addresses and names "
        'without a dot; "*": all.',
    )
    allowed_origins: Names = Field(
        default=(), description="The web origins that may call; browsers send theirs."
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Processes that answer requests, at one address; limits.workers are each "
        "one's own, for what takes long to compute.",
    )
    drain_timeout: float = Field(
        default=30.0,
        ge=0,
        le=86_400,
        description="Seconds that running requests get after SIGTERM, the delay included.",
    )
    drain_delay: float = Field(
        default=3.0,
        ge=0,
        le=86_400,
        description="Seconds after SIGTERM for which it still listens, and refuses.",
    )
    keep_alive: float = Field(
        default=75.0,
        gt=0,
        le=86_400,
        description="Seconds for which a client's connection stays open without a request; longer "
        "than clients and proxies keep theirs.",
    )
    heartbeat: float = Field(
        default=15.0,
        ge=0,
        le=86_400,
        description="Seconds of silence in a stream of an enforced request after which a comment "
        "is sent; 0: never.",
    )


class LimitSettings(Frozen):
    """`[limits]`: how much a client may ask of Strictgate, and an upstream may send it."""

    body_bytes: int = Field(default=10 << 20, gt=0, description="Bytes of a request's JSON body.")
    body_values: int = Field(
        default=100_000,
        gt=0,
        description="JSON values in it; ten times as many where nothing can be enforced.",
    )
    schema_bytes: int = Field(default=1 << 20, gt=0, description="Bytes of a schema's JSON.")
    schema_depth: int = Field(default=64, gt=0, description="Levels of JSON in a schema.")
    schema_nodes: int = Field(default=50_000, gt=0, description="JSON values in a schema.")
    schema_cost: int = Field(
        default=1_000_000, gt=0, description="Subschemas of a schema, with references followed."
    )
    schema_pattern_bytes: int = Field(
        default=8 << 20, gt=0, description="Of its compiled patterns."
    )
    schema_cache_bytes: int = Field(
        default=32 << 20, ge=0, description="Bytes of compiled schemas kept for later requests."
    )
    grammar_cache_bytes: int = Field(
        default=64 << 20, ge=0, description="Bytes of schemas' grammars kept for later requests."
    )
    work: int = Field(
        default=DEFAULT_BUDGET,
        gt=0,
        description="Units of work to judge one request's answers: each about a microsecond.",
    )
    upstream_bytes: int = Field(default=32 << 20, gt=0, description="Bytes of a whole answer.")
    event_bytes: int = Field(default=1 << 20, gt=0, description="Bytes of one server-sent event.")
    connections: int = Field(
        default=1000, gt=0, description="Requests under way at once; more are refused with 503."
    )
    workers: int = Field(default=2, ge=0, description="Processes for what takes long to compute.")
    worker_queue: int = Field(default=64, gt=0, description="Steps that may wait for a worker.")
    worker_seconds: float = Field(default=10.0, gt=0, description="Of computing, for one step.")
    worker_bytes: int = Field(default=2 << 30, gt=0, description="Of a worker's address space.")


class StoreSettings(Frozen):
    """`[store]`: the responses of /v1/responses that are kept."""

    path: str = Field(
        default=":memory:",
        min_length=1,
        description='A file; ":memory:": in the store of [shared] if there is one, else for this '
        'process alone, until it ends; "off": nothing is kept.',
    )
    ttl: float | None = Field(
        default=None,
        gt=0,
        description="Seconds for which each is kept; by default 30 days in a file, or in "
        "PostgreSQL, one in memory or in Redis.",
    )
    max_bytes: int | None = Field(
        default=None,
        gt=0,
        description="Bytes of all together, the oldest leave first; by default 256 MiB in a file, "
        "32 MiB in memory.",
    )


class SharedSettings(Frozen):
    """`[shared]`: what replicas behind one load balancer share, and through which store."""

    url: Secret | None = Field(
        default=None,
        description="redis://, rediss://, valkey:// or postgresql://, with user and password; "
        "better given as STRICTGATE_SHARED__URL. Without it each process keeps to itself.",
    )
    prefix: str = Field(
        default="strictgate",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="What all that is kept there begins with: replicas with the same one share.",
    )
    timeout: float = Field(
        default=1.0, gt=0, description="Seconds that the store may take for one command."
    )
    usage_file: str | None = Field(
        default=None,
        min_length=1,
        description="A file that keeps what client keys have used over a restart, for all "
        "processes of this machine that name it; in place of a url.",
    )


class Answers(Frozen):
    """`[answers]`: what an answer tells of how it came about."""

    headers: bool = Field(default=True, description="Whether it has the x-strictgate-* headers.")
    body: bool = Field(default=True, description="Whether it has the `x_strictgate` object.")


class MetricsAccess(StrEnum):
    """Who may read /metrics."""

    AUTO = "auto"
    """Everybody who reaches a loopback address; elsewhere whoever has a client key."""
    OPEN = "open"
    KEY = "key"
    OFF = "off"


class Observe(Frozen):
    """`[observe]`: what is written about requests."""

    log: bool = Field(default=True, description="Whether there is a log, on stderr.")
    level: LogLevel = Field(
        default=LogLevel.INFO, description="The least that is logged: debug info warning error."
    )
    format: LogFormat | None = Field(
        default=None,
        description="How: json, one object a line; or text, for people. By default text on a "
        "terminal, else json.",
    )
    traces: bool = Field(
        default=False, description="Whether spans go out by OTLP; needs strictgate[otel]."
    )
    trace_ratio: float = Field(
        default=1.0, ge=0, le=1, description="Of the traces that begin here, how many are recorded."
    )
    otlp_endpoint: Url | None = Field(
        default=None,
        description="Where spans go, over HTTP, path included; by default what the variables "
        "OTEL_EXPORTER_OTLP_… say.",
    )
    metrics: MetricsAccess = Field(
        default=MetricsAccess.AUTO,
        description="Who may read /metrics: auto, whoever reaches a loopback address, elsewhere "
        "who has a client key; open, everybody; key, who has one; off, there is no such page.",
    )


class InspectorSettings(Frozen):
    """`[inspector]`: the page that shows what was said in each request."""

    enabled: bool = Field(
        default=True,
        description="Whether there is one, at /inspector: for this machine, and from elsewhere for "
        "who has one of server.api_keys.",
    )
    keep: int = Field(default=1000, gt=0, le=100_000, description="Requests that are kept.")
    bodies: bool = Field(
        default=True, description="Whether what was said is kept, or only that something was."
    )
    file: str | None = Field(
        default=None,
        min_length=1,
        description="A SQLite file in which the same is kept, so that it outlives the process; "
        "for one process alone.",
    )
