"""What is refused below ASGI."""

import asyncio
import json
import re
import select
import socket
import struct
import time
from contextlib import closing, suppress
from types import SimpleNamespace

import pytest

from strictgate.api.middleware import too_many
from strictgate.commands import http_protocol, reader_watch
from strictgate.commands.descriptors import Limit
from strictgate.commands.http_protocol import HttpProtocol
from strictgate.commands.request_head import HEAD_BYTES, HEAD_FIELDS, URL_BYTES
from tests.commands.process import connected, raw, running
from tests.servers import serving


@pytest.fixture(scope="module")
def server():
    with running("--demo") as (_, url):
        yield url


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n" + b"x: y\r\n" * (HEAD_FIELDS + 1), 431),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * HEAD_BYTES + b"\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * (5 << 20) + b"\r\n", 431),
        (b"GET /healthz?" + b"q" * URL_BYTES + b" HTTP/1.1\r\nhost: localhost\r\n", 414),
        (b"GET /healthz?" + b"q" * (40 << 10) + b" HTTP/1.1\r\nhost: localhost\r\n", 414),
        (b"GET /healthz?" + b"q" * (70 << 10) + b" HTTP/1.1\r\nhost: localhost\r\n", 414),
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nHost: localhost\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\nhost: localhost\r\nHost: localhost\r\n", 400),
        (b"rubbish\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nhost localhost\r\n", 400),
        (
            b"POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n"
            b"transfer-encoding: chunked\r\n",
            400,
        ),
    ],
    ids=[
        "fields",
        "bytes",
        "giant",
        "url",
        "long url",
        "giant url",
        "no host",
        "two hosts",
        "old two hosts",
        "rubbish",
        "no colon",
        "smuggling",
    ],
)
def test_below_http(server, head, status):
    """Rubbish and giants are refused in OpenAI's shape, and the connection closed."""
    try:
        answer = raw(server, head + b"\r\n")
    except (ConnectionResetError, BrokenPipeError):
        assert status == 431  # still writing megabytes when the door fell shut
        return

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]


