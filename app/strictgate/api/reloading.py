"""New settings put into force while requests are under way.

What serves requests (routes, gateway, router, the rules of the door) is made anew, and takes the
old's place in one step; a request stays with what it began with. What lasts is handed on: upstream
connections, workers, caches of grammars, kept responses, what was learned, counts, and what client
keys have used. So some settings wait for a restart (WAITING), and say so.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import is_dataclass, replace
from functools import reduce
from typing import Any

from strictgate.api.access import AccessRules
from strictgate.api.middleware import ASGI, GatewayMiddleware
from strictgate.core.value_type import value_type
from strictgate.gateway.background import crashes_told, kept_going
from strictgate.gateway.gateway import Gateway
from strictgate.observe.events import Observer
from strictgate.settings.loading import Settings
from strictgate.upstream.recognition import Recogniser
from strictgate.upstream.routing import Router

WAITING = (
    *("server.host", "server.port", "server.drain_delay", "server.drain_timeout"),
    *("server.workers", "server.keep_alive"),
    *("limits.workers", "limits.worker_queue", "limits.worker_seconds", "limits.worker_bytes"),
    *("limits.grammar_cache_bytes", "limits.upstream_bytes", "limits.event_bytes"),
    *("enforcement.capability_ttl", "enforcement.native_failures"),
    *("limits.connections", "store", "shared", "inspector", "observe.metrics", "observe.traces"),
    *("observe.trace_ratio", "observe.otlp_endpoint"),
)
"""What is as it was at start until the process is started anew."""
_TASK = "recognising upstreams"


@value_type
class Serving:
    """What serves requests by one set of settings."""

    settings: Settings
    app: ASGI
    gateway: Gateway
    rules: AccessRules


class Reloader:
    """One per process; `lifespan` must be entered before `reload`."""

    def __init__(
        self,
        first: Serving,
        made: Callable[[Settings, Serving], Serving],
        begun: Callable[[Serving], None],
        recogniser: Callable[[Router], Recogniser] | None,
        observe: Observer,
    ) -> None:
        """Begin.

        Args:
            first: what serves at start.
            made: makes what serves by new settings, in place of the second argument.
            begun: is called as something begins to serve.
            recogniser: looks at upstreams without a preset; None: nobody does.
            observe: is told where a bug ends that.
        """
        self.serving = first
        self._at_start = first.settings
        self._made = made
        self._begun = begun
        self._recogniser = recogniser
        self._observe = observe
        self._never = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup
        self.door: GatewayMiddleware

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Look at the upstreams that need it, until the block ends."""
        async with asyncio.TaskGroup() as self._tasks:
            await self._look(self.serving.gateway.router)
            yield
            self._stop_looking()

    async def reload(self, settings: Settings) -> tuple[str, ...]:
        """Put `settings` into force; return the names of those that wait for a restart.

        Raises:
            SettingsError: they do not fit together; all is as it was.
        """
        before = self.serving
        waiting = tuple(
            name for name in WAITING if _value(settings, name) != _value(self._at_start, name)
        )
        address = {"host": before.settings.server.host, "port": before.settings.server.port}
        serving = self._made(settings.with_server(address), before)
        await self._look(serving.gateway.router)
        self.door.inner, self.door.rules = serving.app, serving.rules
        self.serving = serving
        self._begun(serving)
        return waiting

    async def _look(self, router: Router) -> None:
        self._stop_looking()
        if self._recogniser is not None:
            recogniser = self._recogniser(router)
            with crashes_told(_TASK, self._observe):
                await recogniser.start()
            going_on = kept_going(_TASK, recogniser.go_on, self._observe, self._never)
            self._looking = self._tasks.create_task(going_on)

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()


def with_waiting(settings: Settings, at_start: Settings) -> Settings:
    """Return `settings` with those that wait for a restart as they were at start: what begins to
    serve beside others that have reloaded has to be like them."""
    for name in WAITING:
        table, _, field = name.partition(".")
        value = _value(at_start, name)
        if field:
            changed = getattr(settings, table)
            copy = replace if is_dataclass(changed) else _copied
            value = copy(changed, **{field: value})
        settings = settings.model_copy(update={table: value})
    return settings


def _copied(table: Any, **changes: Any) -> Any:
    return table.model_copy(update=changes)


def _value(settings: Settings, name: str) -> Any:
    return reduce(getattr, name.split("."), settings)
