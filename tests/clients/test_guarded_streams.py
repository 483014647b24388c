"""Guarded streams through the SDKs for Python, unchanged: documents that grow while one reads."""

import asyncio
import json
from contextlib import closing
from typing import Annotated, Literal

import groq
import openai
import pytest
from groq import Groq
from jsonschema import validate
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

from tests.clients.conftest import keep_all, openai_client, records, until_cancelled
from tests.clients.test_seed_requests import REQUESTS, WITHOUT_BUDGET
from tests.gates import guarding_gate

MODELS = [
    "continues+slips-20",
    "echoes+slips-20",
    "continues+wrong-case-enum",
    "continues+trickles",
    "text-only+continues+slips-20",
    "no-json-schema+continues+thinks+slips-20",
    "blank-loop+continues",
    "ignores-prefill+wrong-once",
    "refuses-prefill+wrong-once",
]
UNRELIABLE = ["continues+weak-20", "ignores-prefill+slips-20", "refuses-prefill+sticky-20"]
ENDLESS = {
    "model": "demo/endless",
    "stream": True,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "text", "schema": {"type": "string"}},
    },
    "extra_body": {"strictgate": {"modes": ["prompt"]}},
}
"""A string that is asked for as it is, and never ends."""


class Item(BaseModel):
    name: str
    colour: Literal["red", "green", "blue"]
    count: int


class Report(BaseModel):
    text: Annotated[str, Field(min_length=300)]
    mood: Literal["angry", "calm"]
    items: Annotated[list[Item], Field(min_length=2)]
    score: float
    sure: bool


class Long(BaseModel):
    """More text than one read from a socket brings, and then a choice."""

    pages: Annotated[list[Annotated[str, Field(min_length=1_000)]], Field(min_length=20)]
    mood: Literal["angry", "calm"]


SCHEMA = Report.model_json_schema()
ITEMS = {"type": "array", "items": Item.model_json_schema(), "minItems": 3, "maxItems": 4}


def wanted(schema):
    return {"type": "json_schema", "json_schema": {"name": "report", "schema": schema}}


def asked(number=0):
    return [{"role": "user", "content": f"Write report number {number}, please."}]


def create(client, model, schema=SCHEMA, number=0, **changes):
    """A stream, to be read."""
    return client.chat.completions.create(
        model=f"demo/{model}",
        messages=asked(number),
        response_format=wanted(schema),
        stream=True,
        **changes,
    )


def texts(chunks):
    """The texts of the choices that chunks make up."""
    found = {}
    for chunk in chunks:
        for choice in chunk.choices:
            found[choice.index] = found.get(choice.index, "") + (choice.delta.content or "")
    return [found[index] for index in sorted(found)]


@pytest.fixture
def client(guarded):
    with openai_client(guarded[1]) as ready:
        yield ready


# --- documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [SCHEMA, ITEMS], ids=["object", "array"])
@pytest.mark.parametrize("model", MODELS)
def test_openai(client, model, schema):
    """The deltas make up a valid document, and the end says so."""
    for number in range(3):
        chunks = list(create(client, model, schema, number))
        [text] = texts(chunks)
        validate(json.loads(text), schema)
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert chunks[-1].x_strictgate["attempts"][-1]["outcome"] == "valid"


