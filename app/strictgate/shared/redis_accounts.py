"""The usage of client keys in Redis or Valkey, by the names that the configuration gives them."""

from collections.abc import Mapping

from strictgate.core.resilience.lease import Balance, Claim
from strictgate.shared.redis_client import RedisClient
from strictgate.shared.redis_scripts import SETTLE


class RedisAccounts:
    """Accounts; see gateway/shared_quotas.py."""

    def __init__(self, client: RedisClient) -> None:
        self._settle = client.script(SETTLE)

    async def settle(self, claims: Mapping[str, Claim]) -> Mapping[str, Balance]:
        """Note and grant what is claimed, by the names of keys; raises SharedUnavailable."""
        arguments: list[str | int] = []
        for each in claims.values():
            arguments += (each.tokens, repr(each.money), each.requests, each.per_minute)
        rows = await self._settle([f"usage:{name}" for name in claims], arguments)
        return {name: _balance(row) for name, row in zip(claims, rows, strict=True)}


def _balance(row: tuple[int, int, bytes, int, bytes]) -> Balance:
    day, tokens, money, granted, wait = row
    return Balance(day, tokens, float(money), granted, float(wait))
