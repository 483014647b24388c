"""The Responses API's own affairs: what is kept, and the upstream that has the API itself.

Such an upstream is asked in its own API first. Where it is known to refuse the format there, or
refuses it now, the same is asked for in a chat completion, as far as that can say it.

| the upstream | asked | then |
|---|---|---|
| has not the API | in chat | the answer |
| has it | natively | the answer; where it refuses, in chat |
| has it, but not the turns before: they are kept here | in chat | the answer |
| is known to refuse the format | in chat | the answer |
| refuses, and chat cannot say it all | natively | the answer, or its own error |
"""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.errors import (
    BadRequest,
    NotFound,
    StoreUnavailable,
    ToolsRefused,
    UpstreamError,
)
from strictgate.core.surfaces.responses.items import items_in
from strictgate.core.surfaces.responses.stored_items import (
    KEPT_HERE,
    is_reference,
    item_of,
    no_such_item,
    response_of,
)
from strictgate.core.surfaces.responses.surface import (
    RESPONSES,
    ResponsesRequest,
    ResponsesWriter,
)
from strictgate.core.surfaces.surface import AnswerIdentity
from strictgate.gateway.caller import Caller
from strictgate.gateway.driver import DeltaSink
from strictgate.gateway.exchange import Exchange, new_identity
from strictgate.gateway.gateway import GatewayAnswer
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.gateway.response_store import StoredResponse, committed

Body = Mapping[str, Any]
Plan = tuple[ResponsesRequest, PlannedRequest]

MOST_REFERENCES = 32
"""Of a request's references, how many are looked for in the store: each is a read."""
STORE_DISABLED = (
    "Responses are not kept here. Send the whole conversation as 'input', or take `path = \"off\"` "
    "out of the table [store] of Strictgate's configuration."
)


