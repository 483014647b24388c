"""What client keys have used, added up over all replicas.

A request whose key has a lease left is judged at once. One without waits for the store, once for
all that come meanwhile, for as long as one command may take; then each process is on its own until
the store answers again. Keys without limits are not looked after at all.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from strictgate.core.resilience.lease import (
    FORGOTTEN,
    REFRESH,
    Balance,
    Claim,
    LeasedQuota,
)
from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.core.resilience.quota import QuotaExceeded, QuotaLimits
from strictgate.gateway.background import crashes_told, kept_going
from strictgate.gateway.response_store import steady_clock
from strictgate.observe.events import Observer, ignore

_TASK = "usage of keys"
_GATHERING = 0.02  # seconds between two commands, unless somebody waits


class Accounts(Protocol):
    """Where the usage of keys is added up."""

    async def settle(self, claims: Mapping[str, Claim]) -> Mapping[str, Balance]:
        """Note and grant what is claimed, by the names of keys; raises SharedUnavailable."""


class SharedQuotas:
    """Of one process; nothing is settled but while it is `running`."""

    def __init__(
        self,
        accounts: Accounts,
        clock: Callable[[], float] | None = None,
        observe: Observer = ignore,
    ) -> None:
        self._accounts = accounts
        self._observe = observe
        self._clock = clock or steady_clock()
        self._quotas: dict[str, tuple[LeasedQuota, QuotaLimits]] = {}
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        """Of the round that is to come."""
        self._is_waited_for = asyncio.Event()
        self._is_ending = asyncio.Event()

    def admit(
        self, name: str, limits: QuotaLimits
    ) -> QuotaExceeded | Awaitable[QuotaExceeded | None] | None:
        """Count one more request of a key; return why it may not be, or what will return it."""
        quota, now = self._quota(name, limits), self._clock()
        if quota.must_wait(limits, now):
            return self._admit_later(quota, limits)
        return self._admit(quota, limits, now)

    def spend(self, name: str, limits: QuotaLimits, tokens: int, money: float) -> None:
        """Count what an answer has used."""
        quota, now = self._quota(name, limits), self._clock()
        quota.spend(tokens, money, now)
        if quota.is_due(limits, now):
            self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Settle while the block runs; tell what is left at its end."""
        async with asyncio.TaskGroup() as tasks:
            about = (self._settle_on, self._observe, self._is_ending)
            tasks.create_task(kept_going(_TASK, *about))
            yield
            self._is_ending.set()
            self._wake.set()
            self._is_waited_for.set()
        now = self._clock() + FORGOTTEN  # nobody will use what is leased
        if self._quotas:
            with crashes_told(_TASK, self._observe), suppress(SharedUnavailable):
                await self._settle(list(self._quotas), now)

    def _quota(self, name: str, limits: QuotaLimits) -> LeasedQuota:
        """Return what a key has, whose limits may have changed."""
        known = self._quotas.get(name)
        quota = LeasedQuota() if known is None else known[0]
        if known is None or known[1] is not limits:
            self._quotas[name] = (quota, limits)
            quota.refused_until = 0.0
        return quota

    def _admit(self, quota: LeasedQuota, limits: QuotaLimits, now: float) -> QuotaExceeded | None:
        exceeded = quota.admit(limits, now)
        if quota.is_due(limits, now):
            self._wake.set()
        return exceeded

    async def _admit_later(self, quota: LeasedQuota, limits: QuotaLimits) -> QuotaExceeded | None:
        quota.waiting += 1
        self._wake.set()
        self._is_waited_for.set()
        try:
            await self._settled.wait()
        finally:
            quota.waiting -= 1
        return self._admit(quota, limits, self._clock())

    # --- settling --------------------------------------------------------------------------------

    async def _settle_on(self) -> None:
        while not self._is_ending.is_set():
            is_used = any(self._is_used(quota) for quota, _ in self._quotas.values())
            await _within(REFRESH if is_used else None, self._wake)
            self._wake.clear()
            self._is_waited_for.clear()
            now = self._clock()
            due = [name for name, each in self._quotas.items() if each[0].is_due(each[1], now)]
            if due:
                with suppress(SharedUnavailable):
                    await self._settle(due, now)
                await _within(_GATHERING, self._is_waited_for)

    def _is_used(self, quota: LeasedQuota) -> bool:
        """Whether it has to be looked after, also when nothing happens."""
        is_open = bool(quota.new_tokens or quota.new_money or quota.requests)
        return is_open or self._clock() - quota.used_at < FORGOTTEN

    async def _settle(self, names: list[str], now: float) -> None:
        """Settle the accounts of some keys in one command.

        Raises:
            SharedUnavailable: nothing was settled, and each process is on its own.
        """
        settled, self._settled = self._settled, asyncio.Event()
        quotas = {name: self._quotas[name] for name in names}
        claims: dict[str, Claim] = {}
        try:
            for name, (quota, limits) in quotas.items():
                claims[name] = quota.claim(limits, now)
            balances = await self._accounts.settle(claims)
        except Exception:  # a bug, too: what was claimed has still to be told
            for name, claim in claims.items():
                quotas[name][0].failed(claim, now)
            raise
        else:
            now = self._clock()
            for name, (quota, _) in quotas.items():
                quota.settle(claims[name], balances[name], now)
        finally:
            settled.set()  # whoever waits does so for nothing, else


async def _within(seconds: float | None, event: asyncio.Event) -> None:
    """Wait for an event, but no longer than so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
