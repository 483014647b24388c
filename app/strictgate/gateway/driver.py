"""One conversation's way through the network: each of its turns answered, within one deadline.

One request is open at a time. What happens to the caller happens here: while it does not take what
is new, nothing more is read, and when it is cancelled, the upstream is cut off.
"""

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from strictgate.core.conversation.protocol import (
    Ask,
    Compile,
    DriverAnswer,
    HeavyStep,
    Outcome,
    ReadMore,
    Stop,
    StreamPart,
    Turn,
)
from strictgate.core.errors import GatewayError, UpstreamFailure, UpstreamTimeout
from strictgate.core.guard.grammar_matcher import CompiledGrammar
from strictgate.core.jsontext.reader import json_bytes
from strictgate.core.plan.plan import Body, Plan
from strictgate.core.schema.schema import Schema
from strictgate.core.surfaces.surface import UpstreamAdapter
from strictgate.core.value_type import state_type
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.reply import Failure, Reply
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.gateway.deadlines import Deadlines
from strictgate.gateway.moving import Talk
from strictgate.gateway.retrying import ask_repeatedly
from strictgate.gateway.transcript import Transcript
from strictgate.gateway.unjudged_calls import UnjudgedCalls
from strictgate.gateway.upstream_call import UpstreamCall
from strictgate.observe.events import Event
from strictgate.observe.redaction import without_credentials
from strictgate.observe.trace_ids import child_of
from strictgate.upstream.client import Client, was_sent
from strictgate.upstream.routing import Endpoint
from strictgate.upstream.stream import UpstreamStream

NOTHING: Mapping[str, Any] = MappingProxyType({})
DeltaSink = Callable[[Mapping[str, Any], tuple[ChoiceDelta, ...]], Awaitable[None]]
"""Takes what is new for the caller, with the head that every chunk of this answer has."""


class GrammarSource(Protocol):
    """Compiles grammars from schemas, off the path of other requests."""

    async def grammar(self, schema: Schema) -> CompiledGrammar | None:
        """Return the grammar, or None where there is none, or none yet."""


class Settleable(Protocol):
    """A conversation before it is held; see Conversation."""

    def opening(self) -> Ask | None:
        """Return what it asks first, where that can be asked before it is held."""

    def settle(self, reply: Reply) -> Outcome | None:
        """Return what comes of the reply to that; None: it must be held."""


