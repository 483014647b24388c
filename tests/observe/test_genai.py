"""What spans say."""

from strictgate.observe import genai
from strictgate.observe.events import RequestFinished, UpstreamAnswered

CALL = ("r", "groq", "kimi", "try", "native", 200, 0.1, 0.5, 0.4, 7, 3)


def test_an_enforced_request():
    """In the words of the conventions; what is empty is not there."""
    done = RequestFinished(
        *("r", "POST", "/v1/chat/completions", 200, 0.5),
        upstream="groq",
        model="kimi",
        mode="native",
        outcome="valid",
        attempts=2,
        repairs=("quotes",),
        tokens_in=7,
        tokens_out=3,
    )
    assert genai.request_name(done) == "POST /v1/chat/completions"
    assert genai.request_attributes(done) == {
        "http.request.method": "POST",
        "url.path": "/v1/chat/completions",
        "http.response.status_code": 200,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "groq",
        "gen_ai.request.model": "kimi",
        "gen_ai.output.type": "json",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "strictgate.request_id": "r",
        "strictgate.mode": "native",
        "strictgate.outcome": "valid",
        "strictgate.attempts": 2,
        "strictgate.repairs": ("quotes",),
    }


def test_another_request():
    """Its path may have ids in it, which are no part of a name."""
    done = RequestFinished("r", "GET", "/v1/responses/resp_1", 404, 0.5, "item_not_found")

    assert genai.request_name(done) == "GET"
    assert genai.request_attributes(done)["error.type"] == "item_not_found"
    assert "gen_ai.operation.name" not in genai.request_attributes(done)


def test_a_request_to_an_upstream():
    """Named as the conventions want it."""
    call = UpstreamAnswered(*CALL)

    assert genai.call_name(call) == "chat kimi"
    assert genai.call_attributes(call) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "groq",
        "gen_ai.request.model": "kimi",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "http.response.status_code": 200,
        "strictgate.purpose": "try",
        "strictgate.mode": "native",
        "strictgate.first_byte_seconds": 0.1,
        "strictgate.waited_seconds": 0.4,
    }


def test_what_failed():
    """Its status, or the code of the error."""
    refused = UpstreamAnswered(*CALL[:5], 429, *CALL[6:])
    lost = UpstreamAnswered(*CALL[:3], "passthrough", "", 0, *CALL[6:], "upstream_timeout")

    assert genai.call_attributes(refused)["error.type"] == "429"
    assert genai.call_attributes(lost)["error.type"] == "upstream_timeout"
    assert genai.call_name(lost) == "passthrough"
