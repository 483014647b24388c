"""One enforced request of any surface: planned, held, and written in the surface's shape."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strictgate.core.conversation.handover import Handover
from strictgate.core.errors import GatewayError, ToolsRefused
from strictgate.core.surfaces.surface import (
    AnswerIdentity,
    AnswerWriter,
    Surface,
    SurfaceRequest,
    UpstreamAdapter,
)
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.gateway.caller import Caller
from strictgate.gateway.driver import DeltaSink
from strictgate.gateway.fallbacks import Fallbacks, WritingRequest
from strictgate.gateway.gateway import Gateway, GatewayAnswer
from strictgate.gateway.planned_request import PlannedRequest
from strictgate.gateway.records import Failed

Body = Mapping[str, Any]

NO_IDENTITY = AnswerIdentity("", 0, is_kept=False)
"""A completion has its upstream's id and time, or the driver's."""
_TOOL_REFUSALS = 2  # custom tools, then the functions in place of them


class Exchange:
    """One request and its answer; `start` it, `complete` it, then write the answer in one way."""

    read: SurfaceRequest
    planned: PlannedRequest
    writer: AnswerWriter
    identity: AnswerIdentity

    def __init__(self, gateway: Gateway, surface: Surface, request: Body, caller: Caller) -> None:
        self.gateway = gateway
        self.surface = surface
        self.request = request
        """As the caller sent it, in the terms of the surface; but for the model, once another one
        than the first is asked."""
        self.caller = caller
        self._first_upstream = ""
        """Which the client's key is for, once another model than the first is asked."""
        self._handover: Handover | None = None
        """What the model that is asked takes over from others; None: it is the first."""

    async def start(self) -> None:
        """Plan the conversation.

        Raises:
            BadRequest, NotFound: the request cannot be honoured.
        """
        self.read, self.planned = await self._first_plan()
        self.identity = self._new_identity()
        self.writer = self.read.writer(self.identity)

    async def complete(self, take: DeltaSink | None = None) -> GatewayAnswer:
        """Hold the conversation, with another model where one fails (fallbacks.py).

        Raises:
            GatewayError: in the surface's terms.
        """
        fallbacks = self.gateway.fallbacks(self.planned)
        if fallbacks is None:
            return await self._complete(take)
        sink = None if take is None else CountedSink(take)
        while True:
            try:
                return await self._complete(sink)
            except GatewayError as error:
                is_given = sink is not None and sink.is_used
                if is_given or not await self._turn_to_fallback(fallbacks, error):
                    last = self._last_error(fallbacks, error)
                    if last is error:
                        raise
                    self._record(last)
                    raise last from error

    async def _complete(self, take: DeltaSink | None) -> GatewayAnswer:
        """Hold the conversation that is planned; see Gateway.complete.

        Raises:
            GatewayError: in the surface's terms.
        """
        refusals = 0
        while True:
            try:
                return await self.gateway.complete(self.planned, self._caller_here(), take)
            except GatewayError as error:
                self.read.translate_error(error)
                self._record(error)
                # It is asked for in a chat completion first.
                is_final = refusals == _TOOL_REFUSALS or self.planned.adapter is not None
                if is_final or not isinstance(error, ToolsRefused):
                    raise
                refusals += 1
                await Exchange.prompt_tools(self, error)

    def _record(self, error: GatewayError) -> None:
        if self.gateway.witness is not None:
            self.gateway.witness.record(Failed(self.caller.request_id, error))

    # --- fallbacks -------------------------------------------------------------------------------

    async def ask_model(self, handover: Handover) -> None:
        """Plan it for another model, which takes over from those before it.

        Raises:
            GatewayError: that one cannot be asked for the same.
        """
        self._handover = handover
        self._first_upstream = self._first_upstream or self.planned.route.endpoint.name
        if handover.source:
            writing = WritingRequest(self.read, handover.model, handover.source)
            self.planned = await self._plan(writing)
        else:
            self.request = {**self.request, "model": handover.model}
            self.read, self.planned = await self._first_plan()
        self.writer = self.read.writer(self.identity)

    async def _turn_to_fallback(self, fallbacks: Fallbacks, error: GatewayError) -> bool:
        """Plan it for the next model that can be asked; return whether there is one."""
        failed = self.planned
        handover = fallbacks.next(error, failed.conversation)
        while handover is not None:
            try:
                await self.ask_model(handover)
            except GatewayError as refused:
                handover = fallbacks.next(refused, None)
            else:
                self.gateway.fell_back(failed, error, handover.model, self.caller)
                return True
        return False

    def _last_error(self, fallbacks: Fallbacks, error: GatewayError) -> GatewayError:
        """Return the error for the caller, which tells of all models; `error`: the latest."""
        if not (self.planned.conversation.handover and fallbacks.error):
            return error
        return self.gateway.details.of_all(fallbacks.error, self.planned.conversation)

    def _caller_here(self) -> Caller:
        """Return the caller, without credentials that are for another upstream than the one that
        is asked."""
        is_first = self._first_upstream in ("", self.planned.route.endpoint.name)
        return self.caller if is_first else self.caller.without_credentials()

    async def prompt_tools(self, refused: ToolsRefused) -> None:
        """Plan it anew for an upstream that has refused its tools: they are told in the prompt, or
        custom ones as functions.

        Raises:
            ToolsRefused: they cannot be.
        """
        self.planned = await self.gateway.without_tools(self.planned, refused)

    async def plans(self) -> list[PlannedRequest]:
        """Return the plan that `start` has made, and those that take its place if it is refused."""
        return [self.planned]

    @property
    def is_streamed(self) -> bool:
        """Whether the caller wants the answer as a stream."""
        return self.planned.read.contract.stream

    def early_headers(self) -> Mapping[str, str]:
        """Return the headers of an answer that begins before it is whole."""
        return self.gateway.details.early_headers(self.planned.conversation)

    def body(self, answer: GatewayAnswer) -> Body:
        """Return the whole answer."""
        return self.writer.body(answer.completion)

    def news(self, head: Body, news: Sequence[ChoiceDelta]) -> bytes:
        """Return the frames for what is new."""
        return self.writer.news(head, news)

    def failed(self, error: GatewayError) -> bytes:
        """Return the frames that end a stream that has begun with `error`."""
        return self.writer.failed(error)

    def pause(self) -> bytes:
        """Return a frame that says nothing."""
        return self.writer.pause()

    def rest(self, answer: GatewayAnswer) -> Iterator[bytes]:
        """Yield the frames for what is left of the answer, and the end, in pieces."""
        return self.writer.rest(answer.completion, answer.sent)

    async def settle(self) -> None:
        """Wait for what must be so before the caller has the end of the answer."""

    async def _plan(
        self, read: SurfaceRequest, adapter: UpstreamAdapter | None = None
    ) -> PlannedRequest:
        try:
            planned = await self.gateway.plan(read, adapter)
        except GatewayError as error:
            read.translate_error(error)
            raise
        if self._handover is not None:
            planned.conversation.take_over(self._handover)
        return planned

    async def _first_plan(self) -> tuple[SurfaceRequest, PlannedRequest]:
        """Read the request, and plan it in the way that comes first."""
        read = self.surface.read_request(self.request)
        return read, await self._plan(read)

    def _new_identity(self) -> AnswerIdentity:
        return NO_IDENTITY


class CountedSink:
    """Takes what the caller may have, and knows whether anything came."""

    def __init__(self, take: DeltaSink) -> None:
        self._take = take
        self.is_used = False

    async def __call__(self, head: Body, news: tuple[ChoiceDelta, ...]) -> None:
        """Pass it on."""
        self.is_used = True
        await self._take(head, news)


def new_identity(*, is_kept: bool = False) -> AnswerIdentity:
    """Return a new answer's identity."""
    return AnswerIdentity(os.urandom(24).hex(), int(time.time()), is_kept)
