"""The driver, with hand-written conversations and real upstreams."""

import asyncio
import json
import threading

import pytest

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.protocol import (
    Ask,
    Compile,
    Outcome,
    ReadMore,
    Stop,
    StreamPart,
)
from strictgate.core.errors import UpstreamBadResponse, UpstreamTimeout
from strictgate.core.plan.plan import Plan
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.gateway.caller import Caller, RequestReports
from strictgate.gateway.driver import Driver
from strictgate.gateway.moving import Talk
from strictgate.observe.events import ignore
from strictgate.settings.loading import Settings
from strictgate.settings.tables import LimitSettings
from strictgate.upstream.client import Client
from strictgate.upstream.routing import Router
from tests.servers import serving
from tests.upstream.asking import answering
from tests.upstream.test_stream import WAIT, WHOLE, Upstream

ASK = Ask(Plan(Mode.PROMPT, {}, wrapped=False, streamed=True, dropped=()), {"messages": []})
OVER = Outcome({"choices": []}, (), {})


def driven(talk, upstream, take=None, compiler=None, opened=None, **settings):
    """Drive `talk`; return the outcome."""

    async def drive(url):
        table = {"base_url": f"{url}/v1", **settings}
        endpoint = Router(Settings(upstreams={"x": table}), {}).default()
        async with Client(LimitSettings()) as client:
            about = (Caller(""), RequestReports(ignore), take)
            driver = Driver(client, compiler, endpoint, "m", {}, *about)
            return await driver.run(lambda: Talk(talk), opened)

    with serving(upstream) as url:
        return asyncio.run(drive(url))


def relaying():
    """Gives on what comes, as it comes."""
    part = yield ASK
    while isinstance(part, StreamPart):
        texts = [ChoiceDelta(each.index, {"content": each.content}) for each in part.deltas]
        part = yield ReadMore(tuple(texts))
    return Outcome(part.body, (), {})


def test_news_come_in_order():
    """All that is new is taken, with one head, and the reply is the outcome's."""
    taken = []

    async def take(head, news):
        taken.append((head, news))

    outcome = driven(relaying(), Upstream(*WHOLE), take)
    assert "".join(each.delta["content"] for _, news in taken for each in news) == '{"a":1}'
    assert {head["id"] for head, _ in taken} == {"c"}
    assert all(head["model"] == "m" and head["created"] for head, _ in taken)
    assert outcome.body["choices"][0]["message"]["content"] == '{"a":1}'


def test_a_head_of_our_own():
    """Where the upstream gives no id, one is made, once."""
    heads, first_is_taken = [], threading.Event()

    async def take(head, news):
        heads.append(dict(head))
        first_is_taken.set()

    first, *others = (each.replace(b'"id": "c", ', b"") for each in WHOLE)
    driven(relaying(), Upstream(first, first_is_taken, *others), take)
    assert len(heads) > 1
    assert heads[0]["id"].startswith("chatcmpl-")
    assert all(head == heads[0] for head in heads)


def test_nobody_takes_the_news():
    """An answer that is not streamed runs the same conversation."""
    assert driven(relaying(), Upstream(*WHOLE)).body["id"] == "c"


def test_a_caller_that_takes_its_time():
    """Nothing is read on before it has taken what is new."""
    order = []

    def talk():
        yield ASK
        for number in range(2):
            yield ReadMore((ChoiceDelta(0, {"content": str(number)}),))
            order.append(f"read {number}")
        return OVER

    async def take(head, news):
        order.append("offered")
        await asyncio.sleep(0)
        order.append("taken")

    driven(talk(), Upstream(*WHOLE), take)
    assert order == ["offered", "taken", "read 0", "offered", "taken", "read 1"]


@pytest.mark.parametrize("then", ["ask again", "end", "raise"])
def test_a_stream_that_is_left(then):
    """Whatever the conversation does instead of reading on: the upstream sees it go."""
    upstream = Upstream(WHOLE[0], ...)

    def talk():
        yield ASK
        if then == "raise":
            raise UpstreamBadResponse("x")
        if then == "ask again":
            yield ASK
            assert upstream.has_been_left.wait(WAIT)
        return OVER

    if then == "raise":
        with pytest.raises(UpstreamBadResponse):
            driven(talk(), upstream)
    else:
        assert driven(talk(), upstream) == OVER
    assert upstream.has_been_left.wait(WAIT)


def test_cancelled():
    """Whoever drives is cancelled: the conversation is closed, and so is the stream."""
    upstream, closed = Upstream(WHOLE[0], ...), []

    def talk():
        try:
            yield ASK
            yield ReadMore((ChoiceDelta(0, {"content": "x"}),))
        finally:
            closed.append(True)

    async def take(head, news):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        driven(talk(), upstream, take)
    assert closed
    assert upstream.has_been_left.wait(WAIT)


def test_errors_are_told():
    """What breaks is thrown into the conversation, which may go on."""
    first_is_read = threading.Event()

    def talk():
        yield ASK
        first_is_read.set()
        try:
            yield ReadMore()
        except UpstreamBadResponse as error:
            yield Compile("s")
            return Outcome({"told": str(error)}, (), {})

    outcome = driven(talk(), Upstream(WHOLE[0], first_is_read, b"data: \xff\n\n"))
    assert "malformed stream" in outcome.body["told"]


