"""How long the event loop computes at a stretch, and what others notice of it.

For each kind of hostile answer (hostile.py), whole and streamed: an upstream gives it again and
again, and beside it a healthy client asks for a small document. Printed are the longest time for
which the gateway's event loop did not turn, and the 99th percentile of the healthy client's
requests beside the hostile ones and alone. Both schema and answer are new each time: nothing is
kept from the time before.

    python -m benchmarks.loop --size 10 --seconds 3          # KiB of each answer
    python -m benchmarks.loop --only "wrong at its end" --size 1024
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools
import uvicorn

from benchmarks.hostile import HOSTILE, ROWS
from benchmarks.processes import free_port, running
from strictgate.api.app import create_app
from strictgate.settings.loading import Settings

ROOT = Path(__file__).parent.parent
TICK = 0.002  # seconds
HEALTHY = '{"rows":[{"first_name":"Ada","mood":"glad"}]}'
PIECE = 16 << 10  # characters of a streamed delta
HEALTHY_PAUSE = 0.01  # seconds between two healthy requests


# --- an upstream, and the gateway with a ticker ---------------------------------------------------


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that answers as the model's name says: KIND/KIB."""
    if scope["type"] != "http":
        return
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message.get("body", b""), message.get("more_body", False)
    body = json.loads(raw)
    kind, _, size = body["model"].partition("/")
    text = HEALTHY if kind == "healthy" else HOSTILE[kind].answer(int(size) << 10)
    if body.get("stream"):
        await _stream(send, text)
        return
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    await _send(send, "application/json", json.dumps({"id": "c", "choices": [choice]}))


