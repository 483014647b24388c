"""The gateway as a process of its own that tells how it is.

It is the command itself, with one addition: at SIGUSR1 it writes a line of JSON on standard output
with what it holds (`Health`).
"""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strictgate.commands.serve import serve
from strictgate.settings.loading import Settings

KEY_VARIABLE = "STRICTGATE_CAMPAIGN_KEY"
_LETTERS = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")


def made_key(kind: str, name: str) -> str:
    """Return the key of somebody; no part of it is like one of the identifiers in a log."""
    return f"{kind}key7{hashlib.sha256(name.encode()).hexdigest()[:20].translate(_LETTERS)}"


UPSTREAM_KEY = made_key("u", "upstream")
"""The one that the gateway has for one of its upstreams."""
TICK = 0.005  # seconds between two looks at what the loop has computed
FIRST_BYTE = 2.0
"""Seconds of the shortest of the time limits in `settings_for`."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Health:
    """What the process holds at this moment."""

    tasks: int
    descriptors: int
    workers: int
    """Its own processes that judge; they are started when they are needed, and then stay."""
    resident: int
    """Bytes."""
    computed: float
    """Seconds of processor time that it and its workers have taken until now."""
    stretch: float
    """The longest that the event loop has computed without a pause since the last look: seconds of
    processor time, so that a machine that is busy with other things does not count."""

    def holds_more_than(self, before: "Health") -> bool:
        """Whether there are tasks or descriptors that were not there before, but for a worker's
        task and its two pipes."""
        more = self.workers - before.workers
        return self.tasks - more > before.tasks or self.descriptors - 2 * more > before.descriptors


class Gateway:
    """A running one."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        """The file that its standard error goes to."""

    def health(self) -> Health:
        """Ask how it is. It answers when its loop is free."""
        self.process.send_signal(signal.SIGUSR1)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        while line and not line.startswith("["):  # what it says of its upstreams at start
            line = self.process.stdout.readline()
        return Health(*json.loads(line))


@contextmanager
def gateway(folder: Path, settings: Mapping[str, Any]) -> Iterator[Gateway]:
    """Run one with these settings until the block ends.

    Args:
        folder: for the log.
        settings: the tables, as in the configuration file.
    """
    log = folder / "gateway.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {KEY_VARIABLE: UPSTREAM_KEY},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("http"), log.read_text()
            yield Gateway(process, int(line.rpartition(":")[2]), log)
        finally:
            process.kill()


def settings_for(port: int, models: Mapping[str, str], **tables: Any) -> dict[str, Any]:
    """Return settings for an upstream at this port, whose time limits suit a campaign.

    Args:
        models: names of models that go on from a prefix, each with the upstream's own name.
    """
    one = {
        "base_url": f"http://127.0.0.1:{port}/v1",
        "preset": "generic",  # it is not looked at: what it is asked is counted
        "timeout": 6.0,
        "first_byte_timeout": FIRST_BYTE,
        "idle_timeout": FIRST_BYTE,
        "breaker_failures": 0,
    }
    return {
        "default_upstream": "asked",
        "server": {"port": 0, "drain_delay": 0.0},
        "upstreams": {
            "asked": one,
            "going_on": one | {"prefill": "trailing", "api_key_env": KEY_VARIABLE},
        },
        "models": {name: {"upstream": "going_on", "model": own} for name, own in models.items()},
        "limits": {"upstream_bytes": 4 << 20},
    } | tables


class _Watch:
    """The longest stretch of computing on the loop."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(TICK)
            now = time.thread_time()
            self.longest = max(self.longest, now - before)
            before = now


def _computed(workers: Sequence[str]) -> float:
    """Return what this process, those that it has waited for, and `workers` have computed."""
    ticks = 0
    for worker in workers:
        with suppress(FileNotFoundError):  # it has ended
            fields = Path(f"/proc/{worker}/stat").read_text().rpartition(") ")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return sum(os.times()[:4]) + ticks / os.sysconf("SC_CLK_TCK")


def main(settings: str) -> None:
    """Serve until the process is killed."""
    watch = _Watch()
    running: list[asyncio.Task[None]] = []

    def announce(url: str) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, tell)
        running.append(loop.create_task(watch.run()))
        print(url, flush=True)

    def tell() -> None:
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
        descriptors = len(os.listdir("/proc/self/fd"))
        threads = Path("/proc/self/task").glob("*/children")  # each has those that it has started
        workers = [child for each in threads for child in each.read_text().split()]
        tasks = len(asyncio.all_tasks())
        held = (tasks, descriptors, len(workers), resident, _computed(workers), watch.longest)
        print(json.dumps(held), flush=True)
        watch.longest = 0.0

    with suppress(KeyboardInterrupt):
        serve(Settings(**json.loads(settings)), announce)


if __name__ == "__main__":
    main(sys.argv[1])
