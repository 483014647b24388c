"""Each request to an upstream is told of once, with the time that it took."""

import pytest

from strictgate.core.errors import UpstreamTimeout
from strictgate.core.wire.reply import Failure, parse_reply
from strictgate.gateway.upstream_call import UpstreamCall

USAGE = {"prompt_tokens": 7, "completion_tokens": 3}
REPLY = parse_reply({"choices": [{"message": {"content": "x"}}], "usage": USAGE})


@pytest.mark.parametrize(
    ("status", "how", "tokens", "error"),
    [
        (200, REPLY, (7, 3), ""),
        (200, None, (0, 0), ""),
        (429, Failure(429, {}, {}), (0, 0), ""),
        (0, UpstreamTimeout("late"), (0, 0), "upstream_timeout"),
    ],
)
def test_how_it_ended(status, how, tokens, error):
    """The usage is the upstream's own; without an answer all of the time was spent waiting."""
    events = []
    call = UpstreamCall(events.append, "req_1", "groq", "kimi", "try", "native")
    if status:
        call.answered(status)
    call.ended(how)
    call.ended(None)
    [event] = events

    assert (event.request_id, event.upstream, event.model) == ("req_1", "groq", "kimi")
    assert (event.status, event.error) == (status, error)
    assert (event.tokens_in, event.tokens_out) == tokens
    assert 0 <= event.first_byte <= event.seconds
    assert event.waited == (event.first_byte if status else event.seconds)
