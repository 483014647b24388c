"""Puts the parts together: settings in, ASGI application out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from strictgate.api.access import AccessRules
from strictgate.api.application import Application
from strictgate.api.enforced import EnforcedRoute
from strictgate.api.framework import FastAPI, Response
from strictgate.api.metrics import MetricsPage, readings
from strictgate.api.middleware import (
    LEAVING,
    METRICS_PATH,
    GatewayMiddleware,
    shutting_down,
)
from strictgate.api.models import Models
from strictgate.api.native_only import Conversations, NativeOnly
from strictgate.api.passthrough import Passthrough
from strictgate.api.reloading import Reloader, Serving
from strictgate.api.request import BodyLimits
from strictgate.api.stored_responses import StoredResponses
from strictgate.core.surfaces.table import ROOTS, ROUTES
from strictgate.core.value_type import value_type
from strictgate.core.wire.address import cluster_suffixes, is_loopback
from strictgate.gateway.client_keys import digest, key_ring
from strictgate.gateway.gateway import Computing, Gateway
from strictgate.gateway.grammar_cache import GrammarCache
from strictgate.gateway.loop_watch import LoopWatch
from strictgate.gateway.response_store import (
    IN_FILE,
    IN_MEMORY,
    MEMORY,
    Responses,
    ResponseStore,
)
from strictgate.gateway.sharing import Sharing
from strictgate.gateway.siblings import ALONE, FIGURES, Siblings
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.inspector.access import Access
from strictgate.inspector.everywhere import Everywhere
from strictgate.inspector.recorder import Inspector
from strictgate.inspector.routes import ROOT, InspectorRoutes
from strictgate.observe.events import Observer, StoreFailed, tell_all
from strictgate.observe.metrics import Metrics
from strictgate.observe.redaction import redactor
from strictgate.settings.loading import Settings, SettingsError
from strictgate.settings.tables import LimitSettings, MetricsAccess, StoreSettings
from strictgate.shared.opening import Shared, open_shared
from strictgate.upstream.client import Client
from strictgate.upstream.recognition import Recogniser
from strictgate.upstream.routing import Router, configured_keys

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    settings: Settings,
    environment: Mapping[str, str],
    listeners: Sequence[Observer] = (),
    is_draining: Callable[[], bool] = lambda: False,
    *,
    recognises: bool = False,
    siblings: Siblings = ALONE,
) -> GatewayMiddleware:
    """Return the whole application.

    Args:
        environment: where the variables that `api_key_env` names are looked up.
        listeners: are told of every event, as it happens.
        is_draining: whether the server is on its way down.
        recognises: whether upstreams without a preset are looked at when it starts.
        siblings: the processes that serve together with this one.

    Raises:
        SettingsError: the settings do not fit together.
    """
    parts = _lasting(settings, environment, listeners, is_draining, siblings)
    observe = parts.observe
    recogniser = partial(Recogniser, client=parts.client, observe=observe) if recognises else None
    reloader = Reloader(parts.made(settings), parts.made, parts.begun, recogniser, observe)
    parts.reloader.append(reloader)
    first = reloader.serving
    door = reloader.door = GatewayMiddleware(first.app, first.rules, observe, is_draining)
    door.reload = reloader.reload
    door.trace_ratio = settings.observe.trace_ratio if settings.observe.traces else None
    if parts.metrics is not None:
        counted = parts.metrics
        siblings.answer_with(FIGURES, lambda _: counted.snapshot())
        counted.watch(readings(door, reloader, parts.computing, parts.grammars))
    return door


@value_type
class _Lasting:
    """What is made once, whatever the settings become, and makes what serves by some settings."""

    environment: Mapping[str, str]
    is_draining: Callable[[], bool]
    observe: Observer
    client: Client
    grammars: GrammarCache
    computing: Computing
    store: Responses | None
    shared: Shared
    siblings: Siblings
    metrics: Metrics | None
    inspector: Inspector | None
    traces: Any
    """observe/otel.py's, or None."""
    reloader: list[Reloader] = field(default_factory=list)
    """One, once it is there."""
    keys: set[str] = field(default_factory=set)
    """All that were ever configured: what was said with them is still shown."""

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Run from the start of the server to its end."""
        assert self.computing.workers is not None, "a pool, of none at least"
        [reloader] = self.reloader
        async with (
            self.client,
            self.computing.workers,
            reloader.lifespan(),
            LoopWatch(self.observe),
            self.shared.running(),
        ):
            yield
        if self.inspector is not None:
            await asyncio.to_thread(self.inspector.close)
        if self.traces is not None:
            await asyncio.to_thread(self.traces.close)
        self.grammars.close()
        if self.store is not None:
            self.store.close()

    def made(self, settings: Settings, before: Serving | None = None) -> Serving:
        """Return what serves by `settings`; of what served before, it takes on what lasts.

        Raises:
            SettingsError: the settings do not fit together.
        """
        router = Router(settings, self.environment)
        rules, learner = _rules(settings, self.environment), None
        usage = self.shared.quotas or self.siblings.usage
        if usage is not None:
            rules = replace(rules, keys=rules.keys.sharing(usage))
        if before is not None:
            router.take_over(before.gateway.router)
            self.client.forget(router.changed(before.gateway.router))
            rules = replace(rules, keys=before.rules.keys.renewed(rules.keys))
            learner = before.gateway.learner
            learner.forget_upstreams(router.moved(before.gateway.router))
        about = (settings, router, self.client, self.observe, self.computing, self.store)
        gateway = Gateway(*about, learner=learner)
        if self.shared.sharing is not None:
            self.shared.sharing.attach(gateway.learner, self.client, router.endpoints)
        app: Any = Application(lifespan=self.lifespan, openapi_url=None, redirect_slashes=False)
        app.posted = _add_routes(app, gateway, settings.limits)
        _add_health(app, self.is_draining)
        if self.inspector is not None:
            gateway.witness = self.inspector
            self.keys.update(configured_keys(settings, self.environment))
            redact = redactor(self.keys)
            everywhere = Everywhere(self.inspector, self.siblings)
            shown = (gateway.learner, self.grammars, redact, self.is_draining)
            page = InspectorRoutes(self.inspector, everywhere, *shown)
            _add_inspector(app, page)  # behind the rest: a router tries its routes in their order
            rules = replace(rules, open_paths=page.open_paths, has_pages=True)
        if self.metrics is not None:
            app.add_route(METRICS_PATH, MetricsPage(self.metrics, self.siblings), methods=["GET"])
        return Serving(settings, app, gateway, rules)

    def begun(self, serving: Serving) -> None:
        """Put into force what is not the door's."""
        if self.inspector is not None:
            named = (each.digest for each in serving.rules.keys.keys)
            keys = frozenset((*serving.rules.key_digests, *named))
            self.inspector.admit(_inspector_access(serving.settings), keys)


