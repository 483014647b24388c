"""What a conversation has asked for and its record does not have, so that it is paid for, too.

A conversation notes each reply once it has been judged. Whatever ends it before (its client leaves,
an error, a deadline), what was asked and what has come in the call that is open then is estimated.
So is what a worker has noted of a conversation that was left while it was there.

| a call ...                                | counts                                         |
|-------------------------------------------|------------------------------------------------|
| did not reach the upstream, was refused,  | nothing                                        |
| or was dropped before an answer began     | nothing                                        |
| was left or broke, and was to come whole  | the prompt                                     |
| was left or broke, and streamed           | the prompt, and what has come                  |
| was answered, and is not in the record    | what its usage tells, the rest by its texts    |
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.plan.plan import Plan
from strictgate.core.value_type import state_type
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.reply import Reply
from strictgate.core.wire.usage import token_count
from strictgate.core.wire.usage_estimate import untold_tokens

_Tokens = tuple[int, int]
"""Read and written."""


@state_type
class UnjudgedCalls:
    """The calls of one conversation whose replies were not settled at once."""

    _open: tuple[Plan, Collector] | None = field(default=None, init=False)
    """The stream that is read, until its reply is there."""
    _latest: tuple[Plan, Reply] | None = field(default=None, init=False)
    """The reply that came last, …"""
    _replies: list[_Tokens] = field(default_factory=list, init=False)
    """… and what those before it took."""
    _broken: list[_Tokens] = field(default_factory=list, init=False)
    """What was asked for and got no reply. A refusal may be judged, as a reply is."""

    def opened(self, plan: Plan, collector: Collector) -> None:
        """Note that a stream begins; `collector`: has what comes of it."""
        self._lose_open()
        self._open = (plan, collector)

    def heard(self, plan: Plan | None, reply: Reply) -> None:
        """Note a reply, which is about to be judged; `plan`: None: it is the open stream's."""
        if self._open is not None:
            plan, self._open = plan or self._open[0], None
        if plan is None:  # it has been noted
            return
        if self._latest is not None:
            self._replies.append(_of_reply(*self._latest))
        self._latest = (plan, reply)

    def refused(self) -> None:
        """Note a refusal. One within a stream leaves that open: what came before it counts."""
        if self._open is None:
            self._broken.append((0, 0))

    def lost(self, plan: Plan) -> None:
        """Note what was sent to the upstream, and has no answer."""
        self._broken.append(untold_tokens(None, plan.body, {}))

    def charge(self, record: AttemptLog, *, is_settled: bool) -> None:
        """Add what `record` lacks to what is estimated there; call it once, at the end.

        Each reply that was judged is an attempt there, in their order; so may a refusal be, and
        then what took more counts before what took less.

        Args:
            is_settled: the last reply was settled at once, and never noted here.
        """
        noted = 0 if is_settled else len(record.attempts)
        if is_settled:
            self._open = None
        self._lose_open()
        replies = len(self._replies) + (self._latest is not None)
        missing = replies + len(self._broken) - noted
        if missing <= 0:
            return
        if self._latest is not None:
            self._replies.append(_of_reply(*self._latest))
            self._latest = None
        lacking = sorted(self._broken, key=sum, reverse=True) + self._replies[::-1]
        for tokens_in, tokens_out in lacking[:missing]:
            record.untold_in += tokens_in
            record.untold_out += tokens_out

    def _lose_open(self) -> None:
        """Note the open stream as one that has ended without a reply."""
        if self._open is not None:
            (plan, collector), self._open = self._open, None
            came = collector.completion()
            self._broken.append(_tokens(plan, came.get("usage"), came))


def _of_reply(plan: Plan, reply: Reply) -> _Tokens:
    return _tokens(plan, reply.usage, reply.body)


def _tokens(plan: Plan, usage: Any, came: Mapping[str, Any]) -> _Tokens:
    told = usage if isinstance(usage, Mapping) else None
    tokens_in, tokens_out = untold_tokens(told, plan.body, came)
    tokens_in += token_count(told, "prompt_tokens", "input_tokens")
    return tokens_in, tokens_out + token_count(told, "completion_tokens", "output_tokens")
