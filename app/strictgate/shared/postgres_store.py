"""What PostgreSQL can keep for replicas: responses, and what client keys have used.

Its tables begin with the prefix and the version of their layout, and are made where they are not
there. There is one connection, on which commands follow each other; the server ends what takes too
long. What is learned is not told through it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from strictgate.core.jsontext.reader import write_json
from strictgate.core.resilience.lease import Balance, Claim
from strictgate.gateway.response_store import StoredResponse, parsed_turn
from strictgate.gateway.sharing import SharedStore
from strictgate.observe.events import Observer
from strictgate.shared.postgres_queries import (
    BEGIN_ACCOUNT,
    DROP,
    KEEP,
    OPEN,
    PRUNE,
    SETTLE,
    TABLES,
    TURNS,
)
from strictgate.shared.reachability import Reachability

TTL = 30 * 86_400.0
"""Seconds for which a response is kept where the settings do not say."""
_PRUNED_EVERY = 200  # responses that are kept, between two looks for what is too old


class PostgresClient:
    """Of one process; nothing is connected before the first command."""

    def __init__(self, url: str, prefix: str, patience: float, observe: Observer) -> None:
        """Set it up.

        Raises:
            ValueError: it is no URL of PostgreSQL's.
        """
        try:
            conninfo_to_dict(url)
        except psycopg.Error as error:
            raise ValueError("it is no URL of PostgreSQL's") from error
        self._url = url
        self._names = {"responses": f'"{prefix}:1:responses"', "usage": f'"{prefix}:1:usage"'}
        self._milliseconds = max(1, int(patience * 1000))
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()
        self._reach = Reachability((psycopg.Error,), patience, observe)

    async def run(self, query: str, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows of a query; raises SharedUnavailable."""
        return await self._reach.ask(lambda: self._run(query, values))

    async def ping(self) -> None:
        """Connect once, without making a table, and close; raises SharedUnavailable."""

        async def connect() -> None:
            await (await self._opened()).close()

        await self._reach.ask(connect)

    async def close(self) -> None:
        """Close the connection, once what is under way has ended."""
        await self._reach.end()
        if self._connection is not None:
            await self._connection.close()

    async def _run(self, query: str, values: Mapping[str, Any]) -> list[Any]:
        async with self._turn:
            connection = await self._connected()
            cursor = await connection.execute(self._named(query), values)
            return [] if cursor.description is None else await cursor.fetchall()

    async def _connected(self) -> "psycopg.AsyncConnection[Any]":
        if self._connection is None or self._connection.closed:
            opened = await self._opened()
            try:
                for statement in (OPEN, TABLES):
                    await opened.execute(self._named(statement))
            except psycopg.Error:
                await opened.close()
                raise
            self._connection = opened
        return self._connection

    async def _opened(self) -> "psycopg.AsyncConnection[Any]":
        return await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=max(1, self._milliseconds // 1000),
            tcp_user_timeout=self._milliseconds,
            options=f"-c statement_timeout={self._milliseconds}",
        )

    def _named(self, query: str) -> bytes:
        """Return a query with the names of the tables; the prefix has no quotes in it."""
        for name, table in self._names.items():
            query = query.replace(f"<{name}>", table)
        return query.encode()


class PostgresResponses:
    """A SharedResponses; see gateway/sharing.py."""

    def __init__(self, client: PostgresClient) -> None:
        self._client = client
        self._kept = 0

    async def put(self, owner: str, stored: StoredResponse, ttl: float) -> None:
        """Keep a response for `ttl` seconds."""
        texts = {"response": write_json(stored.response), "input": write_json(stored.input)}
        about = {"owner": owner, "id": stored.response["id"], "previous": stored.previous}
        await self._client.run(KEEP, {**about, **texts, "ttl": ttl})
        self._kept += 1
        if self._kept % _PRUNED_EVERY == 1:
            await self._client.run(PRUNE, {})

    async def turns(self, owner: str, identity: str, most: int) -> list[StoredResponse]:
        """Return the response with that id and those before it, newest first."""
        rows = await self._client.run(TURNS, {"owner": owner, "id": identity, "most": most})
        return [
            parsed_turn(response.encode(), items.encode(), previous)
            for response, items, previous in rows
        ]

    async def delete(self, owner: str, identity: str) -> bool:
        """Forget a response; return whether there was one."""
        return bool(await self._client.run(DROP, {"owner": owner, "id": identity}))


class PostgresAccounts:
    """Accounts; see gateway/shared_quotas.py."""

    def __init__(self, client: PostgresClient) -> None:
        self._client = client
        self._begun: set[str] = set()

    async def settle(self, claims: Mapping[str, Claim]) -> Mapping[str, Balance]:
        """Note and grant what is claimed, by the names of keys; raises SharedUnavailable."""
        balances = {}
        for name, claim in claims.items():
            if name not in self._begun:
                await self._client.run(BEGIN_ACCOUNT, {"name": name})
                self._begun.add(name)
            asked = {"tokens": claim.tokens, "money": claim.money, "wanted": claim.requests}
            [row] = await self._client.run(
                SETTLE, {"name": name, "most": claim.per_minute, **asked}
            )
            balances[name] = Balance(*row)
        return balances


def open_store(url: str, prefix: str, patience: float, observe: Observer) -> SharedStore:
    """Return the store; nothing is connected before it is used.

    Raises:
        ValueError: it is no URL of PostgreSQL's.
    """
    client = PostgresClient(url, prefix, patience, observe)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        yield
        await client.close()

    responses, accounts = PostgresResponses(client), PostgresAccounts(client)
    return SharedStore(running(), client.ping, None, responses, accounts, TTL)
