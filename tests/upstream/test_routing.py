"""Names lead where the configuration says, and nowhere else."""

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.errors import NotFound
from strictgate.settings.loading import Settings, SettingsError
from strictgate.upstream.routing import Router, configured_keys

UPSTREAMS = {
    "groq": {"preset": "groq"},
    "local": {"base_url": "http://127.0.0.1:1/v1/"},
}
KIMI = {"upstream": "groq", "model": "moonshotai/kimi-k2", "modes": ["prompt"]}


def router(environment=None, **tables):
    tables = {"upstreams": UPSTREAMS, "models": {"kimi": KIMI}} | tables
    return Router(Settings(**tables), environment or {})


def test_listed_model():
    """A listed name has its upstream, its own name there, and its pinned modes."""
    route = router().route("kimi")

    assert (route.endpoint.name, route.model) == ("groq", "moonshotai/kimi-k2")
    assert route.capabilities.modes == (Mode.PROMPT,)


def test_a_listed_model_of_an_upstream_that_is_recognised():
    """From then on it has what the preset says; its own settings still say otherwise."""
    found = router(models={"kimi": {"upstream": "local", "modes": ["prompt"]}})
    assert found.route("kimi").capabilities.dialect == ""
    found.recognise("local", "groq")
    route = found.route("kimi")

    assert (route.capabilities.dialect, route.endpoint.capabilities.dialect) == ("groq", "groq")
    assert route.capabilities.modes == (Mode.PROMPT,)


def test_unlisted_model_goes_to_the_default():
    """It keeps its name."""
    route = router(default_upstream="local").route("llama")

    assert (route.endpoint.name, route.model) == ("local", "llama")
    assert route.endpoint.base_url == "http://127.0.0.1:1/v1"


def test_fallbacks():
    """Each is followed by its own, and named once."""
    local = {"upstream": "local"}
    models = {
        "a": local | {"fallbacks": ["b", "d"]},
        "b": local | {"fallbacks": ["c", "d"]},
        "c": local,
        "d": local | {"fallbacks": ["c"]},
    }
    found = router(models=models)
    assert found.fallbacks("a") == ("b", "c", "d")
    assert found.fallbacks("c") == found.fallbacks("unknown") == ()


def test_unknown_model():
    """Without a default it does not exist, in OpenAI's words."""
    with pytest.raises(NotFound) as unknown:
        router().route("llama")

    assert unknown.value.code == "model_not_found"
    assert unknown.value.message == (
        "The model `llama` does not exist or you do not have access to it."
    )


def test_the_only_upstream_is_the_default():
    """Where nothing else is said, there is nowhere else to go."""
    only = router(upstreams={"local": UPSTREAMS["local"]}, models={})

    assert only.route("anything").endpoint.name == "local"


def test_default_of_requests_without_a_model():
    """The default, or the only upstream; several without a default are nobody's."""
    assert router(default_upstream="groq").default().name == "groq"
    assert router(upstreams={"local": UPSTREAMS["local"]}, models={}).default().name == "local"
    with pytest.raises(NotFound):
        router().default()


def test_keys_come_from_the_environment():
    """A key is a secret; without a variable the client's own goes upstream."""
    keyed = {"groq": {"preset": "groq", "api_key_env": "GROQ_API_KEY"}}
    endpoint = router({"GROQ_API_KEY": "gsk"}, upstreams=keyed).endpoints["groq"]

    assert endpoint.api_key.get_secret_value() == "gsk"
    assert "gsk" not in repr(endpoint)
    assert router().endpoints["groq"].api_key is None


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ({"default_upstream": "grok"}, "default_upstream: no upstream 'grok'"),
        ({"models": {"m": {"upstream": "grok"}}}, "models.m.upstream: no upstream 'grok'"),
        (
            {"models": {"m": {"upstream": "groq", "fallbacks": ["n"]}}},
            r"models.m.fallbacks: no model 'n' under \[models\]",
        ),
        (
            {"models": {"m": {"upstream": "groq", "repair_model": "n"}}},
            "models.m.repair_model: no model 'n'",
        ),
        (
            {
                "models": {
                    "m": {"upstream": "groq", "fallbacks": ["n"]},
                    "n": {"upstream": "groq", "fallbacks": ["m"]},
                }
            },
            r"models.n.fallbacks: 'm' leads back to itself \(m → n → m\)",
        ),
        (
            {"upstreams": {"x": {"preset": "grok"}}, "models": {}},
            "upstreams.x.preset: no preset 'grok'",
        ),
        ({"upstreams": {"x": {}}, "models": {}}, "upstreams.x.base_url: must be given"),
        (
            {"upstreams": {"x": {"preset": "groq", "api_key_env": "NONE"}}, "models": {}},
            "upstreams.x.api_key_env: the variable NONE is not set",
        ),
    ],
)
def test_mistakes(tables, named):
    """Tables that do not fit together are an error at start, which names the field."""
    with pytest.raises(SettingsError, match=named):
        router(**tables)


def test_configured_keys():
    """Those of the clients and of the upstreams; a variable that is not set has none."""
    upstreams = {
        "a": {"preset": "groq", "api_key_env": "A"},
        "b": {"preset": "openai", "api_key_env": "B"},
    }
    settings = Settings(upstreams=upstreams, server={"api_keys": ["mine"]})
    assert configured_keys(settings, {"A": " theirs "}) == {"mine", "theirs"}


def test_credentials():
    """Strictgate's own key goes before the client's."""
    upstreams = {"a": {"preset": "groq", "api_key_env": "A"}, "b": {"preset": "openai"}}
    endpoints = Router(Settings(upstreams=upstreams), {"A": "ours"}).endpoints

    assert endpoints["a"].credentials("Bearer theirs") == {"authorization": "Bearer ours"}
    assert endpoints["b"].credentials("Bearer theirs") == {"authorization": "Bearer theirs"}
    assert endpoints["b"].credentials(None) == {}
