"""The requests of the threads and documentation that the project answers, word for word.

Sent with OpenAI's SDK to gateways that map the requests' own model names to demonstration models,
so that nothing in a request is changed, and judged by the `jsonschema` package.
"""

import json

import pytest
from jsonschema import FormatChecker
from jsonschema.validators import validator_for
from openai import BadRequestError
from pydantic import BaseModel

from tests.clients.conftest import openai_client, records
from tests.gates import gate
from tests.tables import load

REQUESTS = {each["name"]: each["request"] for each in load("seed_requests")["requests"]}
THREAD = (
    b'{"error":{"message":"Generated JSON does not match the expected schema. Please adjust your '
    b"prompt. See 'failed_generation' for more details. Error: jsonschema: '/choice' does not "
    b'validate with /properties/choice/enum: value must be \\"angry\\"",'
    b'"type":"invalid_request_error","code":"json_validate_failed",'
    b'"failed_generation":"{\\"choice\\":\\"happy\\"}"}}'
)
ENFORCED = [name for name, request in REQUESTS.items() if "response_format" in request]
WITHOUT_BUDGET = [name for name in ENFORCED if "max_tokens" not in REQUESTS[name]]
SUPPORT = {
    "json_schema": "clean",
    "json_object": "no-json-schema",
    "tools": "no-json-schema+no-json-object",
    "text": "text-only",
}
MANNERS = ["fenced", "wrong-once", "needs-json-word", "rejects-unknown", "moonshot-dialect"]
TALKATIVE = ["thinks+fenced", "text-only+thinks+fenced", "no-json-schema+prose"]
FLAWED = ["no-json-schema+trailing-comma", "reasoning-content", "groq-invalid-once"]


@pytest.fixture(scope="module")
def clients(demo):
    """One client for each demonstration model, which takes every model name for it."""
    names = {request["model"] for request in REQUESTS.values()}
    opened = {}

    def opened_for(model):
        if model not in opened:
            models = {name: {"upstream": "demo", "model": f"demo/{model}"} for name in names}
            running = gate(demo, models=models)
            client = openai_client(running.__enter__())
            opened[model] = (client.__enter__(), client, running)
        return opened[model][0]

    yield opened_for
    for _, client, running in opened.values():
        client.__exit__(None, None, None)
        running.__exit__(None, None, None)


def answered(client, name, stream):
    """The text and the reason for its end, as a client puts them together."""
    if not stream:
        choice = client.chat.completions.create(**REQUESTS[name]).choices[0]
        return choice.message.content, choice.finish_reason
    chunks = [
        chunk.choices[0] for chunk in client.chat.completions.create(**REQUESTS[name], stream=True)
    ]
    return "".join(each.delta.content or "" for each in chunks), chunks[-1].finish_reason


def problems(name, document):
    """What the independent validator says, formats included."""
    wanted = REQUESTS[name]["response_format"].get("json_schema", {})
    schema = wanted.get("schema", {"type": "object"})
    judge = validator_for(schema)(schema, format_checker=FormatChecker())
    return [error.message for error in judge.iter_errors(document)]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ENFORCED)
@pytest.mark.parametrize("model", [*SUPPORT.values(), *MANNERS, *FLAWED])
def test_valid_document(clients, model, name, stream):
    """Whatever the upstream supports and however its model answers, the document is valid."""
    text, finish_reason = answered(clients(model), name, stream)

    assert problems(name, json.loads(text)) == []
    assert finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", WITHOUT_BUDGET)
@pytest.mark.parametrize("model", TALKATIVE)
def test_valid_document_among_talk(clients, model, name, stream):
    """Thinking, prose and fences around the document are taken off."""
    text, finish_reason = answered(clients(model), name, stream)

    assert problems(name, json.loads(text)) == []
    assert finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ["thread_choice", "thread_choice_json_object"])
def test_budget_that_is_talked_away(clients, name, stream):
    """What a client's few tokens leave no room for is said to be truncated, and asked for once."""
    with pytest.raises(BadRequestError) as raised:
        answered(clients("thinks+fenced"), name, stream)

    assert raised.value.code == "json_validate_failed"
    assert raised.value.body["failed_generation"] == (
        "max completion tokens reached before generating a valid document"
    )
    assert raised.value.response.headers["x-strictgate-attempts"] == "1"


@pytest.mark.parametrize("model", SUPPORT.values(), ids=SUPPORT)
def test_what_the_prompt_says_without_a_schema(clients, model):
    """JSON mode without a schema follows the prompt: its one allowed value, its own format."""
    choice, _ = answered(clients(model), "thread_choice_json_object", False)
    sentiment, _ = answered(clients(model), "sentiment", False)

    assert json.loads(choice) == {"choice": "angry"}
    assert "sentiment" in json.loads(sentiment)["sentiment_analysis"]


@pytest.mark.parametrize("model", SUPPORT.values(), ids=SUPPORT)
def test_array_root(clients, model):
    """Kimi's list of messages comes as a list, also where JSON mode gives objects only."""
    text, _ = answered(clients(model), "kimi_array_root", False)

    assert {message["type"] for message in json.loads(text)} <= {"text", "image", "link"}


def test_request_without_a_schema(clients):
    """The documentation's plain question is passed through."""
    text, _ = answered(clients("clean"), "fast_inference", False)

    assert text == answered(clients("clean"), "fast_inference", True)[0] != ""


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_error_of_the_thread(clients, stream):
    """With repair off, when attempts run out: the thread's own error, byte for byte; what was tried
    and what it cost stands behind it."""
    knobs = {"strictgate": {"repair": "off"}}
    with pytest.raises(BadRequestError) as raised:
        clients("wrong-enum").chat.completions.create(
            **REQUESTS["thread_choice"], stream=stream, extra_body=knobs
        )

    error, rest = raised.value.response.content.split(b',"x_strictgate":')
    assert error + b"}" == THREAD
    assert rest.startswith(b'{"mode":')
    assert b'"attempts":[{' in rest


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", ["wrong-enum", "truncates", "groq-invalid"])
def test_the_request_of_the_thread(pair, model, stream):
    """By default it is answered in one call, with the thread's own budget of tokens."""
    demo, running = pair
    with openai_client(running) as client:
        changes = {"model": f"demo/{model}", "stream": stream}
        answer = client.chat.completions.create(**REQUESTS["thread_choice"] | changes)
        *_, last = answer if stream else [answer]

    assert [record["body"]["max_tokens"] for record in records(demo)] == [15]
    assert last.choices[0].finish_reason == "stop"
    assert last.x_strictgate["repairs"] == [{"choice": 0, "step": "forced", "path": "/choice"}]


class ValidationStatus(BaseModel):
    is_valid: bool
    syntax_errors: list[str]


class SQLQueryGeneration(BaseModel):
    query: str
    query_type: str
    tables_used: list[str]
    estimated_complexity: str
    execution_notes: list[str]
    validation_status: ValidationStatus


def test_schema_is_what_pydantic_makes(clients):
    """The stored schema is the one of the documentation's model, which reads the answer."""
    request = REQUESTS["sql_query_generation"]
    stored = request["response_format"]["json_schema"]["schema"]
    text, _ = answered(clients("no-json-schema"), "sql_query_generation", False)

    assert stored == SQLQueryGeneration.model_json_schema()
    assert SQLQueryGeneration.model_validate_json(text).tables_used
