"""What replicas share, and through what: the ports that `shared/` implements, and their user here.

| shared        | how                                                                        |
|---------------|----------------------------------------------------------------------------|
| learned facts | told to all as they are learned, and kept for those that start later       |
| breakers      | told to all; each weighs it against what it sees itself                    |
| usage of keys | added up in the store (gateway/shared_quotas.py)                           |
| responses     | kept in the store (gateway/layered_responses.py)                           |

Nothing waits for the store but who needs it: what is to be told is handed over at once, and what is
heard changes memory that is there anyway. Without the store each process is as it is alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Protocol

from strictgate.core.resilience.messages import (
    BreakerMoved,
    FactsForgotten,
    SharedFact,
    SharedMessage,
    address_digest,
)
from strictgate.core.value_type import value_type
from strictgate.gateway.learning import Learner
from strictgate.gateway.response_store import StoredResponse
from strictgate.gateway.shared_quotas import Accounts
from strictgate.observe.events import BreakerChanged, Event
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Endpoint

_TOLD_STATES = {"open": True, "closed": False}
"""The states of a breaker that others are told of, and whether it is open then."""


class MessageBoard(Protocol):
    """Where processes that serve together tell each other something."""

    def publish(self, message: SharedMessage) -> None:
        """Have the others told, and return at once. Facts are kept for those that come later."""

    def subscribe(self, listener: Callable[[SharedMessage], None]) -> None:
        """Have `listener` called, in the event loop, with what the others tell."""


class SharedResponses(Protocol):
    """Where responses are kept so that every replica can read them.

    Each method raises SharedUnavailable where the store does not answer.
    """

    async def put(self, owner: str, stored: StoredResponse, ttl: float) -> None:
        """Keep a response for `ttl` seconds."""

    async def turns(self, owner: str, identity: str, most: int) -> list[StoredResponse]:
        """Return the response with that id and those before it, newest first, up to the first that
        is not kept; at most `most`."""

    async def delete(self, owner: str, identity: str) -> bool:
        """Forget a response; return whether there was one."""


@value_type
class SharedStore:
    """A store that replicas share, by what it can keep; None: it does not keep that."""

    running: AbstractAsyncContextManager[Any]
    """Holds its connections while the process serves."""
    ping: Callable[[], Awaitable[None]]
    """Asks whether it is there, while it is not running; raises SharedUnavailable."""
    board: MessageBoard | None = None
    responses: SharedResponses | None = None
    accounts: Accounts | None = None
    responses_ttl: float = 0.0
    """Seconds for which a response is kept where the settings do not say."""


class Sharing:
    """Ties what this process learns to what the others do; one per process."""

    def __init__(self, board: MessageBoard) -> None:
        self._board = board
        self._endpoints: Mapping[str, Endpoint] = {}
        self._learner: Learner
        self._client: Client

    def attach(self, learner: Learner, client: Client, endpoints: Mapping[str, Endpoint]) -> None:
        """Share what is learned about these upstreams, by their names, from now on."""
        if not self._endpoints:
            self._board.subscribe(self._hear)
        learner.publish = self._publish
        self._learner, self._client, self._endpoints = learner, client, endpoints

    def observe(self, event: Event) -> None:
        """Tell the others of a breaker that has opened or closed by what was seen here."""
        if isinstance(event, BreakerChanged) and not event.is_hearsay:
            is_open = _TOLD_STATES.get(event.state)
            if is_open is not None:
                self._publish(BreakerMoved(event.upstream, "", is_open))

    def _publish(self, message: SharedMessage) -> None:
        if not message.address:
            endpoint = self._endpoints.get(message.upstream)
            if endpoint is None:
                return
            message = replace(message, address=address_digest(endpoint.base_url))
        self._board.publish(message)

    def _hear(self, message: SharedMessage) -> None:
        endpoint = self._endpoints.get(message.upstream)
        if endpoint is None or address_digest(endpoint.base_url) != message.address:
            return  # it is another server, or none of ours
        match message:
            case SharedFact() | FactsForgotten():
                self._learner.hear(message)
            case BreakerMoved(is_open=is_open):
                self._client.health(endpoint).heard(is_down=is_open)
