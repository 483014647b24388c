"""Single figures of docs/reliability.md, each by a run of its own: `python -m tests.faults NAME`.

Clients and upstream share this process, the gateway is another one. What is printed is by the clock
on the wall: on a busy machine it is an upper bound.
"""

import asyncio
import json
import math
import random
import re
import socket
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from pathlib import Path

from tests.faults.gateway import Gateway, gateway, settings_for
from tests.faults.http_client import connected, exchange, post, read_answer
from tests.faults.oracle import ALWAYS, Case
from tests.faults.upstream import Token, Upstream, upstream

SLOTS, CLIENTS = 1000, 1500
_PATIENT = dict.fromkeys(("first_byte_timeout", "idle_timeout", "timeout"), 120.0)
AT_ONCE = 50
SETTLING = 5.0  # seconds until a thousand are being served


def case(fault: str, number: int = 0, *, is_stream: bool = False, is_enforced: bool = True) -> Case:
    """Return a request for a document of a host with this fault."""
    token = Token(f"n0nce-{number:012x}", "choice", ALWAYS, 0.5)
    return Case(fault, token, "chat", is_stream, is_enforced, False)


def percentiles(seconds: list[float]) -> str:
    """Return the median, the 99th percentile and the longest, in milliseconds."""
    seconds = sorted(seconds)
    p99 = seconds[math.ceil(len(seconds) * 0.99) - 1]
    return (
        f"p50 {statistics.median(seconds) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, "
        f"longest {seconds[-1] * 1e3:.1f} ms, of {len(seconds)}"
    )


# --- T10: refusals --------------------------------------------------------------------------------


def overload() -> None:
    """Print how long refusals take: of 1,500 clients at once where 1,000 may be, and of 500 that
    come while 1,000 are being served."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_overload(Path(folder)))


async def _overload(folder: Path) -> None:
    async with upstream() as running:
        settings = settings_for(running.port, {})
        settings["limits"] |= {"connections": SLOTS}
        settings["upstreams"]["asked"] |= _PATIENT
        for name, at_first in (("1,500 at once", 0), ("500 beside 1,000", SLOTS)):
            with gateway(folder, settings) as gate:
                print(f"{name}: {await _refusals(gate, at_first)}", flush=True)


async def _refusals(gate: Gateway, at_first: int) -> str:
    requests = [post(each.path, each.body) for each in map(_stalling, range(CLIENTS))]
    await exchange(gate.port, post("/v1/chat/completions", case("good").body))  # warm
    gate.health()
    times: list[float] = []
    statuses: Counter[int] = Counter()

    async def refused(reader: asyncio.StreamReader, began: float) -> None:
        answer = await read_answer(reader)
        times.append(time.monotonic() - began)
        statuses[answer.status] += 1

    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(connected(gate.port)) for _ in requests]
        for (_, writer), request in zip(streams[:at_first], requests[:at_first], strict=True):
            writer.write(request)
            await asyncio.sleep(0)
        await asyncio.sleep(SETTLING if at_first else 0.0)
        reading = []
        for (reader, writer), request in zip(streams[at_first:], requests[at_first:], strict=True):
            writer.write(request)
            reading.append(asyncio.ensure_future(refused(reader, time.monotonic())))
            if len(reading) % AT_ONCE == 0:
                await asyncio.sleep(0)  # else its own writing is what is measured
        while len(times) < CLIENTS - SLOTS:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
        for each in reading:
            each.cancel()
    health = gate.health()
    return f"{dict(statuses)}, {percentiles(times)}; the loop computed {health.stretch:.3f} s"


def _stalling(number: int) -> Case:
    return case("silence", number)


# --- T6: clients that leave -----------------------------------------------------------------------

LEAVING = 500
_PHASES = tuple(
    (fault, is_stream, is_enforced)
    for fault, is_stream in (
        *(("silence", False), ("silence", True), ("head-half", False), ("head-alone", False)),
        ("sse-half-stall", True),
    )
    for is_enforced in (True, False)
)


def leaving() -> None:
    """Print how long it takes until an upstream sees that a client has left, before the answer and
    in the middle of it."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_leaving(Path(folder)))


