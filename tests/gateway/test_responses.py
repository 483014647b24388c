"""/v1/responses with the real SDK, in front of an upstream that has it itself, and of one that has
not."""

import json
from contextlib import contextmanager

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.gates import MOOD, gate
from tests.servers import serving

FORMAT = {"type": "json_schema", "name": "mood", "schema": MOOD, "strict": True}
TOOL = {"type": "function", "name": "mood", "parameters": MOOD, "strict": True}


class Mood(BaseModel):
    choice: str


@pytest.mark.parametrize("model", ["clean", "no-json-schema", "fenced", "wrong-once", "text-only"])
def test_document(client, model):
    """The answer holds the valid document."""
    got = client.responses.create(
        model=f"demo/{model}", input="hi", text={"format": FORMAT}, instructions="Be brief."
    )

    assert json.loads(got.output_text) == {"choice": "angry"}
    assert (got.status, got.object, got.instructions) == ("completed", "response", "Be brief.")
    assert got.usage.total_tokens > 0
    assert got.x_strictgate["attempts"]


def test_parse(client):
    """The SDK's own parsing works unchanged."""
    got = client.responses.parse(model="demo/clean", input="hi", text_format=Mood)

    assert isinstance(got.output_parsed, Mood)


@pytest.mark.parametrize("model", ["clean", "wrong-once"])
def test_stream(client, model):
    """The SDK's stream helper follows the events to the final response."""
    with client.responses.stream(model=f"demo/{model}", input="hi", text_format=Mood) as stream:
        events = list(stream)
        final = stream.get_final_response()

    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert isinstance(final.output_parsed, Mood)


@pytest.mark.parametrize("stream", [False, True])
def test_invalid_for_ever(client, stream):
    """A failure before anything has gone out is an error with its status, streamed or not."""
    with pytest.raises(openai.BadRequestError) as failed:
        client.responses.create(
            model="demo/wrong-enum", input="hi", text={"format": FORMAT}, stream=stream
        )

    assert failed.value.code == "json_validate_failed"
    assert "choice" in failed.value.body["failed_generation"]


@pytest.mark.parametrize("stream", [False, True])
def test_text(client, stream):
    """Text is text."""
    got = client.responses.create(model="demo/clean", input="hi", stream=stream)
    if stream:
        events = list(got)
        got = events[-1].response
        told = "".join(event.delta for event in events if event.type.endswith("text.delta"))
        assert told == got.output_text

    assert got.output_text.startswith("Hello!")


@pytest.mark.parametrize("model", ["clean", "wrong-once", "text-only"])
def test_calls(client, model):
    """Calls are items; their results go back as items, too."""
    got = client.responses.create(
        model=f"demo/{model}", input="hi", tools=[TOOL], tool_choice="required"
    )
    call = got.output[0]

    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"choice": "angry"}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "done"}
    again = client.responses.create(
        model=f"demo/{model}",
        input=[{"role": "user", "content": "hi"}, call.model_dump(), result],
        tools=[TOOL],
    )
    assert again.status == "completed"


def test_calls_streamed(client):
    """Arguments come in deltas."""
    events = list(
        client.responses.create(
            model="demo/clean", input="hi", tools=[TOOL], tool_choice="required", stream=True
        )
    )
    deltas = [each.delta for each in events if each.type.endswith("arguments.delta")]

    assert json.loads("".join(deltas)) == {"choice": "angry"}


def test_wrong_calls(client):
    """So is the error of calls."""
    with pytest.raises(openai.BadRequestError) as failed:
        client.responses.create(
            model="demo/wrong-enum", input="hi", tools=[TOOL], tool_choice="required"
        )

    assert failed.value.code == "tool_use_failed"


def test_refusal(client):
    """A refusal is a part of its own."""
    got = client.responses.create(model="demo/refuses", input="hi", text={"format": FORMAT})

    assert got.output[0].content[0].type == "refusal"


