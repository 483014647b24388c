"""The connections to Redis or Valkey, and how commands are sent there.

All keys begin with the prefix and the version of the layout. Secrets are not among what is kept:
whose a response is stands there as the digest of the credentials, an upstream's address as its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from strictgate.observe.events import Observer
from strictgate.shared.reachability import Reachability
from strictgate.shared.redis_scripts import LAYOUT

CONNECTIONS = 16  # for commands; one more listens
_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}
"""Schemes that are spelt otherwise for the same protocol."""


class RedisClient:
    """Of one process; nothing is connected before the first command."""

    def __init__(self, url: str, prefix: str, patience: float, observe: Observer) -> None:
        """Set it up.

        Args:
            url: redis://, rediss:// (TLS), or the same as valkey://; with a password if need be.
            patience: seconds that a command may take.

        Raises:
            ValueError: it is no such URL.
        """
        scheme, separator, rest = url.partition("://")
        address = _SCHEMES.get(scheme, scheme) + separator + rest
        times = {"socket_timeout": patience, "socket_connect_timeout": patience}
        options: Mapping[str, Any] = {**times, "socket_keepalive": True}
        once, never = Retry(NoBackoff(), 1), Retry(NoBackoff(), 0)
        try:
            self._commands = BlockingConnectionPool.from_url(
                address, max_connections=CONNECTIONS, timeout=patience, retry=once, **options
            )
        except ValueError as error:  # its words may quote a part of the password
            raise ValueError(
                "it cannot be read. Write what is no letter or digit in the user's name and the "
                "password as % and its code: / as %2F, @ as %40."
            ) from error
        # What listens must not connect again unseen: what was told meanwhile would be missing.
        self._listening = ConnectionPool.from_url(address, retry=never, **options)
        self._redis: Redis = Redis(connection_pool=self._commands)
        self._root = f"{prefix}:{LAYOUT}:"
        self.reach = Reachability((RedisError,), patience, observe)

    def key(self, name: str) -> str:
        """Return the key of something that all replicas share."""
        return self._root + name

    def script(self, text: str) -> "Callable[[Sequence[str], Sequence[Any]], Awaitable[Any]]":
        """Return what runs a script with keys, by their names here, and arguments.

        It raises SharedUnavailable where the server does not answer, or refuses.
        """
        registered = self._redis.register_script(text)

        async def run(names: Sequence[str], arguments: Sequence[Any]) -> Any:
            keys = [self.key(name) for name in names]
            return await self.reach.ask(lambda: registered(keys=keys, args=arguments))

        return run

    async def ping(self) -> None:
        """Ask once whether scripts are run there, and close; raises SharedUnavailable."""
        try:
            await self.script("return 1")((), ())
        finally:
            await self.close()

    @asynccontextmanager
    async def subscription(self, channel: str) -> AsyncIterator[PubSub]:
        """Listen to a channel while the block runs; raises RedisError or OSError."""
        client: Redis = Redis(connection_pool=self._listening)
        async with client.pubsub(ignore_subscribe_messages=True) as heard:
            await heard.subscribe(self.key(channel))
            yield heard

    async def close(self) -> None:
        """Close the connections, once what is under way has ended."""
        await self.reach.end()
        await self._commands.aclose()
        await self._listening.aclose()
