"""Streams to the client: when the head goes out, what is sent, and what happens in silence."""

import asyncio
import json
from contextlib import closing

import pytest
from jsonschema import validate

from strictgate.api.event_stream import EventStream
from strictgate.core.surfaces.chat.surface import CHAT, ChatWriter
from strictgate.core.surfaces.openai import COMMENT
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import DONE, PIECE, Splitter
from strictgate.observe.events import Enforced
from tests.gates import gate, guarding_gate
from tests.streams import LONG as PAGES
from tests.streams import REPORT, Reader, about, frames, read, records, until

STRING = {"type": "string"}


BARE = {"strictgate": {"modes": ["prompt"]}}
"""Then a string is asked for as it is; `endless` never ends it."""
HEAD = {"id": "c", "created": 1, "model": "m"}
CHOICE = {
    "index": 0,
    "message": {"role": "assistant", "content": '{"a":1}'},
    "logprobs": None,
    "finish_reason": "stop",
}
WHOLE = {"id": "other", "created": 1, "model": "m", "choices": [CHOICE], "x_strictgate": {}}


def sent(*news, sent_already, answer=WHOLE):
    """The messages of a stream that brings `news`, and then the answer."""
    messages = []

    async def send(message):
        messages.append(message)

    async def settle():
        messages.append({"type": "settled"})

    async def run():
        writer = ChatWriter(include_usage=False)
        early = {"x-strictgate-mode": "native"}
        stream = EventStream(send, CHAT.stream_type, writer, lambda: early)
        for each in news:
            await stream.take(HEAD, each)
        await stream.finish(
            writer.rest(answer, sent_already), {"x-strictgate-attempts": "1"}, settle
        )

    asyncio.run(run())
    assert messages.pop(-2) == {"type": "settled"}  # before the end, and only then
    return messages


def body_of(messages):
    return b"".join(message.get("body", b"") for message in messages)


def whole(raw):
    collector = Collector()
    for event in Splitter().feed(raw):
        collector.feed(event)
    assert collector.is_complete
    return collector.completion()


def test_one_message_for_what_is_new():
    """The head goes out with the first, and says what is known by then."""
    news = [
        (ChoiceDelta(0, {"content": "{"}), ChoiceDelta(0, {"content": '"a"'})),
        (ChoiceDelta(0, {"content": ":1"}),),
    ]
    head, *pieces = sent(*news, sent_already={0: {"content": 6}})

    names = {name for name, _ in head["headers"]}
    assert b"x-strictgate-mode" in names
    assert b"x-strictgate-attempts" not in names
    assert [piece["more_body"] for piece in pieces] == [True, True, False]
    assert whole(body_of(pieces))["choices"] == [CHOICE]
    assert whole(body_of(pieces))["id"] == "c"


def test_nothing_before_the_end():
    """What is buffered goes out in one, with all the headers."""
    head, *pieces = sent(sent_already={})

    assert dict(head["headers"])[b"x-strictgate-attempts"] == b"1"
    assert len(pieces) == 1
    assert whole(body_of(pieces))["choices"] == [CHOICE]


@pytest.fixture(scope="module")
def impatient(demo):
    with gate(demo, server={"heartbeat": 0.05}) as running:
        yield running


LONG = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 400}},
    "required": ["text"],
    "additionalProperties": False,
}


def test_a_guarded_stream(strictgate):
    """What is good goes out while the rest is written; its head says what is known by then."""
    wanted = {"stream": True, "strictgate": {"stream": "guarded"}}
    answer = strictgate.chat("split", LONG, **wanted)

    assert len(json.loads(whole(answer.raw)["choices"][0]["message"]["content"])["text"]) >= 400
    assert answer.headers["x-strictgate-mode"] == "native"
    assert "x-strictgate-attempts" not in answer.headers
    assert whole(answer.raw)["x_strictgate"]["attempts"][0]["outcome"] == "valid"
    done = [event for event in strictgate.events if isinstance(event, Enforced)][-1]
    assert (done.attempts, done.continuations) == (1, 0)


