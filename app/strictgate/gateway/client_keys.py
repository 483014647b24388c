"""The named client keys: whose a request is, which models it may name, and how much it may use."""

import hashlib
import hmac
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Protocol

from strictgate.core.errors import ModelForbidden, RateLimited
from strictgate.core.resilience.quota import Quota, QuotaExceeded, QuotaLimits
from strictgate.core.value_type import value_type
from strictgate.gateway.response_store import steady_clock
from strictgate.settings.keys import Price, key_value
from strictgate.settings.loading import Settings, SettingsError

ANY_MODEL = "*"
"""The entry of `[prices]` for models that have none of their own."""
_MILLION = 1_000_000
NO_LIMITS = QuotaLimits()


@value_type
class ClientKey:
    """One of them."""

    name: str
    """In the configuration."""
    label: str
    """In the log and the metrics."""
    digest: bytes
    models: tuple[str, ...] = ()
    """Names, `*` in them for anything; empty: all."""
    limits: QuotaLimits = NO_LIMITS

    def allows(self, model: str) -> bool:
        """Whether requests with it may name this model."""
        return not self.models or any(fnmatchcase(model, each) for each in self.models)

    def check_model(self, model: str | None) -> None:
        """Check the model that a request names; None: it names none.

        Raises:
            ModelForbidden
        """
        if model is None and self.models:
            raise ModelForbidden(
                "This key is for some models only, and the request names none of them."
            )
        if model is not None and not self.allows(model):
            raise ModelForbidden(f"This key does not have access to model `{model[:200]}`.")


class CommonUsage(Protocol):
    """What client keys use, added up over all that serve together."""

    def admit(
        self, name: str, limits: QuotaLimits
    ) -> QuotaExceeded | Awaitable[QuotaExceeded | None] | None:
        """Count one more request of a key; return why it may not be, or what will return it."""

    def spend(self, name: str, limits: QuotaLimits, tokens: int, money: float) -> None:
        """Count what an answer has used."""


class KeyRing:
    """All of them, with what each has used. The keys do not change; see `renewed`."""

    def __init__(
        self,
        keys: Iterable[ClientKey] = (),
        prices: Mapping[str, Price] | None = None,
        quotas: Mapping[str, Quota] | None = None,
        clock: Callable[[], float] | None = None,
        shared: CommonUsage | None = None,
    ) -> None:
        """Begin.

        Args:
            prices: by the name that the upstream has for a model.
            quotas: what keys have used already, by their names.
            shared: what they use at all that serve together, which then counts.
        """
        self.keys = tuple(keys)
        self._prices = prices or {}
        self._quotas = {each.name: (quotas or {}).get(each.name, Quota()) for each in self.keys}
        self._clock = clock or steady_clock()
        self._shared = shared

    def renewed(self, other: "KeyRing") -> "KeyRing":
        """Return the keys and prices of `other` with what was used here."""
        return KeyRing(other.keys, other._prices, self._quotas, self._clock, self._shared)

    def sharing(self, quotas: CommonUsage) -> "KeyRing":
        """Return the same keys, whose usage all that serve together add up."""
        return KeyRing(self.keys, self._prices, self._quotas, self._clock, quotas)

    def find(self, given: bytes) -> ClientKey | None:
        """Return the key with this digest; it takes as long whichever it is."""
        same = [each for each in self.keys if hmac.compare_digest(given, each.digest)]
        return same[0] if same else None

    def admit(self, key: ClientKey) -> Awaitable[None] | None:
        """Count one more request; return what to wait for, where replicas have to be asked.

        Raises:
            RateLimited: there may be no more for now; what is waited for may raise it, too.
        """
        if key.limits == NO_LIMITS:
            return None
        if self._shared is None:
            exceeded = self._quotas[key.name].admit(key.limits, self._clock())
        else:
            found = self._shared.admit(key.name, key.limits)
            if isinstance(found, Awaitable):
                return _admitted(key, found)
            exceeded = found
        if exceeded is not None:
            raise _refusal(key, exceeded)
        return None

    def spend(self, key: ClientKey | None, model: str, tokens_in: int, tokens_out: int) -> float:
        """Count what an answer has used, and return what it cost; what has no price is free.

        Args:
            key: None: nobody's.
            model: as the upstream calls it.
        """
        price = self._prices.get(model) or self._prices.get(ANY_MODEL)
        cost = 0.0
        if price is not None:
            cost = (tokens_in * price.input + tokens_out * price.output) / _MILLION
        if key is not None and key.name in self._quotas:
            tokens = tokens_in + tokens_out
            self._quotas[key.name].spend(tokens, cost, self._clock())
            if self._shared is not None and key.limits != NO_LIMITS:
                self._shared.spend(key.name, key.limits, tokens, cost)
        return cost


