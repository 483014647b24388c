"""The usage of keys in Redis: as the ledger of the core's tests has it."""

import asyncio
import time
import uuid

import pytest

from strictgate.core.resilience.lease import Claim
from strictgate.core.resilience.quota import DAY
from strictgate.shared.redis_accounts import RedisAccounts
from strictgate.shared.redis_client import RedisClient
from tests.core.resilience.ledger import Ledger
from tests.shared.engines import needs_redis

pytestmark = needs_redis
CLAIMS = [
    {"a": Claim(10, 0.25, 5, 60), "b": Claim(7, 0.0, 0, 0)},
    {"a": Claim(0, 0.1, 50, 60)},
    {"a": Claim(2**40, 1e-9, 50, 60), "b": Claim(1, 2.0, 0, 0)},
    {"a": Claim(0, 0.0, -20, 60)},
    {"a": Claim(0, 0.0, 25, 60)},
    {"a": Claim(0, 0.0, -1000, 60)},
    {"a": Claim(0, 0.0, 1000, 60)},
]


def test_like_the_ledger(redis):
    """Sums, grants and waits are the same."""

    async def work():
        client = RedisClient(redis.url, uuid.uuid4().hex, 5.0, lambda event: None)
        accounts, ledger = RedisAccounts(client), Ledger()
        for claims in CLAIMS:
            found = await accounts.settle(claims)
            right = ledger.settle(claims, time.time())
            for name, balance in found.items():
                assert balance.day == int(time.time() // DAY)
                assert balance.tokens == right[name].tokens
                assert balance.money == pytest.approx(right[name].money)
                assert balance.granted == pytest.approx(right[name].granted, abs=1)
                assert balance.wait == pytest.approx(right[name].wait, abs=2)
        await client.close()

    asyncio.run(work())