def test_a_guarded_stream_that_goes_wrong(strictgate):
    """What comes after the first chunk is a frame."""
    wanted = {"stream": True, "strictgate": {"stream": "guarded", "repair": "off"}}
    answer = strictgate.chat("split+wrong-enum", **wanted)

    assert answer.status == 200
    frames = answer.raw.removesuffix(DONE).split(b"\n\n")[:-1]
    assert json.loads(frames[-1].removeprefix(b"data: "))["error"]["code"] == "json_validate_failed"
    assert all(b'"error"' not in frame for frame in frames[:-1])


def test_comments_while_waiting(impatient):
    """A client that waits for a stream gets comments, which clients pass over."""
    answer = impatient.chat("slow", stream=True)

    assert answer.raw.startswith(COMMENT)
    assert answer.headers["x-strictgate-mode"]
    assert whole(answer.raw)["choices"][0]["message"]["content"] == '{"choice":"angry"}'


def test_errors_after_a_comment(impatient):
    """The answer has begun: the error is a frame, and then the stream is over."""
    answer = impatient.chat("wrong-enum+slow", stream=True, strictgate={"repair": "off"})

    assert answer.status == 200
    error, end = answer.raw.replace(COMMENT, b"").split(b"\n\n", 1)
    assert json.loads(error.removeprefix(b"data: "))["error"]["code"] == "json_validate_failed"
    assert end == DONE


def test_no_comments_without_a_stream(impatient):
    """Who waits for JSON gets JSON."""
    assert impatient.chat("slow").content == '{"choice":"angry"}'


def test_no_comments_if_unwanted(demo):
    """0 is never; an error keeps its status then."""
    with gate(demo, server={"heartbeat": 0}) as silent:
        assert COMMENT not in silent.chat("slow", stream=True).raw
        assert silent.chat("401+slow", stream=True).status == 401


# --- guarded streams on the wire ---------------------------------------------------------------


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
    early = running.chat("continues+wrong-enum", PAGES, stream=True)
    knobs = {"strictgate": {"stream": "buffered"}}
    late = running.chat("continues+wrong-enum", PAGES, stream=True, **knobs)

    assert (early.status, late.status) == (200, 400)
    assert late.headers["content-type"] == "application/json"
    assert late.headers["x-strictgate-attempts"] == "3"
    assert "choices" not in late.json


@pytest.mark.parametrize("count", [1, 2])
def test_failing_late(pair, count):
    """What goes wrong after bytes went out is one error frame, and the end."""
    _, running = pair
    answer = running.chat("continues+wrong-enum", PAGES, stream=True, n=count)
    *chunks, last = frames(answer)
    texts = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]

    assert "".join(texts)
    assert ["error" in chunk for chunk in (*chunks, last)].count(True) == 1
    assert last["x_strictgate"]["valid_prefix"].startswith('{"pages":["Page')
    assert last["error"]["code"] == "json_validate_failed"
    assert last["error"]["failed_generation"].startswith('{"pages":["Page')
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


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


def test_comments(demo):
    """Before the first chunk, and between a try and its continuation."""
    with guarding_gate(demo, server={"heartbeat": 0.05}) as running:
        answer = running.chat("continues+slow+slips-20", REPORT, stream=True, **about(1))

    assert answer.raw.startswith(COMMENT)
    [text], details = read(answer)
    assert len(details["attempts"]) > 1
    validate(json.loads(text), REPORT)


def test_a_long_answer_goes_out_in_pieces():
    """Each is made when there is room for it; the client puts them together."""
    long = CHOICE | {"message": {"role": "assistant", "content": "a" * 100_000}}
    made = sent(sent_already={}, answer=WHOLE | {"choices": [long]})
    pieces = [message["body"] for message in made[1:]]
    assert all(len(piece) < 2 * PIECE for piece in pieces)
    assert [message["more_body"] for message in made[1:]] == [True] * (len(pieces) - 1) + [False]
    assert whole(body_of(made))["choices"][0]["message"]["content"] == "a" * 100_000
