"""A process with few file descriptors says so, and serves whom it can."""

import asyncio
import json
import resource
from contextlib import ExitStack, closing

from strictgate.commands import descriptors
from strictgate.commands.descriptors import (
    OWN,
    connection_limit,
    raised_descriptor_limit,
    request_limit,
)
from strictgate.observe.process_events import TurnedAway
from tests.commands.process import connected, raw, running


def test_the_limit(monkeypatch):
    """Each connection counts twice; a line says how many were refused."""
    monkeypatch.setattr(descriptors, "PAUSE", 0)
    events = []

    async def main():
        limit = connection_limit(OWN + 20, events.append)
        answers = [limit.refusal(number) for number in (8, 9, 10, 11)]
        await asyncio.sleep(0.01)
        return answers

    answers = asyncio.run(main())
    assert answers[:2] == [None, None]
    for answer in answers[2:]:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in head
        assert json.loads(body)["error"]["code"] == "overloaded"
        assert b"\r\nx-request-id: req_" in head
    assert answers[2] != answers[3]
    (told,) = events
    assert isinstance(told, TurnedAway)
    assert (told.limit, told.count) == ("connections", 2)
    assert "ulimit" in told.message


def test_requests_that_are_one_too_many():
    """They are told which setting it is."""

    async def main():
        limit = request_limit(2, lambda event: None)
        return [limit.refusal(number) for number in (1, 2)]

    first, second = asyncio.run(main())
    assert first is None
    assert b"limits.connections" in second


def test_the_limit_is_raised():
    """To what the process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert raised_descriptor_limit() == hard
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)


def test_out_of_descriptors():
    """Connections beyond what the process can have get a whole 503, and the log an error."""
    long = b"POST /v1/x HTTP/1.0\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300_000
    with running("--demo", descriptors=OWN + 40) as (process, url):
        with ExitStack() as stack:
            held = [stack.enter_context(closing(connected(url))) for _ in range(20)]
            refused = [raw(url, long) for _ in range(5)]
            for connection in held:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
        again = b""
        while not again.startswith(b"HTTP/1.1 200"):  # once the others have been seen to be gone
            again = raw(url, b"GET /healthz HTTP/1.0\r\n\r\n")
        lines = iter(process.stderr.readline, "")
        told = next(line for line in map(json.loads, lines) if line["event"] == "TurnedAway")

    for answer in refused:
        assert answer.startswith(b"HTTP/1.1 503")
        assert b'"overloaded"' in answer
    assert told["level"] == "error"
    assert "ulimit -n" in told["message"]
