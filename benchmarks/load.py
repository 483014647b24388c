"""The load: the same request over and over, on a number of connections that stay open.

`wrk` makes it where that is installed. Else this file does, run as a program of its own so that the
client and what is measured do not share an interpreter: the job on stdin, the result on stdout,
both JSON. It takes more of the processor than wrk does, so compare only runs of the same kind.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

import httptools
import uvloop

GRACE = 15.0  # seconds that a load may take beyond its time
_SCRIPT = """\
wrk.method = "POST"
wrk.body = {body}
{headers}
function done(summary, latency, requests)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\\n{{"answers": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "refused": %d, "lost": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status, lost))
end
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What to send, where to, for how long."""

    port: int
    path: str
    headers: Mapping[str, str]
    body: str
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """The result of one load."""

    answers: int
    seconds: float
    p50: float
    """Milliseconds."""
    p99: float
    refused: int
    """Answers that were no success."""
    lost: int
    """Connections that failed or stalled."""

    @property
    def rate(self) -> float:
        """Successes per second."""
        return (self.answers - self.refused) / self.seconds


def generator() -> str:
    """Return what makes the load, with its version."""
    if not shutil.which("wrk"):
        return "asyncio client (wrk is not installed)"
    told = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return " ".join((told.stdout + told.stderr).split()[:2])


def run(job: Job) -> Load:
    """Put the load on; return what was measured.

    Raises:
        subprocess.SubprocessError: the generator failed.
    """
    return _wrk(job) if shutil.which("wrk") else _client(job)


def _wrk(job: Job) -> Load:
    headers = [f"wrk.headers[{_lua(name)}] = {_lua(text)}" for name, text in job.headers.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT.format(body=_lua(job.body), headers="\n".join(headers)))
        script.flush()
        url = f"http://127.0.0.1:{job.port}{job.path}"
        options = ["-t1", f"-c{job.connections}", f"-d{ceil(job.seconds)}s", "--timeout=10s"]
        command = ["wrk", *options, "-s", script.name, url]
        return _result(_told(command, job.seconds, ""))


def _lua(text: str) -> str:
    """Return `text` as a string of Lua: every byte by its number."""
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'


def _client(job: Job) -> Load:
    command = [sys.executable, __file__]
    return _result(_told(command, job.seconds, json.dumps(asdict(job))))


def _told(command: list[str], seconds: float, given: str) -> str:
    ran = subprocess.run(
        command, input=given, capture_output=True, text=True, check=True, timeout=seconds + GRACE
    )
    return ran.stdout


def _result(told: str) -> Load:
    return Load(**json.loads(told.splitlines()[-1]))


# --- the client that needs no wrk ----------------------------------------------------------------


@dataclass
class _Tally:
    """What all connections together have seen."""

    until: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0


class _Connection(asyncio.Protocol):
    """Sends the request, waits for the whole answer, and again."""

    def __init__(self, request: bytes, tally: _Tally) -> None:
        self._request = request
        self._tally = tally
        self._parser: Any = None
        self._sent = 0.0
        self._is_done = False
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._tally.latencies.append(now - self._sent)
        self._tally.refused += self._parser.get_status_code() >= 400
        if now < self._tally.until:
            self._send()
        else:
            self._is_done = True
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.lost += not self._is_done
        self.closed.set_result(None)

    def _send(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._sent = time.perf_counter()
        self._transport.write(self._request)


async def _measure(job: Job) -> Load:
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    tally, request = _Tally(began + job.seconds), _request(job)
    opened = [
        await loop.create_connection(lambda: _Connection(request, tally), "127.0.0.1", job.port)
        for _ in range(job.connections)
    ]
    closing = [protocol.closed for _, protocol in opened]
    _, stalled = await asyncio.wait(closing, timeout=job.seconds + GRACE / 2)
    latencies = sorted(tally.latencies) or [0.0]
    return Load(
        answers=len(tally.latencies),
        seconds=time.perf_counter() - began,
        p50=1e3 * latencies[len(latencies) // 2],
        p99=1e3 * latencies[len(latencies) * 99 // 100],
        refused=tally.refused,
        lost=tally.lost + len(stalled),
    )


def _request(job: Job) -> bytes:
    body = job.body.encode()
    own = {"Host": f"127.0.0.1:{job.port}", "Content-Length": str(len(body))}
    lines = [f"{name}: {text}" for name, text in (own | dict(job.headers)).items()]
    return "\r\n".join([f"POST {job.path} HTTP/1.1", *lines, "", ""]).encode() + body


if __name__ == "__main__":
    measured = uvloop.run(_measure(Job(**json.load(sys.stdin))))
    print(json.dumps(asdict(measured)))
