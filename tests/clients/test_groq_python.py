"""Groq's SDK for Python, unchanged: pointed at the gateway's root, for it adds /openai/v1 itself.

A stream that raises is closed by hand, as this SDK does not, and the HTTP library beneath it can
lock up when the garbage collector closes one in the middle of another request.
"""

import asyncio
import json

import groq
import pytest
from groq import AsyncGroq, Groq
from jsonschema import validate

from tests.clients.conftest import keep_all, requests_to
from tests.clients.test_seed_requests import REQUESTS
from tests.gates import MOOD

MESSAGES = [{"role": "user", "content": "Answer with JSON, please."}]
WANTED = {"type": "json_schema", "json_schema": {"name": "thechoice", "schema": MOOD}}
THREAD = {
    "message": "Generated JSON does not match the expected schema. Please adjust your prompt. See "
    "'failed_generation' for more details. Error: jsonschema: '/choice' does not validate with "
    '/properties/choice/enum: value must be "angry"',
    "type": "invalid_request_error",
    "code": "json_validate_failed",
    "failed_generation": '{"choice":"happy"}',
}
EXAMPLES = [
    "thread_choice",
    "product_review",
    "sql_query_generation",
    "support_ticket_classification",
    "math_response",
]
each_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def client(strictgate):
    """A client with the SDK's defaults, retries and all."""
    with Groq(base_url=strictgate.url, api_key="gsk_test") as ready:
        yield ready


def create(client, model, **changes):
    return client.chat.completions.create(
        model=f"demo/{model}", messages=MESSAGES, **{"response_format": WANTED} | changes
    )


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def test_create(client):
    """A completion, complete."""
    completion = create(client, "no-json-schema")

    assert completion.object == "chat.completion"
    assert completion.choices[0].message.content == '{"choice":"angry"}'
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens > 0


def test_create_streamed(client):
    """The chunks of an enforced stream."""
    chunks = list(create(client, "thinks+fenced", stream=True))

    assert json.loads(text_of(chunks)) == {"choice": "angry"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"


@each_way
@pytest.mark.parametrize("model", ["clean", "no-json-schema", "text-only"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(client, name, model, stream):
    """The documentation's own examples, which are written for this SDK."""
    request = REQUESTS[name] | {"model": f"demo/{model}"}
    answer = client.chat.completions.create(**request, stream=stream)
    text = text_of(answer) if stream else answer.choices[0].message.content

    validate(json.loads(text), request["response_format"]["json_schema"]["schema"])


@each_way
def test_invalid_output(client, stream):
    """The error of the thread, where this SDK has it: in the whole body."""
    request = REQUESTS["thread_choice"] | {"model": "demo/wrong-enum", "stream": stream}
    with pytest.raises(groq.BadRequestError) as raised:
        client.chat.completions.create(**request, extra_body={"strictgate": {"repair": "off"}})

    body = raised.value.body
    assert (list(body), body["error"]) == (["error", "x_strictgate"], THREAD)
    assert {each["outcome"] for each in body["x_strictgate"]["attempts"]} == {"invalid"}
    assert raised.value.status_code == 400


@each_way
def test_the_request_of_the_thread(client, stream):
    """Answered: its schema leaves one way to go on from what the model wrote."""
    request = REQUESTS["thread_choice"] | {"model": "demo/wrong-enum", "stream": stream}
    answer = client.chat.completions.create(**request)
    chunks = list(answer) if stream else []
    if stream:
        text, details = text_of(chunks), chunks[-1].x_strictgate
    else:
        text, details = answer.choices[0].message.content, answer.x_strictgate

    assert text == '{"choice":"angry"}'
    assert len(details["attempts"]) == 1
    assert details["repairs"] == [{"choice": 0, "step": "forced", "path": "/choice"}]


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("401", groq.AuthenticationError),
        ("there-is-none", groq.NotFoundError),
        ("429", groq.RateLimitError),
        ("503", groq.InternalServerError),
    ],
)
def test_other_errors(client, model, kind):
    """Every other failure is the class that its status stands for."""
    with pytest.raises(kind) as raised:
        create(client.with_options(max_retries=0), model)

    assert type(raised.value) is kind
    assert raised.value.body["error"]["message"]


@pytest.mark.parametrize("model", ["stream-error", "drops"])
def test_error_within_a_stream(client, model):
    """A stream that is passed through and breaks raises, after what came before."""
    chunks = []
    with (
        create(client, model, stream=True, response_format=None) as stream,
        pytest.raises(groq.APIError) as raised,
    ):
        keep_all(stream, chunks)

    assert text_of(chunks).startswith("Hello!")
    assert raised.value.message


@each_way
def test_one_request_for_each_failure(demo, stream):
    """The SDK's retries, which are on, leave a failed validation alone."""

    def fail(running):
        with (
            Groq(base_url=running.url, api_key="gsk_test") as client,
            pytest.raises(groq.BadRequestError),
        ):
            create(client, "missing-field", stream=stream)

    assert requests_to(demo, fail) == 1


def test_everything_else(client):
    """Models, embeddings and audio are under the same root."""
    sound = ("sound.wav", bytes(70_000), "audio/wav")

    assert "demo/clean" in [model.id for model in client.models.list().data]
    assert len(client.embeddings.create(model="demo/clean", input="one").data) == 1
    told = client.audio.transcriptions.create(model="demo/clean", file=sound).text
    assert int(told.split()[0]) > 70_000


def test_async(strictgate):
    """The asynchronous client, many requests at a time."""

    async def talk():
        async with AsyncGroq(base_url=strictgate.url, api_key="gsk_test") as client:
            asked = [create(client, model) for model in ["clean", "text-only", "wrong-once"] * 5]
            return await asyncio.gather(*asked)

    texts = {completion.choices[0].message.content for completion in asyncio.run(talk())}

    assert texts == {'{"choice":"angry"}'}
