"""Where replicas tell each other what they learn: a channel, and the facts that still hold.

Who begins to listen, or does so again, reads the facts that hold then; so nothing is missed. What
could not be told waits, unless it is how an upstream was.
"""

import asyncio
import json
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from strictgate.core.resilience.messages import (
    BreakerMoved,
    FactsForgotten,
    SharedFact,
    SharedMessage,
    SharedUnavailable,
    decode_message,
    encode_message,
)
from strictgate.gateway.background import crashes_told, kept_going
from strictgate.observe.events import Observer, ignore
from strictgate.shared.reachability import PAUSE
from strictgate.shared.redis_client import RedisClient
from strictgate.shared.redis_scripts import FACTS, TELL

MAX_FACTS = 10_000  # kept for those that begin later
MAX_WAITING = 1000  # messages that wait to be told; what is beyond is not
SAME_STATE = 1.0  # seconds within which the same state of a breaker is told once
_LOOK = 0.25  # seconds that are listened before looking whether it is the end
SILENCE = 20  # such looks without a word, after which the server is asked whether it is there
_NEWS, _FACTS, _BREAKERS = "news", "facts", "breakers"


class RedisBoard:
    """A MessageBoard; see gateway/sharing.py."""

    def __init__(self, client: RedisClient, observe: Observer = ignore) -> None:
        self._client = client
        self._observe = observe
        self._me = secrets.token_hex(8)
        self._listeners: list[Callable[[SharedMessage], None]] = []
        self._waiting: dict[str, SharedMessage] = {}
        """What is to be told, by what it is about: only the latest matters."""
        self._is_waiting = asyncio.Event()
        self._is_ending = asyncio.Event()
        self._tell = client.script(TELL)
        self._facts = client.script(FACTS)

    def publish(self, message: SharedMessage) -> None:
        """Have the others told; return at once."""
        name = f"{type(message).__name__} {_name(message)}"
        if name in self._waiting or len(self._waiting) < MAX_WAITING:
            self._waiting.pop(name, None)  # the order is that of the latest
            self._waiting[name] = message
            self._is_waiting.set()

    def subscribe(self, listener: Callable[[SharedMessage], None]) -> None:
        """Have `listener` called with what the others tell."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear and tell while the block runs; tell what is left at its end."""
        async with asyncio.TaskGroup() as tasks:
            about = (self._observe, self._is_ending)
            tasks.create_task(kept_going("hearing of replicas", self._hear, *about))
            tasks.create_task(kept_going("telling replicas", self._tell_on, *about))
            try:
                yield
            finally:  # they end by themselves: a cancellation may be lost in the client
                self._is_ending.set()
                self._is_waiting.set()
        with suppress(SharedUnavailable):
            await self._tell_waiting()

    # --- telling ---------------------------------------------------------------------------------

    async def _tell_on(self) -> None:
        while not self._is_ending.is_set():
            await self._is_waiting.wait()
            try:
                await self._tell_waiting()
            except SharedUnavailable:
                await self._pause(PAUSE)

    async def _tell_waiting(self) -> None:
        """Tell all that waits, in one command.

        Raises:
            SharedUnavailable: it waits on; but how an upstream was is no news any more.
        """
        told, self._waiting = self._waiting, {}
        self._is_waiting.clear()
        if not told:
            return
        arguments: list[Any] = [MAX_FACTS]
        for message in told.values():
            arguments += _row(message)
            arguments.append(encode_message(message, self._me))
        try:
            await self._tell((_FACTS, _BREAKERS, _NEWS), arguments)
        except SharedUnavailable:
            kept = {name: each for name, each in told.items() if not isinstance(each, BreakerMoved)}
            self._waiting = {**kept, **self._waiting}
            if self._waiting:
                self._is_waiting.set()
            raise

    # --- hearing ---------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while not self._is_ending.is_set():
            try:
                async with self._client.subscription(_NEWS) as heard:
                    await self._catch_up()
                    await self._listen(heard)
            except (RedisError, OSError, TimeoutError) as error:
                self._client.reach.failed(error)
            except SharedUnavailable:
                pass  # it has been noted
            await self._pause(random.uniform(0.5, 1.0) * PAUSE)  # not all at once

    async def _catch_up(self) -> None:
        """Take over the facts that hold.

        Raises:
            SharedUnavailable
        """
        found = await self._facts((_FACTS,), ())
        for member, seconds in zip(found[::2], found[1::2], strict=True):
            fact = _fact(member, float(seconds))
            if fact is not None:
                self._deliver(fact)

    async def _listen(self, heard: PubSub) -> None:
        """Deliver what is told, until the end, or until the server does not answer any more."""
        silent = 0  # looks in a row that have found nothing
        while not self._is_ending.is_set() and silent < 2 * SILENCE:
            message = await heard.get_message(timeout=_LOOK)
            if message is None:
                silent += 1
                if silent == SILENCE:
                    await heard.ping()
                continue
            silent = 0
            if message["type"] == "message":
                told = decode_message(message["data"], self._me)
                if told is not None:
                    self._deliver(told)

    async def _pause(self, seconds: float) -> None:
        """Wait for so many seconds, or for the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_ending.wait()

    def _deliver(self, message: SharedMessage) -> None:
        with crashes_told("messages of replicas", self._observe):
            for listener in self._listeners:
                listener(message)


def _row(message: SharedMessage) -> tuple[str, str, float]:
    """Return the kind of a message, its name, and its seconds; see redis_scripts.TELL."""
    match message:
        case SharedFact(seconds=seconds):
            return "fact", _name(message), seconds
        case FactsForgotten():
            return "forgotten", _name(message), 0.0
        case BreakerMoved():
            return "breaker", _name(message), SAME_STATE


def _name(message: SharedMessage) -> str:
    """Return what a message is about, as a list in JSON; of what is forgotten, how it begins."""
    match message:
        case SharedFact(fact=fact):
            return json.dumps([message.upstream, message.address, message.model, *fact])
        case FactsForgotten():
            return json.dumps([message.upstream, message.address, message.model])[:-1] + ","
        case BreakerMoved():
            return json.dumps([message.upstream, message.address])


def _fact(member: bytes, seconds: float) -> SharedMessage | None:
    """Return a fact that is kept under a name; None where it is none."""
    try:
        upstream, address, model, *fact = json.loads(member)
        told = SharedFact(upstream, address, model, tuple(fact), seconds)
        return decode_message(encode_message(told, "kept"), "")
    except (ValueError, TypeError, RecursionError):
        return None
