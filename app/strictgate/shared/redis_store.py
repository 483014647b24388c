"""What Redis or Valkey can keep for replicas, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from strictgate.gateway.sharing import SharedStore
from strictgate.observe.events import Observer
from strictgate.shared.redis_accounts import RedisAccounts
from strictgate.shared.redis_board import RedisBoard
from strictgate.shared.redis_client import RedisClient
from strictgate.shared.redis_responses import TTL, RedisResponses


def open_store(url: str, prefix: str, patience: float, observe: Observer) -> SharedStore:
    """Return the store; nothing is connected before it runs.

    Raises:
        ValueError: it is no URL of Redis'.
    """
    client = RedisClient(url, prefix, patience, observe)
    board = RedisBoard(client, observe)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with board.running():
            yield
        await client.close()

    responses, accounts = RedisResponses(client), RedisAccounts(client)
    return SharedStore(running(), client.ping, board, responses, accounts, TTL)
