"""The process: what it says, what it refuses below HTTP, how it leaves."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest
import uvloop

from strictgate.commands.serve import ACCEPTED, accepting, check_exposure, listening_socket
from strictgate.settings.loading import Settings, SettingsError
from tests.chats import CHAT, asked
from tests.commands.process import raw, running
from tests.servers import serving
from tests.upstream.asking import answering


def under_way(url, body):
    """Send a request, and give the connection once the server has surely read it."""
    host, _, port = url.removeprefix("http://").partition(":")
    data = json.dumps(body).encode()
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
    )
    asked(url)  # a second request was answered meanwhile
    return connection


@pytest.fixture(scope="module")
def server():
    with running("--demo") as (_, url):
        yield url


def test_demo(server):
    """One command, and the embedded upstream answers."""
    assert json.loads(asked(server)["choices"][0]["message"]["content"])


def test_upstream_alone_is_a_configuration(server):
    """`--upstream URL` needs nothing else."""
    with running("--upstream", f"{server}/v1") as (_, url):
        assert asked(url)["choices"]


def test_it_says_what_the_upstream_is():
    """An upstream is recognised by what it answers; what follows is said behind the URL."""
    models = {"data": [{"id": "m", "owned_by": "llamacpp"}]}
    with (
        serving(answering(json.dumps(models).encode())) as upstream,
        running("--upstream", f"{upstream}/v1") as (process, _),
    ):
        lines = iter(process.stdout.readline, "")
        first = next(line for line in lines if "recognised as" in line)  # at once, or a bit later
        rest = [next(lines) for _ in range(4)]

    assert first.startswith(f"Upstream 'upstream', {upstream}/v1: recognised as \"llamacpp\"")
    assert "(trailing)" in rest[1]
    assert "--preset NAME" in rest[3]


def test_an_upstream_that_is_not_there_stops_nothing():
    """It is said, and Strictgate listens."""
    with running("--upstream", "http://127.0.0.1:9/v1") as (process, _):
        lines = [process.stdout.readline() for _ in range(2)]

    assert "not there yet" in lines[0]
    assert "cannot be reached: Connection refused" in lines[1]


def test_its_own_upstream():
    """It is not served, and it is said why."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    address = ("--port", str(port), "--upstream", f"http://localhost:{port}/v1")
    told = subprocess.run(
        [sys.executable, "-m", "strictgate", "serve", *address],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert told.returncode == 2
    assert "is where Strictgate itself listens" in told.stderr


def test_port_in_use(server):
    """It is said which address cannot be had, and why."""
    port = server.rpartition(":")[2]
    told = subprocess.run(
        [sys.executable, "-m", "strictgate", "serve", "--demo", "--port", port],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert told.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in told.stderr


def test_an_unread_log_holds_nothing_up():
    """Nobody reads standard error: requests are answered all the same, and it leaves in time."""
    with running("--demo", STRICTGATE_SERVER__DRAIN_DELAY="0") as (process, url):
        path = "/v1/" + "x" * 500
        for _ in range(400):  # more than a pipe holds
            assert raw(url, b"GET %b HTTP/1.0\r\n\r\n" % path.encode()).startswith(b"HTTP/1.1 404")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_lame_duck():
    """For a while it still listens, and says to what is new that it is leaving."""
    slow = CHAT | {"model": "demo/slow"}
    with running("--demo", STRICTGATE_SERVER__DRAIN_DELAY="2") as (process, url):
        with closing(under_way(url, slow)) as connection:
            process.send_signal(signal.SIGTERM)
            for _ in range(1000):  # until the signal has been seen
                ready = raw(url, b"GET /readyz HTTP/1.0\r\n\r\n")
                if ready.startswith(b"HTTP/1.1 503"):
                    break
            new = raw(url, b"GET /v1/models HTTP/1.0\r\n\r\n")
            alive = raw(url, b"GET /healthz HTTP/1.0\r\n\r\n")
            answer = connection.makefile("rb").read()
        assert process.wait(timeout=30) == 0

    for told in (ready, new):
        head, _, body = told.lower().partition(b"\r\n\r\n")
        assert head.startswith(b"http/1.1 503")
        assert b"retry-after: 1" in head
        assert json.loads(body)["error"]["code"] == "shutting_down"
    assert alive.startswith(b"HTTP/1.1 200")
    assert answer.startswith(b"HTTP/1.1 200")


def test_the_second_signal_ends_the_delay():
    """A lame duck that is told again leaves now."""
    with running("--demo", STRICTGATE_SERVER__DRAIN_DELAY="1000") as (process, _):
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_leaves_when_told():
    """SIGTERM ends it with 0, and a log line for each request has been written."""
    with running("--demo") as (process, url):
        asked(url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]

    assert [line["event"] for line in lines] == ["RequestFinished"]
    assert (lines[0]["upstream"], lines[0]["outcome"]) == ("demo", "valid")


def test_drains():
    """A request that is under way gets its answer after SIGTERM."""
    slow = CHAT | {"model": "demo/slow"}
    with running("--demo") as (process, url):
        with closing(under_way(url, slow)) as connection:
            process.send_signal(signal.SIGTERM)
            answer = connection.makefile("rb").read()
        assert process.wait(timeout=30) == 0

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"chat.completion" in answer


def test_time_to_drain_ends():
    """What is still waiting when the time is over gets a typed error."""
    stuck = CHAT | {"model": "demo/stalls"}
    with running("--demo", STRICTGATE_SERVER__DRAIN_TIMEOUT="1") as (process, url):
        with closing(under_way(url, stuck)) as connection:
            process.send_signal(signal.SIGTERM)
            answer = connection.makefile("rb").read()
        assert process.wait(timeout=30) == 0

    assert answer.startswith(b"HTTP/1.1 503")
    assert b'"shutting_down"' in answer


def test_the_second_signal_does_not_wait():
    """Who asks twice is not kept waiting by what is still under way, and the log stays clean."""
    stuck = CHAT | {"model": "demo/stalls"}
    with running("--demo") as (process, url), closing(under_way(url, stuck)):
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert "Traceback" not in process.stderr.read()


def test_nothing_to_serve():
    """Without an upstream there is nothing to serve, and that is said at once."""
    told = subprocess.run(
        [sys.executable, "-m", "strictgate", "serve", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert told.returncode == 2
    assert "no upstream is configured" in told.stderr


@pytest.mark.parametrize(
    ("host", "more", "refused"),
    [
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("localhost", {}, False),
        ("0.0.0.0", {}, True),
        ("192.168.1.2", {}, True),
        ("0.0.0.0", {"api_keys": ["k"]}, False),
        ("0.0.0.0", {"allow_keyless": True}, False),
    ],
)
def test_exposure(host, more, refused):
    """Other machines are served with client keys only, unless told otherwise."""
    settings = Settings(server={"host": host, **more})
    if refused:
        with pytest.raises(SettingsError, match="allow_keyless"):
            check_exposure(settings)
    else:
        check_exposure(settings)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes share one socket")
def test_many_are_let_in_at_once():
    """Of those who connect together, as many as may begin in a round are let in at once."""
    made = []

    class Noted(asyncio.Protocol):
        def connection_made(self, transport):
            made.append(transport)

    async def let_in(bound):
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Noted, sock=each) for each in accepting(bound)]
        for _ in range(4):  # rounds: one to hear of them, and some until their protocols know
            await asyncio.sleep(0)
        for each in (*servers, *made):
            each.close()

    with ExitStack() as stack:
        bound = listening_socket("127.0.0.1", 0)
        for _ in range(ACCEPTED):
            stack.enter_context(socket.create_connection(bound.getsockname()))
        uvloop.run(let_in(bound))
    assert len(made) == ACCEPTED
