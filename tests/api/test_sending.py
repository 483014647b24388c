"""An answer on its way out: what is written, and in how many writes."""

import asyncio

import pytest

from strictgate.api.sending import SMALL, AnswerSender

JSON = (b"content-type", b"application/json")
WHOLE = "whole"


class Server:
    """Writes what it is told to, if it can; what it was told beside that is ASGI's."""

    def __init__(self, *, can=True):
        self.can = self.has_room = can
        self.written = []

    def answer(self, status, headers, body):
        if self.can:
            self.written.append((WHOLE, status, dict(headers), body))
        return self.can

    async def send(self, message):
        self.written.append(message)


def head(*headers, status=200):
    return {"type": "http.response.start", "status": status, "headers": [JSON, *headers]}


def piece(body=b"", *, more=False):
    return {"type": "http.response.body", "body": body, "more_body": more}


def sent(*messages, server=None, added=()):
    server = server or Server()
    sender = AnswerSender(server.send, server, is_ours=False)
    sender.added += added

    async def send():
        for message in messages:
            await sender.send(message)

    asyncio.run(send())
    return sender, server.written


def length(size):
    return (b"content-length", b"%d" % size)


@pytest.mark.parametrize(
    "pieces",
    [[piece(b"abc")], [piece(b"abc", more=True), piece()]],
    ids=["at once", "its end apart"],
)
def test_short_and_whole(pieces):
    """It is one write, with what the gateway adds."""
    sender, written = sent(head(length(3)), *pieces, added=[(b"x", b"y")])

    told = {b"content-type": b"application/json", b"content-length": b"3", b"x": b"y"}
    assert written == [(WHOLE, 200, told, b"abc")]
    assert (sender.status, sender.is_stream) == (200, False)
    assert sender.first_byte > 0


@pytest.mark.parametrize(("size", "can", "writes"), [(3, True, 1), (3, False, 2), (SMALL, True, 2)])
def test_whole(size, can, writes):
    """What is given at once is one write, too, where that can be."""
    server = Server(can=can)
    sender = AnswerSender(server.send, server, is_ours=False)
    headers = [("content-type", "application/json"), ("content-length", str(size)), ("a\nb", "c")]
    asyncio.run(sender.whole(200, headers, b"x" * size))

    apart = [head(length(size)), piece(b"x" * size)]
    at_once = [(WHOLE, 200, dict([JSON, length(size)]), b"x" * size)]
    assert server.written == (at_once if writes == 1 else apart)
    assert (sender.status, sender.is_stream) == (200, False)


@pytest.mark.parametrize(
    "messages",
    [
        [head(), piece(b"abc")],
        [head(length(3)), piece(b"ab", more=True), piece(b"c")],
        [head(length(3)), piece()],  # to HEAD
        [head(length(SMALL)), piece(b"a" * SMALL)],
        [head(status=204), piece()],
    ],
    ids=["without a length", "in pieces", "without its body", "long", "empty"],
)
def test_anything_else(messages):
    """It goes out as ASGI has it: the same messages, in their order."""
    sender, written = sent(*messages)

    assert written == messages
    assert sender.status == messages[0]["status"]


def test_a_server_that_cannot():
    """What is held goes out as ASGI has it."""
    messages = [head(length(3)), piece(b"abc")]
    assert sent(*messages, server=Server(can=False))[1] == messages


def test_another_answer_in_its_place():
    """Until something is written, the answer may become another."""
    server = Server()
    sender = AnswerSender(server.send, server, is_ours=False)

    async def send():
        await sender.send(head(length(30)))
        assert not sender.status
        sender.drop_head()
        await sender.send(head(length(2), status=502))
        await sender.send(piece(b"{}"))

    asyncio.run(send())

    assert [each[1] for each in server.written] == [502]
    assert sender.status == 502


def test_a_stream():
    """Its head does not wait, and its end is known."""
    kind = (b"content-type", b"text/event-stream")
    start = {"type": "http.response.start", "status": 200, "headers": [kind]}
    sender, written = sent(start, piece(b"data: 1\n\n", more=True))

    assert written == [start, piece(b"data: 1\n\n", more=True)]
    assert sender.is_stream
    assert sender.tail == b": 1\n\n"[-4:]


class Waiting:
    """Notes how much had been written when a stream gave way."""

    def __init__(self, written):
        self.written = written
        self.seen = []

    async def give_way(self):
        self.seen.append(len(self.written))


@pytest.mark.parametrize(("kind", "seen"), [(b"text/event-stream", [2, 3]), (b"text/plain", [])])
def test_a_stream_gives_way(kind, seen):
    """Behind each of its pieces but the last, which has gone out then; no other answer does."""
    server = Server()
    sender = AnswerSender(server.send, server, is_ours=False)
    sender.turns = waiting = Waiting(server.written)

    async def send():
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]}
        await sender.send(start)
        for more in (True, True, False):
            await sender.send(piece(b"data: 1\n\n", more=more))

    asyncio.run(send())
    assert waiting.seen == seen
