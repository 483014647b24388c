"""The router: finds for a model's name the upstream that serves it, and what it can do there.

Destinations come from the configuration alone; nothing that a client sends can name another.
A name is looked up in `[models]` first; one that is not there goes to the default upstream.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from pydantic import SecretStr

from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import NotFound
from strictgate.core.value_type import value_type
from strictgate.settings.keys import key_value
from strictgate.settings.loading import Settings, SettingsError
from strictgate.settings.upstreams import Upstream as UpstreamSettings
from strictgate.upstream.presets import GENERIC, PRESETS, Preset, preset_of_host


@value_type
class Endpoint:
    """One upstream, ready to be called."""

    name: str
    """Its name in the configuration: `groq` for `[upstreams.groq]`."""
    base_url: str
    """The URL that the paths of the API are added to; it has no slash at its end."""
    api_key: SecretStr | None
    """Strictgate's own; None: the client's Authorization header goes upstream."""
    capabilities: Capabilities
    """What its models can do, by the preset and the upstream's settings."""
    settings: UpstreamSettings
    """Its timeouts and proxy, among others."""

    @property
    def secret(self) -> str:
        """The key itself, for the wire; "" where there is none."""
        return self.api_key.get_secret_value() if self.api_key is not None else ""

    def credentials(self, authorization: str | None) -> dict[str, str]:
        """Return the headers that prove who asks: with Strictgate's own key where it has one, else
        with the client's `authorization`."""
        if self.secret:
            return {"authorization": f"Bearer {self.secret}"}
        return {"authorization": authorization} if authorization else {}


@value_type
class Route:
    """Where the requests for one model go."""

    endpoint: Endpoint
    model: str
    """What the upstream calls the model."""
    capabilities: Capabilities
    """Those of the endpoint, with what the model's own settings say instead."""


