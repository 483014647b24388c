"""OpenAI's SDK for Python, unchanged, when things go wrong: its exceptions, and what they carry."""

import asyncio
from contextlib import suppress

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from strictgate.observe.events import RequestFinished
from tests.clients.conftest import (
    keep_all,
    openai_client,
    records,
    requests_to,
    until_cancelled,
)
from tests.gates import MOOD, gate

MESSAGES = [{"role": "user", "content": "Answer with JSON, please."}]
WANTED = {"type": "json_schema", "json_schema": {"name": "thechoice", "schema": MOOD}}
TRUNCATED = "max completion tokens reached before generating a valid document"
INVALID = [
    ("wrong-enum", '{"choice":"happy"}'),
    ("groq-invalid", '{"choice":"happy"}'),
    ("no-json-schema+wrong-enum", '{"choice":"happy"}'),
    ("text-only+wrong-enum", '{"choice":"happy"}'),
    ("truncates", TRUNCATED),
    ("groq-truncated", TRUNCATED),
]
OTHERS = [
    ("401", openai.AuthenticationError, "invalid_api_key"),
    ("there-is-none", openai.NotFoundError, "model_not_found"),
    ("429", openai.RateLimitError, "rate_limit_exceeded"),
    ("500", openai.InternalServerError, None),
    ("503", openai.InternalServerError, None),
    ("html", openai.InternalServerError, "upstream_bad_response"),
    ("html-200", openai.InternalServerError, "upstream_bad_response"),
    ("drops", openai.InternalServerError, "upstream_bad_response"),
    ("drops-early", openai.InternalServerError, "upstream_unreachable"),
]
BAD_REQUESTS = [
    ({"type": "json_schema", "json_schema": {"name": "x"}}, "response_format.json_schema.schema"),
    ({"type": "object"}, "response_format.type"),
    (
        {"type": "json_schema", "json_schema": {"name": "x y", "schema": MOOD}},
        "response_format.json_schema.name",
    ),
    (
        {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "strin"}}},
        "response_format",
    ),
]
each_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


class Mood(BaseModel):
    choice: str
    reason: str


@pytest.fixture(scope="module")
def once(strictgate):
    """A client that tries once, to be quick where the SDK would wait and try again."""
    with openai_client(strictgate, max_retries=0) as client:
        yield client


def create(client, model, **changes):
    return client.chat.completions.create(
        model=f"demo/{model}", messages=MESSAGES, **{"response_format": WANTED} | changes
    )


@each_way
@pytest.mark.parametrize(("model", "text"), INVALID, ids=[model for model, _ in INVALID])
def test_invalid_output(client, model, text, stream):
    """A BadRequestError with the model's text, before any chunk."""
    with pytest.raises(openai.BadRequestError) as raised:
        create(client, model, stream=stream)

    assert raised.value.code == "json_validate_failed"
    assert raised.value.type == "invalid_request_error"
    assert raised.value.body["failed_generation"] == text
    assert raised.value.request_id.startswith("req_")


def test_truncation_is_no_error_of_the_sdk(client):
    """A document cut short is a BadRequestError in the helpers too, not one of their own errors."""
    wanted = {"model": "demo/clean", "messages": MESSAGES, "response_format": Mood, "max_tokens": 3}
    with pytest.raises(openai.BadRequestError) as parsed:
        client.chat.completions.parse(**wanted)
    with (
        pytest.raises(openai.BadRequestError) as streamed,
        client.chat.completions.stream(**wanted) as stream,
    ):
        stream.until_done()

    for raised in (parsed, streamed):
        assert raised.value.body["failed_generation"] == TRUNCATED
    assert parsed.value.response.json()["x_strictgate"]["failed_generation"].startswith('{"choi')


@each_way
@pytest.mark.parametrize(("model", "kind", "code"), OTHERS, ids=[each[0] for each in OTHERS])
def test_other_errors(once, model, kind, code, stream):
    """Every other failure is the class that its status stands for."""
    with pytest.raises(kind) as raised:
        create(once, model, stream=stream)

    assert type(raised.value) is kind
    assert raised.value.code == code
    assert raised.value.body["message"]
    assert raised.value.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("model", "kind", "code"), OTHERS[:5], ids=[each[0] for each in OTHERS[:5]]
)
def test_other_errors_passed_through(once, model, kind, code):
    """The same where nothing is enforced."""
    with pytest.raises(kind) as raised:
        once.chat.completions.create(model=f"demo/{model}", messages=MESSAGES)

    assert (type(raised.value), raised.value.code) == (kind, code)


