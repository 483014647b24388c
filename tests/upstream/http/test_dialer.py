"""Addresses are tried in turns; TLS and proxies lead to the right server, or to nobody."""

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from strictgate.upstream.http import dialer as dialer_module
from strictgate.upstream.http.dialer import Dialer, first_connected, in_turns
from strictgate.upstream.http.faults import ConnectTimedOut, ProxyRefused, TlsFailed
from strictgate.upstream.http.pool import ConnectionPool
from strictgate.upstream.http.request import Destination, HttpServer, parsed_proxy, parsed_url
from tests.upstream.http.raw import ANSWER, LOOPS, WAIT, asked, listening

TLS = Path(__file__).parents[2] / "data" / "tls"
"""A certificate of `localhost` that vouches for itself, and its key."""
V4, V6 = socket.AF_INET, socket.AF_INET6


def running(*trials):
    """Run coroutine functions on each kind of loop."""
    for loop in LOOPS:
        for trial in trials:
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(asyncio.wait_for(trial(), WAIT))


# --- addresses -----------------------------------------------------------------------------------


def found(*families):
    return [(family, number) for number, family in enumerate(families)]


@pytest.mark.parametrize(
    ("families", "order"),
    [((V6,), [0]), ((V6, V6, V4), [0, 2, 1]), ((V4, V4, V6, V6, V6), [0, 2, 1, 3, 4])],
)
def test_families_take_turns(families, order):
    """The first stays the first."""
    assert [number for _, number in in_turns(found(*families))] == order


def resolved(*ports):
    """Addresses as a name has them; None: one that never answers."""
    return [
        (V4, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port) if port else None) for port in ports
    ]


@pytest.fixture
def stalling(monkeypatch):
    """Have some addresses never answer, without waiting for it."""
    honest, stalled = dialer_module._connect, []

    async def connect(each):
        if each[4] is not None:
            return await honest(each)
        stalled.append(asyncio.current_task())
        await asyncio.sleep(WAIT)
        raise AssertionError("it was waited for")

    monkeypatch.setattr(dialer_module, "_connect", connect)
    monkeypatch.setattr(dialer_module, "HEAD_START", 0.01)
    return stalled


@pytest.mark.parametrize("before", [(), ("dead",), ("stalls",), ("stalls", "dead", "stalls")])
def test_the_first_that_answers(before, stalling):
    """Those that refuse cost nothing, and those that do not answer no more than the head start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ports = [dead if each == "dead" else None for each in before]

        async def trial():
            with await first_connected(resolved(*ports, port, None)) as raw:
                assert raw.getpeername()[1] == port

        running(trial)
    assert len(stalling) >= len(LOOPS) * before.count("stalls")
    assert all(task.cancelled() for task in stalling)


def test_none_of_them():
    """What the first came to is told."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()[1]

    async def trial():
        with pytest.raises(ConnectionRefusedError):
            await first_connected(resolved(dead, dead))

    running(trial)


def test_names_are_looked_up_once(monkeypatch):
    """By all who ask at once, and for a while; one that is not known is looked up again."""
    asked_for = []

    async def look_up(host, port):
        asked_for.append(host)
        await asyncio.sleep(0)
        if host == "unknown":
            raise socket.gaierror(socket.EAI_NONAME, "x")
        return resolved(port)

    monkeypatch.setattr(dialer_module, "_looked_up", look_up)

    async def trial():
        asked_for.clear()
        dialer = Dialer()
        known = [dialer._addresses(HttpServer("http", "known", 1)) for _ in range(5)]
        assert await asyncio.gather(*known) == [resolved(1)] * 5
        await dialer._addresses(HttpServer("http", "known", 1))
        assert asked_for == ["known"]
        for _ in range(2):
            with pytest.raises(socket.gaierror):
                await dialer._addresses(HttpServer("http", "unknown", 1))
            await asyncio.sleep(0.01)
        assert asked_for == ["known", "unknown", "unknown"]
        await dialer._addresses(HttpServer("http", "127.0.0.1", 1))
        assert len(asked_for) == 3

    running(trial)


# --- TLS and proxies -----------------------------------------------------------------------------


async def answer(reader, writer):
    """Answer one request after the other with its first line."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        line = head.partition(b"\r\n")[0]
        writer.write(ANSWER % (len(line), line))


async def refuse(reader, writer):
    """Answer in the clear, whatever comes."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def safely(handler):
    """A server within TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return listening(handler, context)


def proxy(status=b"200 Connection established", behind=b""):
    """A proxy that leads where CONNECT says, and notes the heads that it gets."""
    heads = []

    async def lead(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        if not head.startswith(b"CONNECT"):
            writer.write(ANSWER % (5, b"clear"))
            return
        writer.write(b"HTTP/1.1 %b\r\n\r\n%b" % (status, behind))
        if behind or not status.startswith(b"200"):
            return
        _, _, port = head.split()[1].decode().rpartition(":")
        there = await asyncio.open_connection("127.0.0.1", int(port))
        async with asyncio.TaskGroup() as group:
            group.create_task(pumped(reader, there[1]))
            group.create_task(pumped(there[0], writer))

    return lead, heads


async def pumped(reader, writer):
    try:
        while piece := await reader.read(1 << 16):
            writer.write(piece)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def exchanged(pool, destination):
    """What is answered there, twice on one connection."""
    connection = await pool.connect(destination, WAIT)
    for _ in range(2):
        response = await asked(connection)
        body = await response.read(None, WAIT)
        response.release()
        assert pool.kept(destination) is connection
    return body


@pytest.fixture
def trusted(monkeypatch):
    """Have this process trust the certificate, as its environment may say."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))


