"""Real stores for a test, each on a free port of its own; tests are skipped where there are none.

Debian: `apt-get install redis-server` or `valkey-server`; Python: `strictgate[redis]`.
"""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

REDIS = shutil.which("valkey-server") or shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    REDIS is None or find_spec("redis") is None,
    reason="neither valkey-server nor redis-server is installed"
    if REDIS is None
    else "the client is not installed: strictgate[redis]",
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RedisServer:
    """Redis or Valkey; it can be stopped, and started again, empty, on the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        port = str(self.port)
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        self._process = subprocess.Popen(
            [str(REDIS), "--port", port, *options], stdout=subprocess.DEVNULL
        )
        wait_for_port(self.port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Return once something accepts connections there; the process must not end before."""
    for _ in range(1000):
        assert process.poll() is None, "the server has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds: what others tell takes a moment."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 it is another process that acts
            await asyncio.sleep(0.01)