async def _stream(send: Any, text: str) -> None:
    deltas = [{"content": text[at : at + PIECE]} for at in range(0, len(text), PIECE)]
    choices = [{"index": 0, "delta": delta} for delta in deltas]
    choices += [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    events = [f"data: {json.dumps({'id': 'c', 'choices': [each]})}\n\n" for each in choices]
    await _send(send, "text/event-stream", *events, "data: [DONE]\n\n")


async def _send(send: Any, kind: str, *pieces: str) -> None:
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class Ticking:
    """The gateway, which tells at /longest, since it was asked before: for how long its loop has
    not turned, and has computed at a stretch, in milliseconds; and its peak of memory in KiB. On a
    busy machine the first is longer than the second."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._longest = self._computed = 0.0
        self._last = self._last_computed = 0.0
        self._is_ticking = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != "/longest":
            await self._app(scope, receive, send)
            return
        if not self._is_ticking:
            self._is_ticking = True
            self._tick()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await _send(
            send,
            "application/json",
            json.dumps([1000 * self._longest, 1000 * self._computed, peak]),
        )
        self._longest = self._computed = 0.0

    def _tick(self) -> None:
        now, computed = time.perf_counter(), time.thread_time()
        if self._last:
            self._longest = max(self._longest, now - self._last - TICK)
            self._computed = max(self._computed, computed - self._last_computed)
        self._last, self._last_computed = now, computed
        asyncio.get_running_loop().call_later(TICK, self._tick)


def serve(port: int, address: str) -> None:
    """Run the upstream, or the gateway in front of the one at `address`."""
    app: Any = upstream
    if address:
        settings = Settings(
            default_upstream="x",
            upstreams={"x": {"base_url": address}},  # type: ignore[dict-item]
            enforcement={"max_attempts": 1},  # type: ignore[arg-type]
            observe={"log": False},  # type: ignore[arg-type]
        )
        app = Ticking(create_app(settings, os.environ))
    uvicorn.run(app, port=port, log_level="critical", access_log=False)


# --- the clients ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What the gateway tells: see `Ticking`."""

    longest: float
    computed: float
    peak: int


class Connection:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.status = 0
        self._is_whole = False
        self._body = b""

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        self._is_whole = True

    async def ask(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """Send a request; return the body of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        parser, self._is_whole, self._body = httptools.HttpResponseParser(self), False, b""
        while not self._is_whole:
            piece = await reader.read(1 << 16)
            if not piece:
                raise ConnectionError("the gateway has hung up")
            parser.feed_data(piece)
        self.status = parser.get_status_code()
        return self._body


def request(model: str, schema: Any, *, stream: bool) -> dict[str, Any]:
    """Return a chat completion that is to be a document of `schema`."""
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    messages = [{"role": "user", "content": "json"}]
    about = {"model": model, "messages": messages, "response_format": wanted}
    return about | ({"stream": True} if stream else {})


async def healthy(connection: Connection, until: asyncio.Event) -> list[float]:
    """Ask for a small document until it is over; return the milliseconds of each answer."""
    body, taken = request("healthy", ROWS, stream=False), []
    while not until.is_set():
        began = time.perf_counter()
        await connection.ask("/v1/chat/completions", body)
        taken.append(1000 * (time.perf_counter() - began))
        assert connection.status == 200, connection.status
        await asyncio.sleep(HEALTHY_PAUSE)
    return taken


async def hostile(connection: Connection, body: dict[str, Any], until: asyncio.Event) -> list[int]:
    """Ask for a hostile answer until it is over; return the statuses."""
    statuses: list[int] = []
    schema = body["response_format"]["json_schema"]["schema"]
    while not until.is_set():
        schema["description"] = f"{os.getpid()} {time.perf_counter_ns()}"
        await connection.ask("/v1/chat/completions", body)
        statuses.append(connection.status)
    return statuses


async def measured(
    port: int, seconds: float, body: dict[str, Any] | None
) -> tuple[Told, list[float], list[int]]:
    """Return what the gateway tells, the healthy answers' times, and the hostile ones' statuses."""
    until = asyncio.Event()
    await Connection(port).ask("/longest")
    async with asyncio.TaskGroup() as group:
        good = group.create_task(healthy(Connection(port), until))
        bad = group.create_task(hostile(Connection(port), body, until)) if body else None
        await asyncio.sleep(seconds)
        until.set()
    told = Told(*json.loads(await Connection(port).ask("/longest")))
    return told, good.result(), bad.result() if bad else []


def p99(times: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(times, n=100)[98]


@asynccontextmanager
async def servers() -> AsyncIterator[int]:
    """Run the upstream and the gateway; give the gateway's port."""
    ports = free_port(), free_port()
    command = [sys.executable, "-m", "benchmarks.loop", "--serve"]
    address = f"http://127.0.0.1:{ports[0]}/v1"
    with (
        running([*command, str(ports[0])], os.environ, ROOT),
        running([*command, str(ports[1]), "--upstream", address], os.environ, ROOT),
    ):
        for _ in range(200):
            try:
                await Connection(ports[1]).ask("/longest")
                await asyncio.sleep(0.5)
                break
            except OSError:
                await asyncio.sleep(0.1)
        yield ports[1]


async def main(size: int, seconds: float, only: str | None) -> None:
    """Print the table."""
    async with servers() as port:
        await measured(port, 1, request("valid/2", dict(ROWS), stream=False))  # warm
        told, times, _ = await measured(port, 2 * seconds, None)
        usual = p99(times)
        print(f"alone: computed {told.computed:.0f} ms at a stretch, healthy p99 {usual:.1f} ms\n")
        print(f"{size} KiB | computed ms | stretch ms | p99 ms | ratio | answers | peak MiB")
        for kind, one in HOSTILE.items():
            for stream in (False, True):
                if only and only != kind:
                    continue
                body = request(f"{kind}/{size}", dict(one.schema), stream=stream)
                told, beside, statuses = await measured(port, seconds, body)
                name = f"{kind}, streamed" if stream else kind
                codes = {each: statuses.count(each) for each in sorted({*statuses})}
                print(
                    f"{name} | {told.computed:.0f} | {told.longest:.0f} | {p99(beside):.1f} "
                    f"| {p99(beside) / usual:.1f} | {codes} | {told.peak >> 10}",
                    flush=True,
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10, help="KiB of each hostile answer")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each kind")
    parser.add_argument("--only", help="one kind")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--upstream", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.upstream)
    else:
        asyncio.run(main(chosen.size, chosen.seconds, chosen.only))
