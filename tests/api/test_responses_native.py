"""POST /v1/responses in front of an upstream that has it itself."""

import json

import openai
import pytest
from openai import OpenAI

from tests.gates import MOOD, gate
from tests.servers import serving

FORMAT = {"type": "json_schema", "name": "mood", "schema": MOOD, "strict": True}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {}}


class Upstream:
    """It answers /v1/responses with these texts, one after the other, and keeps the requests."""

    def __init__(self, *texts):
        self.texts = list(texts)
        self.asked = []

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        raw, more = b"", True
        while more:
            message = await receive()
            raw, more = raw + message.get("body", b""), message.get("more_body", False)
        self.asked.append((scope["path"], json.loads(raw)))
        data = json.dumps(self._response(self.texts.pop(0))).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    def _response(self, text):
        part = {"type": "output_text", "text": text, "annotations": []}
        message = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
        return {
            "id": "resp_theirs",
            "object": "response",
            "created_at": 1,
            "model": "theirs",
            "status": "completed",
            "output": [SEARCH, message | {"content": [part]}],
            "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        }


def asked(*texts, stream=False, **more):
    """The final response, and what the upstream was asked."""
    upstream = Upstream(*texts)
    with (
        serving(upstream) as url,
        gate(url, upstreams={"demo": {"responses": True}}) as running,
        OpenAI(base_url=f"{running.url}/v1", api_key="k", max_retries=0) as client,
    ):
        got = client.responses.create(model="m", input="hi", stream=stream, **more)
        got = list(got)[-1].response if stream else got
    return got, upstream.asked


@pytest.mark.parametrize("stream", [False, True])
def test_enforced_there(stream):
    """A document is asked for and judged there, hosted tools kept; a bad one is asked for again."""
    got, requests = asked(
        '{"choice":"sad"}',
        '{"choice":"calm"}',
        stream=stream,
        text={"format": FORMAT},
        tools=[{"type": "web_search"}],
        previous_response_id="resp_before",
    )

    assert json.loads(got.output_text) == {"choice": "calm"}
    assert (got.id, got.output[0].type) == ("resp_theirs", "web_search_call")
    (path, first), (_, second) = requests
    assert path == "/v1/responses"
    assert first["text"]["format"] == FORMAT
    assert first["tools"] == [{"type": "web_search"}]
    assert first["previous_response_id"] == "resp_before"
    assert "stream" not in first
    assert [item["role"] for item in second["input"]] == ["user", "assistant", "user"]
    assert got.usage.total_tokens == 6


def test_never_valid():
    """Attempts run out there, too."""
    with pytest.raises(openai.BadRequestError) as failed:
        asked(*['{"choice":"sad"}'] * 3, text={"format": FORMAT})

    assert failed.value.code == "json_validate_failed"


def test_passed_on():
    """What carries no schema goes on as it is, and comes back as it is."""
    got, requests = asked("hello", tools=[{"type": "web_search"}], background=False)

    assert (got.id, got.output_text) == ("resp_theirs", "hello")
    assert requests[0][1]["background"] is False
