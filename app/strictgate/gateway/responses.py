"""The Responses API's own affairs: what is kept, and the upstream that has the API itself.

Such an upstream is asked in its own API first. Where it is known to refuse the format there, or
refuses it now, the same is asked for in a chat completion, as far as that can say it.

| the upstream | asked | then |
|---|---|---|
| has not the API | in chat | the answer |
| has it | natively | the answer; where it refuses, in chat |
| is known to refuse the format | in chat | the answer |
| refuses, and chat cannot say it all | natively | the answer, or its own error |
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.errors import BadRequest, GatewayError, UpstreamError
from strictgate.core.surfaces.responses import items, request
from strictgate.core.surfaces.responses.native_upstream import NativeResponsesAdapter
from strictgate.core.surfaces.responses.surface import RESPONSES, ResponsesWriter
from strictgate.gateway.driver import DeltaSink
from strictgate.gateway.exchange import Exchange, new_identity
from strictgate.gateway.gateway import Caller, GatewayAnswer
from strictgate.gateway.request_planning import PlannedRequest
from strictgate.gateway.response_store import StoredResponse

Body = Mapping[str, Any]

STORE_DISABLED = (
    "Responses are not kept here. Send the whole conversation as 'input', or set a path in the "
    "table [store] of Strictgate's configuration."
)


class ResponsesExchange(Exchange):
    """One request of /v1/responses and its answer."""

    writer: ResponsesWriter

    async def start(self) -> None:
        """Plan it for the API that the upstream has, as far as is known.

        Raises:
            BadRequest, NotFound: the request cannot be honoured.
        """
        self.planned = await self._first_plan()
        is_kept = self.gateway.store is not None and self.request.get("store") is not False
        self.writer = RESPONSES.writer(self.request, new_identity(is_kept=is_kept))

    async def complete(self, take: DeltaSink | None = None) -> GatewayAnswer:
        """Hold the conversation; where the upstream refuses it in its own API, in the other.

        Raises:
            GatewayError: in this API's terms.
        """
        try:
            return await super().complete(take)
        except UpstreamError as error:
            again = await self._in_chat() if self._is_refused(error) else None
            if again is None:
                raise
            self.planned = again
        return await super().complete(take)

    async def plans(self) -> list[PlannedRequest]:
        """Return the plan for the upstream's own API, and the one for a chat completion."""
        again = None if self.planned.adapter is None else await self._in_chat()
        return [self.planned] if again is None else [self.planned, again]

    def body(self, answer: GatewayAnswer) -> Body:
        """Return the whole response, which is kept from now on."""
        told = super().body(answer)
        self._keep()
        return told

    def rest(self, answer: GatewayAnswer) -> bytes:
        """Return the events that are left; what they end with is kept before anybody knows it."""
        frames = super().rest(answer)
        self._keep()
        return frames

    # --- which API it is asked in ----------------------------------------------------------------

    async def _first_plan(self) -> PlannedRequest:
        if not RESPONSES.is_spoken_by(self.gateway.capabilities(self.request.get("model"))):
            return self._plan(request.to_chat(self.request, await self._history()))
        planned = self._natively()
        if Mode.NATIVE not in planned.conversation.refused:
            return planned
        return await self._in_chat() or planned

    async def _in_chat(self) -> PlannedRequest | None:
        """Plan it as a chat completion, where that can say it all."""
        try:
            return self._plan(request.to_chat(self.request, await self._history()))
        except BadRequest:
            return None

    def _natively(self) -> PlannedRequest:
        """Plan it for an upstream that has the API itself: what it keeps, and runs, is its own."""
        chat = request.to_chat(request.without_hosted(self.request))
        adapter = NativeResponsesAdapter(self.request, len(chat["messages"]))
        try:
            return self.gateway.plan(chat, adapter)
        except GatewayError as error:
            self.surface.translate_error(error)
            raise

    def _is_refused(self, error: UpstreamError) -> bool:
        """Whether it is this way of asking that was refused: the format, or the whole API."""
        if self.planned.adapter is None:
            return False
        record = self.planned.conversation.record
        return bool(record.refused_modes) or error.status in (404, 405, 501)

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
                f"Previous response with id '{str(previous)[:100]}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return [item for turn in turns for item in (*turn.input, *turn.response["output"])]

    def _keep(self) -> None:
        """Keep what was given; what an upstream made natively, it keeps itself."""
        store, told = self.gateway.store, self.writer.response
        envelope = self.writer.envelope
        if store is None or told is None or not envelope.stored or told["id"] != envelope.id:
            return
        given = items.listed(self.request["input"])
        previous = self.request.get("previous_response_id")
        store.put(owner_of(self.caller), StoredResponse(dict(told), given, previous))


def owner_of(caller: Caller) -> str:
    """Return whose responses are meant: those kept for the same credentials.

    The case of the scheme's name and the blanks around the key make no other owner
    (RFC 9110 §11.1).
    """
    given = next((value for name, value in caller.headers if name == "authorization"), "")
    scheme, _, key = given.strip().partition(" ")
    same = f"{scheme.title()} {key.strip()}".strip()
    return hashlib.sha256(same.encode("utf-8", "surrogateescape")).hexdigest()
