"""What is counted of calls that a conversation's record does not have."""

import json
import socket
import threading

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import Attempt, AttemptLog
from strictgate.core.plan.plan import Plan
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.reply import Reply
from strictgate.core.wire.sse import SseEvent
from strictgate.gateway.unjudged_calls import UnjudgedCalls
from tests.gates import gate, guarding_gate
from tests.servers import serving

BODY = {"messages": [{"role": "user", "content": "x" * 40}]}  # 10 tokens
PLAN = Plan(Mode.PROMPT, BODY, wrapped=False, streamed=True, dropped=())
WAIT = 10


def reply(text, usage=None):
    body = {"choices": [{"index": 0, "message": {"content": text}}]}
    return Reply(body, (), usage)


def collector(text):
    made = Collector()
    made.feed(SseEvent(json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]})))
    return made


def charged(calls, *noted, is_settled=False):
    """What a record gets to estimate that has noted the replies `noted`."""
    record = AttemptLog()
    for each in noted:
        attempt = Attempt(Mode.PROMPT, "invalid", (), each.usage, is_clean=False)
        record.add(attempt, PLAN, each.body)
    before = (record.untold_in, record.untold_out)
    calls.charge(record, is_settled=is_settled)
    return record.untold_in - before[0], record.untold_out - before[1]


def test_nothing_is_lacking():
    """Each reply is in the record."""
    calls, first = UnjudgedCalls(), reply("y" * 8)
    calls.heard(PLAN, first)
    assert charged(calls, first) == (0, 0)


def test_an_open_stream():
    """The prompt counts, and what has come."""
    calls = UnjudgedCalls()
    calls.opened(PLAN, collector("y" * 12))
    assert charged(calls) == (10, 3)
    assert charged(calls, is_settled=True) == (10, 3), "it is no longer open"


def test_replies_that_were_not_judged():
    """A reply counts by its usage, or else by its texts: those behind what the record has."""
    calls, first = UnjudgedCalls(), reply("y" * 400)
    calls.heard(PLAN, first)
    calls.opened(PLAN, collector("z"))
    calls.heard(None, reply("z" * 8))
    calls.heard(PLAN, reply("", {"prompt_tokens": 7, "completion_tokens": 5}))
    assert charged(calls, first) == (17, 7)


def test_calls_that_broke_between_replies():
    """What broke is in no record, whatever was judged behind it."""
    calls, last = UnjudgedCalls(), reply("y")
    calls.opened(PLAN, collector("y" * 20))
    calls.opened(PLAN, collector("y"))
    calls.heard(None, last)
    assert charged(calls, last) == (10, 5)


def test_a_refusal_costs_nothing():
    """It may be judged, as it may quote what the model wrote: what was left behind it counts."""
    calls, quoted = UnjudgedCalls(), reply("y")
    calls.refused()
    calls.lost(PLAN)
    assert charged(calls, quoted) == (10, 0)


def test_a_repetition_that_was_settled():
    """The call before it was sent, too."""
    calls = UnjudgedCalls()
    calls.lost(PLAN)
    assert charged(calls, reply("y"), is_settled=True) == (10, 0)


class Upstream:
    """Says `texts`, whole or streamed, and then no more."""

    def __init__(self, *texts, streams=True, breaks_off=False):
        self.texts, self.streams, self.breaks_off = texts, streams, breaks_off
        self.is_asked = threading.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        await receive()
        if self.streams:
            head = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
        for text in self.texts:
            chunk = {"choices": [{"index": 0, "delta": {"content": text}}]}
            data = b"data: %s\n\n" % json.dumps(chunk).encode()
            await send({"type": "http.response.body", "body": data, "more_body": True})
        self.is_asked.set()
        if self.breaks_off:
            await send({"type": "http.response.body", "body": b""})
        else:
            await receive()


NOTE = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
DOCUMENT = {"type": "json_schema", "json_schema": {"name": "x", "schema": NOTE}}
ENFORCED = {"model": "demo/x", "messages": [{"role": "user", "content": "x" * 4000}]}
ENFORCED |= {"response_format": DOCUMENT}
STREAMED = ENFORCED | {"stream": True}
PASSED_ON = {"model": "demo/x", "messages": ENFORCED["messages"], "stream": True}


@pytest.mark.parametrize(
    ("body", "upstream", "waits", "tokens_out"),
    [
        (ENFORCED, Upstream(streams=False), False, 0),
        (STREAMED, Upstream('{"note": "' + "y" * 390), True, 100),
        (PASSED_ON, Upstream("hello ", "you "), True, 1),
    ],
)
def test_a_client_that_leaves(body, upstream, waits, tokens_out):
    """It pays for what it has asked for, and for what has come."""
    with serving(upstream) as url, guarding_gate(url) as running:
        host, _, port = running.url.removeprefix("http://").partition(":")
        data = json.dumps(body).encode()
        with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
            connection.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
            )
            assert upstream.is_asked.wait(WAIT)
            if waits:
                assert connection.recv(1)
        while not running.finished():
            threading.Event().wait(0.01)
        [done] = running.finished()

    assert done.client_left
    assert 1000 <= done.tokens_in < 1200
    assert done.tokens_out >= tokens_out


def test_an_upstream_that_breaks_off():
    """What came before counts, though there is no answer."""
    upstream = Upstream('{"note": "' + "y" * 390, breaks_off=True)
    with serving(upstream) as url, gate(url) as running:
        done = running.end_of(running.post(STREAMED))
    assert done.tokens_in >= 1000
    assert done.tokens_out >= 100


def test_an_upstream_that_is_not_reached():
    """Nothing was asked, and nothing counts."""
    with gate("http://127.0.0.1:9") as running:
        answers = [running.post(each) for each in (ENFORCED, STREAMED, PASSED_ON)]
        done = [running.end_of(each) for each in answers]
    assert {each.status for each in answers} == {502}
    assert {(each.tokens_in, each.tokens_out) for each in done} == {(0, 0)}


def test_a_deadline():
    """What is late has been asked for."""
    late = {"demo": {"timeout": 0.2, "retries": 0}}
    with serving(Upstream(streams=False)) as url, gate(url, upstreams=late) as running:
        answer = running.post(ENFORCED)
        done = running.end_of(answer)
    assert answer.status == 504
    assert 1000 <= done.tokens_in < 1200
