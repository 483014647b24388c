"""Real stores for a test, each on a free port of its own; tests are skipped where there are none.

Debian: `apt-get install redis-server` or `valkey-server`; Python: `strictgate[redis]`.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

REDIS = shutil.which("valkey-server") or shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    REDIS is None or find_spec("redis") is None,
    reason="neither valkey-server nor redis-server is installed"
    if REDIS is None
    else "the client is not installed: strictgate[redis]",
)


INITDB = shutil.which("initdb") or next(
    (str(each) for each in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None
)
needs_postgres = pytest.mark.skipif(
    INITDB is None or find_spec("psycopg") is None,
    reason="PostgreSQL's server is not installed"
    if INITDB is None
    else "the client is not installed: strictgate[postgres]",
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RedisServer:
    """Redis or Valkey; it can be stopped, and started again, empty, on the same port."""

    def __init__(self, certificates: Path | None = None) -> None:
        """Prepare it; with a folder of a certificate and its key it speaks within TLS alone."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._listening = ["--port", str(self.port)]
        if certificates is not None:
            self.url = f"rediss://localhost:{self.port}/0"
            self._listening = ["--port", "0", "--tls-port", str(self.port)]
            self._listening += ["--tls-cert-file", f"{certificates}/certificate.pem"]
            self._listening += ["--tls-key-file", f"{certificates}/key.pem"]
            self._listening += ["--tls-auth-clients", "no"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        self._process = subprocess.Popen(
            [str(REDIS), *self._listening, *options], stdout=subprocess.DEVNULL
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
def postgres_server() -> Iterator[str]:
    """Run PostgreSQL with an empty database; it must not be root's process."""
    port, owner = free_port(), "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        if owner is not None:
            shutil.chown(folder, owner)
        data, quiet = f"{folder}/data", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        made = [str(INITDB), "-D", data, "-U", "me", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, check=True, user=owner, cwd=folder, **quiet)
        options = [
            "-p",
            str(port),
            "-k",
            folder,
            "-c",
            "fsync=off",
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        server = str(Path(str(INITDB)).resolve().with_name("postgres"))
        process = subprocess.Popen([server, "-D", data, *options], user=owner, cwd=folder, **quiet)
        try:
            wait_for_port(port, process)
            ready = [str(Path(server).with_name("pg_isready")), "-h", "127.0.0.1", "-p", str(port)]
            while subprocess.run(ready, check=False, **quiet).returncode == 1:  # it starts up
                time.sleep(0.05)
            yield f"postgresql://me@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's own fast end
            process.wait()


@contextmanager
def redis_server(certificates: Path | None = None) -> Iterator[RedisServer]:
    server = RedisServer(certificates)
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