@pytest.mark.parametrize(("wanted", "param"), BAD_REQUESTS)
def test_bad_requests(client, wanted, param):
    """What cannot be honoured is a BadRequestError that names the parameter."""
    with pytest.raises(openai.BadRequestError) as raised:
        create(client, "clean", response_format=wanted)

    assert raised.value.param == param


def test_unknown_route(client):
    """What the upstream does not have is a NotFoundError."""
    with pytest.raises(openai.NotFoundError):
        client.files.list()
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("there-is-none")


def test_client_keys(demo):
    """Where the gateway has keys of its own, a client needs one of them."""
    with gate(demo, server={"api_keys": ["sg-right"]}) as running:
        with (
            openai_client(running) as stranger,
            pytest.raises(openai.AuthenticationError) as raised,
        ):
            create(stranger, "clean")
        with OpenAI(base_url=f"{running.url}/v1", api_key="sg-right") as friend:
            assert create(friend, "clean").choices[0].message.content == '{"choice":"angry"}'

    assert raised.value.code == "invalid_api_key"


@each_way
@pytest.mark.parametrize("model", ["wrong-enum", "truncates", "ignores-schema"])
def test_one_request_for_each_failure(demo, model, stream):
    """The SDK's retries, which are on, leave a failed validation alone."""

    def fail(running):
        with openai_client(running) as client, pytest.raises(openai.BadRequestError):
            create(client, model, stream=stream)

    assert requests_to(demo, fail) == 1


def test_one_request_for_each_failure_of_a_helper(demo):
    """The same for parse() and stream(), with the asynchronous client."""

    async def fail(running):
        async with AsyncOpenAI(base_url=f"{running.url}/v1", api_key="sk-test") as client:
            wanted = {"model": "demo/missing-field", "messages": MESSAGES, "response_format": Mood}
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.parse(**wanted)
            with pytest.raises(openai.BadRequestError):
                async with client.chat.completions.stream(**wanted) as stream:
                    await stream.until_done()

    assert requests_to(demo, lambda running: asyncio.run(fail(running))) == 2


@pytest.mark.parametrize(
    ("model", "code"),
    [("stream-error", "json_validate_failed"), ("drops", "upstream_bad_response")],
)
def test_error_within_a_stream(client, model, code):
    """A stream that is passed through and breaks raises, after what came before."""
    chunks = []
    with (
        create(client, model, stream=True, response_format=openai.omit) as stream,
        pytest.raises(openai.APIError) as raised,
    ):
        keep_all(stream, chunks)

    assert "".join(chunk.choices[0].delta.content for chunk in chunks).startswith("Hello!")
    assert raised.value.code == code
    assert raised.value.message


def test_error_within_a_stream_beside_the_choices(client):
    """OpenRouter's form of it raises as well."""
    with (
        create(client, "stream-error-inline", stream=True, response_format=openai.omit) as stream,
        pytest.raises(openai.APIError, match="Provider disconnected"),
    ):
        list(stream)


def test_leaving_a_stream(pair):
    """Who closes a stream early stops the upstream, and the same client goes on."""
    demo, running = pair
    with openai_client(running) as client:
        with create(client, "endless", stream=True, response_format=openai.omit) as stream:
            next(stream)
        until_cancelled(demo)
        assert create(client, "clean").choices[0].message.content == '{"choice":"angry"}'

    finished = [event for event in running.events if isinstance(event, RequestFinished)]
    assert True in [event.client_left for event in finished]


def test_leaving_a_stream_of_an_enforced_request(pair):
    """Who leaves chunks unread leaves nothing behind; the next request is answered."""
    _, running = pair
    with openai_client(running) as client:
        for _ in range(20):
            with create(client, "clean", stream=True) as stream:
                for chunk in stream:
                    assert chunk.id
                    break
        with client.chat.completions.stream(
            model="demo/clean", messages=MESSAGES, response_format=Mood
        ) as stream:
            next(iter(stream))
        assert create(client, "clean").choices[0].message.content == '{"choice":"angry"}'


def test_giving_up_asynchronously(pair):
    """A task that is cancelled while the upstream is silent stops the upstream."""
    demo, running = pair

    async def give_up():
        async with AsyncOpenAI(base_url=f"{running.url}/v1", api_key="sk-test") as client:
            task = asyncio.ensure_future(create(client, "stalls"))
            while not await asyncio.to_thread(records, demo):
                pass
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await asyncio.to_thread(until_cancelled, demo)
            return await create(client, "clean")

    assert asyncio.run(give_up()).choices[0].message.content == '{"choice":"angry"}'
