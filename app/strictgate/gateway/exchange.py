"""One enforced request of any surface: planned, held, and written in the surface's shape."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
from strictgate.gateway.gateway import Gateway, GatewayAnswer
from strictgate.gateway.records import Failed
from strictgate.gateway.request_planning import PlannedRequest

Body = Mapping[str, Any]


class Exchange:
    """One request and its answer; `start` it, `complete` it, then write the answer in one way."""

    read: SurfaceRequest
    planned: PlannedRequest
    writer: AnswerWriter

    def __init__(self, gateway: Gateway, surface: Surface, request: Body, caller: Caller) -> None:
        self.gateway = gateway
        self.surface = surface
        self.request = request
        """As the caller sent it, in the terms of the surface."""
        self.caller = caller

    async def start(self) -> None:
        """Plan the conversation.

        Raises:
            BadRequest, NotFound: the request cannot be honoured.
        """
        self.read = self.surface.read_request(self.request)
        self.planned = await self._plan(self.read)
        self.writer = self.read.writer(new_identity())

    async def complete(self, take: DeltaSink | None = None) -> GatewayAnswer:
        """Hold the conversation; see Gateway.complete.

        Raises:
            GatewayError: in the surface's terms.
        """
        try:
            return await self.gateway.complete(self.planned, self.caller, take)
        except GatewayError as error:
            self.read.translate_error(error)
            if self.gateway.witness is not None:
                self.gateway.witness.record(Failed(self.caller.request_id, error))
            raise

    async def prompt_tools(self, refused: ToolsRefused) -> None:
        """Plan it anew for an upstream that has refused its tools: they are told in the prompt.

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
        return self.planned.contract.stream

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
            return await self.gateway.plan(read, adapter)
        except GatewayError as error:
            read.translate_error(error)
            raise


def new_identity(*, is_kept: bool = False) -> AnswerIdentity:
    """Return a new answer's identity."""
    return AnswerIdentity(secrets.token_hex(24), int(time.time()), is_kept)