def _lasting(
    settings: Settings,
    environment: Mapping[str, str],
    listeners: Sequence[Observer],
    is_draining: Callable[[], bool],
    siblings: Siblings,
) -> _Lasting:
    metrics = None if settings.observe.metrics is MetricsAccess.OFF else Metrics()
    inspector = _inspector(settings, tell_all(listeners))
    traces = _traces(settings)
    looking_on = [each for each in (metrics, inspector, traces) if each is not None]
    observe = tell_all(listeners, looking_on)
    shared = open_shared(settings.shared, observe)
    if shared.sharing is None and siblings is not ALONE:
        shared.sharing = Sharing(siblings)
    if shared.sharing is not None:
        observe = tell_all((observe, shared.sharing.observe))
    siblings.report_to(observe)
    grammars = GrammarCache(capacity=settings.limits.grammar_cache_bytes)
    return _Lasting(
        environment=environment,
        is_draining=is_draining,
        observe=observe,
        client=Client(settings.limits, observe),
        grammars=grammars,
        computing=Computing(grammars, WorkerPool(settings.limits)),
        store=shared.responses(settings, _store(settings.store, observe)),
        shared=shared,
        siblings=siblings,
        metrics=metrics,
        inspector=inspector,
        traces=traces,
    )


def _traces(settings: Settings) -> Any:
    """Return what makes spans of events; None where nothing is to."""
    if not settings.observe.traces:
        return None
    try:
        otel = import_module("strictgate.observe.otel")
    except ImportError as error:
        raise SettingsError(
            'observe.traces: OpenTelemetry is not installed: pip install "strictgate[otel]" '
            '(from a checkout: pip install ".[otel]")'
        ) from error
    return otel.otlp_traces(settings.observe.otlp_endpoint)


