"""Opens the store that `[shared] url` names, and puts together what a process shares through it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from importlib import import_module

from strictgate.gateway.client_keys import CommonUsage
from strictgate.gateway.layered_responses import LayeredResponses
from strictgate.gateway.response_store import MEMORY, Responses, ResponseStore
from strictgate.gateway.shared_quotas import SharedQuotas
from strictgate.gateway.sharing import SharedStore, Sharing
from strictgate.observe.events import Observer, StoreFailed, ignore
from strictgate.settings.loading import Settings, SettingsError
from strictgate.settings.tables import SharedSettings
from strictgate.shared.usage_file import opened_usage

_ENGINES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("redis", "rediss", "valkey", "valkeys"), ("redis_store", "redis")),
    **dict.fromkeys(("postgresql", "postgres"), ("postgres_store", "postgres")),
}
"""By the scheme of the URL: the module here that opens it, and the extra that it needs."""


_FULL = (
    "[shared] does not answer, and the memory that keeps responses meanwhile is full: the oldest "
    "leave. Raise store.max_bytes, or mend the store."
)


class Shared:
    """What one process shares with others; nothing, where neither URL nor file is configured."""

    def __init__(
        self,
        store: SharedStore | None,
        observe: Observer = ignore,
        usage: CommonUsage | None = None,
    ) -> None:
        """Begin.

        Args:
            usage: what client keys have used, where the store does not know it.
        """
        self._store = store
        self._observe = observe
        self._responses: LayeredResponses | None = None
        accounts = None if store is None else store.accounts
        self._leases = None if accounts is None else SharedQuotas(accounts, observe=observe)
        self.quotas: CommonUsage | None = self._leases or usage
        self.sharing = None if store is None or store.board is None else Sharing(store.board)

    def responses(self, settings: Settings, memory: ResponseStore | None) -> Responses | None:
        """Return where responses are kept: what the settings name by itself, or the shared store
        with `memory` behind."""
        store = self._store
        if memory is None or settings.store.path != MEMORY or store is None:
            return memory
        if store.responses is None:
            return memory
        ttl = settings.store.ttl or store.responses_ttl
        about = (store.responses, memory, ttl)
        self._responses = LayeredResponses(*about, lambda: self._observe(StoreFailed(_FULL)))
        return self._responses

    async def ping(self) -> bool:
        """Ask the store whether it is there, in place of running; return False where there is none.

        Raises:
            SharedUnavailable
        """
        if self._store is None:
            return False
        await self._store.ping()
        return True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Share while the block runs; what waits to be kept is, at its end."""
        if self._store is None:
            yield
            return
        quotas = nullcontext() if self._leases is None else self._leases.running()
        async with self._store.running, quotas:
            yield
            if self._responses is not None:
                await self._responses.drained()


def open_shared(settings: SharedSettings, observe: Observer) -> Shared:
    """Return what is shared by these settings; nothing is connected yet.

    Raises:
        SettingsError: the URL is none that is known, or what it needs is not installed; or the
            file cannot be used.
    """
    if settings.url is None:
        return _alone(settings.usage_file)
    if settings.usage_file is not None:
        raise SettingsError(
            "shared.usage_file: the store of shared.url keeps what keys have used; leave one out"
        )
    url = settings.url.get_secret_value()
    scheme = url.partition("://")[0].lower()
    if scheme not in _ENGINES:
        raise SettingsError(
            f"shared.url: must begin with one of {', '.join(f'{each}://' for each in _ENGINES)}"
        )
    name, extra = _ENGINES[scheme]
    try:
        module = import_module(f"strictgate.shared.{name}")
    except ImportError as error:
        raise SettingsError(
            f"shared.url: its client is not installed: pip install 'strictgate[{extra}]' "
            f"(from a checkout: pip install '.[{extra}]')"
        ) from error
    opened: Callable[[str, str, float, Observer], SharedStore] = module.open_store
    try:
        return Shared(opened(url, settings.prefix, settings.timeout, observe), observe)
    except ValueError as error:
        raise SettingsError(f"shared.url: {error}") from error


def _alone(usage_file: str | None) -> Shared:
    """Return what is shared without a store: with the processes that have the same file."""
    if usage_file is None:
        return Shared(None)
    try:
        return Shared(None, usage=opened_usage(usage_file))
    except ValueError as error:
        raise SettingsError(f"shared.usage_file: {error}") from error