def test_trailers_are_no_headers():
    """What comes after a body cannot pass for a header, such as a key."""
    with running("--demo", STRICTGATE_SERVER__API_KEYS="k") as (_, url):
        head = b"POST /v1/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        head += b"transfer-encoding: chunked\r\n\r\n0\r\n"
        answer = raw(url, head + b"authorization: Bearer k\r\n\r\n")
        giant = raw(url, head + b"x: y\r\n" * 20_000 + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 401")
    assert giant.startswith((b"HTTP/1.1 401", b"HTTP/1.1 431"))


def test_no_host_of_old(server):
    """HTTP/1.0 knows no Host; probes still speak it."""
    assert raw(server, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def ask(path, length, body=b""):
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" % path
    return head + b"connection: close\r\ncontent-length: %d\r\n\r\n" % length + body


def until(url, status):
    """Ask until the answer has this status."""
    while True:
        answer = raw(url, ask(b"/v1/chat/completions", 2, b"{}"))
        if answer.startswith(b"HTTP/1.1 %d" % status):
            return answer


def test_one_request_too_many():
    """It is refused as soon as its head is there, and unread; health checks are not."""
    with running("--demo", STRICTGATE_LIMITS__CONNECTIONS="2") as (_, url):
        with closing(connected(url)) as first, closing(connected(url)) as second:
            for each in (first, second):
                each.sendall(ask(b"/v1/chat/completions", 9, b"{"))  # and the rest is awaited
            answers = [until(url, 503), raw(url, ask(b"/v1/x", 300_000, b"x" * 300_000))]
            healthy = raw(url, b"GET /healthz?a HTTP/1.0\r\n\r\n")
        until(url, 400)

    for each in answers:
        head, _, body = each.partition(b"\r\n\r\n")
        assert b"\r\nretry-after: 1\r\n" in head
        assert b"\r\nx-request-id: req_" in head
        assert json.loads(body)["error"]["code"] == "overloaded"
    assert healthy.startswith(b"HTTP/1.1 200")


LIMITS = (("connections", 100), ("requests", 1))


class Slowly(HttpProtocol):
    """A connection whose timers are run by the test."""

    def __init__(self, exchange):
        self._exchange = exchange
        self.transport = SimpleNamespace(closed=0)
        self.transport.close = lambda: setattr(self.transport, "closed", 1)
        self._watch = SimpleNamespace(begin=lambda: None)


def test_a_body_that_is_sent_on_after_the_answer():
    """Nobody waits for it for ever; one that has come meanwhile, or another request, is none."""
    answered = object()
    for last, closed in ((answered, 1), (None, 0), (object(), 0)):
        protocol = Slowly(last)
        protocol._end_rest(answered)
        assert protocol.transport.closed == closed


def test_a_refused_body_is_ended():
    """Through the real server: the answer, and then the end, though bytes go on coming."""
    head, answer = ask(b"/v1/x", 9999).replace(b"connection: close\r\n", b""), b""
    with (
        running("--demo", STRICTGATE_SERVER__API_KEYS="k") as (_, url),
        closing(connected(url)) as connection,
    ):
        connection.sendall(head)
        while True:
            with suppress(OSError):
                connection.sendall(b" ")
            if select.select([connection], [], [], 0.2)[0]:
                piece = connection.recv(1 << 16)
                answer += piece
                if not piece:
                    break
    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_who_resets_at_once_leaves_nothing(loop):
    """As a scan of ports or a balancer's check does; the connection is gone before it is made."""
    came, states = [], []

    class Noted(HttpProtocol):
        def connection_made(self, transport):
            came.append(transport.get_extra_info("socket").fileno())
            time.sleep(0.01)  # the reset has come
            super().connection_made(transport)
            states.append(self.server_state)

    async def application(scope, receive, send):
        raise AssertionError("there was no request")

    with serving(application, http=Noted, loop=loop, lifespan="off") as url:
        for _ in range(8):
            with closing(connected(url)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        last = time.monotonic() + 30
        while (len(states) < 8 or states[0].connections) and time.monotonic() < last:
            time.sleep(0.01)
        left = len(states[0].connections)
        with closing(connected(url)) as connection:  # gets a descriptor that was one of theirs
            while len(came) < 9 and time.monotonic() < last:
                time.sleep(0.01)

    assert left == 0
    assert len(set(came)) < 9


async def telling(scope, receive, send):
    """Answer with the method, the path and the body."""
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body, is_more = body + message["body"], message["more_body"]
    told = b"%b %b <%b>" % (scope["method"].encode(), scope["raw_path"], body)
    headers = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture(scope="module")
def teller():
    with serving(telling, http=HttpProtocol, lifespan="off") as url:
        yield url


UPGRADE = b"POST /a HTTP/1.1\r\nhost: x\r\nconnection: %b\r\nupgrade: h2c\r\n"
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
CHUNKED = UPGRADE % b"upgrade" + b"transfer-encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n"
IN_A_ROW = UPGRADE % b"upgrade" + b"content-length: 5\r\n\r\nGET /"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (IN_A_ROW + LAST, [b"POST /a <GET />", b"GET /last <>"]),
        (CHUNKED + LAST, [b"POST /a <GET />", b"GET /last <>"]),
        (IN_A_ROW + CHUNKED + IN_A_ROW + LAST, [b"POST /a <GET />"] * 3 + [b"GET /last <>"]),
        (UPGRADE % b"upgrade" + b"\r\n" + LAST, [b"POST /a <>", b"GET /last <>"]),
        (UPGRADE % b"close, upgrade" + b"content-length: 2\r\n\r\nhi", [b"POST /a <hi>"]),
    ],
    ids=["length", "chunks", "in a row", "no body", "and close"],
)
def test_an_upgrade_is_ignored(teller, data, told):
    """The body is the request's, and what follows it another request, wherever it is cut."""
    cuts = range(1, len(data)) if data.count(b"upgrade: h2c") == 1 else (1, 150, 300)
    for cut in cuts:
        with closing(connected(teller)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(data[:cut])
            connection.sendall(data[cut:])
            came = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        assert came.count(b"HTTP/1.1 200 OK") == len(told), (cut, came)
        assert came.endswith(told[-1])
        assert [came.count(each) for each in told] == [told.count(each) for each in told]


def test_many_upgrades_at_once(teller):
    """In one read; none costs the stack of another."""
    data = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    assert raw(teller, data * 1500 + LAST).count(b"HTTP/1.1 200 OK") == 1501


def test_no_tunnel(teller):
    """CONNECT is refused behind the answers that are due, and nothing behind it is read."""
    get = LAST.replace(b"connection: close\r\n", b"")
    came = raw(teller, get + b"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n" + get * 3)

    assert came.startswith(b"HTTP/1.1 200")
    assert came.count(b"HTTP/1.1 ") == 2
    assert json.loads(came.rpartition(b"\r\n\r\n")[2])["error"]["message"]


@pytest.mark.parametrize(
    "endless", [b"0\r\nx: ", b"0\r\n", b"1;"], ids=["one", "many", "extension"]
)
@pytest.mark.parametrize("is_answered", [False, True])
def test_what_frames_a_body_has_an_end(is_answered, endless):
    """An endless trailer is refused, or the connection closed where the answer is out already: it
    would be joined to itself with each read."""

    async def early(scope, receive, send):
        if is_answered:
            await sending_nothing(send)
        else:
            await telling(scope, receive, send)

    async def sending_nothing(send):
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    piece = (b"a: b\r\n" if endless == b"0\r\n" else b"aaaaaa") * (8 << 10)
    sent, came = 0, b""
    with (
        serving(early, http=HttpProtocol, lifespan="off") as url,
        closing(connected(url)) as connection,
    ):
        connection.sendall(head)
        if is_answered:
            came = connection.recv(1 << 16)
        connection.sendall(endless)
        with suppress(ConnectionError):
            while sent < 32 << 20:
                connection.sendall(piece)
                sent += len(piece)
        with suppress(ConnectionError):
            came += b"".join(iter(lambda: connection.recv(1 << 16), b""))

    assert sent < 32 << 20  # what the kernels hold is less
    assert came.count(b"HTTP/1.1 ") <= 1
    assert came.startswith(b"HTTP/1.1 401" if is_answered else (b"", b"HTTP/1.1 431")[bool(came)])


def test_what_frames_many_bodies(teller):
    """Trailers are counted anew with each body, and a long body is none of them."""
    large = b"y" * (1 << 20)
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    one = head + b"1;%b\r\nx\r\n0\r\n%b\r\n" % (b"e" * 20_000, b"a: b\r\n" * 3_000)
    long = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(large), large)
    came = raw(teller, one * 5 + long + head + b"100000\r\n" + large + b"\r\n0\r\n\r\n" + LAST)
    assert came.count(b"HTTP/1.1 200 OK") == came.count(b"POST /") + 1 == 8


def test_a_broken_answer_that_is_not_read(monkeypatch):
    """Closing would wait for ever for a client that takes nothing; it is cut."""
    monkeypatch.setattr(reader_watch, "STALL", 0.2)
    states = []

    class Noted(HttpProtocol):
        def connection_made(self, transport):
            super().connection_made(transport)
            states.append(self.server_state)

    async def breaks(scope, receive, send):
        """Behind something that waits, but pauses nothing."""
        transport = scope["extensions"]["strictgate.server"]._connection.transport
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not transport.get_write_buffer_size():
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
        raise ValueError("broken")

    with serving(breaks, http=Noted, loop="uvloop", lifespan="off") as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with closing(socket.socket()) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            connection.sendall(LAST)
            last = time.monotonic() + 30
            while (not states or states[0].connections) and time.monotonic() < last:
                time.sleep(0.01)
            assert not states[0].connections


def later(seconds):
    """An application that takes its time."""

    async def answer(scope, receive, send):
        await asyncio.sleep(seconds)
        await telling(scope, receive, send)

    return answer


def test_a_head_that_is_late_behind_an_answer_that_is_due(monkeypatch):
    """The answer comes first; the deadline begins with it, and then there is a 408."""
    monkeypatch.setattr(http_protocol, "HEAD_DEADLINE", 0.1)
    get = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
    with (
        serving(later(0.3), http=HttpProtocol, lifespan="off") as url,
        closing(connected(url)) as connection,
    ):
        connection.sendall(get)
        connection.sendall(get.replace(b"/a", b"/b") + b"GET /c HT")
        came = b"".join(iter(lambda: connection.recv(1 << 16), b""))

    assert re.findall(rb"HTTP/1.1 (\d+)|(GET /.)", came) == [
        *((b"200", b""), (b"", b"GET /a"), (b"200", b""), (b"", b"GET /b"), (b"408", b"")),
    ]


def test_what_follows_who_was_turned_away():
    """In the same read: nobody answers it behind the refusal, not even a health check."""
    get = b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n"
    limits = [Limit(name, most, too_many(), lambda event: None) for name, most in LIMITS]
    with (
        serving(later(30), http=HttpProtocol.limited_by(*limits), lifespan="off") as url,
        closing(connected(url)) as connection,
    ):
        connection.sendall(get)
        time.sleep(0.1)
        came = raw(url, get + get.replace(b"/v1/x", b"/healthz"))

    assert came.startswith(b"HTTP/1.1 503")
    assert came.count(b"HTTP/1.1 ") == 1


BROKEN_BODY = b"POST /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nx\r\n"


@pytest.mark.parametrize("wrong", [b"\0rubbish\r\n\r\n", BROKEN_BODY], ids=["head", "body"])
@pytest.mark.parametrize("due", [1, 2])
def test_what_is_wrong_behind_answers_that_are_due(due, wrong):
    """They come, and then the end."""
    get = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
    with serving(later(0.1), http=HttpProtocol, lifespan="off") as url:
        came = raw(url, get * due + wrong)

    assert re.findall(rb"HTTP/1.1 (\d+)", came) == [b"200"] * due
    assert came.count(b"GET /a <>") == due
