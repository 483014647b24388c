"""Faults on the way, as values."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson
import pytest

from strictgate.demo.chat import chat
from strictgate.demo.render import DONE
from strictgate.demo.reply import Cut, DemoReply, Part, Pause
from strictgate.demo.transport_faults import LIMIT
from tests.demo.client import THREAD_SCHEMA, chat_body


def reply_to(model: str, **more: Any) -> DemoReply:
    return chat(orjson.dumps(chat_body(model, THREAD_SCHEMA, **more)))


def stream(model: str) -> list[Part]:
    return list(reply_to(model, stream=True).parts)


def joined(parts: Iterable[Part]) -> bytes:
    return b"".join(part for part in parts if isinstance(part, bytes))


def test_before_the_head():
    """Waits and cuts that come before anything is sent."""
    assert reply_to("slow").before_head == (Pause(0.2),)
    assert reply_to("stalls").before_head == (Pause(None),)
    assert reply_to("drops-early").before_head == (Cut(),)
    assert reply_to("slow+429").before_head == (Pause(0.2),)


@pytest.mark.parametrize(("model", "end"), [("stalls-midway", Pause(None)), ("drops", Cut())])
def test_in_the_middle(model: str, end: Part):
    """A part of the body is sent, and then nothing."""
    whole = joined(reply_to("clean").parts)
    reply = reply_to(model)
    half, last = reply.parts
    assert last == end
    assert isinstance(half, bytes)
    assert 0 < len(half) < len(whole)
    assert stream(model)[-1] == end
    assert len(stream(model)) > 2


@pytest.mark.parametrize(("model", "filler"), [("endless", b"xxxx"), ("whitespace", b"    ")])
def test_without_end(model: str, filler: bytes):
    """A body goes on for long, and has no length; it ends at the limit."""
    reply = reply_to(model)
    assert filler in joined(islice(reply.parts, 5))
    assert b"content-length" not in dict(reply.headers)
    assert sum(len(part) for part in reply.parts if isinstance(part, bytes)) <= LIMIT + 1000
    events = islice(reply_to(model, stream=True).parts, 100)
    assert all(part.startswith(b"data: {") for part in events if isinstance(part, bytes))


def test_ends_of_streams():
    """What is missing at the end of a stream."""
    whole = stream("clean")
    assert whole[-1] == DONE
    assert len(stream("no-done")) == len(whole) - 1
    assert b'"finish_reason":"' in joined(stream("no-done"))
    assert b'"finish_reason":"' not in joined(stream("no-end"))
    assert b"[DONE]" not in joined(stream("no-end"))


def test_errors_in_streams():
    """Groq's error event has no [DONE] after it, OpenRouter's error chunk has."""
    groq = stream("stream-error")[-1]
    assert isinstance(groq, bytes)
    assert groq.startswith(b'event: error\ndata: {"error":{"message":')
    assert b'"status_code":400' in groq
    *_, inline, done = stream("stream-error-inline")
    assert isinstance(inline, bytes)
    assert orjson.loads(inline.removeprefix(b"data: "))["error"]["code"] == 502
    assert done == DONE


def test_framing():
    """The same stream with other line ends, or a byte at a time."""
    ends = joined(stream("crlf"))
    assert ends.count(b"\r\n") == ends.count(b"\n") == joined(stream("clean")).count(b"\n")
    assert {len(part) for part in stream("split") if isinstance(part, bytes)} == {1}
    assert joined(stream("split")).endswith(DONE)


def test_bodies_are_left_alone():
    """What is said of streams changes nothing else."""
    for model in ("no-done", "no-end", "crlf", "split", "stream-error", "stream-error-inline"):
        assert reply_to(model).status == 200
        assert len(list(reply_to(model).parts)) == 1
