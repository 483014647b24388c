"""Models that are asked in place of one that fails."""

import json

import pytest
from jsonschema import validate

from strictgate.observe.events import Enforced, FellBack
from tests.gates import MOOD, gate
from tests.servers import serving
from tests.streams import REPORT, about, frames, read, records
from tests.upstream.asking import COMPLETION, answering


def model(behaviour, *fallbacks, upstream="demo", **more):
    """A table of [models] for this behaviour of the demonstration."""
    return {"upstream": upstream, "model": f"demo/{behaviour}", "fallbacks": fallbacks, **more}


def models(**tables):
    return {f"demo/{name}": table for name, table in tables.items()}


FAILURES = {
    "wrong-enum": "json_validate_failed",
    "ignores-schema": "json_validate_failed",
    "401": "invalid_api_key",
    "429": "rate_limit_exceeded",
    "drops-early": "upstream_unreachable",
    "html": "upstream_bad_response",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_next_is_asked(demo, failure):
    """Attempts spent, refused, over its limits, down: the next is asked, and that is told."""
    known = models(x=model(failure, "demo/y"), y=model("clean"))
    with gate(demo, models=known, upstreams={"demo": {"retries": 0}}) as running:
        answer = running.chat("x")
        told = answer.json["x_strictgate"]
        fell = [event for event in running.events if isinstance(event, FellBack)]
        done = [event for event in running.events if isinstance(event, Enforced)]

    validate(json.loads(answer.content), MOOD)
    assert told["model"] == "demo/y"
    [failed] = told["failed_models"]
    assert failed == {"model": "demo/x", "reason": FAILURES[failure]}
    assert told["attempts"][-1]["model"] == "demo/y"
    assert told["attempts"][-1]["outcome"] == "valid"
    assert answer.headers["x-strictgate-model"] == "demo/y"
    assert [(event.fallback, event.reason) for event in fell] == [("demo/y", failed["reason"])]
    assert [event.outcome for event in done][-1] == "valid"
    usage = [each["usage"]["total_tokens"] for each in told["attempts"]]
    assert answer.json["usage"]["total_tokens"] == sum(usage)
    assert sum(event.tokens for event in done) == sum(usage)


def test_one_that_is_not_needed(demo):
    """Where the first gives a document, nothing is said of others."""
    known = models(x=model("clean", "demo/y"), y=model("clean"))
    with gate(demo, models=known) as running:
        answer = running.chat("x")
    assert "failed_models" not in answer.json["x_strictgate"]
    assert "model" not in answer.json["x_strictgate"]["attempts"][0]
    assert "x-strictgate-model" not in answer.headers


def test_fallbacks_of_fallbacks(demo):
    """One after the other; where none gives a document, the last verdict is the error, and all that
    was tried is told of."""
    known = models(
        x=model("401", "demo/y"), y=model("wrong-enum", "demo/z"), z=model("drops-early")
    )
    with gate(demo, models=known, upstreams={"demo": {"retries": 0}}) as running:
        answer = running.chat("x")
    told = answer.json["x_strictgate"]
    assert answer.status == 400
    assert answer.error["code"] == "json_validate_failed"
    assert [each["model"] for each in told["failed_models"]] == ["demo/x", "demo/y"]
    assert {each["model"] for each in told["attempts"]} == {"demo/y"}
    assert told["usage"]["total_tokens"] > 0


def test_nothing_was_judged(demo):
    """Then the error is that of the model that was asked for."""
    known = models(x=model("429", "demo/y"), y=model("401"))
    with gate(demo, models=known, upstreams={"demo": {"retries": 0}}) as running:
        answer = running.chat("x")
    assert answer.status == 429
    assert answer.headers["retry-after"]
    assert [each["model"] for each in answer.json["x_strictgate"]["failed_models"]] == ["demo/x"]


@pytest.mark.parametrize("failure", ["truncates", "clean"])
def test_no_other_model_helps(demo, failure):
    """What the caller's own limit has cut off, or a request that is wrong, stays an error."""
    known = models(x=model(failure, "demo/y"), y=model("clean"))
    changes = {"n": 99} if failure == "clean" else {"max_tokens": 3}
    with gate(demo, models=known) as running:
        answer = running.chat("x", **changes)
    assert answer.status == 400
    assert "failed_models" not in answer.json.get("x_strictgate", {})


def test_it_goes_on_from_what_is_good(pair):
    """A fallback that goes on from a prefix writes the rest of what the first one has begun."""
    demo, _ = pair
    able = model("continues", prefill="trailing")
    with gate(demo, models=models(x=model("wrong-enum", "demo/y"), y=able)) as running:
        answer = running.chat("x", REPORT)
    asked = [each["body"] for each in records(demo)]
    [rest] = [body for body in asked if body["model"] == "demo/continues"]
    *_, last = answer.json["x_strictgate"]["attempts"]

    validate(json.loads(answer.content), REPORT)
    assert rest["messages"][-1]["role"] == "assistant"
    assert answer.content.startswith(rest["messages"][-1]["content"])
    assert (last["model"], last["purpose"]) == ("demo/y", "continuation")


def test_a_stream(demo):
    """A stream falls back as long as nothing has gone out; one that has begun stays."""
    known = models(x=model("wrong-enum", "demo/y"), y=model("clean"))
    with gate(demo, models=known) as running:
        [text], told = read(running.chat("x", stream=True))
    validate(json.loads(text), MOOD)
    assert told["model"] == "demo/y"


def test_a_stream_that_has_begun(demo):
    """What has gone out is of one model: its error ends the stream."""
    known = models(x=model("continues+drops", "demo/y", prefill="trailing"), y=model("clean"))
    limits = {"max_attempts": 1, "max_continuations": 1}
    with gate(demo, models=known) as running:
        answer = running.chat("x", REPORT, stream=True, strictgate=limits, **about(3))
    chunks = frames(answer)
    begun = any(chunk.get("choices") for chunk in chunks)
    assert begun
    assert "error" in chunks[-1]


def test_the_client_s_key_stays_with_its_upstream(demo):
    """A fallback elsewhere gets its own key or none: what the client sends is for the first."""
    seen = []
    reply = answering(json.dumps(COMPLETION).encode())

    async def elsewhere(scope, receive, send):
        seen.extend(value for _, value in scope.get("headers", ()))
        await reply(scope, receive, send)

    inner = {"name": "m", "schema": MOOD}
    body = {
        "model": "demo/x",
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": inner},
    }
    known = models(x=model("401", "demo/y"), y=model("clean", upstream="other"))
    with serving(elsewhere) as other:
        there = {"other": {"base_url": f"{other}/v1", "preset": "generic"}}
        with gate(demo, models=known, upstreams=there) as running:
            answer = running.post(body, authorization="Bearer secret", x_api_key="secret")
    assert answer.status == 200
    assert seen
    assert not any(b"secret" in value for value in seen)


def test_one_deadline(demo):
    """The fallbacks have what time the first has left: an upstream that hangs takes it all."""
    known = models(x=model("stalls", "demo/y"), y=model("clean"))
    with gate(demo, models=known, upstreams={"demo": {"timeout": 0.5}}) as running:
        answer = running.chat("x")
    assert answer.status == 504

    slow = {"timeout": 20, "first_byte_timeout": 0.3}
    with gate(demo, models=known, upstreams={"demo": slow}) as running:
        assert running.chat("x").json["x_strictgate"]["model"] == "demo/y"


def test_another_is_asked_instead_of_waiting(demo):
    """An upstream that wants to be waited for is not, where another can be asked."""
    known = models(x=model("429", "demo/y"), y=model("clean"))
    with gate(demo, models=known) as running:
        answer = running.chat("x")
    assert answer.json["x_strictgate"]["model"] == "demo/y"


def test_the_responses_api(strictgate, demo):
    """It falls back as well; the response is one."""
    known = models(x=model("wrong-enum", "demo/y"), y=model("clean"))
    body = {
        "model": "demo/x",
        "input": "hi",
        "text": {"format": {"type": "json_schema", "name": "m", "schema": MOOD}},
    }
    with gate(demo, models=known) as running:
        told = running.post(body, "/v1/responses").json
        again = running.get(f"/v1/responses/{told['id']}").json
    validate(json.loads(told["output"][-1]["content"][0]["text"]), MOOD)
    assert told["x_strictgate"]["model"] == "demo/y"
    assert again["id"] == told["id"]


def writer(message):
    """An upstream whose model answers with this, whatever it is asked, and what it was asked."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    reply = answering(json.dumps({"choices": [choice], "usage": {"total_tokens": 5}}).encode())
    seen = []

    async def app(scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "POST":
            seen.append(json.loads((await receive())["body"]))
        await reply(scope, receive, send)

    return app, seen


def written_down(demo, document, behaviour="prose+missing-field", schema=MOOD, **changes):
    """What comes of it where the first model fails, and another one is to write down what it said;
    and what that was asked."""
    return written_by(demo, {"content": json.dumps(document)}, behaviour, schema, **changes)


def written_by(demo, message, behaviour="ignores-schema", schema=MOOD, **changes):
    app, seen = writer(message)
    with serving(app) as url:
        there = {"other": {"base_url": f"{url}/v1", "preset": "generic", "retries": 0}}
        known = models(x=model(behaviour, repair_model="demo/z"), z=model("z", upstream="other"))
        with gate(demo, models=known, upstreams=there) as running:
            return running.chat("x", schema, **changes), seen


LOOSE = {
    "type": "object",
    "properties": {"words": {"type": "string"}, "mood": {"enum": ["calm", "angry"]}},
    "required": ["words", "mood"],
}


def test_written_down(demo):
    """The last rung: another model writes down what was said, is told only that, and it is told."""
    document = {"words": "glad to help", "mood": "calm"}
    answer, seen = written_down(demo, document, "ignores-schema", LOOSE)
    told = answer.json["x_strictgate"]

    assert "glad to help" in json.dumps(seen[0]["messages"]).lower()
    assert "hi" not in [each["content"] for each in seen[0]["messages"]]
    assert json.loads(answer.content) == document
    assert told["model"] == "demo/z"
    assert told["written_down"] is True
    assert told["repairs"][0] == {"choice": 0, "step": "written_down", "path": ""}
    assert answer.headers["x-strictgate-repairs"] == "written_down"


def test_nothing_may_be_added(demo):
    """What the text does not say is not accepted: the error is the first model's own."""
    answer, seen = written_down(
        demo, {"words": "invented", "mood": "calm"}, "ignores-schema", LOOSE
    )
    assert answer.status == 400
    assert "invented" not in answer.error["failed_generation"]
    assert len(seen) == 3
    assert "it does not say: /words" in seen[1]["messages"][-1]["content"]
    failed = answer.json["x_strictgate"]["failed_models"]
    assert [each["model"] for each in failed] == ["demo/x"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("content", [None, '{"words":"glad to help","mood":"calm"}'])
def test_a_writer_has_nothing_to_refuse(demo, content, stream):
    """Its refusal is nobody's answer, whatever stands beside it."""
    message = {"content": content, "refusal": "I am sorry."}
    answer, seen = written_by(demo, message, schema=LOOSE, stream=stream)
    assert answer.status == 400
    assert answer.error["code"] == "json_validate_failed"
    assert b"sorry" not in answer.raw.partition(b"x_strictgate")[0]
    assert len(seen) == 3


def test_a_writer_says_nothing_else(demo):
    """What stands beside the document is the writer's own, and is left out."""
    document = '{"words":"glad to help","mood":"calm"}'
    message = {"content": document, "reasoning_content": "invented", "annotations": ["invented"]}
    answer, _ = written_by(demo, message, schema=LOOSE)
    assert answer.content == document
    assert b"invented" not in answer.raw


@pytest.mark.parametrize("failure", ["429", "truncates"])
def test_nothing_to_write_down(demo, failure):
    """Where nothing was said, or not all of it, nobody is asked."""
    answer, seen = written_down(demo, {"choice": "calm"}, failure, max_tokens=4)
    assert answer.status in (400, 429)
    assert seen == []


def test_a_stream_that_is_written_down(demo):
    """It goes out once it is known that nothing was added."""
    document = {"words": "glad to help", "mood": "calm"}
    answer, _ = written_down(demo, document, "ignores-schema", LOOSE, stream=True)
    [text], told = read(answer)
    assert json.loads(text) == document
    assert told["written_down"] is True


def test_an_upstream_with_the_responses_api(demo):
    """What one refuses in its own API is asked of the other in the one that that has."""
    body = {
        "model": "demo/x",
        "input": "hi",
        "text": {"format": {"type": "json_schema", "name": "m", "schema": MOOD}},
    }
    refusal = b'{"error": {"message": "no", "type": "x", "code": "invalid_api_key"}}'
    with serving(answering(refusal, status=401)) as url:
        native = {"other": {"base_url": f"{url}/v1", "preset": "generic", "responses": True}}
        known = models(x=model("x", "demo/y", upstream="other"), y=model("clean"))
        with gate(demo, models=known, upstreams=native) as running:
            told = running.post(body, "/v1/responses").json
    validate(json.loads(told["output"][-1]["content"][0]["text"]), MOOD)
    assert told["x_strictgate"]["failed_models"] == [
        {"model": "demo/x", "reason": "invalid_api_key"}
    ]


def test_tools(demo):
    """Calls fall back as documents do; tools that an upstream refuses are told in the prompt."""
    function = {"name": "f", "parameters": MOOD, "strict": True}
    tools = [{"type": "function", "function": function}]
    known = models(x=model("401", "demo/y"), y=model("no-tools"))
    with gate(demo, models=known) as running:
        answer = running.chat("x", None, tools=tools, tool_choice="required")
    calls = answer.json["choices"][0]["message"]["tool_calls"]
    for call in calls:
        validate(json.loads(call["function"]["arguments"]), MOOD)
    assert calls
    assert answer.json["x_strictgate"]["model"] == "demo/y"
    assert answer.json["x_strictgate"]["failed_models"][0]["model"] == "demo/x"


def test_an_upstream_that_is_not_asked(demo):
    """While its breaker is open, the other is asked at once."""
    known = models(x=model("drops-early", "demo/y"), y=model("clean", upstream="other"))
    upstreams = {
        "demo": {"breaker_failures": 1, "retries": 0},
        "other": {"base_url": f"{demo}/v1", "preset": "generic"},
    }
    with gate(demo, models=known, upstreams=upstreams) as running:
        reasons = [
            running.chat("x").json["x_strictgate"]["failed_models"][0]["reason"] for _ in range(2)
        ]
    assert reasons == ["upstream_unreachable", "upstream_unavailable"]
