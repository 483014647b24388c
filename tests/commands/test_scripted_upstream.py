"""The upstream that says what it was told to."""

import asyncio

import aiohttp
import pytest

from strictgate.commands.scripted_upstream import ScriptedAnswer, ScriptedUpstream
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.sse import Splitter


def completion(finish_reason="stop", **message):
    choice = {"index": 0, "message": {"role": "assistant", **message}}
    return {"id": "x", "model": "m", "choices": [choice | {"finish_reason": finish_reason}]}


async def said(*answers, times=1):
    """Ask so many times; return each status with its body, None where there was none."""
    found = []
    async with ScriptedUpstream(answers) as upstream, aiohttp.ClientSession() as session:
        for _ in range(times):
            try:
                async with session.post(f"{upstream.url}/chat/completions", json={}) as answer:
                    found.append((answer.status, await answer.read()))
            except aiohttp.ClientError:
                found.append(None)
    return found


def test_answers_come_in_order():
    """When there are no more, that is an error."""
    answers = (
        ScriptedAnswer(400, {"error": "no"}),
        ScriptedAnswer(502, "Bad"),
        ScriptedAnswer(None, ""),
    )
    first, second, third, fourth = asyncio.run(said(*answers, times=4))

    assert first == (400, b'{"error":"no"}')
    assert second == (502, b"Bad")
    assert third is None
    assert fourth[0] == 500


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


@pytest.mark.parametrize(
    "message", [{"content": '{"choice": "calm"} and more of it'}, {"tool_calls": [CALL]}]
)
def test_a_stream_adds_up(message):
    """To the completion that it was made of."""
    [(status, raw)] = asyncio.run(said(ScriptedAnswer(200, completion(**message), is_stream=True)))
    collector = Collector()
    for event in Splitter().feed(raw):
        collector.feed(event)

    merged = collector.completion()["choices"][0]
    assert status == 200
    assert merged["finish_reason"] == "stop"
    assert {name: merged["message"][name] for name in message} == message
