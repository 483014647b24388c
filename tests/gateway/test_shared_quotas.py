"""Keys whose usage is added up elsewhere: who waits, for what, and what is told at the end."""

import asyncio

import pytest

from strictgate.core.errors import RateLimited
from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.core.resilience.quota import DAY, QuotaLimits
from strictgate.gateway.client_keys import ClientKey, KeyRing, digest
from strictgate.gateway.shared_quotas import SharedQuotas
from tests.core.resilience.ledger import Ledger

NOON = 20_000 * DAY + DAY / 2


class Network:
    """A ledger that is reached, or not."""

    def __init__(self):
        self.ledger, self.now, self.is_up = Ledger(), NOON, True
        self.asked = []

    def __call__(self):
        return self.now

    async def settle(self, claims):
        self.asked.append(claims)
        await asyncio.sleep(0)
        if not self.is_up:
            raise SharedUnavailable
        return self.ledger.settle(claims, self.now)


@pytest.fixture
def network():
    return Network()


def ring(network, **limits):
    key = ClientKey("ci", "CI", digest("k"), limits=QuotaLimits(**limits))
    quotas = SharedQuotas(network, network)
    return KeyRing([key], clock=network).sharing(quotas), key, quotas


async def admitted(keys, key):
    """Whether one more request may be."""
    try:
        pending = keys.admit(key)
        if pending is not None:
            await pending
    except RateLimited:
        return False
    return True


def test_two_replicas(network):
    """Together they admit what one would, and a burst asks once."""

    async def work():
        one, key, first = ring(network, requests_per_minute=30)
        other, _, second = ring(network, requests_per_minute=30)
        async with first.running(), second.running():
            burst = await asyncio.gather(*(admitted(one, key) for _ in range(20)))
            assert (sum(burst), len(network.asked)) == (20, 1)
            burst = await asyncio.gather(*(admitted(other, key) for _ in range(20)))
            return sum(burst)

    assert asyncio.run(work()) in (9, 10)  # the first has one ahead, perhaps


def test_tokens(network):
    """What the one spends is too much for the other, and told at the end at the latest."""

    async def work():
        one, key, first = ring(network, tokens_per_day=100)
        other, _, second = ring(network, tokens_per_day=100)
        async with first.running():
            assert await admitted(one, key)
            one.spend(key, "m", 60, 50)
        async with second.running():
            assert not await admitted(other, key)

    asyncio.run(work())


def test_without_limits(network):
    """Nobody is asked about a key that may do anything."""

    async def work():
        keys, key, quotas = ring(network)
        async with quotas.running():
            assert all([await admitted(keys, key) for _ in range(9)])
            keys.spend(key, "m", 60, 50)
        assert network.asked == []

    asyncio.run(work())


def test_down(network):
    """Each is on its own then: nobody fails, and its own limit holds."""

    async def work():
        network.is_up = False
        keys, key, quotas = ring(network, requests_per_minute=3, tokens_per_day=1000)
        async with quotas.running():
            found = [await admitted(keys, key) for _ in range(5)]
            keys.spend(key, "m", 60, 40)
            network.now += 2
            network.is_up = True
        return found

    assert asyncio.run(work()) == [True, True, True, False, False]
    assert network.ledger.accounts["ci"].tokens == 100


def test_a_bug(network):
    """Who waits is not kept waiting, nothing ends, and what was claimed is told later."""
    told, honest = [], network.settle

    async def broken(claims):
        raise KeyError("x")

    async def work():
        key = ClientKey("ci", "CI", digest("k"), limits=QuotaLimits(tokens_per_day=1000))
        quotas = SharedQuotas(network, network, told.append)
        keys = KeyRing([key], clock=network).sharing(quotas)
        network.settle = broken
        async with asyncio.timeout(20), quotas.running():
            assert await admitted(keys, key)
            keys.spend(key, "m", 60, 40)
            network.settle = honest

    asyncio.run(work())
    assert ["KeyError" in each.traceback for each in told] == [True]
    assert sum(each["ci"].tokens for each in network.asked) == 100


def test_new_settings(network):
    """A reload keeps what was used, by the key's name, under its new limits."""

    async def work():
        keys, key, quotas = ring(network, requests_per_minute=2)
        wider = ClientKey("ci", "CI", digest("k"), limits=QuotaLimits(requests_per_minute=4))
        async with quotas.running():
            assert [await admitted(keys, key) for _ in range(3)] == [True, True, False]
            network.now += 16
            renewed = keys.renewed(KeyRing([wider]))
            assert await admitted(renewed, wider)

    asyncio.run(work())
