"""What the events about one request come to."""

from strictgate.observe.events import (
    Enforced,
    RequestFinished,
    RequestRouted,
    UpstreamAnswered,
    UpstreamFailed,
)
from strictgate.observe.summary import PASSTHROUGH, summary


def routed(upstream="groq", model="kimi"):
    return RequestRouted("r", upstream, f"http://{upstream}/v1", model, True)


def answered(purpose="try", status=200, error="", waited=0.5, tokens=(10, 5)):
    about = ("r", "groq", "kimi", purpose, "native", status, 0.1, 0.6, waited)
    return UpstreamAnswered(*about, *tokens, error)


def enforced(attempts=1, tokens=(10, 5), in_vain=0):
    fields = ("r", "groq", "kimi", "prompt", attempts, "valid", ("quotes",), sum(tokens))
    return Enforced(*fields, *tokens, in_vain, 0, 2)


def told(*events):
    return RequestFinished("r", "POST", "/v1/x", 200, 2.0, **summary(events))


def test_nothing_was_asked():
    """Then there is nothing to say."""
    assert told() == RequestFinished("r", "POST", "/v1/x", 200, 2.0)


def test_an_enforced_request():
    """Its own sum of tokens counts; upstreams are waited for one after the other."""
    seen = told(routed(), answered(), answered(tokens=(0, 0)), enforced(2, (20, 9), 15))

    assert (seen.upstream, seen.model, seen.mode, seen.outcome) == (
        *("groq", "kimi", "prompt", "valid"),
    )
    assert (seen.attempts, seen.continuations, seen.repairs) == (2, 2, ("quotes",))
    assert (seen.tokens_in, seen.tokens_out, seen.tokens_in_vain) == (20, 9, 15)
    assert seen.upstream_seconds == 1.0


def test_what_is_passed_on():
    """Its tokens are what the upstream says."""
    seen = told(routed(), answered(PASSTHROUGH, tokens=(7, 3)))

    assert (seen.tokens_in, seen.tokens_out, seen.mode) == (7, 3, "")


def test_held_twice():
    """All that was spent adds up."""
    seen = told(routed(), answered(PASSTHROUGH, 400), enforced(), routed("b"), enforced(2))

    assert (seen.upstream, seen.attempts, seen.tokens_in) == ("b", 3, 30)


def test_why_it_failed():
    """The last cause, with the address, unless a later request was answered."""
    failed = UpstreamFailed("r", "groq", "http://groq/v1", "upstream_timeout", "It is late.")

    late = told(routed(), answered(status=0, error="upstream_timeout"), failed)
    assert (late.cause, late.address) == ("It is late.", "http://groq/v1")
    refused = told(routed(), answered(status=429))
    assert (refused.cause, refused.address) == ("answered with status 429", "http://groq/v1")
    mended = told(routed(), failed, answered(status=400), answered())
    assert (mended.cause, mended.address) == ("", "")