def _inspector(settings: Settings, observe: Observer) -> Inspector | None:
    about, access = settings.inspector, _inspector_access(settings)
    if not about.enabled:
        return None
    if about.file is None:
        return Inspector(about, access)
    if settings.server.workers > 1:
        raise SettingsError(
            "inspector.file: it is for one process alone. Leave it out, or let server.workers be 1."
        )
    try:
        file = import_module("strictgate.inspector.request_file").RequestFile(  # few have one
            about.file, lambda error: observe(StoreFailed(f"inspector.file: {error}"))
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return Inspector(about, access, file)


def _inspector_access(settings: Settings) -> Access:
    return Access(has_keys=bool(settings.server.api_keys))


def _store(settings: StoreSettings, observe: Observer) -> ResponseStore | None:
    if settings.path == "off":
        return None
    ttl, max_bytes = IN_MEMORY if settings.path == MEMORY else IN_FILE
    try:
        return ResponseStore(
            settings.path,
            settings.ttl or ttl,
            settings.max_bytes or max_bytes,
            on_error=lambda error: observe(StoreFailed(str(error))),
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _add_routes(app: Any, gateway: Gateway, limits: LimitSettings) -> Mapping[str, EnforcedRoute]:
    """Add the ASGI applications, which stand beside FastAPI's own routes: they stream both ways.

    Returns:
        What is posted to be enforced, by its path: see `Application`.
    """
    enforced = BodyLimits(limits.body_bytes, limits.body_values)
    others = replace(enforced, values=10 * enforced.values)  # they are parsed leniently, once
    relay = Passthrough(gateway, others)
    models = Models(gateway, relay)
    stored = StoredResponses(gateway, relay)
    native_only = NativeOnly(gateway, relay, others)
    conversations = Conversations(gateway, relay)
    for root in ROOTS:
        app.add_route(f"{root}/responses/{{id}}", stored, methods=["GET", "DELETE"])
        app.add_route(f"{root}/responses/{{id}}/input_items", stored, methods=["GET"])
        app.add_route(f"{root}/responses/{{id}}/cancel", stored, methods=["POST"])
        for name in ("compact", "input_tokens"):
            app.add_route(f"{root}/responses/{name}", native_only, methods=["POST"])
        for path in ("/conversations", "/conversations/{path:path}"):
            app.add_route(root + path, conversations, methods=_METHODS)
        app.add_route(f"{root}/models", models, methods=["GET"])
        app.add_route(f"{root}/models/{{model:path}}", models, methods=["GET"])
        app.add_route(f"{root}/{{path:path}}", relay, methods=_METHODS)
    return {
        path: EnforcedRoute(surface, gateway, relay, enforced) for path, surface in ROUTES.items()
    }


def _add_inspector(app: Any, page: InspectorRoutes) -> None:
    for path in ("/", ROOT, f"{ROOT}/{{path:path}}"):
        app.add_route(path, page, methods=["GET", "HEAD", "POST", "DELETE"])


def _add_health(app: FastAPI, is_draining: Callable[[], bool]) -> None:
    async def healthz() -> Mapping[str, str]:
        """Whether the process lives."""
        return {"status": "ok", "server": "strictgate"}

    async def readyz(response: Response) -> Mapping[str, Any]:
        """Whether new requests are welcome."""
        if not is_draining():
            return {"status": "ready"}
        response.status_code = 503
        response.headers.update(LEAVING)
        return {"status": "draining"} | shutting_down().body()

    about: Any = {"methods": ["GET", "HEAD"], "response_model": None}  # it would load pydantic.v1
    app.api_route("/healthz", **about)(healthz)
    app.api_route("/readyz", **about)(readyz)


def _rules(settings: Settings, environment: Mapping[str, str]) -> AccessRules:
    server = settings.server
    in_cluster = "KUBERNETES_SERVICE_HOST" in environment  # Kubernetes sets it in every pod
    return AccessRules(
        keys=key_ring(settings, environment),
        key_digests=tuple(digest(key.get_secret_value()) for key in server.api_keys),
        hosts=frozenset({server.host.lower(), *(name.lower() for name in server.allowed_hosts)}),
        host_suffixes=cluster_suffixes(_resolver()) if in_cluster else (),
        origins=frozenset(server.allowed_origins),
        connections=settings.limits.connections,
        is_metrics_open=_is_metrics_open(settings),
    )


def _is_metrics_open(settings: Settings) -> bool:
    if settings.observe.metrics is MetricsAccess.AUTO:
        return is_loopback(settings.server.host)
    return settings.observe.metrics is MetricsAccess.OPEN


def _resolver() -> str:
    """Return how this machine's resolver is set up; "" where that is not told."""
    try:
        return Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
