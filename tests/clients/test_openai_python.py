"""OpenAI's SDK for Python, unchanged, with its defaults: the objects that it makes of answers."""

import asyncio
import datetime
import decimal
import enum
import json
import uuid
from typing import Annotated, Literal

import pytest
from openai import AsyncOpenAI, ContentFilterFinishReasonError, pydantic_function_tool
from pydantic import BaseModel, Field

from tests.clients.conftest import openai_client, records
from tests.gates import MOOD

MESSAGES = [{"role": "user", "content": "Answer with JSON, please."}]
SUPPORT = ["clean", "no-json-schema", "no-json-schema+no-json-object", "text-only"]
MODELS = [*SUPPORT, "thinks+fenced", "wrong-once", "quoted-numbers", "single-quotes"]


class Review(BaseModel):
    product_name: str
    rating: float
    sentiment: Literal["positive", "negative", "neutral"]
    key_features: list[str]


class Priority(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Part(BaseModel):
    name: str
    parts: list["Part"]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Everything(BaseModel):
    """One of each that pydantic writes into a schema."""

    instant: datetime.datetime
    day: datetime.date
    hour: datetime.time
    span: datetime.timedelta
    key: uuid.UUID
    price: decimal.Decimal
    priority: Priority
    nickname: str | None
    either: int | bool | str
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    part: Part
    pair: tuple[int, str]
    few: Annotated[list[int], Field(min_length=2, max_length=3)]
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d+$")]
    even: Annotated[int, Field(gt=3, lt=10, multiple_of=2)]
    rate: float = 0.5


def native(schema=MOOD, **changes):
    inner = {"name": "thechoice", "schema": schema, "strict": True} | changes
    return {"type": "json_schema", "json_schema": inner}


def create(client, model, **changes):
    return client.chat.completions.create(
        model=f"demo/{model}", messages=MESSAGES, **{"response_format": native()} | changes
    )


def test_create(client):
    """A completion, complete: content, usage, ids, and what Strictgate tells of it."""
    completion = create(client, "clean")

    assert completion.object == "chat.completion"
    assert completion.choices[0].message.content == '{"choice":"angry"}'
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens > 0
    assert completion._request_id.startswith("req_")
    assert completion.x_strictgate["mode"] == "native"


def test_create_streamed(client):
    """Chunks as from OpenAI: a role first, several deltas, then the reason for the end."""
    schema = Review.model_json_schema()
    chunks = list(create(client, "clean", stream=True, response_format=native(schema, strict=None)))
    deltas = [chunk.choices[0].delta for chunk in chunks]

    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert [delta.role for delta in deltas] == ["assistant"] + [None] * (len(chunks) - 1)
    assert sum(bool(delta.content) for delta in deltas) > 1
    assert Review.model_validate_json("".join(delta.content or "" for delta in deltas))
    assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]
    assert {chunk.usage for chunk in chunks} == {None}


@pytest.mark.parametrize("schema", [native(), None], ids=["enforced", "passed through"])
def test_usage_in_a_stream(client, schema):
    """Asked for, it comes in a last chunk that has no choices."""
    changes = {"response_format": schema} if schema else {}
    options = {"include_usage": True}
    stream = client.chat.completions.create(
        model="demo/clean", messages=MESSAGES, stream=True, stream_options=options, **changes
    )
    *others, last = stream

    assert (last.choices, last.usage.total_tokens > 0) == ([], True)
    assert {chunk.usage for chunk in others} == {None}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", [Review, Everything, Part])
def test_parse(client, model, kind):
    """A pydantic model goes in, an instance of it comes out, whatever the upstream supports."""
    completion = client.chat.completions.parse(
        model=f"demo/{model}", messages=MESSAGES, response_format=kind
    )

    assert isinstance(completion.choices[0].message.parsed, kind)
    assert completion.choices[0].message.refusal is None


