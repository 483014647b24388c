"""What streams cost: `python benchmarks/streams.py [--against DIR] [--many 1000]`.

For each way of a stream, the processor time of one delta of 4 bytes: that of a long stream less
that of a short one, by the deltas that it has more. `apart`: the upstream sends each delta in a
write of its own, and lets others run in between; `together`: 64 in one write. Then many streams at
once, guarded and passed through: how long each waits for its first event, and what it takes of the
processor. As in cpu.py, the gateway is a process of its own, `÷ against` compares with another
worktree in turn, and only ratios of one run count.
"""

import argparse
import asyncio
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import httptools
import uvloop
from cpu import HERE, ROOT, START, Gateway, configured_gateway, fault, processor_time, ratio
from cpu_paths import CHAT, RESPONSES, RequestPath
from processes import NotReady, free_port, running, surroundings, wait_until_right

LONG, SHORT = 1000, 100
"""Deltas of the two streams."""
SIZE = 4  # characters of a delta
READ = 256 << 10  # bytes of a stream that are read at once
TOGETHER = 64
_WORDS = "The sound is clear, the band sits well, and the battery lasts for two days. "
_SCHEMA = {
    "type": "object",
    "properties": {
        "reviews": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "rating": {"type": "number"},
                    "text": {"type": "string"},
                },
                "required": ["name", "rating", "text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["reviews"],
    "additionalProperties": False,
}
_ASKED = {"stream": True, "messages": [{"role": "user", "content": "Write reviews."}]}
_FORMAT = {"name": "reviews", "schema": _SCHEMA, "strict": True}
_ENFORCED = {**_ASKED, "response_format": {"type": "json_schema", "json_schema": _FORMAT}}
_RESPONSE = {
    "stream": True,
    "input": "Write reviews.",
    "text": {"format": {"type": "json_schema", **_FORMAT}},
}
_GUARDED = {"strictgate": {"stream": "guarded"}}
WAYS: Mapping[str, tuple[Mapping[str, Any], str, str]] = {
    "passed through": (_ASKED, CHAT, "[DONE]"),
    "guarded": (_ENFORCED | _GUARDED, CHAT, "[DONE]"),
    "buffered": (_ENFORCED | {"strictgate": {"stream": "buffered"}}, CHAT, "[DONE]"),
    "responses": (_RESPONSE | _GUARDED, RESPONSES, "response.completed"),
}
_CONFIG = """\
[upstreams.instant]
base_url = "{upstream}"
preset = "generic"
"""


def document(deltas: int) -> str:
    """Return a document of the schema that has at least so many deltas, and hardly more."""
    reviews: list[dict[str, Any]] = []
    while True:
        text = json.dumps({"reviews": reviews})
        if len(text) >= deltas * SIZE:
            return text
        number = len(reviews)
        reviews.append({"name": f"Item {number}", "rating": number / 2, "text": _WORDS})


def model(deltas: int, together: int) -> str:
    """Return the name of the model that streams so."""
    return f"stream-{deltas}-{together}"


def path(way: str, deltas: int, together: int) -> RequestPath:
    """Return the request for such a stream."""
    body, address, proof = WAYS[way]
    return RequestPath(way, model(deltas, together), body, proof, address)


# --- the upstream --------------------------------------------------------------------------------


def events(name: str, text: str) -> list[bytes]:
    """Return the events of the stream, each framed as a chunk of HTTP."""
    deltas = [text[at : at + SIZE] for at in range(0, len(text), SIZE)]
    choices = [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
    choices += [{"index": 0, "delta": {"content": d}, "finish_reason": None} for d in deltas]
    choices += [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": name}
    said = [f"data: {json.dumps(head | {'choices': [each]})}\n\n" for each in choices]
    return [b"%x\r\n%b\r\n" % (len(e), e.encode()) for e in [*said, "data: [DONE]\n\n"]]


class _Connection(asyncio.Protocol):
    """Streams what the name of the model says."""

    made: dict[str, list[bytes]] = {}  # noqa: RUF012 for all connections

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        name = json.loads(body)["model"] if body else model(1, 1)
        _, deltas, together = name.split("-")
        if name not in self.made:
            pieces = events(name, document(int(deltas)))
            size = int(together)
            self.made[name] = [
                b"".join(pieces[at : at + size]) for at in range(0, len(pieces), size)
            ]
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        self._transport.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        self._go_on(iter(self.made[name]))

    def _go_on(self, pieces: Iterator[bytes]) -> None:
        piece = next(pieces, b"0\r\n\r\n")
        if not self._transport.is_closing():
            self._transport.write(piece)
            if piece != b"0\r\n\r\n":
                asyncio.get_running_loop().call_soon(self._go_on, pieces)


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


# --- measuring -----------------------------------------------------------------------------------


@contextmanager
def streaming_upstream() -> Iterator[str]:
    """Run the upstream; yield its base URL."""
    port = free_port()
    with running(
        [sys.executable, str(HERE / "streams.py"), "upstream", str(port)], surroundings({}), HERE
    ) as process:
        wait_until_right(lambda: _closed(port), process, START)
        yield f"http://127.0.0.1:{port}/v1"


def _closed(port: int) -> str:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return ""
    except OSError as error:
        return str(error)


def cost_of_a_delta(each: Gateway, way: str, together: int, times: int) -> float:
    """Return the microseconds of the processor that one delta takes."""
    costs = [cost(each, path(way, deltas, together), times) for deltas in (LONG, SHORT)]
    lengths = [len(document(deltas)) / SIZE for deltas in (LONG, SHORT)]
    return (costs[0] - costs[1]) / (lengths[0] - lengths[1])


def cost(each: Gateway, request: RequestPath, times: int) -> float:
    """Return the microseconds of the processor that one such stream takes, asked in turn.

    Raises:
        NotReady: it was not whole.
    """
    before = processor_time(each.pid)
    for _ in range(times):
        if wrong := fault(each.port, request):
            raise NotReady(wrong)
    return 1e6 * (processor_time(each.pid) - before) / times


def first_bytes(port: int, number: int, request: RequestPath) -> list[float]:
    """Return how many seconds each of so many streams at once waits for its first event.

    All requests are written before anything is read: an event loop would keep some of them back.

    Raises:
        NotReady: one was not whole.
    """
    body = request.request().encode()
    head = (
        f"POST {request.address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Authorization: Bearer none\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
    waited: dict[Any, float] = {}
    ends = dict.fromkeys(connections, b"")
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        began = time.monotonic()
        for each in connections:
            stack.enter_context(each).sendall(head + body)
        for each in connections:
            selector.register(each, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                each = key.fileobj
                data = each.recv(READ)  # type: ignore[union-attr]
                ends[each] += data  # type: ignore[index]
                if each not in waited and b"data: " in ends[each]:  # type: ignore[index]
                    waited[each] = time.monotonic() - began
                if each in waited:
                    ends[each] = ends[each][-len(request.proof) - 200 :]  # type: ignore[index]
                if not data:
                    selector.unregister(each)
    if wrong := [end for end in ends.values() if request.proof.encode() not in end]:
        raise NotReady(f"{len(wrong)} streams were not whole: {wrong[0]!r}")
    return [*waited.values()]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, metavar="DIR", help="another worktree")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=5, help="that each stream is asked for")
    parser.add_argument("--many", type=int, default=1000, help="streams at once; 0: none")
    parser.add_argument("--only", default="", metavar="WORDS", help="ways with this in their names")
    options = parser.parse_args()
    trees = [ROOT, *([options.against.resolve()] if options.against else [])]
    cases = [(way, n) for way in WAYS if options.only in way for n in (1, TOGETHER)]
    with ExitStack() as stack:
        upstream = stack.enter_context(streaming_upstream())
        settings, ready = _CONFIG.format(upstream=upstream), [path("guarded", SHORT, 1)]
        gateways = [
            stack.enter_context(configured_gateway(tree, settings, ready)) for tree in trees
        ]
        figures: list[dict[Any, list[float]]] = [{case: [] for case in cases} for _ in trees]
        for turn in range(options.rounds):
            for case in cases:
                pairs = list(zip(gateways, figures, strict=True))
                for each, costs in pairs if turn % 2 else reversed(pairs):
                    costs[case].append(cost_of_a_delta(each, *case, options.times))
        print("| stream | writes | µs a delta | ÷ against |")
        print("|---|---|--:|--:|")
        for way, together in cases:
            mine = figures[0][way, together]
            others = [f"{ratio(mine, other[way, together]):.2f}" for other in figures[1:]]
            print(f"| {way} | {together} | {median(mine):.1f} | {' '.join(others)} |")
        if options.many:
            print(f"\n| {options.many} at once | first event, p50 and p99 ms | ms of CPU each |")
            print("|---|--:|--:|")
        for way in ("passed through", "guarded") if options.many else ():
            for each, tree in zip(gateways, trees, strict=True):
                before = processor_time(each.pid)
                waited = sorted(first_bytes(each.port, options.many, path(way, SHORT, 1)))
                took = 1000 * (processor_time(each.pid) - before) / options.many
                p50, p99 = (1000 * waited[ceil(len(waited) * q) - 1] for q in (0.5, 0.99))
                name = way if tree == ROOT else f"{way}, against"
                print(f"| {name} | {p50:.0f} {p99:.0f} | {took:.2f} |")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["upstream"]:
        uvloop.run(_serve(int(sys.argv[2])))
    try:
        raise SystemExit(main())
    except (NotReady, subprocess.SubprocessError) as error:
        raise SystemExit(f"not measured: {error}") from None
