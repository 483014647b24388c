"""Named client keys: what they may ask for, and how much of it."""

import pytest

from strictgate.core.errors import ModelForbidden, RateLimited
from strictgate.core.resilience.quota import DAY, QuotaLimits
from strictgate.gateway.client_keys import ClientKey, KeyRing, digest, key_ring
from strictgate.settings.keys import Price
from strictgate.settings.loading import Settings, SettingsError

NOON = 20_000 * DAY + DAY / 2


def ring(limits=None, prices=None):
    key = ClientKey("ci", "CI", digest("k"), limits=limits or QuotaLimits())
    return KeyRing([key], prices, clock=lambda: NOON), key


def test_whose_it_is():
    """By its digest."""
    keys, key = ring()

    assert keys.find(digest("k")) is key
    assert keys.find(digest("K")) is None


@pytest.mark.parametrize(
    ("models", "model", "is_allowed"),
    [
        ((), "anything", True),
        ((), None, True),
        (("a", "b/*"), "a", True),
        (("a", "b/*"), "b/c", True),
        (("a", "b/*"), "A", False),
        (("a", "b/*"), "ab", False),
        (("a", "b/*"), None, False),
    ],
)
def test_models(models, model, is_allowed):
    """A key that is for some is for nothing else."""
    key = ClientKey("ci", "CI", digest("k"), models)
    if is_allowed:
        key.check_model(model)
    else:
        with pytest.raises(ModelForbidden):
            key.check_model(model)


def test_requests_a_minute():
    """The error is OpenAI's, and says when to come again."""
    keys, key = ring(QuotaLimits(requests_per_minute=2))
    keys.admit(key)
    keys.admit(key)
    with pytest.raises(RateLimited) as caught:
        keys.admit(key)
    error = caught.value

    assert error.status == 429
    assert error.error() == {
        "message": "Rate limit reached for requests with the key 'CI': 2 a minute "
        "(keys.ci.requests_per_minute). Please try again in 30s.",
        "type": "requests",
        "param": None,
        "code": "rate_limit_exceeded",
    }
    assert error.headers["retry-after"] == "30"
    assert error.headers["x-ratelimit-reset-requests"] == "30s"
    assert "x-should-retry" not in error.headers


@pytest.mark.parametrize(
    ("limits", "type", "code"),
    [
        (QuotaLimits(tokens_per_day=1_000_000), "tokens", "rate_limit_exceeded"),
        (QuotaLimits(money_per_day=3.5), "insufficient_quota", "insufficient_quota"),
    ],
)
def test_a_day(limits, type, code):
    """What comes back at midnight is not asked for again by an SDK."""
    keys, key = ring(limits, {"m": Price(input=1.5, output=4)})
    keys.admit(key)
    assert keys.spend(key, "m", 1_000_000, 500_000) == 3.5
    with pytest.raises(RateLimited) as caught:
        keys.admit(key)

    assert (caught.value.type, caught.value.code) == (type, code)
    assert caught.value.headers == {"retry-after": str(DAY // 2)[:-2], "x-should-retry": "false"}


def test_prices():
    """By the model's own name, else what all others cost, else nothing."""
    keys, key = ring(prices={"m": Price(input=1, output=2), "*": Price(input=10, output=0)})

    assert keys.spend(key, "m", 1_000_000, 1_000_000) == 3
    assert keys.spend(key, "x", 1_000_000, 1_000_000) == 10
    assert keys.spend(None, "m", 500_000, 0) == 0.5
    assert ring()[0].spend(key, "m", 10, 10) == 0


def test_what_was_used_stays():
    """New settings give no key a new day."""
    keys, key = ring(QuotaLimits(requests_per_minute=1))
    keys.admit(key)
    other, _ = ring(QuotaLimits(requests_per_minute=1))
    renewed = keys.renewed(other)
    with pytest.raises(RateLimited):
        renewed.admit(renewed.keys[0])


SERVER = {"api_keys": ["one"]}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"keys": {"a": {}}}, "keys.a: give one of"),
        ({"server": SERVER, "keys": {"a": {"key": "one"}}}, "keys.a: .* in server.api_keys"),
        ({"keys": {"a": {"key": "x"}, "b": {"key": "x"}}}, "keys.b: the same key is in keys.a"),
        ({"keys": {"a": {"key": "x", "money_per_day": 1}}}, "nothing has a price"),
    ],
)
def test_wrong_settings(tables, message):
    """They are refused before anything is served."""
    with pytest.raises(SettingsError, match=message):
        key_ring(Settings(**tables), {})


def test_from_settings():
    """The label is the name where none is given."""
    given = {"key_env": "K", "models": ["m"], "requests_per_minute": 5}
    [key] = key_ring(Settings(keys={"ci": given}), {"K": "x"}).keys

    assert key == ClientKey("ci", "ci", digest("x"), ("m",), QuotaLimits(5))


@pytest.mark.parametrize(
    ("wanted", "default", "is_wrong"),
    [("m", None, False), ("m*", None, False), ("x", None, True), ("x", "a", False)],
)
def test_a_key_is_for_models_that_there_are(wanted, default, is_wrong):
    """Where other names go nowhere, a misspelt one would let nothing through."""
    tables = {"upstreams": {"a": {"preset": "groq"}}, "models": {"m1": {"upstream": "a"}}}
    tables["models"]["m"] = {"upstream": "a"}
    keys = {"ci": {"key": "k" * 16, "models": [wanted]}}
    settings = Settings(**tables, keys=keys, default_upstream=default)
    if is_wrong:
        with pytest.raises(SettingsError, match=r"keys.ci.models: no model 'x'"):
            key_ring(settings, {})
    else:
        assert key_ring(settings, {}).keys[0].models == (wanted,)
