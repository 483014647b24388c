"""Run servers as child processes: start them, wait for them, measure their memory, and end them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

POLL = 0.01  # seconds
ENDING = 5.0  # seconds to leave when asked to


class NotReady(Exception):
    """A server did not come up."""


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` with what it prints thrown away; end it, and all that it started, on leaving.

    It gets a session of its own: Ctrl-C reaches this program alone, which then ends it.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    _signal(process.pid, signal.SIGTERM)
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(process.pid, signal.SIGKILL)  # what is left of its group
        process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def wait_until_right(
    fault: Callable[[], str], process: subprocess.Popen[bytes], seconds: float
) -> None:
    """Poll `fault`, which says what is wrong, until it says nothing.

    Raises:
        NotReady: the process ended, or the time is over.
    """
    deadline = time.monotonic() + seconds
    while said := fault():
        if process.poll() is not None:
            raise NotReady(f"ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise NotReady(f"no right answer within {seconds:g} s: {said}")
        time.sleep(POLL)


def surroundings(own: Mapping[str, str]) -> dict[str, str]:
    """Return our environment with `own`, less what would make it another's measurement."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STRICTGATE_", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    return {**kept, **own}


def resident(root: int) -> float | None:
    """Return the resident memory of `root` and its descendants in MiB; None where ps is missing."""
    try:
        rows = _processes()
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    tree = _tree(root, rows)
    return sum(size for pid, _, size in rows if pid in tree) / 1024


def descendants(root: int) -> set[int]:
    """Return `root` and the processes that it has started, and these.

    Raises:
        FileNotFoundError: ps is missing.
        subprocess.CalledProcessError: it failed.
    """
    return _tree(root, _processes())


def _processes() -> list[tuple[int, int, int]]:
    """Return number, parent, and resident KiB of every process."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return [(int(pid), int(parent), int(size)) for pid, parent, size in rows]


def _tree(root: int, rows: Sequence[tuple[int, int, int]]) -> set[int]:
    tree = {root}
    while more := {pid for pid, parent, _ in rows if parent in tree} - tree:
        tree |= more
    return tree
