"""The configuration, as one frozen tree: a TOML file, overridden by STRICTGATE_* variables.

A variable's name is the path of the field: STRICTGATE_SERVER__PORT is `port` in `[server]`. A list
in a variable is written as JSON, or separated by commas. A field that is not known is an error that
names it, in the file and in the variables. The tree is read at start, and anew on a reload, and
passed down; no module holds it as a global.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from strictgate.core.request.options import Enforcement
from strictgate.observe.log_lines import LogLevel
from strictgate.settings.keys import Key, Price
from strictgate.settings.tables import (
    Answers,
    InspectorSettings,
    LimitSettings,
    Observe,
    Server,
    SharedSettings,
    StoreSettings,
)
from strictgate.settings.upstreams import Model, Upstream

PREFIX = "STRICTGATE_"
CONFIG_VARIABLE = "STRICTGATE_CONFIG"
_SERVICE_LINK = re.compile(
    r"STRICTGATE_(?:\w+_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)=.*"
    r"|STRICTGATE_(?:\w+_)?PORT=\w+://.*"
)
"""What Kubernetes tells every pod of a Service whose name begins with `strictgate`, as NAME=value:
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables."""


class SettingsError(Exception):
    """The configuration cannot be used; the message names every field and what is wrong."""


def _with_place(table: Enforcement) -> Enforcement:
    """Check the prompt template; the error is one of pydantic's, so that it names the field."""
    if "{schema}" not in table.prompt_template:
        wrong = PydanticCustomError("place", "must contain {schema}, where the schema is to stand")
        where = ("prompt_template",)
        raise ValidationError.from_exception_data("", [{"type": wrong, "loc": where, "input": ""}])
    return table


class Settings(BaseModel):
    """The whole configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    default_upstream: str | None = Field(
        default=None, description="The upstream of models that are not listed."
    )
    server: Server = Server()
    upstreams: dict[str, Upstream] = Field(default_factory=dict)
    models: dict[str, Model] = Field(default_factory=dict)
    keys: dict[str, Key] = Field(default_factory=dict)
    prices: dict[str, Price] = Field(default_factory=dict)
    enforcement: Annotated[Enforcement, AfterValidator(_with_place)] = Enforcement()
    limits: LimitSettings = LimitSettings()
    answers: Answers = Answers()
    store: StoreSettings = StoreSettings()
    shared: SharedSettings = SharedSettings()
    observe: Observe = Observe()
    inspector: InspectorSettings = InspectorSettings()

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

    def with_log_level(self, level: LogLevel) -> "Settings":
        """Return these settings with another gravity from which on is logged."""
        return self.model_copy(update={"observe": self.observe.model_copy(update={"level": level})})


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
        return Settings(**_merged(_read(path) if path else {}, _variables(os.environ)))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error


def _variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what this process's variables say, table in table."""
    if not any(name.upper().startswith(PREFIX) for name in environment if name != CONFIG_VARIABLE):
        return {}
    late = import_module("strictgate.settings.variables")  # where there are none, 4 % of a start
    tables: dict[str, Any] = late.variable_tables(Settings, PREFIX)
    return tables


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables with what others say above them, field by field."""
    merged = dict(below)
    for name, value in above.items():
        under = below.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            value = _merged(under, value)
        merged[name] = value
    return merged


def _check_variables(environment: Mapping[str, str]) -> None:
    """Raise SettingsError for a variable of no table: pydantic-settings would pass it unseen."""
    in_cluster = "KUBERNETES_SERVICE_HOST" in environment
    for name, value in environment.items():
        field = name.removeprefix(PREFIX).split("__")[0].lower()
        ours = name.startswith(PREFIX) and name != CONFIG_VARIABLE
        is_link = in_cluster and _SERVICE_LINK.fullmatch(f"{name}={value}") is not None
        if ours and field not in Settings.model_fields and not is_link:
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
