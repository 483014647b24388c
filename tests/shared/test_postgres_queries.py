"""The queries, where test_postgres_store.py does not reach them: what is too old leaves."""

import asyncio

from strictgate.gateway.response_store import StoredResponse
from strictgate.shared.postgres_queries import PRUNE
from strictgate.shared.postgres_store import PostgresClient, PostgresResponses
from tests.shared.engines import needs_postgres

pytestmark = needs_postgres


def test_pruned(postgres):
    """Rows are gone, not only hidden."""

    async def work():
        client = PostgresClient(postgres, "pruned", 5.0, lambda event: None)
        responses = PostgresResponses(client)
        await responses.put("me", StoredResponse({"id": "a"}, [], None), 60)
        await responses.put("me", StoredResponse({"id": "b"}, [], None), 0.001)
        await asyncio.sleep(0.01)
        await client.run(PRUNE, {})
        rows = await client.run("SELECT id FROM <responses>", {})
        await client.close()
        return rows

    assert asyncio.run(work()) == [("a",)]
