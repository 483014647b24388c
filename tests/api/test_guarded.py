"""Guarded streams on the wire: what is good goes out while the upstream still writes."""

import json
import socket
import urllib.request
from contextlib import closing

import pytest
from jsonschema import validate

from strictgate.core.surfaces.openai import COMMENT
from strictgate.core.wire.sse import DONE
from strictgate.demo.upstream import create_demo
from strictgate.observe.events import Enforced
from tests.gates import MOOD, ONE_WAY, gate, guarding_gate
from tests.servers import serving

REPORT = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 300},
        "mood": {"enum": ["angry", "calm"]},
        "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "minItems": 3},
        "score": {"type": "number"},
        "sure": {"type": "boolean"},
    },
    "required": ["text", "mood", "tags", "score", "sure"],
    "additionalProperties": False,
}
REPORTS = {"type": "array", "items": REPORT, "minItems": 2, "maxItems": 3}
PAGES = {"type": "array", "items": {"type": "string", "minLength": 1_000}, "minItems": 20}
LONG = MOOD | {
    "properties": {"pages": PAGES} | MOOD["properties"],
    "required": ["pages", "choice"],
}
"""More text than one read from a socket brings, and then a choice."""
STRING = {"type": "string"}
TEXT = {"type": "string", "minLength": 12_000}
BARE = {"strictgate": {"modes": ["prompt"]}}
"""Then a string is asked for as it is; `endless` never ends it."""
GO_ON = [
    "continues+slips-20",
    "echoes+slips-20",
    "continues+spaced+slips-20",
    "continues+fenced+slips-20",
    "continues+thinks+slips-20",
    "continues+reasoning+slips-20",
    "text-only+continues+slips-20",
    "no-json-schema+echoes+slips-20",
    "blank-loop+continues",
    "string-loop+continues",
    "array-loop+continues",
]
STYLES = {
    "partial": ("continues-partial", {"partial": True}, {}),
    "prefix": ("continues-prefix", {"prefix": True}, {}),
    "continue_final_message": (
        "continues-field",
        {},
        {"continue_final_message": True, "add_generation_prompt": False},
    ),
}
POLLS = 2000


@pytest.fixture
def pair():
    """A fresh demonstration, so that its records are this test's, and a gateway."""
    with serving(create_demo()) as demo, guarding_gate(demo) as running:
        yield demo, running


def about(number):
    """A request about another document for each number."""
    return {"messages": [{"role": "user", "content": f"Write about number {number}."}]}


def frames(answer):
    """The events of a stream, as JSON."""
    assert answer.status == 200, answer.raw
    events = answer.raw.replace(COMMENT, b"").removesuffix(DONE).split(b"\n\n")
    assert answer.raw.endswith(DONE)
    return [json.loads(event.removeprefix(b"data: ")) for event in events if event]


def read(answer):
    """The contents of the choices and the last chunk's details; the order of the parts is right."""
    chunks = [chunk for chunk in frames(answer) if chunk["choices"]]
    texts, roles, finished = {}, [], []
    for chunk in chunks:
        [choice] = chunk["choices"]
        index, delta = choice["index"], choice["delta"]
        assert index not in finished, "nothing follows the reason for the end"
        roles += [index] if "role" in delta else []
        assert index in roles, "the role comes first"
        texts[index] = texts.get(index, "") + (delta.get("content") or "")
        finished += [index] if choice["finish_reason"] == "stop" else []
    assert sorted(roles) == sorted(finished) == sorted(texts)
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert ["x_strictgate" in chunk for chunk in chunks].index(True) == len(chunks) - 1
    return [texts[index] for index in sorted(texts)], chunks[-1]["x_strictgate"]


def records(demo):
    with urllib.request.urlopen(f"{demo}/_requests") as answer:
        return json.load(answer)


def until(demo, wanted):
    """Poll the upstream's records until they are as wanted."""
    for _ in range(POLLS):
        found = records(demo)
        if wanted(found):
            return found
    raise AssertionError(found)


# --- what comes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [REPORT, REPORTS], ids=["object", "array"])
@pytest.mark.parametrize("model", GO_ON)
def test_deltas_are_the_document(demo, model, schema):
    """Whatever the model gets wrong, the deltas make up a valid document, which is one try."""
    with guarding_gate(demo) as running:
        for number in range(4):
            answer = running.chat(model, schema, stream=True, **about(number))
            [text], details = read(answer)
            validate(json.loads(text), schema)
            tries = [each for each in details["attempts"] if "purpose" not in each]
            assert len(tries) == 1, details


@pytest.mark.parametrize("schema", [REPORT, REPORTS], ids=["object", "array"])
def test_the_same_in_any_pieces(demo, schema):
    """The document is the same whether it comes at once, in lines or byte by byte, or waits."""
    for number in range(3):
        found = set()
        for way in ("continues", "continues+crlf", "continues+split", "continues+trickles"):
            with guarding_gate(demo) as running:
                answer = running.chat(f"{way}+slips-20", schema, stream=True, **about(number))
            found.add(read(answer)[0][0])
        assert len(found) == 1