@state_type
class Driver:
    """Drives one conversation; `run` it once."""

    client: Client
    compiler: GrammarSource | None
    endpoint: Endpoint
    model: str
    headers: Mapping[str, str]
    """That it is asked with."""
    caller: Caller
    reports: RequestReports
    """Are told of repetitions, of each request to the upstream when it is over, and of each that
    got no whole answer, whatever comes of it."""
    take: DeltaSink | None = None
    """None: the answer is not streamed, and what is new can wait."""
    adapter: UpstreamAdapter | None = None
    """How the upstream is asked in another API than chat completions."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    """Of all requests in this event loop."""
    head: Mapping[str, Any] = field(default_factory=dict, init=False)
    """The fields that every chunk repeats, once the first has been sent."""
    deadline: float = math.inf
    """By the clock of the event loop, where it is earlier than the upstream's own timeout."""
    patience: float = math.inf
    """Seconds that are waited for a repetition at most: beyond that, another model is asked."""
    transcript: Transcript | None = None
    """Takes down what is asked and heard; None: nobody does."""
    unjudged: UnjudgedCalls | None = field(default=None, init=False)
    """What it asked for and the conversation may not have noted; None: all was settled."""
    _talk: Talk | None = field(default=None, init=False)
    """The conversation, once it is held."""
    _stream: UpstreamStream | None = field(default=None, init=False)
    _call: UpstreamCall | None = field(default=None, init=False)
    """The request that `_stream` is the answer to."""
    _deadline: float = field(default=0.0, init=False)

    async def run(
        self, begin: Callable[[], Talk], conversation: Settleable | None = None
    ) -> Outcome:
        """Answer its turns until it is over.

        Args:
            begin: makes the conversation, which has not begun.
            conversation: knows what it asks first, and may settle the reply to that: then there is
                no more of it.

        Raises:
            GatewayError: as the conversation has it.
        """
        now = asyncio.get_running_loop().time()
        due = now + self.endpoint.settings.timeout
        self._deadline = due if due <= self.deadline else max(self.deadline, now)
        try:
            with self.deadlines.at(self._deadline) as clock:
                return await self._hold(begin, conversation)
        except TimeoutError as error:
            if not clock.is_over:
                raise
            timeout = self._deadline - now
            late = UpstreamTimeout(
                f"The upstream '{self.endpoint.name}' did not finish within {timeout:g} seconds."
            )
            self._note(late)
            talk = self._talk
            if talk is None:
                talk = self._talk = begin()
                await talk.begin()
            step = await talk.throw(late)
            if isinstance(step, Stop):  # what has come needs no time
                stopped = await self._answer(step)
                self._hear(stopped)
                self._judging(step, stopped)
                step = await talk.send(stopped)
            if isinstance(step, Outcome):
                return step
            raise late from error
        finally:
            if self.transcript is not None:
                self.transcript.end()
            if self._talk is not None:
                self._talk.close()
            if self._call is not None or self._stream is not None:
                await self._close()

    async def _hold(self, begin: Callable[[], Talk], conversation: Settleable | None) -> Outcome:
        first = None if conversation is None else conversation.opening()
        answer: DriverAnswer | GatewayError = None
        if conversation is not None and first is not None:
            try:
                answer = await self._answer(first)
            except GatewayError as error:
                self._note(error)
                answer = error
            else:
                self._hear(answer)
                if (
                    isinstance(answer, Reply)
                    and (outcome := conversation.settle(answer)) is not None
                ):
                    return outcome
                self._judging(first, answer)
        talk = self._talk = begin()
        step = await talk.begin()
        if first is not None:  # which is what it asks, and has been answered
            told = talk.throw(answer) if isinstance(answer, GatewayError) else talk.send(answer)
            step = await told
        while not isinstance(step, Outcome):
            try:
                answer = await self._answer(step)
            except GatewayError as error:
                self._note(error)
                step = await talk.throw(error)
            else:
                self._hear(answer)
                self._judging(step, answer)
                step = await talk.send(answer)
        return step

    def _tell(self, event: Event) -> None:
        self.reports.tell(self.caller, event)

    def _hear(self, answer: DriverAnswer) -> None:
        if self.transcript is not None:
            self.transcript.hear(answer)

    def _judging(self, turn: Turn, answer: DriverAnswer) -> None:
        """Note what the conversation is about to judge, and may not get to."""
        if isinstance(answer, Reply):
            self._unjudged().heard(turn.plan if isinstance(turn, Ask) else None, answer)
        elif isinstance(answer, Failure):
            self._unjudged().refused()

    def _lost(self, plan: Plan, why: BaseException) -> None:
        if was_sent(why):
            self._unjudged().lost(plan)

    def _unjudged(self) -> UnjudgedCalls:
        if self.unjudged is None:
            self.unjudged = UnjudgedCalls()
        return self.unjudged

    def _note(self, error: GatewayError) -> None:
        if isinstance(error, UpstreamFailure):
            self.reports.failed(self.endpoint, self.caller, error)
        if self.transcript is not None:
            self.transcript.hear(error)

    async def _answer(self, turn: Turn) -> DriverAnswer:
        match turn:
            case Ask(plan, body, raw):
                sent = raw or (body if self.adapter is not None else json_bytes(body))
                if self.transcript is not None:
                    self.transcript.ask(plan, sent)
                if self._call is not None or self._stream is not None:
                    await self._close()
                answer = await ask_repeatedly(
                    partial(self._ask, plan, sent),
                    self.endpoint,
                    self.client.health(self.endpoint),
                    self._deadline,
                    self._tell,
                    self.patience,
                )
                if not isinstance(answer, UpstreamStream):
                    return answer
                self._stream = answer
                self._unjudged().opened(plan, answer.collector)
                return await self._next(answer)
            case ReadMore(news, patience):
                assert self._stream is not None, "read without a stream"
                if news and self.take is not None:
                    self.head = self.head or self._new_head(self._stream)
                    await self.take(self.head, news)
                return await self._next(self._stream, patience)
            case Stop():
                assert self._stream is not None, "stop without a stream"
                stream, self._stream = self._stream, None
                reply = await stream.stop()
                self._ended(reply)
                return reply
            case Compile(schema):
                return await self.compiler.grammar(schema) if self.compiler is not None else None
            case HeavyStep():
                raise AssertionError("a heavy step is the talk's own to answer")

    async def _ask(
        self, plan: Plan, body: Body | bytes, *, is_repetition: bool
    ) -> Reply | Failure | UpstreamStream:
        caller, endpoint = self.caller, self.endpoint
        told = without_credentials(self.model, caller.authorization)
        names = (caller.request_id, endpoint.name, told, str(plan.purpose), str(plan.mode))
        self._call = call = UpstreamCall(self._tell, *names, child_of(caller.trace))
        headers = {**self.headers, **call.headers()}
        about = (endpoint, body, headers, caller.query, plan.base)
        try:
            answer = await self.client.ask(
                *about, adapter=self.adapter, is_repetition=is_repetition
            )
        except GatewayError as error:
            self._ended(error)
            self._lost(plan, error)
            raise
        except asyncio.CancelledError as left:  # by the client, or by the deadline
            self._lost(plan, left)
            raise
        call.answered(answer.status if isinstance(answer, Failure) else 200)
        if not isinstance(answer, UpstreamStream):
            self._ended(answer)
        return answer

    async def _next(
        self, stream: UpstreamStream, patience: float | None = None
    ) -> StreamPart | Reply | Failure:
        end: Reply | Failure | GatewayError | None = None
        began = time.monotonic()
        try:
            part = await stream.next(patience)
            end = None if isinstance(part, StreamPart) else part
        except GatewayError as error:
            end = error
            raise
        finally:
            if self._call is not None:  # not over yet
                self._call.waited += time.monotonic() - began
            if end is not None:
                self._ended(end)
        return part

    def _ended(self, how: Reply | Failure | GatewayError | None) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.ended(how)

    def _new_head(self, stream: UpstreamStream) -> Mapping[str, Any]:
        return default_head(self.model) | stream.collector.head()

    async def _close(self) -> None:
        """Close what is open; an upstream that was still writing stops."""
        stream, self._stream = self._stream, None
        self._ended(None)
        if stream is not None:
            await stream.close()


def default_head(model: str, given: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
    """Return a completion's first fields: as the upstream has `given` them, else made here."""
    identity, created, named = given.get("id"), given.get("created"), given.get("model")
    return {
        "id": f"chatcmpl-{os.urandom(16).hex()}" if identity is None else identity,
        "created": int(time.time()) if created is None else created,
        "model": model if named is None else named,
    }
