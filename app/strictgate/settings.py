"""The configuration, as one frozen tree: a TOML file, overridden by STRICTGATE_* variables.

A variable's name is the path of the field: STRICTGATE_SERVER__PORT is `port` in `[server]`. A list
in a variable is written as JSON, or separated by commas. A field that is not known is an error that
names it, in the file and in the variables. The tree is read once, at start, and passed down; no
module holds it as a global.
"""

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.request.options import Enforcement
from strictgate.core.wire.address import checked_base_url
from strictgate.core.work import DEFAULT_BUDGET

PREFIX = "STRICTGATE_"
CONFIG_VARIABLE = "STRICTGATE_CONFIG"


class SettingsError(Exception):
    """The configuration cannot be used; the message names every field and what is wrong."""


class Frozen(BaseModel):
    """A table of the configuration: it never changes, and takes no field that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    """Return the list that `a,b` in a variable stands for; JSON has been parsed before."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _not_blank(secret: SecretStr) -> SecretStr:
    """Return the secret without blanks around it, which no HTTP header could carry."""
    if not secret.get_secret_value().strip():
        raise ValueError("must not be blank")
    return SecretStr(secret.get_secret_value().strip())


def _with_place(table: Enforcement) -> Enforcement:
    """Check the prompt template; the error is one of pydantic's, so that it names the field."""
    if "{schema}" not in table.prompt_template:
        wrong = PydanticCustomError("place", "must contain {schema}, where the schema is to stand")
        where = ("prompt_template",)
        raise ValidationError.from_exception_data("", [{"type": wrong, "loc": where, "input": ""}])
    return table


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_listed)]
Modes = Annotated[tuple[Mode, ...], BeforeValidator(_listed), Field(min_length=1)]
TopLogprobs = Annotated[int, Field(ge=0, le=100)]
Url = Annotated[str, AfterValidator(checked_base_url)]


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
        description="Seconds after SIGTERM or SIGHUP for which it still listens, and refuses.",
    )
    heartbeat: float = Field(
        default=15.0,
        ge=0,
        le=86_400,
        description="Seconds of silence in a stream of an enforced request after which a comment "
        "is sent; 0: never.",
    )


class Pins(Frozen):
    """What the configuration says of models in place of their preset, or of what is learned."""

    modes: Modes | None = Field(
        default=None, description="The modes of its models, in the order of trying."
    )
    prompt_first: bool | None = Field(
        default=None,
        description="Whether the free answer under guard is asked for first, where its models go "
        "on from a prefix, and its own grammar last.",
    )
    tools: bool | None = Field(
        default=None,
        description="Whether its models call functions; where not, tools go into the prompt.",
    )
    responses: bool | None = Field(
        default=None, description="Whether it has /responses itself, which then takes what it can."
    )
    prefill: Prefill | None = Field(
        default=None, description="How its models are asked to go on from a prefix."
    )
    top_logprobs: TopLogprobs | None = Field(
        default=None, description="Alternatives of each token that may be asked for; 0: none."
    )

    def applied_to(self, capabilities: Capabilities) -> Capabilities:
        """Return `capabilities` with what is pinned here."""
        if self.modes is not None:  # they are in the order of trying
            capabilities = replace(capabilities, prompt_first=False)
        pinned = {name: getattr(self, name) for name in Pins.model_fields}
        return replace(capabilities, **{k: v for k, v in pinned.items() if v is not None})


class Upstream(Pins):
    """`[upstreams.NAME]`: one OpenAI-compatible server."""

    preset: str | None = Field(
        default=None,
        description="The provider whose quirks to expect; without it that is found out at start.",
    )
    base_url: Url | None = Field(default=None, description="Its API's; it usually ends in /v1.")
    api_key_env: str | None = Field(
        default=None,
        description="The variable that holds its key; without it the client's own "
        "Authorization header goes upstream.",
    )
    timeout: float = Field(default=120.0, gt=0, description="Seconds for a whole request.")
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds to connect.")
    first_byte_timeout: float = Field(
        default=120.0, gt=0, description="Seconds until the answer begins."
    )
    idle_timeout: float = Field(
        default=60.0, gt=0, description="Seconds between two pieces of an answer."
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Times that an enforced request is made again after a failure that may pass.",
    )
    breaker_failures: int = Field(
        default=10,
        ge=0,
        description="Failures in a row after which it is not asked for a while; 0: never.",
    )
    breaker_cooldown: float = Field(
        default=5.0, gt=0, description="Seconds until it is tried again then."
    )
    proxy: Url | None = Field(
        default=None, description="HTTP proxy; proxy variables of the environment are ignored."
    )


