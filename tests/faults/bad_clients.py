"""Clients with faults: they leave in each phase, are slow, do not read, or send no request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.faults.http_client import Answer, connected, exchange, post, read_answer

Client = Callable[[int, bytes], Awaitable[Answer | None]]
"""From the gateway's port and a request to the answer; None: it did not wait for one."""
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class BadClient:
    """A row of the table."""

    run: Client
    model: str
    """The fault of the host that it asks: what makes the phase last."""
    may: frozenset[int] | None = None
    """The statuses that it may get, 0 for none; None: it is not there to get one."""


def _leaving_after(share: float) -> Client:
    """Return a client that leaves when it has sent this share of its request."""

    async def leave(port: int, request: bytes) -> None:
        async with connected(port) as (_, writer):
            writer.write(request[: int(len(request) * share)])
            await writer.drain()
            await asyncio.sleep(0.02)

    return leave


async def _leaving_at_the_answer(port: int, request: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request)
        await reader.read(1)


async def _closing_its_half(port: int, request: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request)
        writer.write_eof()
        await reader.read(1)


async def _slow(port: int, request: bytes) -> Answer:
    async with connected(port) as (reader, writer):
        for start in range(0, len(request), 24):
            writer.write(request[start : start + 24])
            await asyncio.sleep(0.001)
        return await read_answer(reader)


async def _not_reading(port: int, request: bytes) -> None:
    async with connected(port) as (_, writer):
        writer.write(request)
        await asyncio.sleep(1.0)


def _instead(make: Callable[[bytes], bytes]) -> Client:
    """Return a client that sends other bytes."""
    return lambda port, request: exchange(port, make(request))


async def _endless_body(port: int, _: bytes) -> Answer:
    lines = "POST /v1/chat/completions HTTP/1.1", "host: x", "content-type: application/json"
    head = "\r\n".join([*lines, "transfer-encoding: chunked", "", ""])
    async with connected(port) as (reader, writer):
        writer.write(head.encode())
        for _ in range(250):  # 16 MiB; the limit is 10
            if writer.is_closing() or reader.at_eof():
                break
            writer.write(b"%x\r\n" % _PIECE + b" " * _PIECE + b"\r\n")
            await asyncio.sleep(0)
        return await read_answer(reader)


def _with(*lines: str) -> Callable[[bytes], bytes]:
    return lambda request: request.replace(b"\r\n", "\r\n".join(["", *lines, ""]).encode(), 1)


_BAD = frozenset({400, 0})
CLIENTS: Mapping[str, BadClient] = {
    "leaves in the head": BadClient(_leaving_after(0.1), "good"),
    "leaves in the body": BadClient(_leaving_after(0.8), "good"),
    "leaves before the first byte": BadClient(_leaving_after(1.0), "silence"),
    "leaves in mid-stream": BadClient(_leaving_at_the_answer, "sse-half-stall"),
    "leaves between attempts": BadClient(_leaving_after(1.0), "wrong-type"),
    "leaves at the answer": BadClient(_leaving_at_the_answer, "good"),
    "leaves an endless stream": BadClient(_leaving_after(1.0), "endless-text"),
    "closes its half": BadClient(_closing_its_half, "late"),
    "is slow": BadClient(_slow, "good", frozenset({200})),
    "does not read": BadClient(_not_reading, "good"),
    "rubbish": BadClient(_instead(lambda request: b"\x00\xff\x16\x03\x01" * 99), "good", _BAD),
    "rubbish behind": BadClient(
        _instead(lambda request: request + b"\x00\xff\r\n\r\n"), "good", frozenset({200, 400})
    ),
    "a giant header": BadClient(
        _instead(_with("x-big: " + "x" * 40_000)), "good", frozenset({431})
    ),
    "many headers": BadClient(
        _instead(_with(*(f"x-{n}: y" for n in range(200)))), "good", frozenset({431})
    ),
    "a long URL": BadClient(
        _instead(lambda request: request.replace(b" HTTP", b"?" + b"x" * 20_000 + b" HTTP", 1)),
        "good",
        frozenset({414}),
    ),
    "two hosts": BadClient(_instead(_with("host: other")), "good", frozenset({400})),
    "no JSON": BadClient(
        lambda port, _: exchange(port, post("/v1/chat/completions", b"{oops")),
        "good",
        frozenset({400}),
    ),
    "deep JSON": BadClient(
        lambda port, _: exchange(port, post("/v1/chat/completions", b"[" * 100_000)),
        "good",
        frozenset({400}),
    ),
    "an endless body": BadClient(_endless_body, "good", frozenset({413, 0})),
}
