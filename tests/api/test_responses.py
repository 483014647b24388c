"""POST /v1/responses with the real SDK, against an upstream that knows chat completions alone."""

import json

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.gates import MOOD, gate

FORMAT = {"type": "json_schema", "name": "mood", "schema": MOOD, "strict": True}
TOOL = {"type": "function", "name": "mood", "parameters": MOOD, "strict": True}


class Mood(BaseModel):
    choice: str


@pytest.fixture
def client(strictgate):
    with OpenAI(base_url=f"{strictgate.url}/v1", api_key="k", max_retries=0) as made:
        yield made


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
        ({"previous_response_id": "resp_x"}, "previous_response_id", "store_disabled"),
        ({"store": True}, "store", "store_disabled"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "unsupported_value"),
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


def test_groq_prefix(strictgate):
    """The route is there under Groq's prefix as well."""
    body = {"model": "demo/clean", "input": "hi", "text": {"format": FORMAT}}
    answer = strictgate.post(body, "/openai/v1/responses")

    assert answer.json["output"][0]["content"][0]["text"] == '{"choice":"angry"}'


# --- what is kept --------------------------------------------------------------------------------


@pytest.fixture
def keeping(demo):
    """A client of a gateway that keeps responses."""
    with (
        gate(demo, store={"path": ":memory:"}) as running,
        OpenAI(base_url=f"{running.url}/v1", api_key="k", max_retries=0) as made,
    ):
        yield made


def test_kept(keeping):
    """A response can be fetched, its input listed, and both deleted."""
    made = keeping.responses.create(model="demo/clean", input="hi", instructions="Be brief.")
    kept = keeping.responses.retrieve(made.id)
    items = keeping.responses.input_items.list(made.id)

    assert made.store is True
    assert (kept.id, kept.output_text) == (made.id, made.output_text)
    assert items.data[0].content == "hi" or items.data[0].content[0].text == "hi"
    keeping.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        keeping.responses.retrieve(made.id)


def test_kept_for_its_owner(keeping):
    """Another key finds nothing."""
    made = keeping.responses.create(model="demo/clean", input="hi")

    with pytest.raises(openai.NotFoundError):
        keeping.responses.retrieve(made.id, extra_headers={"authorization": "Bearer other"})


@pytest.mark.parametrize("stream", [False, True])
def test_previous(keeping, stream):
    """A conversation goes on from what was kept, streamed or not."""
    first = keeping.responses.create(
        model="demo/clean", input="hi", text={"format": FORMAT}, stream=stream
    )
    first = list(first)[-1].response if stream else first
    second = keeping.responses.create(
        model="demo/clean", input="and now?", previous_response_id=first.id
    )

    assert second.previous_response_id == first.id
    assert second.usage.input_tokens > 0


def test_not_kept(keeping):
    """`store: false` is not kept, and what is not there is named."""
    made = keeping.responses.create(model="demo/clean", input="hi", store=False)

    assert made.store is False
    with pytest.raises(openai.BadRequestError) as refused:
        keeping.responses.create(model="demo/clean", input="x", previous_response_id=made.id)
    assert refused.value.code == "previous_response_not_found"


def test_nothing_is_kept(client):
    """Without a store the routes say so."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.retrieve("resp_1")

    assert refused.value.code == "store_disabled"
