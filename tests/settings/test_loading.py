"""Configuration: the example names every field, variables win, typos are named."""

import tomllib
from dataclasses import fields, is_dataclass, replace
from importlib import resources
from pathlib import Path

import pytest
from pydantic import BaseModel

from strictgate.core.repair_steps import Repair
from strictgate.core.request.options import Enforcement
from strictgate.settings.loading import Settings, SettingsError, load
from strictgate.settings.upstreams import Model, Upstream

EXAMPLE = Path(str(resources.files("strictgate").joinpath("config.example.toml")))
TABLES = {"upstreams": Upstream, "models": Model}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in ("STRICTGATE_CONFIG", "STRICTGATE_SERVER__PORT"):
        monkeypatch.delenv(name, raising=False)


def names(table):
    """The fields of a table, which is a model or a dataclass; of anything else none."""
    if is_dataclass(table):
        return {field.name for field in fields(table)}
    return set(table.model_fields) if issubclass(table, BaseModel) else set()


def written(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_example_names_every_field():
    """Each field of each table stands in the example, but those that only a comment can show."""
    text = EXAMPLE.read_text()
    example = tomllib.loads(text)
    for name, field in Settings.model_fields.items():
        assert name in example, name
        table = TABLES.get(name) or field.annotation
        inner = next(iter(example[name].values())) if name in TABLES else example[name]
        missing = names(table) - set(inner) if isinstance(table, type) else set()
        assert all(f"# {each} =" in text for each in missing), (name, missing)


def test_example_shows_the_defaults():
    """What the example says is what one gets without it, in the tables that are not examples."""
    example, default = load(EXAMPLE), Settings()

    for name in ("server", "limits", "answers", "observe", "store"):
        assert getattr(example, name) == getattr(default, name)
    template = example.enforcement.prompt_template
    told = replace(example.enforcement, prompt_template=template.removeprefix("\n"))
    assert told == default.enforcement


def test_variables_win_and_merge(tmp_path, monkeypatch):
    """A variable overrides the file and leaves the rest of its table alone."""
    path = written(tmp_path, "[server]\nport = 1\ndrain_timeout = 2.0\n")
    monkeypatch.setenv("STRICTGATE_SERVER__PORT", "9")

    server = load(path).server
    assert (server.port, server.drain_timeout) == (9, 2.0)


def test_variables_for_enforcement(monkeypatch):
    """Its fields are read from variables as all others are."""
    monkeypatch.setenv("STRICTGATE_ENFORCEMENT__MAX_ATTEMPTS", "1")
    monkeypatch.setenv("STRICTGATE_ENFORCEMENT__REPAIR", "off")
    monkeypatch.setenv("STRICTGATE_ENFORCEMENT__CAPABILITY_TTL", "0.5")

    assert load().enforcement == Enforcement(max_attempts=1, repair=Repair.OFF, capability_ttl=0.5)


def test_no_file_at_all(monkeypatch):
    """A sidecar needs variables only."""
    monkeypatch.setenv("STRICTGATE_DEFAULT_UPSTREAM", "main")
    monkeypatch.setenv("STRICTGATE_UPSTREAMS__MAIN__BASE_URL", "http://model:8000/v1/")
    monkeypatch.setenv("STRICTGATE_UPSTREAMS__MAIN__MODES", "json_object, prompt")

    settings = load()
    assert settings.default_upstream == "main"
    assert settings.upstreams["main"].base_url == "http://model:8000/v1"
    assert settings.upstreams["main"].modes == ("json_object", "prompt")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nprt = 1\n", "server.prt: no such setting"),
        ("sever = 1\n", "sever: no such setting"),
        ("[upstreams.x]\nbase_ur = ''\n", "upstreams.x.base_ur: no such setting"),
        ("[upstreams.x]\nbase_url = 'x'\n", "upstreams.x.base_url: "),
        ("[server]\nport = 'x'\n", "server.port: "),
        ("[enforcement]\nrepair = 'all'\n", "enforcement.repair: Input should be 'off', 'syntax'"),
        ("[enforcement]\nmax_attempts = 11\n", "enforcement.max_attempts: .* equal to 10"),
        ("[enforcement]\nnative_failures = 0\n", "enforcement.native_failures: "),
        ("[enforcement]\nmodes = ['prompt']\n", "enforcement.modes: no such setting"),
        ("[models.x]\nmodel = 'y'\n", "models.x.upstream: "),
        ("[server\n", "not valid TOML"),
        ("[server]\napi_keys = 123456\n", "server.api_keys: must be a list"),
        ("[server]\napi_keys = [' ']\n", "server.api_keys.0: must not be blank"),
        (
            "[enforcement]\nprompt_template = 'JSON'\n",
            "enforcement.prompt_template: must contain {schema}",
        ),
        ("[upstreams.x]\nmodes = []\n", "upstreams.x.modes: "),
        ("[upstreams.x]\nbase_url = 'http://h:99999/v1'\n", "upstreams.x.base_url: not a URL"),
        ("[upstreams.x]\nbase_url = 'http://'\n", "upstreams.x.base_url: names no host"),
        ("[upstreams.x]\nproxy = 'http://a..b'\n", "upstreams.x.proxy: names no host"),
        ("[upstreams.x]\nproxy = 'http://me:pass word@'\n", "upstreams.x.proxy: names no host"),
        (
            "[upstreams.x]\nbase_url = 'https://h/v1/chat/completions'\n",
            "upstreams.x.base_url: must not end in /chat/completions",
        ),
        ("[upstreams.x]\nbase_url = 'http://h/v1?k=1'\n", "upstreams.x.base_url: "),
        ("[upstreams.x]\nbase_url = 'http://u:p@h/v1'\n", "upstreams.x.base_url: "),
    ],
)
def test_mistakes_are_named(tmp_path, text, named):
    """A mistake in the file is an error that names the field."""
    with pytest.raises(SettingsError, match=named):
        load(written(tmp_path, text))


