"""A process that is started beside the event loop."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from strictgate.gateway import child_process
from strictgate.gateway.child_process import started

ECHO = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.readline() * 2)"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="asyncio's own are used there")


def test_what_it_reads_and_writes():
    """Both ends are the pipe's; it gets the variables that it is given, and no others."""

    async def run():
        process = await started(("-c", ECHO), {}, 1 << 16)
        process.stdin.write(b"abc\n")
        assert await process.stdout.read() == b"abc\nabc\n"
        assert await process.wait() == 0 == process.returncode
        told = await started(
            ("-c", "import os; print(len(os.environ.keys() - {'LC_CTYPE'}))"), {}, 99
        )
        assert await told.stdout.read() == b"0\n"
        await told.wait()
        process.stdin.close()
        told.stdin.close()

    asyncio.run(run())


def test_its_end():
    """It is seen by what it leaves unwritten, and by how it ended; a session is its own."""

    async def run():
        process = await started(("-c", "import sys; sys.stdin.read()"), {}, 1 << 16)
        assert process.returncode is None
        assert os.getsid(process.pid) == process.pid
        process.kill()
        assert await process.stdout.read() == b""
        assert await process.wait() == -signal.SIGKILL
        process.stdin.close()

    asyncio.run(run())


def test_the_input_ends():
    """A process that reads to the end of its input goes, once there is nobody who could write."""

    async def run():
        process = await started(("-c", "import sys; sys.stdin.read()"), {}, 1 << 16)
        process.stdin.close()
        assert await process.wait() == 0

    asyncio.run(run())


def test_what_cannot_be_started(monkeypatch):
    """It is an error of the system's, and leaves nothing open."""
    monkeypatch.setattr(child_process.sys, "executable", "/nowhere/python")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    async def run():
        with pytest.raises(FileNotFoundError):
            await started(("-c", ""), {}, 1 << 16)

    asyncio.run(run())
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


@pytest.mark.parametrize("turns", range(1, 12))
def test_nobody_waits_for_its_start(turns, monkeypatch):
    """What was begun is ended, at whatever moment it is given up."""
    begun = []

    class Noted(subprocess.Popen):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            begun.append(self)

    monkeypatch.setattr(child_process.subprocess, "Popen", Noted)

    async def run():
        starting = asyncio.create_task(started(("-c", "import sys; sys.stdin.read()"), {}, 1))
        for _ in range(turns):
            await asyncio.sleep(0 if turns < 6 else 0.002)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            process = await starting  # it was there already
            process.kill()
            await process.wait()
            process.stdin.close()

    asyncio.run(run())
    assert all(each.returncode is not None for each in begun)
