"""The scripts, where the other tests of this room do not reach them: how many facts are kept."""

import asyncio
import uuid

from strictgate.shared.redis_client import RedisClient
from strictgate.shared.redis_scripts import FACTS, LAYOUT, TELL
from tests.shared.engines import needs_redis

pytestmark = needs_redis


def test_bounded(redis):
    """Those that end first leave; what is told of them all the same is told."""

    async def work():
        client = RedisClient(redis.url, uuid.uuid4().hex, 1.0, lambda event: None)
        facts = [part for n in range(5) for part in ("fact", f"f{n}", 60 + n, "{}")]
        told = await client.script(TELL)(("facts", "breakers", "news"), (3, *facts))
        kept = await client.script(FACTS)(("facts",), ())
        await client.close()
        return told, kept[::2]

    assert asyncio.run(work()) == (5, [b"f2", b"f3", b"f4"])
    assert LAYOUT == 1
