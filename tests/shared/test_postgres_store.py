"""Responses and usage in PostgreSQL: as in Redis."""

import asyncio
import time
import uuid
from contextlib import asynccontextmanager

import psycopg
import pytest

from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.gateway.response_store import StoredResponse
from strictgate.shared.postgres_store import open_store
from tests.core.resilience.ledger import Ledger
from tests.shared.engines import free_port, needs_postgres
from tests.shared.test_redis_accounts import CLAIMS

pytestmark = needs_postgres


@asynccontextmanager
async def opened(url, prefix=None):
    store = open_store(url, prefix or uuid.uuid4().hex, 5.0, lambda event: None)
    async with store.running:
        yield store


def turn(identity, previous=None, text="hi"):
    return StoredResponse({"id": identity, "n": 2**70}, [{"content": text}], previous)


def test_ping(postgres):
    """It connects, and makes no table."""
    prefix = uuid.uuid4().hex

    async def work():
        await open_store(postgres, prefix, 5.0, lambda event: None).ping()
        async with await psycopg.AsyncConnection.connect(postgres) as connection:
            tables = "SELECT tablename FROM pg_tables WHERE tablename LIKE %s"
            assert await (await connection.execute(tables, (f"{prefix}%",))).fetchall() == []
        wrong = f"postgresql://me@127.0.0.1:{free_port()}/postgres"
        with pytest.raises(SharedUnavailable):
            await open_store(wrong, prefix, 5.0, lambda event: None).ping()

    asyncio.run(work())


def test_responses(postgres):
    """For their owner, newest first, for a time; several replicas begin at once."""

    async def work():
        prefix = uuid.uuid4().hex
        async with opened(postgres, prefix) as first, opened(postgres, prefix) as second:
            one, other = first.responses, second.responses
            await asyncio.gather(*(r.put("me", turn("b", "a"), 60) for r in (one, other)))
            await one.put("me", turn("c", "b", "näher 🎈 \0"), 60)
            await one.put("me", turn("d", "c"), 60)
            found = await other.turns("me", "d", 100)
            assert found == [turn("d", "c"), turn("c", "b", "näher 🎈 \0"), turn("b", "a")]
            assert len(await other.turns("me", "d", 2)) == 2
            assert await other.turns("you", "d", 2) == []
            assert await other.delete("me", "d")
            assert not await one.delete("me", "d")
            await one.put("me", turn("e"), 0.001)
            await asyncio.sleep(0.01)
            assert await one.turns("me", "e", 1) == []

    asyncio.run(work())


def test_usage(postgres):
    """Sums, grants and waits are the ledger's."""

    async def work():
        ledger = Ledger()
        async with opened(postgres) as store:
            for claims in CLAIMS:
                found = await store.accounts.settle(claims)
                right = ledger.settle(claims, time.time())
                for name, balance in found.items():
                    assert balance.day == right[name].day
                    assert balance.tokens == right[name].tokens
                    assert balance.money == pytest.approx(right[name].money)
                    assert balance.granted == pytest.approx(right[name].granted, abs=1)
                    assert balance.wait == pytest.approx(right[name].wait, abs=2)

    asyncio.run(work())


def test_nobody_there():
    """It is one kind of error, and a wrong URL another."""

    async def work():
        async with opened(f"postgresql://127.0.0.1:{free_port()}/x") as store:
            with pytest.raises(SharedUnavailable):
                await store.responses.turns("me", "a", 1)

    asyncio.run(work())
    with pytest.raises(ValueError, match="PostgreSQL"):
        open_store("postgresql://h:port=/x?y", "p", 1.0, lambda event: None)