def test_an_error_that_ends_it():
    """One that the conversation lets pass is the end."""
    with pytest.raises(UpstreamBadResponse, match="broke off"):
        driven(relaying(), Upstream(WHOLE[0]))


def test_a_stream_that_is_stopped():
    """The upstream sees it go; what has come by then is the answer."""
    upstream = Upstream(WHOLE[0], ...)

    def talk():
        yield ASK
        return Outcome((yield Stop()).body, (), {})

    outcome = driven(talk(), upstream)
    assert outcome.body["choices"][0]["message"]["content"] == '{"a"'
    assert upstream.has_been_left.wait(WAIT)


def test_deadline_in_the_tail():
    """When time is up, what has come can still be had."""

    def talk():
        try:
            yield ASK
            yield ReadMore()
        except UpstreamTimeout:
            return Outcome((yield Stop()).body, (), {})

    outcome = driven(talk(), Upstream(WHOLE[0], ...), timeout=0.2)
    assert outcome.body["choices"][0]["message"]["content"] == '{"a"'


@pytest.mark.parametrize("has_enough", [True, False])
def test_deadline(has_enough):
    """When time is up the conversation may say what it has, and nothing more."""

    def talk():
        try:
            yield ASK
            yield ReadMore()
        except UpstreamTimeout:
            if has_enough:
                return OVER
            yield ASK

    upstream = Upstream(WHOLE[0], ...)
    if has_enough:
        assert driven(talk(), upstream, timeout=0.2) == OVER
    else:
        with pytest.raises(UpstreamTimeout, match=r"within 0.2 seconds"):
            driven(talk(), upstream, timeout=0.2)
    assert upstream.has_been_left.wait(WAIT)


class Compiler:
    async def grammar(self, schema):
        return f"machine of {schema}"


@pytest.mark.parametrize(("compiler", "machine"), [(None, None), (Compiler(), "machine of s")])
def test_compile(compiler, machine):
    """A schema is given to the compiler, where there is one."""

    def talk():
        return Outcome({"machine": (yield Compile("s"))}, (), {})

    assert driven(talk(), Upstream(), compiler=compiler).body == {"machine": machine}


class Opened:
    """A conversation that asks `ASK` first, and may settle the reply."""

    def __init__(self, outcome=None, asks=ASK):
        self.outcome = outcome
        self.asks = asks
        self.replies = []

    def opening(self):
        return self.asks

    def settle(self, reply):
        self.replies.append(reply)
        return self.outcome


class Counted:
    """An upstream that counts how often it is asked."""

    def __init__(self, answer):
        self.answer = answer
        self.count = 0

    async def __call__(self, scope, receive, send):
        self.count += scope["type"] == "http"
        await self.answer(scope, receive, send)


REPLY = {"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]}


def saying_what_came():
    """Asks once, and tells what came of it."""
    try:
        answer = yield ASK
    except (UpstreamTimeout, UpstreamBadResponse) as error:
        return Outcome({"told": type(error)}, (), {})
    while isinstance(answer, StreamPart):
        answer = yield ReadMore()
    return Outcome({"told": answer.body}, (), {})


def untouched():
    raise AssertionError("it is settled")
    yield


def test_a_reply_that_is_settled():
    """There is no more of the conversation."""
    opened, upstream = Opened(OVER), Counted(answering(json.dumps(REPLY).encode()))
    assert driven(untouched(), upstream, opened=opened) == OVER
    assert [reply.body for reply in opened.replies] == [REPLY]
    assert upstream.count == 1


@pytest.mark.parametrize("opened", [None, Opened(), Opened(asks=None)])
def test_a_reply_that_is_not(opened):
    """The conversation has it as the answer to what it asks; the upstream is asked once."""
    upstream = Counted(answering(json.dumps(REPLY).encode()))
    assert driven(saying_what_came(), upstream, opened=opened).body == {"told": REPLY}
    assert upstream.count == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answering(b'{"error": {"message": "no"}}', 400), {"error": {"message": "no"}}),
        (answering(b"no JSON"), UpstreamBadResponse),
        (answering(pieces=[b"..."]), UpstreamTimeout),
    ],
)
def test_whatever_else_comes_first(answer, told):
    """A refusal, a fault, silence: it is told once, where it is asked."""
    for opened in (Opened(OVER), None):
        upstream = Counted(answer)
        outcome = driven(saying_what_came(), upstream, opened=opened, timeout=0.5)
        assert outcome.body == {"told": told}
        assert upstream.count == 1
        assert not (opened and opened.replies)


def test_a_stream_is_never_settled():
    """Its first part is the answer."""
    opened = Opened(OVER)
    outcome = driven(saying_what_came(), Upstream(*WHOLE), opened=opened)
    assert outcome.body["told"]["choices"][0]["message"]["content"] == '{"a":1}'
    assert not opened.replies