async def _admitted(key: ClientKey, judging: Awaitable[QuotaExceeded | None]) -> None:
    """Wait for the other replicas' usage; raise RateLimited where there may be no more."""
    exceeded = await judging
    if exceeded is not None:
        raise _refusal(key, exceeded)


def digest(key: str) -> bytes:
    """Return what of a client key is kept: its SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def key_ring(settings: Settings, environment: Mapping[str, str]) -> KeyRing:
    """Return the keys that the settings have.

    Raises:
        SettingsError: one is not to be had, or is there twice; it is for a model that there is not;
            or money is limited, and nothing has a price.
    """
    keys: list[ClientKey] = []
    seen = {digest(each.get_secret_value()): "server.api_keys" for each in settings.server.api_keys}
    for name, each in settings.keys.items():
        try:
            found = digest(key_value(name, each, environment))
        except ValueError as error:
            raise SettingsError(str(error)) from error
        if found in seen:
            raise SettingsError(f"keys.{name}: the same key is in {seen[found]}")
        if each.money_per_day and not settings.prices:
            raise SettingsError(
                f'keys.{name}.money_per_day: nothing has a price. Add [prices."MODEL"] or '
                '[prices."*"], with input and output for a million tokens.'
            )
        _check_models(f"keys.{name}.models", each.models, settings)
        seen[found] = f"keys.{name}"
        limits = QuotaLimits(each.requests_per_minute, each.tokens_per_day, each.money_per_day)
        keys.append(ClientKey(name, each.label or name, found, each.models, limits))
    return KeyRing(keys, settings.prices)


def _check_models(field: str, wanted: Iterable[str], settings: Settings) -> None:
    """Check that each of these names, `*` in them for anything, is that of some model.

    Where there is an upstream for all other names, any can be.

    Raises:
        SettingsError
    """
    has_catch_all = settings.default_upstream is not None or not settings.models
    for each in () if has_catch_all else wanted:
        if not any(fnmatchcase(name, each) for name in settings.models):
            known = ", ".join(settings.models)
            raise SettingsError(f"{field}: no model '{each}' under [models] (configured: {known})")


def _refusal(key: ClientKey, exceeded: QuotaExceeded) -> RateLimited:
    """Return the error, in OpenAI's shape: platform.openai.com/docs/guides/rate-limits."""
    wait = max(1, math.ceil(exceeded.wait))
    where = f"(keys.{key.name}.{exceeded.limit})"
    headers = {"retry-after": str(wait)}
    match exceeded.limit:
        case "requests_per_minute":
            most = f"{exceeded.most:g}"
            headers |= {
                "x-ratelimit-limit-requests": most,
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": f"{wait}s",
            }
            return RateLimited(
                f"Rate limit reached for requests with the key '{key.label}': {most} a minute "
                f"{where}. Please try again in {wait}s.",
                type="requests",
                headers=headers,
            )
        case "tokens_per_day":
            return RateLimited(
                f"Rate limit reached for tokens with the key '{key.label}': {exceeded.used:g} of "
                f"{exceeded.most:g} today {where}. It begins anew at midnight UTC.",
                type="tokens",
                headers=headers | {"x-should-retry": "false"},
            )
        case _:
            return RateLimited(
                f"You exceeded your current quota: the key '{key.label}' has spent "
                f"{exceeded.used:.4g} of {exceeded.most:g} today {where}. It begins anew at "
                "midnight UTC.",
                type="insufficient_quota",
                code="insufficient_quota",
                headers=headers | {"x-should-retry": "false"},
            )