async def _leaving(folder: Path) -> None:
    async with upstream() as running:
        settings = settings_for(running.port, {})
        settings["upstreams"]["asked"] |= _PATIENT
        with gateway(folder, settings) as gate:
            times: dict[tuple[str, bool, bool], list[float]] = {each: [] for each in _PHASES}
            for number in range(LEAVING):
                phase = _PHASES[number % len(_PHASES)]
                fault, is_stream, is_enforced = phase
                asked = case(fault, number, is_stream=is_stream, is_enforced=is_enforced)
                times[phase].append(await _left(gate, running, asked))
    for (fault, is_stream, is_enforced), taken in times.items():
        how = "streamed" if is_stream else "whole"
        what = "enforced" if is_enforced else "passed through"
        print(f"{fault}, {how}, {what}: {percentiles(taken)}")
    print(f"all: {percentiles([each for taken in times.values() for each in taken])}")


async def _left(gate: Gateway, running: Upstream, asked: Case) -> float:
    """Leave once the upstream has been asked; return the seconds until it knows."""
    nonce = asked.token.nonce
    async with connected(gate.port) as (_, writer):
        writer.write(post(asked.path, asked.body))
        while not running.requests[nonce]:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)  # until the answer has begun, where one does
    began = time.monotonic()
    while nonce not in running.left:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    return running.left[nonce] - began


# --- T12: crashes ---------------------------------------------------------------------------------


def crashes(number: int) -> None:
    """Kill the gateway so many times under load; print how long starting takes, and what of the
    responses that clients had in whole was lost."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_crashes(Path(folder), number))


async def _crashes(folder: Path, number: int) -> None:
    chance = random.Random(1)
    starts: list[float] = []
    given: list[str] = []
    kept, lost = 0, list[str]()
    store = folder / "store.db"
    async with upstream() as running:
        settings = settings_for(running.port, {}) | {"store": {"path": str(store)}}
        for turn in range(number):
            began = time.monotonic()
            with gateway(folder, settings) as gate:
                starts.append(time.monotonic() - began)
                for identity in given:
                    answer = await exchange(gate.port, _get(f"/v1/responses/{identity}"))
                    kept += answer.status == 200
                    lost += [] if answer.status == 200 else [identity]
                given = []
                work = [_responding(gate, turn * 100 + each, given) for each in range(8)]
                tasks = [asyncio.ensure_future(each) for each in work]
                await asyncio.sleep(0.05 + chance.random() * 0.3)
                gate.process.kill()
            await asyncio.gather(*tasks)
            with closing(sqlite3.connect(store)) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(f"{number} times killed: {kept} responses found again, {len(lost)} lost {lost[:3]}")
    print(f"start: {percentiles(starts)}")


async def _responding(gate: Gateway, number: int, given: list[str]) -> None:
    """Ask for one response after the other until the gateway is gone."""
    with suppress(OSError):
        while True:
            token = Token(f"n0nce-{number:012x}", "choice", ALWAYS, 0)
            asked = Case("good", token, "responses", number % 2 == 0, True, False)
            answer = await exchange(gate.port, post(asked.path, asked.body))
            if not answer.is_whole:
                return
            found = re.search(rb'"id": ?"(resp_\w+)"', answer.body)
            assert found is not None, answer
            given.append(found[1].decode())


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


# --- T13: slow clients ----------------------------------------------------------------------------

PAUSE = 1.0  # seconds between two bytes of a slow client
_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
_BODY = _HEAD + b"content-type: application/json\r\ncontent-length: 9999\r\n\r\n"


async def _dripping(port: int, first: bytes, drip: bytes) -> float:
    """Send one byte after the other; return the seconds until the gateway has hung up."""
    began = time.monotonic()
    async with connected(port) as (reader, writer):
        writer.write(first)
        gone = asyncio.ensure_future(reader.read())
        with suppress(ConnectionError):
            while not (await asyncio.wait([gone], timeout=PAUSE))[0]:
                writer.write(drip)
            await gone
    return time.monotonic() - began


async def _unread(gate: Gateway, request: bytes, number: int) -> list[float]:
    """Let so many clients read nothing of a long answer; return the seconds until each was cut, as
    the gateway has them: no client can see it that does not read."""
    with ExitStack() as stack:
        for _ in range(number):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the kernel reads
            client.connect(("127.0.0.1", gate.port))
            client.sendall(request)
        while True:
            await asyncio.sleep(PAUSE)
            lines = (
                line for line in gate.log.read_text().splitlines() if '"client_left":true' in line
            )
            taken = [float(json.loads(line)["seconds"]) for line in lines]
            if len(taken) >= number:
                return taken


async def _together(runs: list[Awaitable[float]]) -> list[float]:
    return await asyncio.gather(*runs)


def slow(number: int) -> None:
    """Print when so many slow clients are hung up on, and what a good one beside them notices."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_slow(Path(folder), number))


