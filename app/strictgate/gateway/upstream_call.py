"""One request to an upstream, timed from its beginning to its end, and told of once."""

import time
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from strictgate.core.errors import GatewayError
from strictgate.core.value_type import state_type
from strictgate.core.wire.reply import Failure, Reply
from strictgate.core.wire.trace_context import TraceContext
from strictgate.core.wire.usage import token_count
from strictgate.observe.events import Observer, UpstreamAnswered


@state_type
class UpstreamCall:
    """It begins when it is made; whoever waits for the upstream says so in `waited`."""

    observe: Observer
    request_id: str
    upstream: str
    model: str
    purpose: str
    mode: str = ""
    trace: TraceContext | None = None
    """Where it stands in a trace; None: it is not traced."""
    status: int = 0
    """Of the answer, once its head is there."""
    waited: float = 0.0
    first_byte: float = 0.0
    began: float = field(default_factory=time.monotonic)
    _is_over: bool = field(default=False, init=False)

    def headers(self) -> dict[str, str]:
        """Return the headers by which the upstream knows of the trace."""
        return {} if self.trace is None else {"traceparent": self.trace.header()}

    def answered(self, status: int) -> None:
        """Note that the head of the answer is there, which was waited for until now."""
        self.status = status
        self.first_byte = self.waited = time.monotonic() - self.began

    def ended(self, how: Reply | Failure | GatewayError | None = None) -> None:
        """Tell the observer, the first time.

        Args:
            how: what it came to; None: its end was not waited for.
        """
        match how:
            case Reply(usage=usage):
                self.over(usage)
            case GatewayError():
                self.over(None, how.code or how.type)
            case _:
                self.over(None)

    def over(self, usage: Mapping[str, Any] | None, error: str = "") -> None:
        """Tell the observer, the first time, with what the upstream says that it used."""
        if self._is_over:
            return
        self._is_over = True
        seconds = time.monotonic() - self.began
        self.observe(
            UpstreamAnswered(
                request_id=self.request_id,
                upstream=self.upstream,
                model=self.model,
                purpose=self.purpose,
                mode=self.mode,
                status=self.status,
                first_byte=round(self.first_byte, 6),
                seconds=round(seconds, 6),
                waited=round(self.waited if self.status else seconds, 6),
                tokens_in=token_count(usage, "prompt_tokens", "input_tokens"),
                tokens_out=token_count(usage, "completion_tokens", "output_tokens"),
                error=error,
                **(self.trace.recorded() if self.trace is not None else {}),
            )
        )
