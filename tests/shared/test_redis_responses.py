"""Responses in Redis: for their owner, one after the other, and for a time."""

import asyncio
import uuid
from contextlib import asynccontextmanager

import pytest

from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.gateway.response_store import StoredResponse
from strictgate.shared.redis_client import RedisClient
from strictgate.shared.redis_responses import RedisResponses
from tests.shared.engines import free_port, needs_redis

pytestmark = needs_redis


@asynccontextmanager
async def opened(url, prefix=None):
    client = RedisClient(url, prefix or uuid.uuid4().hex, 1.0, lambda event: None)
    try:
        yield RedisResponses(client)
    finally:
        await client.close()


def turn(identity, previous=None, text="hi"):
    return StoredResponse({"id": identity, "n": 2**70}, [{"content": text}], previous)


def test_kept(redis):
    """As it was, and for its owner alone; one that is put again takes the place of the first."""

    async def work():
        prefix = uuid.uuid4().hex
        async with opened(redis.url, prefix) as one, opened(redis.url, prefix) as other:
            await one.put("me", turn("a", text="näher 🎈"), 60)
            assert await other.turns("me", "a", 1) == [turn("a", text="näher 🎈")]
            assert await other.turns("you", "a", 1) == []
            await other.put("me", turn("a"), 60)
            assert await one.turns("me", "a", 9) == [turn("a")]
            assert await one.delete("me", "a")
            assert not await other.delete("me", "a")
            assert await other.turns("me", "a", 1) == []

    asyncio.run(work())


def test_turns(redis):
    """Newest first, up to one that is not there, and so many at most."""

    async def work():
        async with opened(redis.url) as responses:
            for each in (turn("b", "a"), turn("c", "b"), turn("d", "c")):
                await responses.put("me", each, 60)
            found = await responses.turns("me", "d", 100)
            assert [each.response["id"] for each in found] == ["d", "c", "b"]
            assert found[-1].previous == "a"
            assert len(await responses.turns("me", "d", 2)) == 2

    asyncio.run(work())


def test_for_a_time(redis):
    """Then it is gone."""

    async def work():
        async with opened(redis.url) as responses:
            await responses.put("me", turn("a"), 0.001)
            gone = []
            while not gone:
                gone = [True] if not await responses.turns("me", "a", 1) else []

    asyncio.run(work())


def test_nobody_there():
    """It is one kind of error, whatever is wrong."""

    async def work():
        async with opened(f"redis://127.0.0.1:{free_port()}/0") as responses:
            with pytest.raises(SharedUnavailable):
                await responses.turns("me", "a", 1)

    asyncio.run(work())
