"""Connections are kept, used again, and closed at the end."""

import asyncio
import socket

import pytest

from strictgate.upstream.http import dialer as dialer_module
from strictgate.upstream.http.faults import CannotConnect, ConnectTimedOut
from strictgate.upstream.http.pool import ConnectionPool
from strictgate.upstream.http.request import Destination, HttpServer
from tests.upstream.http.raw import ANSWER, LOOPS, WAIT, asked, listening


def pooled(run):
    """Run a test with a pool and a server that answers whatever is asked, on each kind of loop."""

    async def answer(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER % (2, b"ok"))

    async def both():
        pool = ConnectionPool()
        async with asyncio.timeout(WAIT), listening(answer) as port:
            await run(pool, Destination(HttpServer("http", "127.0.0.1", port)))
            await pool.close()

    for loop in LOOPS:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(both())


async def exchange(connection):
    response = await asked(connection)
    assert await response.read(None, WAIT) == b"ok"
    response.release()


def test_the_latest_is_used_first():
    """So that those go which are not needed."""

    async def run(pool, destination):
        assert pool.kept(destination) is None
        first, second = [await pool.connect(destination, WAIT) for _ in range(2)]
        await exchange(first)
        await exchange(second)
        assert [pool.kept(destination) for _ in range(3)] == [second, first, None]
        assert pool.kept(Destination(HttpServer("http", "127.0.0.2", 1))) is None

    pooled(run)


def test_a_closed_one_is_forgotten():
    """Nothing is left of it."""

    async def run(pool, destination):
        connection = await pool.connect(destination, WAIT)
        await exchange(connection)
        connection.close()
        assert pool.kept(destination) is None
        assert not pool._open

    pooled(run)


def test_the_end():
    """It closes those that are idle, and those that somebody waits for."""

    async def run(pool, destination):
        idle, busy = [await pool.connect(destination, WAIT) for _ in range(2)]
        await exchange(idle)
        response = await asked(busy)
        await pool.close()
        assert not idle.is_clean()
        assert await response.read(None, WAIT) == b"ok"
        assert pool.kept(destination) is None

    pooled(run)


def test_nobody_listens():
    """The system says so."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def run(pool, _):
        with pytest.raises(CannotConnect) as raised:
            await pool.connect(Destination(HttpServer("http", "127.0.0.1", port)), WAIT)
        assert isinstance(raised.value.os_error, ConnectionRefusedError)
        assert not pool._open

    pooled(run)


def test_a_name_that_nobody_knows(monkeypatch):
    """The resolver says so."""

    async def look_up(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(dialer_module, "_looked_up", look_up)

    async def run(pool, _):
        with pytest.raises(CannotConnect) as raised:
            await pool.connect(Destination(HttpServer("http", "nowhere.invalid", 1)), WAIT)
        assert isinstance(raised.value.os_error, socket.gaierror)

    pooled(run)


def test_nobody_accepts(monkeypatch):
    """After a while that is given up."""

    async def hang(*_):
        await asyncio.sleep(WAIT)

    monkeypatch.setattr(dialer_module.Dialer, "_addresses", hang)

    async def run(pool, destination):
        with pytest.raises(ConnectTimedOut):
            await pool.connect(destination, 0.01)

    pooled(run)
