"""Tools on /v1/chat/completions, end to end: real sockets, the demonstration upstream."""

import json

import pytest

from strictgate.core.surfaces.chat.surface import ChatSurface
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import Splitter
from strictgate.gateway.request_planning import RequestPlanner
from strictgate.settings.loading import Settings
from strictgate.upstream.learned_capabilities import LearnedCapabilities
from strictgate.upstream.routing import Router
from tests.gates import MOOD, gate

MOOD_TOOL = {"type": "function", "function": {"name": "mood", "parameters": MOOD, "strict": True}}
REQUIRED = {"tools": [MOOD_TOOL], "tool_choice": "required"}


def completion(answer, stream):
    assert answer.status == 200, answer.raw
    if not stream:
        return answer.json
    collector = Collector()
    for event in Splitter().feed(answer.raw):
        collector.feed(event)
    assert collector.is_complete
    return collector.completion()


def call(answer, *, stream=False):
    choice = completion(answer, stream)["choices"][0]
    made, *_ = choice["message"]["tool_calls"]
    assert made["id"]
    return made["function"]["name"], json.loads(made["function"]["arguments"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["clean", "wrong-once", "fenced"])
def test_good(strictgate, model, stream):
    """A call whose arguments are valid, whatever it took."""
    answer = strictgate.chat(model, schema=None, stream=stream, **REQUIRED)

    assert call(answer, stream=stream) == ("mood", {"choice": "angry"})


@pytest.mark.parametrize("stream", [False, True])
def test_wrong_for_ever(strictgate, stream):
    """Otherwise Groq's error, with its status: no call has gone out."""
    answer = strictgate.chat("wrong-enum", schema=None, stream=stream, **REQUIRED)

    assert (answer.status, answer.error["code"]) == (400, "tool_use_failed")
    assert json.loads(answer.error["failed_generation"])["name"] == "mood"
    assert answer.headers["x-strictgate-attempts"] == "3"


def test_not_strict(strictgate):
    """What is not strict passes through."""
    tool = {"type": "function", "function": {"name": "mood", "parameters": MOOD}}
    answer = strictgate.chat("wrong-enum", schema=None, tools=[tool], tool_choice="required")

    assert answer.status == 200
    assert "x-strictgate-mode" not in answer.headers


def test_all_tools(strictgate):
    """One request may ask for all functions to be kept."""
    tool = {"type": "function", "function": {"name": "mood", "parameters": MOOD}}
    answer = strictgate.chat(
        "wrong-enum",
        schema=None,
        tools=[tool],
        tool_choice="required",
        strictgate={"tools": "all"},
    )

    assert answer.error["code"] == "tool_use_failed"


def test_strict_rules(strictgate):
    """The rules of strict hold for functions, in OpenAI's words."""
    tool = {
        "type": "function",
        "function": {"name": "mood", "parameters": {"type": "object"}, "strict": True},
    }
    answer = strictgate.chat("clean", schema=None, tools=[tool])

    assert answer.status == 400
    assert answer.error["message"] == (
        "Invalid schema for function 'mood': In context=(), 'additionalProperties' is required to "
        "be supplied and to be false."
    )
    assert answer.error["param"] == "tools[0].function.parameters"
    assert answer.error["code"] == "invalid_function_parameters"


@pytest.mark.parametrize("stream", [False, True])
def test_text(strictgate, stream):
    """Text is text, streamed or not."""
    answer = strictgate.chat("clean", schema=None, stream=stream, tools=[MOOD_TOOL])

    message = completion(answer, stream)["choices"][0]["message"]
    assert message["content"].startswith("Hello!")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("knobs", [{"modes": ["prompt"]}], ids=str)
def test_emulated(strictgate, knobs, stream):
    """A model without tools calls them all the same."""
    answer = strictgate.chat("clean", schema=None, stream=stream, strictgate=knobs, **REQUIRED)

    assert call(answer, stream=stream) == ("mood", {"choice": "angry"})


def test_configured_without_tools(demo):
    """Where the configuration says so, tools that are not strict are emulated, too."""
    tool = {"type": "function", "function": {"name": "mood", "parameters": MOOD}}
    with gate(demo, upstreams={"demo": {"tools": False}}) as running:
        answer = running.chat("clean", schema=None, tools=[tool], tool_choice="required")

    assert call(answer)[0] == "mood"


def test_emulated_failure(strictgate):
    """A failure of such a model is one to call."""
    answer = strictgate.chat(
        "wrong-enum", schema=None, strictgate={"modes": ["prompt"]}, **REQUIRED
    )

    assert (answer.status, answer.error["code"]) == (400, "tool_use_failed")


def test_guided_json(strictgate):
    """vLLM's spelling is a contract; the field is not sent on."""
    answer = strictgate.chat("wrong-once", schema=None, guided_json=MOOD)

    assert json.loads(answer.content) == {"choice": "angry"}


def test_malformed_tools(strictgate):
    """What is malformed beside a strict function is named."""
    answer = strictgate.chat("clean", schema=None, tools=[MOOD_TOOL, {"type": "function"}])

    assert (answer.status, answer.error["param"]) == (400, "tools[1].function")


@pytest.mark.parametrize("model", ["text-only", "no-tools"])
def test_tools_refused(demo, model):
    """Where an upstream refuses tools, they are emulated within the same request, and from then on
    at once."""
    with gate(demo) as running:
        first, second = (running.chat(model, schema=None, **REQUIRED) for _ in range(2))

    assert call(first) == call(second) == ("mood", {"choice": "angry"})


def test_tools_and_format_refused(demo):
    """So they are beside a format: here the answer is a document or calls."""
    with gate(demo) as running:
        answer = running.chat("text-only", tools=[MOOD_TOOL])

    message = answer.json["choices"][0]["message"]
    assert message.get("tool_calls") or json.loads(message["content"]) == {"choice": "angry"}


@pytest.mark.parametrize("stream", [False, True])
def test_turns(strictgate, stream):
    """A conversation with tools: a call that was bad at first, its result, the answer."""
    messages = [{"role": "user", "content": "hi"}]
    asked = {"schema": None, "stream": stream, "tools": [MOOD_TOOL]}
    first = strictgate.chat("calls+wrong-once", messages=messages, **asked)

    assert call(first, stream=stream) == ("mood", {"choice": "angry"})
    assert first.headers["x-strictgate-attempts"] == "2"
    said = completion(first, stream)["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "done"}
    second = strictgate.chat("calls", messages=[*messages, said, result], **asked)
    assert completion(second, stream)["choices"][0]["message"]["content"].startswith("Hello!")


@pytest.mark.parametrize("stream", [False, True])
def test_turns_with_a_document(strictgate, stream):
    """Beside a format: calls in one turn, the document in the next."""
    messages = [{"role": "user", "content": "hi"}]
    asked = {"stream": stream, "tools": [MOOD_TOOL]}
    first = strictgate.chat("calls+no-json-with-tools", messages=messages, **asked)

    assert call(first, stream=stream) == ("mood", {"choice": "angry"})
    said = completion(first, stream)["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "done"}
    second = strictgate.chat(
        "calls+no-json-with-tools+wrong-once", messages=[*messages, said, result], **asked
    )
    content = completion(second, stream)["choices"][0]["message"]["content"]
    assert json.loads(content) == {"choice": "angry"}


LOOSE = {"type": "function", "function": {"name": "mood", "parameters": MOOD}}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["text-only", "no-tools"])
def test_tools_refused_of_a_request_that_is_passed_on(demo, model, stream):
    """Tools that are not strict are emulated, too, where the upstream refuses them: nothing of its
    refusal is passed on. From then on they are at once."""
    with gate(demo) as running:
        asked = {"schema": None, "tools": [LOOSE], "tool_choice": "required", "stream": stream}
        first, second = (running.chat(model, **asked) for _ in range(2))

    for answer in (first, second):
        assert call(answer, stream=stream)[0] == "mood"
        assert "x-strictgate-mode" in answer.headers


def test_other_errors_are_passed_on(demo):
    """An error that does not refuse the tools comes as the upstream puts it."""
    with gate(demo) as running:
        answer = running.chat("no-such-model", schema=None, tools=[LOOSE])

    assert answer.status == 404
    assert "x-strictgate-mode" not in answer.headers


def test_what_cannot_be_emulated_either(demo):
    """A request that is malformed besides gets the upstream's refusal."""
    with gate(demo) as running:
        answer = running.chat("no-tools", schema=None, tools=[LOOSE, {"type": "function"}])

    assert answer.status == 400
    assert "tool" in answer.error["message"]


def read_messages(tools, **limits):
    """What the model of an upstream without tools is told, and the schema that it answers by."""
    settings = Settings(upstreams={"up": {"base_url": "http://x", "tools": False}}, **limits)
    planner = RequestPlanner(settings, Router(settings, {}), LearnedCapabilities(1.0))
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": tools}
    made = planner.plan(ChatSurface().read_request(request)).conversation.planner
    return made.body["messages"][0]["content"], json.dumps(made.schema.source)


def test_what_emulated_functions_take():
    """It is in the schema, of functions that are not strict, too; what cannot be is told."""
    odd = {"type": "function", "function": {"name": "odd", "parameters": {"type": "strange"}}}
    told, schema = read_messages([LOOSE, odd])

    assert ("angry" in told, "angry" in schema) == (False, True)
    assert ("strange" in told, "strange" in schema) == (True, False)


def test_emulated_functions_that_are_too_much():
    """Where the schemas together are over a limit, what is not strict is told instead."""
    many = [
        {"type": "function", "function": {"name": f"f{at}", "parameters": MOOD}} for at in range(9)
    ]
    told, schema = read_messages(many, limits={"schema_nodes": 160})

    assert (told.count("angry"), schema.count("angry")) == (9, 0)


def planned(knobs, preset="llamacpp", **upstream):
    """The planner of a request with these knobs, to an upstream with this preset."""
    table = {"preset": preset, "base_url": "http://x"} | upstream
    settings = Settings(upstreams={"up": table})
    made = RequestPlanner(settings, Router(settings, {}), LearnedCapabilities(1.0))
    inner = {"name": "mood", "schema": MOOD}
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": inner},
        "strictgate": knobs,
    }
    return made.plan(ChatSurface().read_request(request)).conversation.planner


@pytest.mark.parametrize(
    ("knobs", "upstream", "first"),
    [
        ({}, {}, "prompt"),
        ({"prefer": "right"}, {}, "prompt"),
        ({"prefer": "native"}, {}, "native"),
        ({"prefer": "cheap"}, {}, "native"),
        ({"max_continuations": 0}, {}, "native"),
        ({"modes": ["native", "prompt"]}, {}, "native"),
        ({"modes": ["json_object", "native"], "prefer": "right"}, {}, "json_object"),
        ({}, {"prefill": "none"}, "native"),
        ({}, {"prompt_first": False}, "native"),
        ({}, {"modes": ["native", "prompt"]}, "native"),
        ({}, {"preset": "openai"}, "native"),
        ({"prefer": "right"}, {"preset": "vllm"}, "native"),
        ({}, {"preset": "vllm", "prompt_first": True}, "prompt"),
    ],
)
def test_what_is_preferred_comes_first(knobs, upstream, first):
    """By what was measured of the host, unless the request or the configuration pins it."""
    assert planned(knobs, **upstream).ladder()[0].value == first


@pytest.mark.parametrize(("prefer", "told"), [("native", True), ("cheap", False)])
def test_cheap_leaves_the_schema_to_the_grammar(prefer, told):
    """It is in the format, and in no message besides."""
    made = planned({"prefer": prefer})
    body = made.plan(made.ladder()[0]).body

    assert body["response_format"]["json_schema"]["schema"]
    assert ("angry" in json.dumps(body["messages"])) is told


def test_cheap_tells_a_host_whose_grammar_is_not_sure():
    """What ignores the format must be told."""
    made = planned({"prefer": "cheap"}, "openrouter")

    assert "angry" in json.dumps(made.plan(made.ladder()[0]).body["messages"])
