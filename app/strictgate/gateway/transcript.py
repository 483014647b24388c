"""What is asked of the upstream and what is heard, written down for who is a witness."""

import time
from collections.abc import Mapping
from typing import Any

from strictgate.core.conversation.protocol import DriverAnswer, StreamPart
from strictgate.core.errors import GatewayError
from strictgate.core.plan.plan import Body, Plan
from strictgate.core.wire.reply import Failure, Reply
from strictgate.gateway.records import Asked, Heard, Witness

MOST_RAW = 256 << 10
"""Bytes of an answer that is recorded as it came: a longer one may be shorter, written anew."""


class Transcript:
    """The questions and answers of one conversation, each answer with the time that it took."""

    def __init__(self, request_id: str, witness: Witness) -> None:
        self._id = request_id
        self._record = witness.record
        # Of the ask that is open; times are the monotonic clock's.
        self._since: float | None = None
        """None: none is open."""
        self._first: float | None = None
        """Seconds until its first piece came."""
        self._pieces = 0
        self._fault: Failure | GatewayError | None = None
        self._ended: float | None = None

    def ask(self, plan: Plan, sent: Body | bytes) -> None:
        """Record that a request begins; the one before is over, if it was open.

        Args:
            sent: its body as a chat completion; as JSON where it has been written already.
        """
        if self._since is not None:
            self.end()
        self._since, self._first, self._pieces = time.monotonic(), None, 0
        self._fault = self._ended = None
        self._record(Asked(self._id, plan.mode, plan.purpose, plan.wrapped, sent))

    def hear(self, answer: DriverAnswer | GatewayError) -> None:
        """Note what came of the open request: a part of its answer, or its end."""
        if isinstance(answer, StreamPart):  # mostly: a stream has hundreds
            if self._first is None and self._since is not None:
                self._first = time.monotonic() - self._since
            self._pieces += len(answer.deltas)
        elif isinstance(answer, Reply):
            self.end(answer)
        elif isinstance(answer, Failure | GatewayError):
            self._fault, self._ended = answer, time.monotonic()

    def end(self, reply: Reply | None = None) -> None:
        """Record what came of the open request, if there is one.

        A reply may come behind a fault: it is then what had been written before.
        """
        since, self._since = self._since, None
        if since is not None:
            took = (self._ended or time.monotonic()) - since
            body: Mapping[str, Any] | bytes | None = None
            if reply is not None:
                body = reply.raw if 0 < len(reply.raw) <= MOST_RAW else reply.body
            self._record(Heard(self._id, body, self._fault, took, self._first, self._pieces))
