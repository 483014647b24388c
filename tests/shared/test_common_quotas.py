"""What keys have used, counted by several processes at once."""

import asyncio
import os
from collections.abc import Awaitable

import pytest

from strictgate.core.resilience.quota import QuotaLimits
from strictgate.shared import common_quotas
from strictgate.shared.common_file import ByteLock, nameless_file
from strictgate.shared.common_quotas import CommonQuotas

NOON = 1_700_000_000.0
A_MINUTE = QuotaLimits(requests_per_minute=60)
A_DAY = QuotaLimits(tokens_per_day=100, money_per_day=5.0)


@pytest.fixture
def quotas():
    shared = nameless_file()
    yield CommonQuotas(shared, ByteLock(shared, 1), lambda: NOON, rows=4)
    os.close(shared)


def in_another_process(work):
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


async def admitted(quotas, *request):
    """What becomes of a request, which may have to wait."""
    found = quotas.admit(*request)
    return await found if isinstance(found, Awaitable) else found


def test_no_request_is_counted_twice_or_not_at_all(quotas):
    """Of what four processes ask for at once, exactly as many are admitted as may be."""
    ours, theirs = os.pipe()

    def work():
        async def all_of_them():
            return [await admitted(quotas, "k", A_MINUTE) is None for _ in range(40)]

        os.write(theirs, bytes([sum(asyncio.run(all_of_them()))]))

    for child in [in_another_process(work) for _ in range(4)]:
        os.waitpid(child, 0)
    assert sum(os.read(ours, 4)) == 60
    assert quotas.admit("k", A_MINUTE).limit == "requests_per_minute"
    assert quotas.admit("other", A_MINUTE) is None
    for each in (ours, theirs):
        os.close(each)


def test_what_one_has_spent_all_have(quotas):
    """Tokens and money."""
    os.waitpid(in_another_process(lambda: quotas.spend("k", A_DAY, 100, 0.5)), 0)
    exceeded = quotas.admit("k", A_DAY)
    assert (exceeded.limit, exceeded.used) == ("tokens_per_day", 100)
    quotas.spend("m", A_DAY, 1, 5.5)
    assert quotas.admit("m", A_DAY).used == 5.5


def test_no_more_room(quotas):
    """Those that come too late are counted here alone; the others stay what they are."""
    for each in range(6):
        quotas.spend(str(each), A_DAY, 100, 0)

    assert all(quotas.admit(str(each), A_DAY) is not None for each in range(6))
    assert sum(each is None for each in quotas._places.values()) == 2


@pytest.fixture
def taken(quotas):
    """Another process holds the lock, until it is told to let go."""
    ready, let_go = os.pipe(), os.pipe()

    def work():
        with quotas._lock:
            os.write(ready[1], b".")
            os.read(let_go[0], 1)

    child = in_another_process(work)
    os.read(ready[0], 1)
    yield lambda: os.write(let_go[1], b".")
    os.write(let_go[1], b".")
    os.waitpid(child, 0)
    for each in (*ready, *let_go):
        os.close(each)


def test_nobody_waits_on_the_loop(quotas, taken):
    """A request is counted once the other process lets go, and so is what an answer has used."""

    async def use():
        quotas.spend("k", A_DAY, 100, 0.5)
        waiting = quotas.admit("k", A_DAY)
        assert isinstance(waiting, Awaitable)
        taken()
        while quotas._unspent:  # noqa: ASYNC110 (no event: the lock is another process's)
            await asyncio.sleep(0.001)
        return await waiting

    assert asyncio.run(use()).used == 100
    assert not quotas._unspent


def test_one_that_is_stopped_stops_nobody(quotas, taken, monkeypatch):
    """After a while it is counted without the lock."""
    monkeypatch.setattr(common_quotas, "TRIES", 2)

    async def use():
        quotas.spend("k", A_DAY, 100, 0.5)
        assert await quotas.admit("m", A_DAY) is None
        while quotas._unspent:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    asyncio.run(use())
    taken()
    while isinstance(found := quotas.admit("k", A_DAY), Awaitable):
        found.close()
    assert found.used == 100