class Model(Pins):
    """`[models.NAME]`: a model's name that clients may use."""

    upstream: str = Field(description="The upstream that serves it.")
    model: str | None = Field(default=None, description="What the upstream calls it.")


class LimitSettings(Frozen):
    """`[limits]`: how much a client may ask of Strictgate, and an upstream may send it."""

    body_bytes: int = Field(default=10 << 20, gt=0, description="Bytes of a request's JSON body.")
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
        description='A file; ":memory:": for this process alone, until it ends; "off": nothing is '
        "kept.",
    )
    ttl: float | None = Field(
        default=None,
        gt=0,
        description="Seconds for which each is kept; by default 30 days in a file, one in memory.",
    )
    max_bytes: int | None = Field(
        default=None,
        gt=0,
        description="Bytes of all together, the oldest leave first; by default 256 MiB in a file, "
        "32 MiB in memory.",
    )


class Answers(Frozen):
    """`[answers]`: what an answer tells of how it came about."""

    headers: bool = Field(default=True, description="Whether it has the x-strictgate-* headers.")
    body: bool = Field(default=True, description="Whether it has the `x_strictgate` object.")


class Observe(Frozen):
    """`[observe]`: what is written about requests."""

    log: bool = Field(default=True, description="Whether each request is one JSON line on stderr.")


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    default_upstream: str | None = Field(
        default=None, description="The upstream of models that are not listed."
    )
    server: Server = Server()
    upstreams: dict[str, Upstream] = Field(default_factory=dict)
    models: dict[str, Model] = Field(default_factory=dict)
    enforcement: Annotated[Enforcement, AfterValidator(_with_place)] = Enforcement()
    limits: LimitSettings = LimitSettings()
    answers: Answers = Answers()
    store: StoreSettings = StoreSettings()
    observe: Observe = Observe()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return Variables(settings_cls), init_settings  # the file comes in as arguments

    def with_upstream(self, name: str, base_url: str, preset: str | None = None) -> "Settings":
        """Return these settings with one more upstream, the default; raise SettingsError for a
        wrong URL. Without a preset it is found out at start what it is."""
        with _named(f"upstreams.{name}."):
            more = self.upstreams | {name: Upstream(base_url=base_url, preset=preset)}
        return self.model_copy(update={"upstreams": more, "default_upstream": name})

    def with_server(self, changes: Mapping[str, Any]) -> "Settings":
        """Return these settings with fields of `server` changed; raise SettingsError for a wrong
        value."""
        with _named("server."):
            server = Server.model_validate({**dict(self.server), **changes})
        return self.model_copy(update={"server": server})


class Variables(EnvSettingsSource):
    """The STRICTGATE_* variables; a list need not be spelt as JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            read = json.loads(value)
        except ValueError:
            return value  # the field's own validator takes it, or says what it wants
        return read if isinstance(read, list | dict | str) else value  # a key may be a number


def load(path: Path | None = None) -> Settings:
    """Read the configuration.

    Args:
        path: a TOML file; by default the one that STRICTGATE_CONFIG names, else none.

    Raises:
        SettingsError: the file cannot be read, or fields are wrong; the message names them all.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    path = path or (Path(named) if named else None)
    _check_variables(os.environ)
    with _named(""):
        return Settings(**(_read(path) if path else {}))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error


def _check_variables(names: Iterable[str]) -> None:
    """Raise SettingsError for a variable of no table: pydantic-settings would pass it unseen."""
    for name in names:
        field = name.removeprefix(PREFIX).split("__")[0].lower()
        ours = name.startswith(PREFIX) and name != CONFIG_VARIABLE
        if ours and field not in Settings.model_fields:
            known = ", ".join(sorted(Settings.model_fields))
            raise SettingsError(f"{name}: no such setting. There are: {known}.")


@contextmanager
def _named(prefix: str) -> Iterator[None]:
    """Turn pydantic's errors into a SettingsError with one line for each, which names its field."""
    try:
        yield
    except ValidationError as error:
        lines = [f"{prefix}{_sentence(each)}" for each in error.errors()]
        raise SettingsError("\n".join(lines)) from error


_WORDS = {
    "extra_forbidden": "no such setting",
    "unexpected_keyword_argument": "no such setting",
    "tuple_type": "must be a list",
}
"""The words for some kinds of pydantic's errors, which speak of Python otherwise."""


def _sentence(each: Any) -> str:
    where = ".".join(str(step) for step in each["loc"])
    return f"{where}: {_WORDS.get(each['type']) or each['msg'].removeprefix('Value error, ')}"
