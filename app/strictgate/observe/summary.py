"""What the events about one request come to, for the one event that ends it."""

from collections.abc import Iterable
from typing import Any

from strictgate.observe.events import (
    Enforced,
    Event,
    RequestRouted,
    UpstreamAnswered,
    UpstreamFailed,
)

PASSTHROUGH = "passthrough"
"""The purpose of a request to an upstream that is the client's own."""


def summary(told: Iterable[Event]) -> dict[str, Any]:
    """Return the fields of RequestFinished that follow from `told`, in their order of time.

    An enforced request may be held twice (its tools were refused, or the upstream's own API): what
    was spent adds up, and the last says how it went. Tokens are counted once: an enforced
    request's own sum has estimates for what was stopped.
    """
    found: dict[str, Any] = {}
    tokens_in = tokens_out = in_vain = attempts = continuations = 0
    waited = 0.0
    address = cause = ""
    for event in told:
        match event:
            case RequestRouted():
                found |= {"upstream": event.upstream, "model": event.model}
                address = event.address
            case UpstreamAnswered():
                waited += event.waited
                if not event.error:  # what failed otherwise says so itself
                    cause = f"answered with status {event.status}" if event.status >= 400 else ""
                if event.purpose == PASSTHROUGH:
                    tokens_in += event.tokens_in
                    tokens_out += event.tokens_out
            case UpstreamFailed():
                cause = event.message
            case Enforced():
                found |= {"mode": event.mode, "outcome": event.outcome, "repairs": event.repairs}
                attempts += event.attempts
                continuations += event.continuations
                tokens_in += event.tokens_in
                tokens_out += event.tokens_out
                in_vain += event.tokens_in_vain
    return found | {
        "attempts": attempts,
        "continuations": continuations,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "tokens_in_vain": in_vain,
        "upstream_seconds": round(waited, 6),
        "cause": cause,
        "address": address if cause else "",
    }
