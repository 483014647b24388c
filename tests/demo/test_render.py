"""Messages on the wire, whole and as a stream."""

from typing import Any

import orjson
import pytest

from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import Splitter
from strictgate.demo.answer import Message
from strictgate.demo.chat_request import parse_chat_request
from strictgate.demo.render import DONE, count_characters, render_completion
from strictgate.demo.writer import TextError
from tests.demo.client import chat_body

MESSAGES = [
    Message('{"choice":"angry"}'),
    Message('{"a":1}', tool="save", finish_reason="tool_calls"),
    Message(None, refusal="I'm sorry."),
    Message("x", reasoning="I go through its properties.", echo="echo", finish_reason="length"),
]


def parts(messages: list[Message], **more: Any) -> list[bytes]:
    reply = render_completion(
        parse_chat_request(orjson.dumps(chat_body("clean", **more))), messages
    )
    return [part for part in reply.parts if isinstance(part, bytes)]


def whole(messages: list[Message], **more: Any) -> Any:
    return orjson.loads(b"".join(parts(messages, **more)))


def test_a_stream_is_the_same_completion():
    """Put together, its deltas are what comes without; the choices take turns."""
    events = parts(MESSAGES, stream=True)
    collector = Collector()
    for event in Splitter().feed(b"".join(events)):
        collector.feed(event)
    assert collector.is_complete
    assert events[-1] == DONE
    streamed, plain = collector.completion()["choices"], whole(MESSAGES)["choices"]
    for one, other in zip(streamed, plain, strict=True):
        kept = {name: value for name, value in other["message"].items() if value is not None}
        assert {name: value for name, value in one["message"].items() if value is not None} == kept
        assert one["finish_reason"] == other["finish_reason"]
    turns = [orjson.loads(each[6:])["choices"][0]["index"] for each in events[:8]]
    assert turns == [0, 1, 2, 3] * 2


def test_usage():
    """Four characters are a token; a stream has it where that is wanted, in an event of its own."""
    usage = whole(MESSAGES)["usage"]
    assert usage["completion_tokens"] == sum(each.tokens for each in MESSAGES) == 5 + 2 + 3 + 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + 18
    wanted = parts(MESSAGES, stream=True, stream_options={"include_usage": True})
    *others, last = [orjson.loads(each[6:]) for each in wanted[:-1]]
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 18)
    assert {each["usage"] for each in others} == {None}
    assert b"usage" not in b"".join(parts(MESSAGES, stream=True))


def test_log_probabilities():
    """For content alone, token by token, if they are wanted; what is echoed has none."""
    message = Message('{"a":12}', errors=(TextError(5, 7, "3"),), echo="echo")
    (choice,) = whole([message], logprobs=True)["choices"]
    assert choice["message"]["content"] == 'echo{"a":12}'
    assert "".join(each["token"] for each in choice["logprobs"]["content"]) == '{"a":12}'
    assert whole([MESSAGES[1]], logprobs=True)["choices"][0]["logprobs"] is None
    events = parts([message], stream=True, logprobs=True)[:-1]
    found = [orjson.loads(each[6:])["choices"][0] for each in events]
    scored = [each for each in found if each["logprobs"]]
    assert [each["delta"]["content"] for each in scored] == [
        each["logprobs"]["content"][0]["token"] for each in scored
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_characters_are_counted(stream: bool):
    """What the parts say: contents, thoughts, refusals and arguments, and nothing else."""
    said = sum(len(part or "") for each in MESSAGES for part in (each.text, each.echo))
    said += sum(len(part or "") for each in MESSAGES for part in (each.refusal, each.reasoning))
    assert sum(map(count_characters, parts(MESSAGES, stream=stream))) == said


@pytest.mark.parametrize("part", [b"", b"<html>", b"[]", b'{"error":{}}', DONE])
def test_what_says_nothing(part: bytes):
    """Whatever it is."""
    assert count_characters(part) == 0