def test_tls(trusted):
    """A server whose certificate is trusted, for its own name alone."""

    async def trial():
        pool = ConnectionPool()
        async with safely(answer) as port:
            there = Destination(HttpServer("https", "localhost", port))
            assert await exchanged(pool, there) == b"POST /x HTTP/1.1"
            with pytest.raises(TlsFailed) as raised:
                await pool.connect(Destination(HttpServer("https", "127.0.0.1", port)), WAIT)
            assert isinstance(raised.value.os_error, ssl.SSLCertVerificationError)
            await pool.close()

    running(trial)


def test_tls_without_trust():
    """Nobody is asked anything whom nobody vouches for; nor one that speaks no TLS."""

    async def trial():
        pool = ConnectionPool()
        async with safely(answer) as port, listening(refuse) as clear_port:
            for each in (port, clear_port):
                with pytest.raises(TlsFailed):
                    await pool.connect(Destination(HttpServer("https", "localhost", each)), WAIT)
            await pool.close()

    running(trial)


@pytest.mark.parametrize("is_led", [True, False])
def test_a_handshake_that_does_not_end(is_led):
    """It is given up in time, and leaves no connection behind."""

    async def trial():
        seen = asyncio.Queue()

        async def silent(reader, writer):
            if is_led:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with suppress(ConnectionError):
                while await reader.read(1 << 16):
                    pass
            seen.put_nowait("left")

        async with listening(silent) as port:
            server = HttpServer("https", "localhost" if is_led else "127.0.0.1", port)
            way = parsed_proxy(f"http://127.0.0.1:{port}") if is_led else None
            pool = ConnectionPool()
            with pytest.raises(ConnectTimedOut):
                await pool.connect(Destination(server, way), 0.1)
            assert await seen.get() == "left"
            await pool.close()

    running(trial)


def test_an_address_of_one_interface():
    """It is reached by way of that one (RFC 6874); this machine's own has the index 1."""
    with socket.socket(V6) as free:
        try:
            free.bind(("::1", 0, 0, 1))
        except OSError:
            pytest.skip("no IPv6 here")

    async def trial():
        async with listening(proxy()[0], host="::1") as port:
            pool = ConnectionPool()
            where = parsed_url(f"http://[::1%251]:{port}").server
            assert where.host == "::1%1"
            connection = await pool.connect(Destination(where), WAIT)
            assert await (await asked(connection)).read(None, WAIT) == b"clear"
            await pool.close()

    running(trial)


@pytest.mark.parametrize("is_safe", [True, False])
def test_through_a_proxy(is_safe, trusted):
    """In the clear it asks for us; safely, it only leads there and sees nothing."""

    async def trial():
        lead, heads = proxy()
        pool = ConnectionPool()
        async with safely(answer) as port, listening(lead) as proxy_port:
            scheme = "https" if is_safe else "http"
            way = parsed_proxy(f"http://127.0.0.1:{proxy_port}")
            there = Destination(HttpServer(scheme, "localhost", port), way)
            if is_safe:
                assert await exchanged(pool, there) == b"POST /x HTTP/1.1"
                line = b"CONNECT localhost:%d HTTP/1.1" % port
            else:
                connection = await pool.connect(there, WAIT)
                assert await (await asked(connection)).read(None, WAIT) == b"clear"
                line = b"POST /x HTTP/1.1"
            assert [head.partition(b"\r\n")[0] for head in heads] == [line]
            await pool.close()

    running(trial)


@pytest.mark.parametrize(
    ("status", "behind"),
    [(b"407 Proxy Authentication Required", b""), (b"200 OK", b"more"), (b"302 Found", b"")],
)
def test_a_proxy_that_does_not_lead_there(status, behind):
    """Nothing is sent to it but the name of the server."""

    async def trial():
        lead, heads = proxy(status, behind)
        pool = ConnectionPool()
        async with listening(lead) as port:
            way = parsed_proxy(f"http://127.0.0.1:{port}")
            with pytest.raises(ProxyRefused) as raised:
                await pool.connect(Destination(HttpServer("https", "localhost", 1), way), WAIT)
            assert raised.value.status == int(status[:3])
            await pool.close()
        assert len(heads) == 1

    running(trial)