@pytest.mark.parametrize("model", ["continues", "continues+wrong-case-enum", "continues+sticky-10"])
def test_several_choices(demo, model):
    """Each choice is a document of its own, whether it had to be gone on with or not."""
    with guarding_gate(demo) as running:
        texts, _ = read(running.chat(model, REPORT, stream=True, n=3))

    assert len(texts) == 3
    for text in texts:
        validate(json.loads(text), REPORT)


@pytest.mark.parametrize("style", STYLES)
def test_styles_of_models(pair, style):
    """A model's own style is used for it, and never together with a JSON mode."""
    demo, _ = pair
    name, in_message, fields = STYLES[style]
    model = {"upstream": "demo", "model": f"demo/{name}+slips-20", "prefill": style}
    with gate(demo, models={"demo/mine": model}) as running:
        for number in range(3):
            [text], _ = read(running.chat("mine", REPORT, stream=True, **about(number)))
            validate(json.loads(text), REPORT)
    bodies = [record["body"] for record in records(demo)]
    resumed = [body for body in bodies if body["messages"][-1]["role"] == "assistant"]

    assert resumed
    assert all(in_message.items() <= body["messages"][-1].items() for body in resumed)
    assert all(fields.items() <= body.items() for body in resumed)
    assert not any("response_format" in body for body in resumed)


@pytest.mark.parametrize("model", ["ignores-prefill", "refuses-prefill", "refuses-prefill-always"])
def test_models_that_do_not_go_on(pair, model):
    """It is noticed and remembered: in the end no prefix is sent, and the answers stay right."""
    demo, running = pair
    for _ in range(4):
        [text], _ = read(running.chat(f"{model}+wrong-twice", REPORT, stream=True))
        validate(json.loads(text), REPORT)
    before = len(records(demo))
    read(running.chat(f"{model}+wrong-twice", REPORT, stream=True))
    roles = [each["body"]["messages"][-1]["role"] for each in records(demo)[before:]]

    assert roles == ["user"] * len(roles)


def test_usage(demo):
    """Asked for, it comes in a last chunk of its own, over all that was asked."""
    wanted = {"stream": True, "stream_options": {"include_usage": True}}
    with guarding_gate(demo) as running:
        *others, last = frames(running.chat("continues+slips-20", REPORT, **wanted, **about(1)))
    attempts = others[-1]["x_strictgate"]["attempts"]

    assert last["choices"] == []
    assert len(attempts) > 1
    totals = [attempt["usage"]["total_tokens"] for attempt in attempts]
    assert last["usage"]["total_tokens"] == sum(totals)
    assert all(chunk["usage"] is None for chunk in others)


@pytest.mark.parametrize(
    ("model", "is_whole"), [("continues", True), ("continues+wrong-case-enum", False)]
)
@pytest.mark.parametrize("count", [1, 2])
def test_logprobs(demo, model, is_whole, count):
    """They stand beside the very text that they are for; of mended text there are none."""
    with guarding_gate(demo) as running:
        answer = running.chat(model, REPORT, stream=True, logprobs=True, n=count)
    [text, *_], _ = read(answer)
    choices = [chunk["choices"][0] for chunk in frames(answer) if chunk["choices"]]
    scored = [each for each in choices if each["logprobs"] and each["index"] == 0]
    for each in scored:
        tokens = [entry["token"] for entry in each["logprobs"]["content"]]
        assert "".join(tokens) == each["delta"]["content"]
    assert text.startswith("".join(each["delta"]["content"] for each in scored))
    assert ("".join(each["delta"]["content"] for each in scored) == text) is is_whole


def test_thinking_goes_out_too(demo):
    """What a model thinks in a field of its own is not held back till the document is whole."""
    with guarding_gate(demo) as running:
        answer = running.chat("continues+reasoning+slips-20", REPORT, stream=True, **about(2))
    deltas = [chunk["choices"][0]["delta"] for chunk in frames(answer) if chunk["choices"]]
    thoughts = "".join(delta.get("reasoning_content") or "" for delta in deltas)

    assert thoughts.startswith("The us")
    assert "The user wants a document for the schema." in thoughts
    validate(json.loads("".join(delta.get("content") or "" for delta in deltas)), REPORT)


