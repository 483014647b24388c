"""What is seen of a request that is passed on."""

from strictgate.observe.events import RequestRouted, UpstreamAnswered
from tests.gates import gate


def test_what_is_told_of_it(demo):
    """Where it went, under which name, how long that took, and what the upstream says it used."""
    models = {"kimi": {"upstream": "demo", "model": "demo/clean"}}
    with gate(demo, models=models) as running:
        body = {"model": "kimi", "messages": [{"role": "user", "content": "hi"}]}
        usage = running.post(body).json["usage"]
    [routed] = [each for each in running.events if isinstance(each, RequestRouted)]
    [answered] = [each for each in running.events if isinstance(each, UpstreamAnswered)]
    [done] = running.finished()

    assert routed == RequestRouted(done.request_id, "demo", f"{demo}/v1", "demo/clean", False)
    assert (answered.purpose, answered.status, answered.error) == ("passthrough", 200, "")
    assert (answered.tokens_in, answered.tokens_out) == (
        *(usage["prompt_tokens"], usage["completion_tokens"]),
    )
    assert (done.model, done.upstream, done.mode) == ("demo/clean", "demo", "")
    assert (done.tokens_in, done.tokens_out) == (answered.tokens_in, answered.tokens_out)
    assert 0 < done.upstream_seconds <= done.seconds
    assert 0 < done.first_byte <= done.seconds


def test_a_request_without_a_model(strictgate):
    """It names none, and goes to the default upstream."""
    strictgate.get("/v1/echo")
    routed = [each for each in strictgate.events if isinstance(each, RequestRouted)][-1]

    assert (routed.model, routed.upstream) == ("", "demo")


def test_an_upstream_that_is_down():
    """Its cause and its address are in the request's own line."""
    with gate("http://127.0.0.1:9") as running:
        assert running.get("/v1/x").status == 502
    [answered] = [each for each in running.events if isinstance(each, UpstreamAnswered)]
    [done] = running.finished()

    assert (answered.status, answered.error) == (0, "upstream_unreachable")
    assert "cannot be reached" in done.cause
    assert done.address == "http://127.0.0.1:9/v1"
