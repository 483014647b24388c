"""The connections to Redis: addresses, keys, and what is told of a server that refuses."""

import asyncio

import pytest

from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.shared.redis_client import RedisClient
from tests.shared.engines import free_port, needs_redis

pytestmark = needs_redis


def client(url, events=None):
    return RedisClient(url, "p", 1.0, (events if events is not None else []).append)


async def ping(made):
    try:
        return await made.script("return ARGV[1]")((), ("hi",))
    finally:
        await made.close()


def test_answers(redis):
    """By either scheme; keys begin with the prefix and the layout's version."""
    valkey = redis.url.replace("redis://", "valkey://")
    assert [asyncio.run(ping(client(url))) for url in (redis.url, valkey)] == [b"hi", b"hi"]
    assert client(redis.url).key("x") == "p:1:x"


@pytest.mark.parametrize(
    "url", ["http://x", "x", "redis://h:port/0", "redis://:secret/1@h", "redis://:secret[@h"]
)
def test_wrong_addresses(url):
    """What is wrong is told without the password."""
    with pytest.raises(ValueError, match=r"cannot be read.*%2F") as raised:
        client(url)
    assert "secret" not in str(raised.value)


def test_refused(redis):
    """A wrong password, or nobody there, is told without the password."""
    for url in (
        redis.url.replace("127", "user:secret-1@127"),
        f"redis://:secret-1@127.0.0.1:{free_port()}",
    ):
        events = []
        with pytest.raises(SharedUnavailable):
            asyncio.run(ping(client(url, events)))
        assert [each.is_up for each in events] == [False]
        assert "secret-1" not in events[0].error
