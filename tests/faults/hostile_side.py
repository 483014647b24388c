"""What is hostile, as a process: the client that asks for it, and the host that writes it.

What it computes itself must not be taken for what the gateway does to others. `HostileSide.run` has
it ask for one row of hostile.py again and again, and returns what came.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.faults.hostile import HOSTILE, Hostile
from tests.faults.http_client import Answer, exchange, post
from tests.faults.oracle import ALWAYS
from tests.faults.upstream import Token, upstream

MODEL = "hostile"
"""The model of the requests; where they stream, `MODEL_ON`, which goes on from prefixes."""
MODEL_ON = "hostile/on"
_CODE = re.compile(rb'"code": ?"(\w+)"')


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of one row."""

    kinds: tuple[str, ...]
    """Each status that came, with the error's code, if there was one."""
    seconds: tuple[float, ...]
    """Of each request."""


@dataclass(frozen=True, slots=True)
class HostileSide:
    """The running process."""

    process: subprocess.Popen[str]
    port: int
    """Where its upstream listens."""

    async def run(self, gateway: int, name: str, seconds: float, *, is_stream: bool) -> Outcomes:
        """Have it ask the gateway at that port for so long."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([gateway, name, seconds, is_stream]) + "\n")
        self.process.stdin.flush()
        line = await asyncio.to_thread(self.process.stdout.readline)
        kinds, times = json.loads(line)
        return Outcomes(tuple(kinds), tuple(times))


@contextmanager
def hostile_side() -> Iterator[HostileSide]:
    """Run one until the block ends."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            yield HostileSide(process, int(process.stdout.readline()))
        finally:
            process.kill()


async def main() -> None:
    """Serve, and ask for each row that a line of the standard input names."""
    async with upstream() as running:
        print(running.port, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            gateway, name, seconds, is_stream = json.loads(line)
            request = _request(name, HOSTILE[name], is_stream=is_stream)
            answers = []
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                answers.append(await exchange(gateway, request))
            kinds = sorted(set(map(_kind, answers)))
            print(json.dumps([kinds, [each.seconds for each in answers]]), flush=True)


def _kind(answer: Answer) -> str:
    code = _CODE.search(answer.body, max(0, answer.body.find(b'"error"')))
    return f"{answer.status} {code[1].decode()}" if code else str(answer.status)


def _request(name: str, row: Hostile, *, is_stream: bool) -> bytes:
    token = Token("n0nce-bad0bad0bad0", name, ALWAYS, 0)
    wanted = {"name": "x", "schema": row.schema()}
    body: dict[str, Any] = {
        "model": MODEL_ON if is_stream else MODEL,
        "stream": is_stream,
        "messages": [{"role": "user", "content": f"Write JSON. {token}"}],
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }
    return post("/v1/chat/completions", json.dumps(body).encode())


if __name__ == "__main__":
    asyncio.run(main())