@pytest.mark.parametrize("schema", [SCHEMA, ITEMS], ids=["object", "array"])
@pytest.mark.parametrize("model", MODELS)
def test_groq(guarded, model, schema):
    """The same through Groq's SDK, which has its own path to the route."""
    with Groq(base_url=guarded[1].url, api_key="gsk_test") as client:
        chunks = list(create(client, model, schema, 1))

    validate(json.loads(*texts(chunks)), schema)
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("model", MODELS)
def test_helper(client, model):
    """The helper parses what there is at every event, and an instance at the end."""
    with client.chat.completions.stream(
        model=f"demo/{model}", messages=asked(), response_format=Report
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    deltas = [event for event in events if event.type == "content.delta"]

    assert isinstance(final.choices[0].message.parsed, Report)
    assert "".join(event.delta for event in deltas) == final.choices[0].message.content
    assert all(event.snapshot.startswith("{") for event in deltas if event.snapshot)
    assert final.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("model", MODELS)
def test_parse(client, model):
    """What is not streamed goes the same way."""
    completion = client.chat.completions.parse(
        model=f"demo/{model}", messages=asked(), response_format=Report
    )

    assert isinstance(completion.choices[0].message.parsed, Report)


@pytest.mark.parametrize("name", ["thread_choice", *WITHOUT_BUDGET])
def test_the_requests_of_the_threads(client, name):
    """With a model that makes mistakes, each of them comes as a valid document."""
    request = REQUESTS[name] | {"model": "demo/continues+slips-20", "stream": True}
    chunks = list(client.chat.completions.create(**request))
    schema = request["response_format"].get("json_schema", {}).get("schema", {"type": "object"})

    validate(json.loads(*texts(chunks)), schema)


@pytest.mark.parametrize("model", UNRELIABLE)
def test_never_a_wrong_document(guarded, model):
    """However bad the model: what ends as a success is valid, all else is the one error."""
    outcomes = set()
    with openai_client(guarded[1]) as client:
        for number in range(12):
            chunks = []
            try:
                keep_all(create(client, model, number=number), chunks)
            except openai.APIError as error:
                outcomes.add(error.code)
            else:
                validate(json.loads(*texts(chunks)), SCHEMA)
                outcomes.add(chunks[-1].choices[0].finish_reason)

    assert outcomes <= {"stop", "json_validate_failed"}


@pytest.mark.parametrize("model", ["continues", "continues+wrong-case-enum", "echoes+sticky-10"])
def test_several_choices(client, model):
    """Each of them is put together by its index."""
    with client.chat.completions.stream(
        model=f"demo/{model}", messages=asked(), response_format=Report, n=2
    ) as stream:
        final = stream.get_final_completion()

    assert [choice.index for choice in final.choices] == [0, 1]
    assert all(isinstance(choice.message.parsed, Report) for choice in final.choices)


def test_usage(client):
    """The sum over all that was asked, once, at the end."""
    options = {"include_usage": True}
    *others, last = create(client, "continues+slips-20", number=1, stream_options=options)
    attempts = others[-1].x_strictgate["attempts"]

    assert len(attempts) > 1
    assert last.choices == []
    assert last.usage.total_tokens == sum(each["usage"]["total_tokens"] for each in attempts)
    assert {chunk.usage for chunk in others} == {None}


@pytest.mark.parametrize(
    ("model", "is_whole"), [("continues", True), ("continues+wrong-case-enum", False)]
)
def test_logprobs(client, model, is_whole):
    """The helper puts them together; mended text has none from where it was mended."""
    with client.chat.completions.stream(
        model=f"demo/{model}", messages=asked(), response_format=Report, logprobs=True
    ) as stream:
        [choice] = stream.get_final_completion().choices
    entries = (choice.logprobs.content if choice.logprobs else None) or []
    scored = "".join(entry.token for entry in entries)

    assert choice.message.content.startswith(scored)
    assert (choice.message.content == scored) is is_whole


def test_asynchronously(guarded):
    """Many at a time do not get into each other's way."""

    async def talk():
        async with AsyncOpenAI(base_url=f"{guarded[1].url}/v1", api_key="sk-test") as client:

            async def one(number):
                stream = await create(client, "continues+slips-20", number=number)
                return [chunk async for chunk in stream]

            return await asyncio.gather(*map(one, range(8)))

    for chunks in asyncio.run(talk()):
        validate(json.loads(*texts(chunks)), SCHEMA)


# --- while they are written ----------------------------------------------------------------------


def test_content_before_the_end(guarded):
    """It is read while the upstream still writes; who closes the stream stops the upstream."""
    demo, running = guarded
    with openai_client(running) as client:
        with client.chat.completions.create(messages=asked(), **ENDLESS) as stream:
            found = ""
            while len(found) < 100:
                found += next(stream).choices[0].delta.content or ""
            assert [record["finished"] for record in records(demo)] == [False]
        until_cancelled(demo)

    assert found.startswith('"Valuexxxx')
    while not running.finished():
        records(demo)
    assert [event.client_left for event in running.finished()] == [True]


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_leaving_after_any_chunk(guarded, count):
    """Wherever one stops reading, the upstream is stopped, and the next request is answered."""
    demo, running = guarded
    with Groq(base_url=running.url, api_key="gsk_test") as client:
        with client.chat.completions.create(messages=asked(), **ENDLESS) as stream:
            for _ in range(count):
                next(stream)
        until_cancelled(demo)
        chunks = list(create(client, "continues"))

    validate(json.loads(*texts(chunks)), SCHEMA)


def test_leaving_a_helper(guarded):
    """Leaving its block is enough."""
    demo, running = guarded
    wish = {"model": "demo/continues+trickles", "messages": asked(), "response_format": Long}
    with openai_client(running) as client:
        with client.chat.completions.stream(**wish) as stream:
            for event in stream:
                if event.type == "content.delta" and event.snapshot:
                    break
        until_cancelled(demo)


@pytest.mark.parametrize("knobs", [{}, {"stream": "guarded"}])
def test_failing_late(guarded, knobs):
    """After bytes went out the SDKs raise, and what came before is kept."""
    _, running = guarded
    changes = {"schema": Long.model_json_schema(), "extra_body": {"strictgate": knobs}}
    with openai_client(running) as ours, Groq(base_url=running.url, api_key="gsk_test") as theirs:
        for client, kind in ((ours, openai.APIError), (theirs, groq.APIError)):
            chunks = []
            with (
                closing(create(client, "continues+wrong-enum", **changes)) as stream,
                pytest.raises(kind) as raised,
            ):
                keep_all(stream, chunks)
            assert texts(chunks)[0].startswith('{"pages":["Page')
            assert raised.value.body["code"] == "json_validate_failed"


def test_failing_late_in_a_helper(client):
    """The helper raises the same error, and makes no document of what came."""
    wish = {"model": "demo/continues+wrong-enum", "messages": asked(), "response_format": Long}
    with (
        client.chat.completions.stream(**wish) as stream,
        pytest.raises(openai.APIError) as raised,
    ):
        stream.until_done()

    assert raised.value.code == "json_validate_failed"
    assert raised.value.body["failed_generation"].startswith('{"pages":["Page')


def test_nothing_early_if_buffered(client):
    """With the knob the same failure comes before any chunk, as an error with a status."""
    buffered = {"schema": Long.model_json_schema()}
    buffered["extra_body"] = {"strictgate": {"stream": "buffered"}}
    with pytest.raises(openai.BadRequestError) as raised:
        create(client, "continues+wrong-enum", **buffered)

    assert raised.value.response.headers["x-strictgate-attempts"] == "3"
    validate(json.loads(*texts(create(client, "continues", **buffered))), buffered["schema"])


def test_comments_are_passed_over(guarded):
    """While nothing comes, comments do: the SDKs see chunks alone, or the error."""
    demo, _ = guarded
    with guarding_gate(demo, server={"heartbeat": 0.05}) as running:
        with openai_client(running) as client:
            with client.chat.completions.with_streaming_response.create(
                model="demo/continues+slow", messages=asked(), response_format=wanted(SCHEMA),
                stream=True,
            ) as response:  # fmt: skip
                assert next(response.iter_lines()) == ": waiting"
            chunks = list(create(client, "continues+slow+slips-20", number=1))
            with pytest.raises(openai.APIError) as raised:
                list(create(client, "continues+slow+wrong-enum"))
        with Groq(base_url=running.url, api_key="gsk_test") as client:
            same = list(create(client, "continues+slow+slips-20", number=1))

    validate(json.loads(*texts(chunks)), SCHEMA)
    validate(json.loads(*texts(same)), SCHEMA)
    assert raised.value.code == "json_validate_failed"
