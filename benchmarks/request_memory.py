"""What requests take: the memory of the gateway and its workers while long answers go out, and what
it keeps of many short ones. `benchmarks/memory.py --readers` and `--soak` run it.

The gateway is a process of its own, as it is served; so is its upstream, which holds on where the
gateway does not read.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from hostile import HOSTILE, ROWS
from processes import free_port, running

ROW_PIECE = 24  # characters of a delta: about what models send at once
SETTLING = 7.0  # seconds in which the peak does not grow: then nothing moves any more
SLOPE_FROM = 0.4  # of the requests: what comes before them warms up
WIDTH = 16  # requests under way at once
_PAGE = os.sysconf("SC_PAGE_SIZE")

# --- an upstream ----------------------------------------------------------------------------------


async def _upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as the model's name says, KIND/BYTES/CHARACTERS OF A DELTA, and close."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
        body = json.loads(await reader.readexactly(size) or b"{}")
        await _answer(writer, body)
    writer.close()


async def _answer(writer: asyncio.StreamWriter, body: Mapping[str, Any]) -> None:
    kind, length, piece = str(body.get("model", "valid/100/24")).split("/")
    if kind == "error":
        writer.write(b"HTTP/1.1 500 Sorry\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")
        return
    text = HOSTILE[kind].answer(int(length))
    kind_of = "text/event-stream" if body.get("stream") else "application/json"
    writer.write(
        f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {kind_of}\r\n\r\n".encode()
    )
    if not body.get("stream"):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        writer.write(json.dumps({"id": "c", "choices": [choice]}).encode())
        return
    for start in range(0, len(text), int(piece)):
        writer.write(_event({"content": text[start : start + int(piece)]}, None))
        await writer.drain()
    writer.write(_event({}, "stop") + b"data: [DONE]\n\n")


def _event(delta: Mapping[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return f"data: {json.dumps({'id': 'c', 'choices': [choice]})}\n\n".encode()


async def _serve_upstream(port: int) -> None:
    async with await asyncio.start_server(_upstream, "127.0.0.1", port) as server:
        await server.serve_forever()


# --- the gateway ----------------------------------------------------------------------------------


@asynccontextmanager
async def _gateway(stream: str) -> AsyncIterator[tuple[int, int]]:
    """Run both; give the gateway's port and process."""
    upstream, port = free_port(), free_port()
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(
            f'[upstreams.x]\nbase_url = "http://127.0.0.1:{upstream}/v1"\nretries = 0\n'
            'modes = ["native"]\nprefill = "trailing"\nbreaker_failures = 0\ntimeout = 1200.0\n'
            f'[enforcement]\nstream = "{stream}"\nmax_attempts = 2\n[observe]\nlog = false\n'
            "[limits]\nschema_cache_bytes = 1048576\ngrammar_cache_bytes = 4194304\n"  # soon full
        )
        serve = [sys.executable, "-m", "strictgate", "serve", "--port", str(port)]
        command = [sys.executable, __file__, "--upstream", str(upstream)]
        with (
            running(command, os.environ, here),
            running([*serve, "--config", str(config)], os.environ, Path(folder)) as process,
        ):
            await _ready(port)
            yield port, process.pid


async def _ready(port: int) -> None:
    for _ in range(300):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the gateway does not listen")


def _tree(root: int) -> Iterator[int]:
    yield root
    with suppress(OSError):
        for each in Path(f"/proc/{root}/task").glob("*/children"):  # of one of its threads
            for child in each.read_text().split():
                yield from _tree(int(child))


def _resident(process: int) -> float:
    """Return the resident memory of one process in MiB, 0 of one that has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE / 2**20
    return 0.0


def _sizes(root: int) -> tuple[float, float]:
    """Return the memory of the gateway, and of its workers together."""
    gateway, *workers = map(_resident, _tree(root))
    return gateway, sum(workers)


# --- clients --------------------------------------------------------------------------------------


def _request(port: int, model: str, *, stream: bool, tag: int | None = None) -> bytes:
    schema = ROWS if tag is None else {**ROWS, "description": f"number {tag}"}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    messages = [{"role": "user", "content": "json"}]
    body = {"model": model, "messages": messages, "response_format": wanted, "stream": stream}
    data = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n"
    return (
        f"{head}content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode()
        + data
    )


async def _ask(port: int, request: bytes, seconds: float | None = None) -> bytes:
    """Return the first bytes of the answer, read to its end; hang up after `seconds`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    first = b""
    try:
        writer.write(request)
        async with asyncio.timeout(seconds):
            while piece := await reader.read(1 << 16):
                first = first or piece
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.transport.abort()
    return first


