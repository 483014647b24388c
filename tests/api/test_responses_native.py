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
        self.has_formats = True

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        raw, more = b"", True
        while more:
            message = await receive()
            raw, more = raw + message.get("body", b""), message.get("more_body", False)
        self.asked.append((scope["path"], json.loads(raw)))
        status, answer = self._answer(scope["path"], self.asked[-1][1])
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, path, asked):
        if not self.has_formats and (asked.get("text") or asked.get("response_format")):
            return 400, {"error": {"message": "This model does not support response format."}}
        text = self.texts.pop(0)
        if path.endswith("/chat/completions"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return 200, {"object": "chat.completion", "choices": [choice]}
        return 200, self._response(text)

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


@pytest.mark.parametrize("stream", [False, True])
def test_refused_there(stream):
    """What is refused there is asked for in chat completions, the next time at once."""
    upstream = Upstream('{"choice":"calm"}', '{"choice":"calm"}')
    upstream.has_formats = False
    with (
        serving(upstream) as url,
        gate(url, upstreams={"demo": {"responses": True}}) as running,
        OpenAI(base_url=f"{running.url}/v1", api_key="k", max_retries=0) as client,
    ):
        for _ in range(2):
            text = {"format": FORMAT}
            got = client.responses.create(model="m", input="hi", stream=stream, text=text)
            got = list(got)[-1].response if stream else got
            assert json.loads(got.output_text) == {"choice": "calm"}
            assert got.id != "resp_theirs"

    paths = [path.removeprefix("/v1/") for path, _ in upstream.asked]
    assert paths[0] == "responses"
    assert paths.count("responses") == 1
