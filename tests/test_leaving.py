"""A client that leaves takes its upstream call with it, in every phase."""

import json
import socket
import urllib.request
from contextlib import closing

import pytest

from strictgate.commands.http_protocol import HttpProtocol
from strictgate.demo.upstream import create_demo
from strictgate.observe.events import RequestFinished
from tests.gates import MOOD, gate
from tests.servers import serving

SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": MOOD}}
POLLS = 2000


@pytest.fixture(params=[HttpProtocol, "auto"], ids=["our server", "uvicorn's own"])
def pair(request):
    """A fresh demonstration, so that its records are this test's, and a gateway."""
    with serving(create_demo()) as demo, gate(demo, http=request.param) as running:
        yield demo, running


def connected(running, body):
    """Send a request, and keep the connection open."""
    host, _, port = running.url.removeprefix("http://").partition(":")
    data = json.dumps(body | {"messages": [{"role": "user", "content": "json"}]}).encode()
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
    )
    return connection


def until(demo, wanted):
    """Poll the upstream's records until the last is as wanted."""
    for _ in range(POLLS):
        with urllib.request.urlopen(f"{demo}/_requests") as answer:
            records = json.load(answer)
        if records and wanted(records[-1]):
            return records
    raise AssertionError(records)


@pytest.mark.parametrize(
    ("about", "body"),
    [
        ("enforced, before the first byte", {"model": "demo/stalls", "response_format": SCHEMA}),
        (
            "enforced stream, in the middle",
            {"model": "demo/stalls-midway", "response_format": SCHEMA, "stream": True},
        ),
        ("passed through, before the first byte", {"model": "demo/stalls"}),
        ("passed through, in the middle", {"model": "demo/stalls-midway", "stream": True}),
        ("endless", {"model": "demo/endless", "stream": True}),
    ],
)
def test_leaving(pair, about, body):
    """The upstream sees the connection go, and the log says that the client left."""
    demo, running = pair
    with closing(connected(running, body)):
        until(demo, lambda record: True)
    records = until(demo, lambda record: record["cancelled"])

    assert len(records) == 1
    # The upstream may see it a moment before the request has ended here.
    until(demo, lambda record: any(isinstance(each, RequestFinished) for each in running.events))
    finished = [event for event in running.events if isinstance(event, RequestFinished)]
    assert [event.client_left for event in finished] == [True]


def test_closing_the_sending_half_is_leaving(pair):
    """As uvicorn, nginx and Node have it: docs/operation.md says why."""
    demo, running = pair
    with closing(connected(running, {"model": "demo/stalls"})) as connection:
        until(demo, lambda record: True)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    until(demo, lambda record: record["cancelled"])


def test_leaving_while_asked_again(pair):
    """Between attempts too: the conversation does not go on for nobody."""
    demo, running = pair
    body = {"model": "demo/wrong-enum+slow", "response_format": SCHEMA}
    body |= {"strictgate": {"max_attempts": 10}}
    with closing(connected(running, body)):
        until(demo, lambda record: len(record["body"]["messages"]) > 1)
    records = until(demo, lambda record: record["cancelled"])

    assert len(records) < 10


def test_the_gateway_is_well_afterwards(pair):
    """Clients that leave cost no connection and no slot."""
    _, running = pair
    for _ in range(50):
        with closing(connected(running, {"model": "demo/stalls", "response_format": SCHEMA})):
            pass

    assert running.chat("clean").status == 200
