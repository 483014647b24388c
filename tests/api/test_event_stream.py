"""Streams to the client: when the head goes out, what is sent, and what happens in silence."""

import asyncio
import json

import pytest

from strictgate.api.event_stream import EventStream
from strictgate.core.surfaces.chat.surface import CHAT, ChatWriter
from strictgate.core.surfaces.openai import COMMENT
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import DONE, Splitter
from strictgate.observe.events import Enforced
from tests.gates import gate

HEAD = {"id": "c", "created": 1, "model": "m"}
CHOICE = {
    "index": 0,
    "message": {"role": "assistant", "content": '{"a":1}'},
    "logprobs": None,
    "finish_reason": "stop",
}
WHOLE = {"id": "other", "created": 1, "model": "m", "choices": [CHOICE], "x_strictgate": {}}


def sent(*news, sent_already):
    """The messages of a stream that brings `news`, and then the answer."""
    messages = []

    async def send(message):
        messages.append(message)

    async def run():
        writer = ChatWriter(include_usage=False)
        early = {"x-strictgate-mode": "native"}
        stream = EventStream(send, CHAT.stream_type, writer, lambda: early)
        for each in news:
            await stream.take(HEAD, each)
        await stream.finish(writer.rest(WHOLE, sent_already), {"x-strictgate-attempts": "1"})

    asyncio.run(run())
    return messages


def body_of(messages):
    return b"".join(message.get("body", b"") for message in messages)


def read(raw):
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
    assert read(body_of(pieces))["choices"] == [CHOICE]
    assert read(body_of(pieces))["id"] == "c"


def test_nothing_before_the_end():
    """What is buffered goes out in one, with all the headers."""
    head, *pieces = sent(sent_already={})

    assert dict(head["headers"])[b"x-strictgate-attempts"] == b"1"
    assert len(pieces) == 1
    assert read(body_of(pieces))["choices"] == [CHOICE]


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

    assert len(json.loads(read(answer.raw)["choices"][0]["message"]["content"])["text"]) >= 400
    assert answer.headers["x-strictgate-mode"] == "native"
    assert "x-strictgate-attempts" not in answer.headers
    assert read(answer.raw)["x_strictgate"]["attempts"][0]["outcome"] == "valid"
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
    assert read(answer.raw)["choices"][0]["message"]["content"] == '{"choice":"angry"}'


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