async def _slow(folder: Path, number: int) -> None:
    async with upstream() as running:
        settings = settings_for(running.port, {})
        settings["upstreams"]["asked"] |= _PATIENT
        with gateway(folder, settings) as gate:
            large = case("body-large", is_enforced=False)
            each = number // 4
            dripping = {
                "says nothing": (b"", b""),
                "sends its head by the byte": (_HEAD, b"x"),
                "sends its body by the byte": (_BODY, b" "),
            }
            alone = await control(gate, 3.0)
            tasks = {
                name: asyncio.ensure_future(
                    _together([_dripping(gate.port, *bytes_) for _ in range(each)])
                )
                for name, bytes_ in dripping.items()
            }
            request = post(large.path, large.body)
            tasks["does not read"] = asyncio.ensure_future(_unread(gate, request, each))
            await asyncio.sleep(3.0)
            beside = await control(gate, 5.0)
            for name, task in tasks.items():
                taken = await task
                print(f"{name}: hung up on after {min(taken):.1f} to {max(taken):.1f} s")
    print(f"a good client alone: {percentiles(alone)}")
    print(f"a good client beside them: {percentiles(beside)}")


async def control(gate: Gateway, seconds: float) -> list[float]:
    """Ask for a small document for so long; return the seconds of each answer."""
    asked, taken, ends = case("good"), [], time.monotonic() + seconds
    while time.monotonic() < ends:
        answer = await exchange(gate.port, post(asked.path, asked.body))
        assert answer.status == 200, answer
        taken.append(answer.seconds)
        await asyncio.sleep(0.02)
    return taken


# --- the event loop, with large bodies ------------------------------------------------------------

MIB = 1 << 20
_TIMES = 5


def bodies() -> None:
    """Print the longest stretch that the event loop computes for large requests and answers."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_bodies(Path(folder)))


async def _bodies(folder: Path) -> None:
    good = case("good")
    large = {
        "10 MiB of empty arrays": _with_metadata(good, "[[]" + ",[]" * (10 * MIB // 3 - 99) + "]"),
        "10 MiB of one text": _with_metadata(good, json.dumps("x" * (10 * MIB - 2000))),
        "9 MiB of a document in a text": _with_metadata(
            good, json.dumps('{"a":1},' * (MIB * 9 // 10))
        ),
        "90,000 values": _with_metadata(good, "[[]" + ",[]" * 44_000 + "]"),
        "1 MiB of a thousand messages": _with_messages(good, 1000, 1000),
        "an answer with 3 MiB around it": case("body-3-mib").body,
    }
    async with upstream() as running:
        settings = settings_for(running.port, {})
        with gateway(folder, settings) as gate:
            for _ in range(3):
                await exchange(gate.port, post(good.path, good.body))
            for name, body in large.items():
                gate.health()
                answers = [await exchange(gate.port, post(good.path, body)) for _ in range(_TIMES)]
                statuses = {each.status for each in answers}
                print(f"{name}: {statuses}, the loop computed {gate.health().stretch * 1e3:.0f} ms")
            for line in gate.log.read_text().splitlines():
                if "LoopBlocked" in line:
                    print(line)


def _with_metadata(asked: Case, value: str) -> bytes:
    return asked.body[:-1] + b', "metadata": {"a": ' + value.encode() + b"}}"


def _with_messages(asked: Case, number: int, length: int) -> bytes:
    body = json.loads(asked.body)
    body["messages"] += [{"role": "user", "content": "x" * length}] * number
    return json.dumps(body).encode()