@pytest.mark.parametrize(
    ("variable", "named"),
    [
        ("STRICTGATE_SERVR__PORT", "STRICTGATE_SERVR__PORT"),
        ("STRICTGATE_SERVER__PRT", "server.prt"),
        ("STRICTGATE_PORT", "STRICTGATE_PORT"),
    ],
)
def test_mistakes_in_variables_are_named(monkeypatch, variable, named):
    """So is a mistake in a variable's name."""
    monkeypatch.setenv(variable, "1")

    with pytest.raises(SettingsError, match=named):
        load()


LINKS = {
    "STRICTGATE_SERVICE_HOST": "10.0.0.7",
    "STRICTGATE_SERVICE_PORT": "80",
    "STRICTGATE_SERVICE_PORT_HTTP": "80",
    "STRICTGATE_PORT": "tcp://10.0.0.7:80",
    "STRICTGATE_PORT_80_TCP": "tcp://10.0.0.7:80",
    "STRICTGATE_PORT_80_TCP_ADDR": "10.0.0.7",
    "STRICTGATE_CANARY_SERVICE_HOST": "10.0.0.8",
    "STRICTGATE_CANARY_PORT": "tcp://10.0.0.8:80",
}
"""What a pod is told of Services named strictgate and strictgate-canary."""


def test_variables_of_a_service_of_that_name(monkeypatch):
    """Kubernetes tells them to every pod of the namespace: they are no mistakes."""
    for name, value in LINKS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="STRICTGATE_SERVICE_HOST"):
        load()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")

    assert load().server.port == 8080
    monkeypatch.setenv("STRICTGATE_PORT", "9000")
    with pytest.raises(SettingsError, match="STRICTGATE_PORT: no such setting"):
        load()


def test_missing_file(tmp_path):
    """A file that is not there is said to be not there."""
    with pytest.raises(SettingsError, match=r"No such file"):
        load(tmp_path / "none.toml")
