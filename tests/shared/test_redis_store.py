"""All that Redis keeps, put together."""

import asyncio
import uuid
from pathlib import Path

import pytest

from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.shared.redis_store import open_store
from tests.shared.engines import needs_redis, redis_server

pytestmark = needs_redis
TLS = Path(__file__).parents[1] / "data" / "tls"
"""A certificate of `localhost` that vouches for itself, and its key."""


def test_it_runs(redis):
    """Board and responses are there while it runs; it ends at once."""

    async def work():
        store = open_store(redis.url, uuid.uuid4().hex, 1.0, lambda event: None)
        async with store.running:
            assert await store.responses.turns("me", "a", 1) == []
        return store

    store = asyncio.run(work())
    assert store.board is not None
    assert store.responses_ttl == 86_400.0


def test_ping(redis):
    """It is asked once, and nothing stays open."""

    async def work():
        await open_store(redis.url, "p", 1.0, lambda event: None).ping()
        with pytest.raises(SharedUnavailable):
            await open_store("redis://127.0.0.1:9", "p", 1.0, lambda event: None).ping()

    asyncio.run(work())


def test_tls(monkeypatch):
    """A certificate is checked, against those that the system or SSL_CERT_FILE trusts."""

    def ping(url):
        asyncio.run(open_store(url, "p", 5.0, lambda event: None).ping())

    with redis_server(TLS) as server:
        with pytest.raises(SharedUnavailable):
            ping(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
        ping(server.url)
        ping(server.url.replace("rediss", "valkeys"))
        with pytest.raises(SharedUnavailable):
            ping(server.url.replace("localhost", "127.0.0.1"))


def test_wrong_url():
    with pytest.raises(ValueError, match="cannot be read"):
        open_store("http://x", "p", 1.0, lambda event: None)