async def _open_unread(port: int, request: bytes) -> asyncio.StreamWriter:
    """Ask, and take nothing of the answer but what the kernel does."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    transport: Any = writer.transport
    transport.pause_reading()
    writer.write(request)
    return writer


async def readers(count: int, length: int, piece: int) -> None:
    """Print the peaks with `count` clients that do not read, and with one that does."""
    print("stream   | clients      | gateway, MiB above rest | workers | seconds to the peak")
    for stream, (clients, reads) in itertools.product(
        ("guarded", "buffered"), ((1, True), (count, False))
    ):
        async with _gateway(stream) as (port, process):
            warm = _request(port, f"valid/65536/{piece}", stream=True)
            await asyncio.gather(*[_ask(port, warm) for _ in range(4)])
            await asyncio.sleep(1)
            rest = _sizes(process)
            request = _request(port, f"valid/{length}/{piece}", stream=True)
            peak = await _peak(port, process, request, clients, reads=reads)
            name = f"{clients} {'reading' if reads else 'not reading'}"
            above = [most - before for most, before in zip(peak, rest, strict=False)]
            print(
                f"{stream:8} | {name} | {above[0]:.0f} | {above[1]:.0f} | {peak[2]:.0f}", flush=True
            )


async def _peak(
    port: int, process: int, request: bytes, clients: int, *, reads: bool
) -> tuple[float, float, float]:
    """Return the largest sizes while the answers go out, and when the last of them was seen."""
    asked = [
        asyncio.create_task(_ask(port, request) if reads else _open_unread(port, request))
        for _ in range(clients)
    ]
    began, most, at = time.monotonic(), (0.0, 0.0), 0.0
    while not (reads and all(each.done() for each in asked)):
        now, sizes = time.monotonic() - began, _sizes(process)
        if any(new > old + 0.5 for new, old in zip(sizes, most, strict=True)):
            at = now
        most = (max(most[0], sizes[0]), max(most[1], sizes[1]))
        if not reads and now - at > 3 * SETTLING:
            break
        await asyncio.sleep(0.02)
    for each in await asyncio.gather(*asked):
        if isinstance(each, asyncio.StreamWriter):
            each.transport.abort()
        else:
            assert each.startswith(b"HTTP/1.1 200"), each[:300]
    return *most, at


async def soak(count: int) -> None:
    """Print the slope of the memory over `count` requests of all kinds."""
    async with _gateway("auto") as (port, process):
        samples: list[tuple[int, float, float]] = []
        numbers = iter(range(count))
        chance = random.Random(1)

        async def client() -> None:
            for number in numbers:
                await _one(port, number, chance)
                if number % 50 == 0:
                    samples.append((number, *_sizes(process)))
                if number % 1000 == 0:
                    print(f"{number}: {samples[-1][1]:.1f} + {samples[-1][2]:.1f} MiB", flush=True)

        await asyncio.gather(*[client() for _ in range(WIDTH)])
        kept = [each for each in sorted(samples) if each[0] >= SLOPE_FROM * count]
        for name, column in (("gateway", 1), ("workers", 2)):
            slope = _slope([(each[0], each[column]) for each in kept])
            print(f"{name}: {10_000 * slope:+.2f} MiB per 10,000 requests")


async def _one(port: int, number: int, chance: random.Random) -> None:
    """One request: most are answered, some fail, are hung up on, or have a schema of their own."""
    kind, hang_up, tag = "valid/400/24", None, None
    stream = chance.random() < 0.5
    match number % 10:
        case 0 | 1:
            tag = number
        case 2:
            hang_up, kind = chance.random() * 0.02, "valid/40000/24"
        case 3:
            kind = "error/0/24"
        case 4:
            kind = "wrong at its end/400/24"
        case 5:
            kind = "cut/400/24"
    await _ask(port, _request(port, kind, stream=stream, tag=tag), hang_up)


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line that lies best among `points`."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=int, required=True, help="its port")
    asyncio.run(_serve_upstream(parser.parse_args().upstream))