class Router:
    """The table of models and upstreams. It is checked when it is made and does not change.

    Raises:
        SettingsError: the tables do not fit together; the message names the field.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.endpoints = {
            name: _endpoint(name, upstream, environment)
            for name, upstream in settings.upstreams.items()
        }
        self.recognised: dict[str, str] = {}
        """The presets that upstreams without one were recognised as."""
        self._models = settings.models
        self.changes = 0
        """How often any route has become another."""
        self._routes: dict[str, Route] = {}
        """Those of [models] that have been asked for, until an upstream is recognised."""
        self._default = settings.default_upstream
        if self._default is None and not self._models and len(self.endpoints) == 1:
            self._default = next(iter(self.endpoints))  # there is nowhere else to go
        if self._default is not None:
            self._check(self._default, "default_upstream")
        for name, model in self._models.items():
            self._check(model.upstream, f"models.{name}.upstream")
            if model.repair_model is not None:
                self._check_model(model.repair_model, f"models.{name}.repair_model")
        self._fallbacks = {name: tuple(self._chain(name, ())) for name in self._models}
        self.has_fallbacks = any(
            each.fallbacks or each.repair_model is not None for each in self._models.values()
        )
        """Whether any model has others that are asked in its place, or write down what it says."""

    def _chain(self, name: str, before: tuple[str, ...]) -> Iterator[str]:
        """Yield the models to ask where `name` fails: its fallbacks, each followed by its own.

        Args:
            before: the models whose fallback it is.

        Raises:
            SettingsError: one is not configured, or they go round in a circle.
        """
        way = (*before, name)
        for each in self._models[name].fallbacks:
            self._check_model(each, f"models.{name}.fallbacks")
            if each in way:
                raise SettingsError(
                    f"models.{name}.fallbacks: '{each}' leads back to itself "
                    f"({' → '.join((*way[way.index(each) :], each))}). Leave one of them out."
                )
            yield each
            yield from self._chain(each, way)

    def _check_model(self, model: str, field: str) -> None:
        """Raise SettingsError where `field` names a model that is not configured."""
        if model not in self._models:
            known = ", ".join(self._models)
            raise SettingsError(f"{field}: no model '{model}' under [models] (configured: {known})")

    def repair_model(self, model: str) -> str | None:
        """Return the model that may write down what `model`, or a fallback of it, has said."""
        listed = self._models.get(model)
        return None if listed is None else listed.repair_model

    def fallbacks(self, model: str) -> tuple[str, ...]:
        """Return the models to ask in place of `model` where it fails, in their order."""
        if not self._fallbacks.get(model):
            return ()
        return tuple(dict.fromkeys(self._fallbacks[model]))

    def _check(self, upstream: str, field: str) -> None:
        """Raise SettingsError where `field` names an upstream that is not configured."""
        if upstream not in self.endpoints:
            known = ", ".join(self.endpoints) or "none"
            raise SettingsError(f"{field}: no upstream '{upstream}' (configured: {known})")

    @property
    def unrecognised(self) -> tuple[str, ...]:
        """The upstreams of which neither the configuration, nor the address, nor a look at them
        has said what they are."""
        return tuple(
            name
            for name, each in self.endpoints.items()
            if each.settings.preset is None
            and preset_of_host(each.base_url) is None
            and self.recognised.get(name, GENERIC) == GENERIC
        )

    def take_over(self, before: "Router") -> None:
        """Expect of upstreams that are as they were what they were recognised as."""
        for name, preset in before.recognised.items():
            if name in self.endpoints and name not in self.changed(before):
                self.recognise(name, preset)

    def changed(self, before: "Router") -> set[str]:
        """Return the upstreams of `before` that are gone, or have other settings."""
        return {
            name
            for name, each in before.endpoints.items()
            if name not in self.endpoints or self.endpoints[name].settings != each.settings
        }

    def moved(self, before: "Router") -> set[str]:
        """Return the upstreams of `before` that are gone, or have another address."""
        return {
            name
            for name, each in before.endpoints.items()
            if name not in self.endpoints or self.endpoints[name].base_url != each.base_url
        }

    def recognise(self, upstream: str, preset: str) -> None:
        """Expect of `upstream`, from now on, what the preset of this name says."""
        self.recognised[upstream] = preset
        endpoint = self.endpoints[upstream]
        able = endpoint.settings.applied_to(PRESETS[preset].capabilities)
        self.endpoints[upstream] = replace(endpoint, capabilities=able)
        self._routes.clear()
        self.changes += 1

    @property
    def model_names(self) -> tuple[str, ...]:
        """The names of models that the configuration lists, in its order."""
        return tuple(self._models)

    @property
    def default_name(self) -> str | None:
        """The name of the default upstream, or of the only one."""
        if self._default is None and len(self.endpoints) == 1:
            return next(iter(self.endpoints))
        return self._default

    @property
    def catch_all(self) -> Endpoint | None:
        """The upstream of models that the configuration does not list; None: they are not found."""
        return None if self._default is None else self.endpoints[self._default]

    def default(self) -> Endpoint:
        """Return the upstream of requests that name no model.

        Raises:
            NotFound: there are several upstreams and no default.
        """
        if self.default_name is not None:
            return self.endpoints[self.default_name]
        raise NotFound(
            "This request names no model that is routed, and there is no default upstream. "
            "Set default_upstream in Strictgate's configuration.",
            code="no_default_upstream",
        )

    def route(self, model: str) -> Route:
        """Return where requests for `model` go.

        Raises:
            NotFound: nothing serves it. Words and code (`model_not_found`) are OpenAI's, which SDKs
                know: https://platform.openai.com/docs/guides/error-codes.
        """
        if known := self._routes.get(model):
            return known
        listed = self._models.get(model)
        if listed is None:
            if self._default is None:
                raise NotFound(
                    f"The model `{model[:200]}` does not exist or you do not have access to it.",
                    code="model_not_found",
                )
            endpoint = self.endpoints[self._default]
            return Route(endpoint, model, endpoint.capabilities)
        endpoint = self.endpoints[listed.upstream]
        capabilities = listed.applied_to(endpoint.capabilities)
        route = self._routes[model] = Route(endpoint, listed.model or model, capabilities)
        return route


def _endpoint(name: str, settings: UpstreamSettings, environment: Mapping[str, str]) -> Endpoint:
    """Return the upstream `name`: its preset, with what its own settings say instead."""
    preset = _preset(name, settings)
    base_url = settings.base_url or preset.base_url
    if not base_url:
        raise SettingsError(
            f"upstreams.{name}.base_url: must be given, as preset '{preset.name}' has none"
        )
    return Endpoint(
        name=name,
        base_url=base_url.rstrip("/"),
        api_key=_key(name, settings.api_key_env, environment),
        capabilities=settings.applied_to(preset.capabilities),
        settings=settings,
    )


def _preset(name: str, settings: UpstreamSettings) -> Preset:
    """Return the preset that is configured, or that the address is known to have."""
    wanted = settings.preset or preset_of_host(settings.base_url or "") or GENERIC
    if wanted not in PRESETS:
        known = ", ".join(PRESETS)
        raise SettingsError(f"upstreams.{name}.preset: no preset '{wanted}'. There are: {known}.")
    return PRESETS[wanted]


def _key(name: str, variable: str | None, environment: Mapping[str, str]) -> SecretStr | None:
    """Return the key in a variable; None where no variable is named.

    A variable that is named and empty is an error: to send the client's key instead could give it
    to an upstream that it was not meant for.
    """
    if variable is None:
        return None
    key = environment.get(variable, "").strip()
    if not key:
        raise SettingsError(
            f"upstreams.{name}.api_key_env: the variable {variable} is not set. Set it, or leave "
            "the field out to send the client's own key."
        )
    return SecretStr(key)


def configured_keys(settings: Settings, environment: Mapping[str, str]) -> frozenset[str]:
    """Return every key that is configured, the clients' and the upstreams'."""
    variables = [each.api_key_env for each in settings.upstreams.values() if each.api_key_env]
    theirs = {environment.get(name, "").strip() for name in variables}
    ours = {key.get_secret_value() for key in settings.server.api_keys}
    for name, key in settings.keys.items():
        with suppress(ValueError):  # it is refused where it is needed
            ours.add(key_value(name, key, environment))
    return frozenset((theirs | ours) - {""})