@pytest.mark.parametrize("model", MODELS)
def test_stream_helper(client, model):
    """The helper's events: text, the parsed document as it grows, and all of it at the end."""
    with client.chat.completions.stream(
        model=f"demo/{model}", messages=MESSAGES, response_format=Review
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    text = "".join(event.delta for event in events if event.type == "content.delta")
    done = [event for event in events if event.type == "content.done"]

    assert [event.content for event in done] == [text]
    assert isinstance(done[0].parsed, Review)
    assert final.choices[0].message.parsed == done[0].parsed
    assert final.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("model", ["clean", "one-bad-choice", "text-only+wrong-once"])
def test_several_choices(client, model):
    """Every one of `n` choices is parsed, in its place."""
    completion = client.chat.completions.parse(
        model=f"demo/{model}", messages=MESSAGES, response_format=Review, n=3
    )

    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert all(isinstance(choice.message.parsed, Review) for choice in completion.choices)


def test_several_choices_streamed(client):
    """The chunks of a stream say which choice they belong to."""
    with client.chat.completions.stream(
        model="demo/one-bad-choice", messages=MESSAGES, response_format=Review, n=3
    ) as stream:
        final = stream.get_final_completion()

    assert [choice.index for choice in final.choices] == [0, 1, 2]
    assert all(isinstance(choice.message.parsed, Review) for choice in final.choices)


def test_refusal(client):
    """A refusal is where the SDK looks for it, streamed or not."""
    wanted = {"model": "demo/refuses", "messages": MESSAGES, "response_format": Review}
    message = client.chat.completions.parse(**wanted).choices[0].message
    with client.chat.completions.stream(**wanted) as stream:
        types = {event.type for event in stream}
        streamed = stream.get_final_completion().choices[0].message

    assert (message.parsed, message.content) == (None, None)
    assert message.refusal == streamed.refusal == "I'm sorry, I can't help with that."
    assert {"refusal.delta", "refusal.done"} <= types


def test_content_filter(client):
    """The SDK raises its own error for a filtered answer, for that is what the upstream said."""
    assert create(client, "content-filter").choices[0].finish_reason == "content_filter"
    with pytest.raises(ContentFilterFinishReasonError):
        client.chat.completions.parse(
            model="demo/content-filter", messages=MESSAGES, response_format=Review
        )


def test_json_object(client):
    """JSON mode gives an object."""
    completion = create(client, "clean", response_format={"type": "json_object"})

    assert isinstance(json.loads(completion.choices[0].message.content), dict)


def test_tools_are_passed_through(client):
    """Without a response_format a tool call is the upstream's own, and the SDK parses it."""
    completion = client.chat.completions.parse(
        model="demo/clean",
        messages=MESSAGES,
        tools=[pydantic_function_tool(Review)],
        tool_choice="required",
    )
    [call] = completion.choices[0].message.tool_calls

    assert completion.choices[0].finish_reason == "tool_calls"
    assert isinstance(call.function.parsed_arguments, Review)


def test_knobs_in_extra_body(pair):
    """They turn one request, and are not sent on."""
    demo, running = pair
    with_knobs = {"extra_body": {"strictgate": {"modes": ["prompt"]}}}
    with openai_client(running) as client:
        completion = create(client, "clean", **with_knobs)

    assert completion.x_strictgate["mode"] == "prompt"
    assert all("strictgate" not in record["body"] for record in records(demo))


def test_raw_response(client):
    """Status and headers are there for those who ask, and the object behind them."""
    raw = client.chat.completions.with_raw_response.create(
        model="demo/wrong-once", messages=MESSAGES, response_format=native()
    )

    assert (raw.status_code, raw.http_response.headers["x-strictgate-attempts"]) == (200, "2")
    assert raw.request_id.startswith("req_")
    assert raw.parse().choices[0].message.content == '{"choice":"angry"}'


def test_streaming_response(client):
    """A body can be read as it comes."""
    with client.chat.completions.with_streaming_response.create(
        model="demo/clean", messages=MESSAGES, response_format=native(), stream=True
    ) as response:
        lines = [line for line in response.iter_lines() if line]

    assert response.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"


def test_models(client):
    """The upstream's models are listed, and each can be asked for."""
    listed = [model.id for model in client.models.list()]

    assert "demo/clean" in listed
    assert client.models.retrieve("demo/clean").id == "demo/clean"


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_embeddings(client, encoding):
    """Embeddings pass through, in the SDK's own base64 too."""
    changes = {"encoding_format": encoding} if encoding else {}
    answer = client.embeddings.create(model="demo/clean", input=["one", "two"], **changes)

    assert [each.index for each in answer.data] == [0, 1]
    assert answer.data[0].embedding != answer.data[1].embedding
    assert len(answer.data[0].embedding) == (44 if encoding == "base64" else 8)


def test_audio(client):
    """A form with a file in it passes through."""
    sound = bytes(range(256)) * 512
    answer = client.audio.transcriptions.create(
        model="demo/clean", file=("sound.wav", sound, "audio/wav")
    )

    assert int(answer.text.split()[0]) > len(sound)


def test_async(strictgate):
    """The asynchronous client, many requests at a time."""

    async def talk():
        async with AsyncOpenAI(base_url=f"{strictgate.url}/v1", api_key="sk-test") as client:
            wanted = {"messages": MESSAGES, "response_format": Review}
            parsed = [client.chat.completions.parse(model=f"demo/{m}", **wanted) for m in MODELS]
            async with client.chat.completions.stream(model="demo/wrong-once", **wanted) as stream:
                types = [event.type async for event in stream]
                final = await stream.get_final_completion()
            return [*await asyncio.gather(*parsed * 4), final], types

    completions, types = asyncio.run(talk())

    assert len(completions) == 4 * len(MODELS) + 1
    assert all(isinstance(each.choices[0].message.parsed, Review) for each in completions)
    assert types[-1] == "content.done"
