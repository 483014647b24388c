"""POST /v1/chat/completions, end to end: a real client, a real upstream, real sockets."""

import json

import pytest

from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import Splitter
from tests.gates import MOOD, ONE_WAY, gate, mood
from tests.tables import load

OUTCOMES = load("outcomes")
THREAD = (
    '{"error":{"message":"Generated JSON does not match the expected schema. Please adjust your '
    "prompt. See 'failed_generation' for more details. Error: jsonschema: '/choice' does not "
    'validate with /properties/choice/enum: value must be \\"angry\\"",'
    '"type":"invalid_request_error","code":"json_validate_failed",'
    '"failed_generation":"{\\"choice\\":\\"happy\\"}"}}'
)


def streamed(answer):
    """What a client makes of a stream."""
    collector = Collector()
    for event in Splitter().feed(answer.raw):
        collector.feed(event)
    assert collector.is_complete
    return collector.completion()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", OUTCOMES["good"], ids=lambda case: case["model"])
def test_good(strictgate, case, stream):
    """A 200 holds the valid document, streamed or not."""
    answer = strictgate.chat(case["model"], stream=stream)

    assert answer.status == 200, answer.raw
    completion = streamed(answer) if stream else answer.json
    choice = completion["choices"][0]
    assert json.loads(choice["message"]["content"]) == {"choice": "angry"}
    assert choice["finish_reason"] == "stop"
    assert answer.headers["x-strictgate-attempts"] == str(case.get("attempts", 1))
    assert ("x-strictgate-repairs" in answer.headers) is case.get("repairs", False)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", OUTCOMES["bad"], ids=lambda case: case["model"])
def test_bad(strictgate, case, stream):
    """Anything else is a typed error in OpenAI's shape, streamed or not."""
    answer = strictgate.chat(case["model"], stream=stream)

    assert answer.status == case["status"], answer.raw
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    assert answer.error["message"]
    assert answer.error["code"] == case["code"]
    assert "<html" not in answer.raw.decode().lower()


@pytest.mark.parametrize("case", OUTCOMES["good"], ids=lambda case: case["model"])
def test_mode(demo, case):
    """The mode is the best that the model has."""
    with gate(demo) as fresh:
        assert fresh.chat(case["model"]).headers["x-strictgate-mode"] == case["mode"]


def test_the_error_of_the_thread(strictgate):
    """With repair off, when attempts run out: Groq's error, byte for byte, and what it cost."""
    answer = strictgate.chat("wrong-enum", ONE_WAY, strictgate={"repair": "off"})

    assert answer.raw.decode().startswith(THREAD[:-1] + ',"x_strictgate":{')
    assert answer.headers["x-should-retry"] == "false"
    told = answer.json["x_strictgate"]
    assert [each["outcome"] for each in told["attempts"]] == ["invalid"] * 3
    used = [each["usage"]["total_tokens"] for each in told["attempts"]]
    assert told["usage"]["total_tokens"] == sum(used) > 0


def test_the_bare_error_of_the_thread(demo):
    """Without details it is Groq's body, byte for byte."""
    with gate(demo, answers={"body": False}) as quiet:
        answer = quiet.chat("wrong-enum", ONE_WAY, strictgate={"repair": "off"})
    assert answer.raw.decode() == THREAD


def test_the_same_in_a_stream(strictgate):
    """Nothing was sent yet, so it is a status and no frame."""
    answer = strictgate.chat("wrong-enum", ONE_WAY, stream=True, strictgate={"repair": "off"})

    assert answer.status == 400
    assert answer.raw.decode().startswith(THREAD[:-1] + ',"x_strictgate":{')


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", OUTCOMES["forced"], ids=lambda case: case["model"])
def test_the_one_way_to_go_on(demo, case, stream):
    """Where the schema leaves no choice, what the model got wrong is written, and said so."""
    with gate(demo) as fresh:
        answer = fresh.chat(case["model"], ONE_WAY, stream=stream)
    completion = streamed(answer) if stream else answer.json
    details = completion["x_strictgate"]

    assert answer.status == 200, answer.raw
    content = completion["choices"][0]["message"]["content"]
    assert json.loads(content) == {"choice": "angry"}
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert [attempt["outcome"] for attempt in details["attempts"]] == ["valid"]
    assert [step["step"] for step in details["repairs"]] == case["repairs"]
    assert details["repairs"][-1]["path"] == "/choice"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("level", ["off", "syntax", "lossless", "lenient"])
def test_the_one_way_at_each_level(strictgate, level, stream):
    """Every level but off writes it; the budget of the thread is enough, and is spent once."""
    knobs = {"repair": level}
    answer = strictgate.chat("wrong-enum", ONE_WAY, stream=stream, max_tokens=15, strictgate=knobs)

    assert answer.status == (400 if level == "off" else 200)
    assert answer.headers["x-strictgate-attempts"] == ("3" if level == "off" else "1")
    assert ("x-strictgate-repairs" in answer.headers) is (level != "off")


def test_what_the_model_said_is_not_closed_over(strictgate):
    """A property that the schema forbids is no missing bracket: lenient drops it, by name."""
    assert strictgate.chat("extra-field", ONE_WAY).error["code"] == "json_validate_failed"
    dropped = strictgate.chat("extra-field", ONE_WAY, strictgate={"repair": "lenient"})

    assert dropped.content == '{"choice":"angry"}'
    assert dropped.headers["x-strictgate-repairs"] == "property_dropped"


def test_array_root_that_json_mode_cannot_give(strictgate):
    """The model is asked for an object, the client gets the array."""
    answer = strictgate.chat(
        "no-json-schema", {"type": "array", "items": {"type": "integer"}, "minItems": 2}
    )

    assert answer.headers["x-strictgate-mode"] == "json_object"
    assert [type(item) for item in json.loads(answer.content)] == [int, int]