class ResponsesExchange(Exchange):
    """One request of /v1/responses and its answer."""

    read: ResponsesRequest
    writer: ResponsesWriter
    _written: Future[None] | None = None
    """Is done when the response is kept."""
    _given: list[Any]
    """The items of `input`, those that references stand for in their place."""

    async def _complete(self, take: DeltaSink | None) -> GatewayAnswer:
        """Hold the conversation; where the upstream refuses it in its own API, in the other.

        Raises:
            GatewayError: in this API's terms.
        """
        try:
            return await super()._complete(take)
        except UpstreamError as error:
            if not (self._is_refused(error) and await self._turn_to_chat()):
                raise
        return await super()._complete(take)

    async def prompt_tools(self, refused: ToolsRefused) -> None:
        """Plan it anew, as a chat completion, whose prompt can tell of the tools.

        Raises:
            ToolsRefused: a chat completion cannot say it all.
        """
        if self.planned.adapter is not None and not await self._turn_to_chat():
            raise refused
        await super().prompt_tools(refused)

    async def plans(self) -> list[PlannedRequest]:
        """Return the plan for the upstream's own API, and the one for a chat completion."""
        again = None if self.planned.adapter is None else await self._in_chat()
        return [self.planned] if again is None else [self.planned, again[1]]

    def body(self, answer: GatewayAnswer) -> Body:
        """Return the whole response, which is kept from now on."""
        told = super().body(answer)
        self._keep()
        return told

    def rest(self, answer: GatewayAnswer) -> Iterator[bytes]:
        """Yield the events that are left; what they end with is kept before anybody knows it."""
        pieces = super().rest(answer)
        last = next(pieces)
        for piece in pieces:
            yield last
            last = piece
        self._keep()
        yield last

    async def settle(self) -> None:
        """Wait until the response is kept: its id may come with the next request, and that go to
        another process that has the same file."""
        if self._written is not None:
            await committed(self._written)

    # --- which API it is asked in ----------------------------------------------------------------

    def _new_identity(self) -> AnswerIdentity:
        is_kept = self.gateway.store is not None and self.request.get("store") is not False
        return new_identity(is_kept=is_kept)

    async def _first_plan(self) -> Plan:
        """Plan it for the API that the upstream has, as far as is known."""
        is_there = RESPONSES.is_spoken_by(self.gateway.capabilities(self.request.get("model")))
        if not is_there or await self._goes_on_from_here():
            return await self._as_chat()
        read = RESPONSES.read_natively(self.request)
        planned = await self._plan(read, read.adapter)
        if Mode.NATIVE not in planned.conversation.refused:
            return read, planned
        return await self._in_chat() or (read, planned)

    async def _goes_on_from_here(self) -> bool:
        """Whether it names a response that is kept here: one that was asked for in chat, or that a
        host has answered with a chat completion. The upstream knows nothing of it."""
        store, given = self.gateway.store, self.request.get("input")
        named = [response_of(each["id"]) for each in _listed(given) if is_reference(each)]
        if (previous := self.request.get("previous_response_id")) is not None:
            named.append(str(previous))
        if store is None or not named:
            return False
        owner = owner_of(self.caller)
        with suppress(StoreUnavailable):  # it may well be the upstream's
            for identity in [*dict.fromkeys(named)][:MOST_REFERENCES]:
                if await store.get(owner, identity) is not None:
                    return True
        return False

    async def _in_chat(self) -> Plan | None:
        """Plan it as a chat completion, where that can say it all."""
        try:
            plan = await self._as_chat()
        except BadRequest:
            return None
        return None if plan[0].read.dropped else plan

    async def _turn_to_chat(self) -> bool:
        """Plan it as a chat completion from now on; return whether that can say it all."""
        plan = await self._in_chat()
        if plan is None:
            return False
        self.read, self.planned = plan
        self.writer = self.read.writer(self.identity)
        return True

    async def _as_chat(self) -> Plan:
        history = await self._history()
        self._given = await self._resolved(items_in(self.request))
        read = RESPONSES.read_request(self.request, [*history, *self._given], len(history))
        return read, await self._plan(read)

    def _is_refused(self, error: UpstreamError) -> bool:
        """Whether it is this way of asking that was refused: format, tools, or the whole API."""
        if self.planned.adapter is None:
            return False
        record = self.planned.conversation.record
        is_mode = bool(record.refused_modes) or isinstance(error, ToolsRefused)
        return is_mode or error.status in (404, 405, 501)

    # --- what is kept ----------------------------------------------------------------------------

    async def _history(self) -> list[Any]:
        """Return the items of the turns before."""
        store, previous = self.gateway.store, self.request.get("previous_response_id")
        if store is None:
            for name in ("previous_response_id", "store"):
                if self.request.get(name):
                    raise BadRequest(STORE_DISABLED, param=name, code="store_disabled")
            return []
        if previous is None:
            return []
        turns = await store.chain(owner_of(self.caller), str(previous))
        if turns is None:
            raise BadRequest(
                f"Previous response with id '{str(previous)[:100]}' not found, or one before it. "
                f"{KEPT_HERE} Or send the whole conversation as 'input'.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return [item for turn in turns for item in (*turn.input, *turn.response["output"])]

    async def _resolved(self, items: list[Any]) -> list[Any]:
        """Return the items with those that are kept in place of references to them."""
        store = self.gateway.store
        if store is None or not any(is_reference(item) for item in items):
            return items
        owner = owner_of(self.caller)
        found: list[Any] = []
        for item in items:
            if is_reference(item):
                turn = await store.get(owner, response_of(item["id"]))
                kept = turn and item_of(turn.response, turn.input, item["id"])
                if kept is None:
                    raise NotFound(no_such_item(item["id"]), param="input", code="item_not_found")
                found.append(kept)
            else:
                found.append(item)
        return found

    def _keep(self) -> None:
        """Keep what was given, where it has an id of the gateway's; else an upstream has made it
        in its own API, and keeps it itself."""
        store, told = self.gateway.store, self.writer.response
        envelope = self.writer.envelope
        if store is None or told is None or not envelope.stored or told["id"] != envelope.id:
            return
        if self.planned.adapter is not None:  # there it may be left out
            has_input = isinstance(self.request.get("input"), str | list)
            self._given = items_in(self.request) if has_input else []
        previous = self.request.get("previous_response_id")
        kept = StoredResponse(dict(told), self._given, previous)
        self._written = store.put(owner_of(self.caller), kept)


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def owner_of(caller: Caller) -> str:
    """Return whose responses are meant: those kept for the same credentials.

    The case of the scheme's name and the blanks around the key make no other owner
    (RFC 9110 §11.1).
    """
    given = next((value for name, value in caller.headers if name == "authorization"), "")
    scheme, _, key = given.strip().partition(" ")
    same = f"{scheme.title()} {key.strip()}".strip()
    return hashlib.sha256(same.encode("utf-8", "surrogateescape")).hexdigest()
