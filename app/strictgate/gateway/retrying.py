"""One ask, repeated where its failure may be gone a moment later.

Nothing of an answer has come when that is decided: neither the caller nor the conversation notices,
but for the time. How many at most is a setting of the upstream; how many of all its requests, its
budget (core/resilience/retries.py). `Retry-After` is waited for where there is time for it and
it is not longer than a setting: a client is told of a longer one, and may wait itself. Where
the repetitions are spent, the error says `x-should-retry: false`, so that a client that would
repeat it, too, does not multiply them.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from strictgate.core.errors import UpstreamUnreachable
from strictgate.core.resilience.retries import backoff, is_transient, retry_after
from strictgate.core.wire.reply import Failure, Reply
from strictgate.observe.events import Observer, RequestRepeated
from strictgate.upstream.health import UpstreamHealth
from strictgate.upstream.routing import Endpoint
from strictgate.upstream.stream import UpstreamStream

Answer = Reply | Failure | UpstreamStream
_NO_MORE = {"x-should-retry": "false"}


async def ask_repeatedly(
    ask: Callable[..., Awaitable[Answer]],
    endpoint: Endpoint,
    health: UpstreamHealth,
    deadline: float,
    observe: Observer,
    patience: float = math.inf,
) -> Answer:
    """Return what `ask` comes to in the end.

    Args:
        ask: is told whether it `is_repetition`.
        deadline: by the clock of the event loop; no repetition begins after it.
        patience: seconds that are waited for a repetition at most.

    Raises:
        GatewayError: what the last ask raised.
    """
    retries = 0
    while True:
        failure: Failure | UpstreamUnreachable
        headers: Mapping[str, str] = {}
        try:
            answer = await ask(is_repetition=retries > 0)
        except UpstreamUnreachable as error:
            failure = error
        else:
            if not isinstance(answer, Failure) or not is_transient(answer.status, answer.body):
                return answer
            failure, headers = answer, answer.headers
        told = retry_after(headers, time.time())
        delay = backoff(retries, random.random()) if told is None else told
        has_time = asyncio.get_running_loop().time() + delay < deadline
        is_long = told is not None and told > endpoint.settings.max_retry_after
        is_long |= delay > patience
        if is_long or not has_time or endpoint.settings.retries == 0:  # the client may have more
            return _ended(failure, is_final=False)
        if retries >= endpoint.settings.retries or not health.may_retry():
            return _ended(failure, is_final=True)
        reason = str(failure.status)
        observe(RequestRepeated(endpoint.name, reason, round(delay, 3)))
        retries += 1
        await asyncio.sleep(delay)


def _ended(failure: Failure | UpstreamUnreachable, *, is_final: bool) -> Failure:
    if isinstance(failure, Failure):
        if not is_final:
            return failure
        return replace(failure, headers={**failure.headers, **_NO_MORE})
    if is_final:
        failure.headers |= _NO_MORE
    raise failure