def test_json_object(strictgate):
    """JSON mode is enforced as well."""
    wanted = {"response_format": {"type": "json_object"}}
    assert isinstance(json.loads(strictgate.chat("text-only", None, **wanted).content), dict)
    assert strictgate.chat("ignores-schema", None, **wanted).error["code"] == "json_validate_failed"


def test_json_object_with_a_schema(strictgate):
    """A schema beside the type is enforced."""
    wanted = {"response_format": {"type": "json_object", "schema": MOOD}}

    assert strictgate.chat("no-json-schema", None, **wanted).content == '{"choice":"angry"}'


def test_several_choices(strictgate):
    """Every choice is valid, also where the model knows only one, or fails on one."""
    for model in ("clean", "one-bad-choice", "one-choice"):
        answer = strictgate.chat(model, n=3)
        if model == "one-choice":
            assert answer.status == 400
            continue
        choices = answer.json["choices"]
        assert [choice["index"] for choice in choices] == [0, 1, 2]
        assert {choice["message"]["content"] for choice in choices} == {'{"choice":"angry"}'}


def test_usage_in_a_stream(strictgate):
    """The usage comes if it is asked for, and only then."""
    with_usage = strictgate.chat("clean", stream=True, stream_options={"include_usage": True})

    assert streamed(with_usage)["usage"]["total_tokens"] > 0
    assert b'"usage"' not in strictgate.chat("clean", stream=True).raw.partition(b"x_strictgate")[0]


def test_refusal_and_filter_are_passed_on(strictgate):
    """They are outcomes of their own: 200, and not validated."""
    assert strictgate.chat("refuses").json["choices"][0]["message"]["refusal"]
    filtered = strictgate.chat("content-filter").json["choices"][0]
    assert filtered["finish_reason"] == "content_filter"


def test_tools_with_a_schema(strictgate):
    """Where the upstream takes no JSON mode with tools, the prompt carries the schema."""
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    answer = strictgate.chat("no-json-with-tools", tools=tools)

    assert answer.headers["x-strictgate-mode"] == "prompt"
    assert answer.content == '{"choice":"angry"}'


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"type": "object", "properties": {"a": {}}, "required": ["a"]},
            "Invalid schema for response_format 'thechoice': In context=(), "
            "'additionalProperties' is required to be supplied and to be false.",
        ),
        (
            {"type": "array"},
            "Invalid schema for response_format 'thechoice': schema must be a JSON Schema of "
            "'type: \"object\"', got 'type: \"array\"'.",
        ),
    ],
)
def test_strict_rules(strictgate, schema, message):
    """OpenAI's rules hold for strict: true, before anything is sent, and can be turned off."""
    inner = {"name": "thechoice", "strict": True, "schema": schema}
    wanted = {"response_format": {"type": "json_schema", "json_schema": inner}}
    refused = strictgate.chat("clean", None, **wanted)

    assert (refused.status, refused.error["message"]) == (400, message)
    assert refused.error["param"] == "response_format"
    off = {"strictgate": {"strict_rules": "off"}}
    assert strictgate.chat("clean", None, **wanted, **off).status == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'\xff\xfe{"a":1}', 400),
        (b'{"response_format":{"type":"json_object"},"a":NaN}', 400),
        (b'{"response_format":{"type":"json_object"},"response_format":null}', 400),
        (b'{"response_format":{"type":"json_object"},"response_format":{"type":"text"}}', 400),
        (b'{"response_format":{"type":"json_object"},"a":"\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b'{"response_format":{"type":"json_object"},"a":' + b"[" * 200 + b"]" * 200 + b"}", 400),
        (b'{"response_format":{"type":"json_object"},"a":' + b"9" * 5000 + b"}", 400),
        (b"x" * (10 << 20) + b"y", 413),
        (b'{"a":[' + b"[]," * 60_000 + b"1]}", 413),
        (b'{"model":"x","messages":"' + b"[],[]," * 60_000 + b'"}', 400),
    ],
)
def test_rubbish(strictgate, data, status):
    """Rubbish is refused at once, with its reason, in OpenAI's shape."""
    answer = strictgate.post(data)

    assert answer.status == status
    assert answer.error["message"]


def test_unknown_fields_of_the_upstream_are_kept(strictgate):
    """What OpenAI does not know stays in the answer."""
    told = strictgate.chat("reasoning").json

    assert told["system_fingerprint"]
    assert told["choices"][0]["message"]["reasoning_content"]


def test_prefix_of_groqs_sdk(strictgate):
    """Every route is under /openai/v1 as well."""
    body = {"model": "demo/clean", "messages": [{"role": "user", "content": "json"}]}
    body |= {"response_format": {"type": "json_object"}}

    assert strictgate.post(body, "/openai/v1/chat/completions").status == 200


def test_text_of_a_stream_that_groq_gave_up(strictgate):
    """What had come before the upstream's own error is not lost."""
    answer = strictgate.chat("stream-error", mood("angry", "anxious"), stream=True)

    assert answer.error["code"] == "json_validate_failed"
    assert answer.error["failed_generation"].startswith('{"cho')


def test_a_stream_that_groq_gave_up_where_one_way_is_left(strictgate):
    """What had come is as good as from a model that stopped there."""
    answer = strictgate.chat("stream-error", stream=True)

    assert streamed(answer)["choices"][0]["message"]["content"] == '{"choice":"angry"}'


def test_errors_inside_a_stream_have_the_shape(strictgate):
    """OpenRouter's error beside the choices gets the members that it lacks."""
    error = strictgate.chat("stream-error-inline", stream=True).error

    assert {"message", "type", "param", "code"} <= set(error)
    assert error["type"]
