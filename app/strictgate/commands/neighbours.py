"""Whether what listens at an address is a Strictgate."""

import asyncio
from dataclasses import replace

from strictgate.core.errors import GatewayError
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Endpoint

PATIENCE = 2.0  # seconds
_ROOTS = ("/openai/v1", "/v1")


async def is_strictgate(client: Client, endpoint: Endpoint) -> bool:
    """Ask what listens at an upstream's address; who does not answer is none."""
    root = endpoint.base_url
    for each in _ROOTS:
        root = root.removesuffix(each)
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await client.fetch(replace(endpoint, base_url=root), "/healthz", {})
    except (TimeoutError, GatewayError):
        return False
    said = answer.json()
    return isinstance(said, dict) and said.get("server") == "strictgate"
