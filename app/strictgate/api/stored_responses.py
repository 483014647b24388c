"""What /v1/responses has kept: GET (a stream, too) and DELETE /v1/responses/{id}, GET
…/{id}/input_items, POST …/{id}/cancel."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from strictgate.api import response
from strictgate.api.passthrough import Passthrough
from strictgate.api.request import BodyLimits, ClientRequest, Receive, Scope
from strictgate.api.response import Send
from strictgate.core.errors import BadRequest, NotFound
from strictgate.core.surfaces.responses.events import encode_response_event, replayed_events
from strictgate.core.surfaces.responses.stored_items import listed_items
from strictgate.core.surfaces.responses.surface import RESPONSES
from strictgate.gateway.caller import Caller
from strictgate.gateway.gateway import Gateway
from strictgate.gateway.response_store import StoredResponse
from strictgate.gateway.responses import STORE_DISABLED, owner_of

_MOST_ITEMS = 100


class StoredResponses:
    """The ASGI application."""

    def __init__(self, gateway: Gateway, relay: Passthrough) -> None:
        self._gateway = gateway
        self._relay = relay
        self._store = gateway.store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = ClientRequest(scope, receive, BodyLimits(0, 0))
        _, _, identity, *rest = inbound.api_path.split("/")
        is_deletion = scope["method"] == "DELETE"
        found = await self._found(inbound.caller, identity, is_deletion=is_deletion)
        if found is None:
            if RESPONSES.is_spoken_by(self._gateway.default_capabilities()):  # it may be theirs
                await self._relay(scope, receive, send)
                return
            raise self._missing(identity)
        if rest == ["cancel"]:
            raise BadRequest("Cannot cancel a synchronous response.", code="not_cancellable")
        asked = {name: each[-1] for name, each in parse_qs(inbound.caller.query).items()}
        if is_deletion:
            deleted = {"id": identity, "object": "response", "deleted": True}
            await response.send_json(send, 200, deleted)
        elif rest:
            await response.send_json(send, 200, _items(found, asked))
        elif asked.get("stream") == "true":
            await _send_events(send, found, asked.get("starting_after", ""))
        else:
            await response.send_json(send, 200, found.response)

    async def _found(
        self, caller: Caller, identity: str, *, is_deletion: bool
    ) -> StoredResponse | None:
        if self._store is None:
            return None
        owner = owner_of(caller)
        found = await self._store.get(owner, identity)
        if found is not None and is_deletion:
            await self._store.delete(owner, identity)
        return found

    def _missing(self, identity: str) -> NotFound | BadRequest:
        if self._store is None:
            return BadRequest(STORE_DISABLED, code="store_disabled")
        return NotFound(f"Response with id '{identity[:100]}' not found.")


async def _send_events(send: Send, found: StoredResponse, starting_after: str) -> None:
    """Send a response as the stream that it might have been."""
    after = int(starting_after) if starting_after.isdecimal() else -1
    events = replayed_events(found.response, after)
    fixed = (("content-type", RESPONSES.stream_type), ("cache-control", "no-cache"))
    await response.start(send, 200, fixed)
    await response.piece(send, b"".join(map(encode_response_event, events)), more=False)


def _items(found: StoredResponse, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a page of the input items, newest first as OpenAI has it."""
    key = str(found.response["id"]).removeprefix("resp_")
    items = listed_items(found.input, key)
    if asked.get("order", "desc") == "desc":
        items.reverse()
    ids = [item["id"] for item in items]
    start = ids.index(asked["after"]) + 1 if asked.get("after") in ids else 0
    limit = asked.get("limit", "20")
    most = min(max(int(limit), 1), _MOST_ITEMS) if limit.isdecimal() else 20
    page = items[start : start + most]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + most < len(items),
    }
