"""Responses in Redis or Valkey: a hash for each, which ends by itself."""

from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.gateway.response_store import StoredResponse, parsed_turn
from strictgate.shared.redis_client import RedisClient
from strictgate.shared.redis_scripts import DROP, KEEP, TURNS

TTL = 86_400.0
"""Seconds for which a response is kept where the settings do not say: it stands in memory."""


class RedisResponses:
    """A SharedResponses; see gateway/sharing.py."""

    def __init__(self, client: RedisClient) -> None:
        self._keep = client.script(KEEP)
        self._turns = client.script(TURNS)
        self._drop = client.script(DROP)

    async def put(self, owner: str, stored: StoredResponse, ttl: float) -> None:
        """Keep a response for `ttl` seconds."""
        texts = (write_json(stored.response), write_json(stored.input), stored.previous or "")
        arguments = [max(1, int(ttl * 1000)), *texts]
        await self._keep((_name(owner) + stored.response["id"],), arguments)

    async def turns(self, owner: str, identity: str, most: int) -> list[StoredResponse]:
        """Return the response with that id and those before it, newest first."""
        rows: list[Any] = await self._turns((_name(owner),), (identity, most))
        return [  # a field that somebody has taken out of the hash is None
            parsed_turn(response, items or b"", (previous or b"").decode(errors="replace") or None)
            for response, items, previous in rows
        ]

    async def delete(self, owner: str, identity: str) -> bool:
        """Forget a response; return whether there was one."""
        return bool(await self._drop((_name(owner) + identity,), ()))


def _name(owner: str) -> str:
    """Return how the names of a client's responses begin.

    What is in braces says where a key belongs in a cluster, so that a conversation is in one place:
    redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec, § Hash tags.
    """
    return f"response:{{{owner}}}:"