def test_truncated_text(client):
    """Text that was cut is incomplete."""
    got = client.responses.create(model="demo/clean", input="hi", max_output_tokens=2)

    assert (got.status, got.incomplete_details.reason) == ("incomplete", "max_output_tokens")


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"previous_response_id": "resp_x"}, "previous_response_id", "previous_response_not_found"),
        (
            {"tools": [{"type": "web_search"}], "tool_choice": "required"},
            "tool_choice",
            "unsupported_value",
        ),
        (
            {"text": {"format": {**FORMAT, "name": "no good"}}},
            "text.format.name",
            "invalid_value",
        ),
        (
            {"text": {"format": {**FORMAT, "schema": {"type": "object"}}}},
            "text.format.schema",
            None,
        ),
        ({"tools": [{**TOOL, "parameters": {"type": "object"}}]}, "tools[0].parameters", None),
        ({"input": [{"role": "user"}]}, "input[0].content", "missing_required_parameter"),
        ({"extra_body": {"strictgate": {"nope": 1}}}, "strictgate.nope", "unknown_parameter"),
    ],
    ids=str,
)
def test_bad_requests(client, changes, param, code):
    """What is wrong is named in this API's terms."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(**{"model": "demo/clean", "input": "hi"} | changes)

    assert refused.value.param == param
    assert code is None or refused.value.code == code


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"previous_response_id": "resp_x"}, "previous_response_id", "store_disabled"),
        ({"store": True}, "store", "store_disabled"),
        ({"input": [{"type": "item_reference", "id": "fc_1"}]}, "input[0].id", "item_not_found"),
    ],
    ids=str,
)
def test_nothing_to_refer_to(forgetful, changes, param, code):
    """Where nothing is kept, whoever relies on it is told what to set."""
    with pytest.raises(openai.BadRequestError, match=r"\[store\]") as refused:
        forgetful.responses.create(**{"model": "demo/clean", "input": "hi"} | changes)

    assert (refused.value.param, refused.value.code) == (param, code)


def test_groq_prefix(strictgate):
    """The route is there under Groq's prefix as well."""
    body = {"model": "demo/clean", "input": "hi", "text": {"format": FORMAT}}
    answer = strictgate.post(body, "/openai/v1/responses")

    assert answer.json["output"][0]["content"][0]["text"] == '{"choice":"angry"}'


@pytest.mark.parametrize("stream", [False, True])
def test_previous(client, stream):
    """A conversation goes on from what was kept, streamed or not."""
    first = client.responses.create(
        model="demo/clean", input="hi", text={"format": FORMAT}, stream=stream
    )
    first = list(first)[-1].response if stream else first
    second = client.responses.create(
        model="demo/clean", input="and now?", previous_response_id=first.id
    )

    assert second.previous_response_id == first.id
    assert second.usage.input_tokens > 0


# --- an upstream that has the API itself ---------------------------------------------------------

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


@contextmanager
def own_responses(upstream):
    """A client of a gateway before an upstream that has the API itself."""
    with (
        serving(upstream) as url,
        gate(url, upstreams={"demo": {"responses": True}}) as running,
        OpenAI(base_url=f"{running.url}/v1", api_key="k", max_retries=0) as client,
    ):
        yield client


def asked(*texts, stream=False, **more):
    """The final response, and what the upstream was asked."""
    upstream = Upstream(*texts)
    with own_responses(upstream) as client:
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


@pytest.mark.parametrize("stream", [False, True])
def test_answered_as_the_other_api(monkeypatch, stream):
    """A host that answers with a chat completion keeps nothing: the gateway does, and goes on from
    it in the way that can tell of it."""
    message = {"role": "assistant", "content": '{"choice":"calm"}'}
    completion = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    monkeypatch.setattr(Upstream, "_response", lambda *_: completion)
    upstream = Upstream("", '{"choice":"calm"}')
    with own_responses(upstream) as client:
        got = client.responses.create(
            model="m", input="hi", stream=stream, text={"format": FORMAT}, store=True
        )
        got = list(got)[-1].response if stream else got
        assert json.loads(got.output_text) == {"choice": "calm"}
        assert got.store
        assert client.responses.retrieve(got.id).output_text == got.output_text
        client.responses.create(
            model="m", input="and?", previous_response_id=got.id, text={"format": FORMAT}
        )

    (first, _), (second, then) = upstream.asked
    assert (first, second) == ("/v1/responses", "/v1/chat/completions")
    told = [each["content"] for each in then["messages"] if each["role"] != "system"]
    assert told == ["hi", '{"choice":"calm"}', "and?"]


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
    with own_responses(upstream) as client:
        for _ in range(2):
            text = {"format": FORMAT}
            got = client.responses.create(model="m", input="hi", stream=stream, text=text)
            got = list(got)[-1].response if stream else got
            assert json.loads(got.output_text) == {"choice": "calm"}
            assert got.id != "resp_theirs"

    paths = [path.removeprefix("/v1/") for path, _ in upstream.asked]
    assert paths[0] == "responses"
    assert paths.count("responses") == 1