@pytest.mark.parametrize("model", ["continues+no-done", "continues+no-end"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_end_that_was_not_said(demo, model, stream):
    """A document that is whole and out is an answer, however the upstream ends its stream."""
    with guarding_gate(demo) as running:
        answer = running.chat(model, REPORT, stream=stream)

    text = read(answer)[0][0] if stream and answer.status == 200 else answer.content
    validate(json.loads(text), REPORT)


def test_long_texts_again(demo):
    """A schema whose grammar meets a limit of its engine is answered every time."""
    schema = REPORT | {"properties": REPORT["properties"] | {"text": TEXT}}
    with guarding_gate(demo) as running:
        statuses = [running.chat("continues", schema).status for _ in range(3)]

    assert statuses == [200] * 3


def test_one_way_to_go_on(pair):
    """What the schema leaves no choice about is not asked for, in a guarded stream either."""
    demo, running = pair
    answer = running.chat("continues+wrong-enum", ONE_WAY, stream=True, max_tokens=15)
    [text], details = read(answer)

    assert text == '{"choice":"angry"}'
    assert [step["step"] for step in details["repairs"]] == ["forced"]
    assert len(records(demo)) == 1


# --- when it comes -------------------------------------------------------------------------------


class Reader:
    """A client that reads as much as it is told to."""

    def __init__(self, running, model, schema, **changes):
        inner = {"name": "x", "schema": schema}
        body = {"model": f"demo/{model}", "stream": True} | about(0) | changes
        body["response_format"] = {"type": "json_schema", "json_schema": inner}
        data = json.dumps(body).encode()
        host, _, port = running.url.removeprefix("http://").partition(":")
        self._connection = socket.create_connection((host, int(port)), timeout=30)
        self._connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
        )

    def read(self, size):
        found = b""
        while len(found) < size:
            piece = self._connection.recv(size - len(found))
            assert piece, "the answer ended"
            found += piece
        return found

    def close(self):
        self._connection.close()


def test_content_before_the_end(pair):
    """The client reads the beginning of a document that the upstream never ends."""
    demo, running = pair
    with closing(Reader(running, "endless", STRING, **BARE)) as reader:
        found = b""
        while found.count(b"xxxxxxxx") < 5:
            found += reader.read(1)
        [record] = records(demo)
        assert not record["finished"]
    until(demo, lambda found: found[-1]["cancelled"])

    assert found.startswith(b"HTTP/1.1 200")
    assert b"x-strictgate-mode: prompt" in found


def test_nothing_early_if_buffered(pair):
    """The knob holds all of it back: what goes wrong late is an error with a status."""
    _, running = pair
    early = running.chat("continues+wrong-enum", LONG, stream=True)
    knobs = {"strictgate": {"stream": "buffered"}}
    late = running.chat("continues+wrong-enum", LONG, stream=True, **knobs)

    assert (early.status, late.status) == (200, 400)
    assert late.headers["content-type"] == "application/json"
    assert late.headers["x-strictgate-attempts"] == "3"
    assert "choices" not in late.json


@pytest.mark.parametrize("count", [1, 2])
def test_failing_late(pair, count):
    """What goes wrong after bytes went out is one error frame, and the end."""
    _, running = pair
    answer = running.chat("continues+wrong-enum", LONG, stream=True, n=count)
    *chunks, last = frames(answer)
    texts = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]

    assert "".join(texts)
    assert ["error" in chunk for chunk in (*chunks, last)].count(True) == 1
    assert last["x_strictgate"]["valid_prefix"].startswith('{"pages":["Page')
    assert last["error"]["code"] == "json_validate_failed"
    assert last["error"]["failed_generation"].startswith('{"pages":["Page')
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


def test_what_the_log_says_of_a_failure(pair):
    """It was no success, whatever was asked last."""
    _, running = pair
    assert running.chat("continues+wrong-enum", REPORT).status == 400
    [done] = [event for event in running.events if isinstance(event, Enforced)]

    assert done.outcome == "invalid"


@pytest.mark.parametrize("size", [0, 1, 50, 200, 333, 700, 1500, 5000, 40_000])
def test_leaving_at_any_byte(pair, size):
    """Wherever the client stops reading, the upstream is stopped, and the log says that it left."""
    demo, running = pair
    with closing(Reader(running, "endless", STRING, **BARE)) as reader:
        until(demo, lambda found: found)
        reader.read(size)
    [record] = until(demo, lambda found: found[-1]["cancelled"])

    assert not record["finished"]
    until(demo, lambda _: running.finished())
    assert [event.client_left for event in running.finished()] == [True]
    assert running.chat("clean").status == 200


def test_leaving_while_it_is_gone_on(pair):
    """A continuation is stopped as well, and none follows."""
    demo, running = pair
    with closing(Reader(running, "continues+wrong-enum+slow", REPORT)):
        until(demo, lambda found: len(found) > 1)
    found = until(demo, lambda found: found[-1]["cancelled"])

    assert found[-1]["body"]["messages"][-1]["role"] == "assistant"
    assert not any(record["finished"] for record in found[-1:])


# --- while nothing comes -------------------------------------------------------------------------


def test_comments(demo):
    """Before the first chunk, and between a try and its continuation."""
    with guarding_gate(demo, server={"heartbeat": 0.05}) as running:
        answer = running.chat("continues+slow+slips-20", REPORT, stream=True, **about(1))

    assert answer.raw.startswith(COMMENT)
    [text], details = read(answer)
    assert len(details["attempts"]) > 1
    validate(json.loads(text), REPORT)
