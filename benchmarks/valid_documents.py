"""What a caller pays for a valid document: `python benchmarks/valid_documents.py`.

The upstream (cpu_paths.py) thinks for 20 ms; of a hundred answers 0, 5 or 20 are wrong: a value
that the enum has not, a member missing, a wrong type, half of a document. Each gateway asks again
as it can (peers.py); the caller looks at what it gets, and asks again itself until it has one.
Counted are the calls that the upstream answered and their tokens, for each valid document, and the
milliseconds and the gateway's processor time until it was there. One request at a time.

    python benchmarks/overhead.py --install      # the peers, once
"""

import argparse
import http.client
import json
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from typing import Any

import jsonschema_rs
from cpu import processor_time
from overhead import Server, started
from peers import FERRO, GUARDED_PORTKEY, LITELLM, LITELLM_RUST, TENSORZERO
from processes import NotReady
from targets import STRICTGATE, UPSTREAM, Target

TARGETS = (UPSTREAM, STRICTGATE, GUARDED_PORTKEY, LITELLM, LITELLM_RUST, TENSORZERO, FERRO)
WRONG = (0, 5, 20)  # percent
TRIES = 20  # of the caller
TOKENS = 150  # of each call, as the upstream says


@dataclass(frozen=True, slots=True)
class Paid:
    """What the documents of one gateway cost."""

    documents: int
    requests: int
    """That the caller sent."""
    calls: int
    """That the upstream answered."""
    times: list[float]
    """Seconds until each valid document."""
    computed: float
    """Seconds of the processor, of the gateway, for all."""

    def row(self) -> list[str]:
        """Return the cells: per valid document."""
        ordered = sorted(self.times)
        return [
            f"{self.requests / self.documents:.3f}",
            f"{self.calls / self.documents:.3f}",
            f"{TOKENS * self.calls / self.documents:,.0f}",
            f"{1e3 * median(ordered):.1f}",
            f"{1e3 * ordered[len(ordered) * 99 // 100]:.1f}",
            f"{1e3 * self.computed / self.documents:.2f}",
        ]


HEADS = ["asked by the caller", "calls", "tokens", "p50 ms", "p99 ms", "CPU ms"]


def main() -> int:
    """Measure and print; the exit code is 1 where a gateway did not answer."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=300)
    options, failed = parser.parse_args(), 0
    print(f"| gateway | wrong | {' | '.join(HEADS)} |\n|---|--:|{'--:|' * len(HEADS)}")
    for target in TARGETS:
        if not target.is_installed():
            print(f"{target.name}: not installed (overhead.py --install)", file=sys.stderr)
            continue
        try:
            for percent in WRONG:
                paid = measured(target, percent, options.documents)
                cells = " | ".join([target.called().strip(), f"{percent} %", *paid.row()])
                print(f"| {cells} |", flush=True)
        except NotReady as error:
            print(f"{target.name}: {error}", file=sys.stderr)
            failed = 1
    return failed


def measured(target: Target, percent: int, documents: int) -> Paid:
    """Get that many valid documents through `target`.

    Raises:
        NotReady: it does not answer, or no document came of `TRIES` requests.
    """
    with started(UPSTREAM, "") as upstream:
        if target is UPSTREAM:
            return _paid(upstream, upstream, percent, documents)
        with started(target, f"http://127.0.0.1:{upstream.place.port}/v1") as server:
            return _paid(server, upstream, percent, documents)


def _paid(server: Server, upstream: Server, percent: int, documents: int) -> Paid:
    caller = Caller(server, f"wrong-{percent}")
    calls, before = _calls(upstream), processor_time(server.pid)
    with closing(caller):
        times = [caller.document() for _ in range(documents)]
    computed = processor_time(server.pid) - before
    return Paid(documents, caller.requests, _calls(upstream) - calls, times, computed)


def _calls(upstream: Server) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", upstream.place.port, timeout=10)
    connection.request("GET", "/calls")
    with closing(connection):
        return int(connection.getresponse().read())


class Caller:
    """An application that wants documents: it believes nothing, and asks again."""

    def __init__(self, server: Server, model: str) -> None:
        target, place = server.target, server.place
        self._connection = http.client.HTTPConnection("127.0.0.1", place.chosen_port(), timeout=60)
        self._body, self._headers = target.body(model), target.request_headers(place)
        self._path = target.path
        review: dict[str, Any] = json.loads(STRICTGATE.body())
        schema = review["response_format"]["json_schema"]["schema"]
        self._validator = jsonschema_rs.validator_for(schema)
        self.requests = 0

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()

    def document(self) -> float:
        """Ask until a document is valid; return the seconds that it took.

        Raises:
            NotReady: none was.
        """
        began = time.perf_counter()
        for _ in range(TRIES):
            self.requests += 1
            self._connection.request("POST", self._path, self._body, self._headers)
            answer = self._connection.getresponse()
            if self._is_valid(answer.status, answer.read()):
                return time.perf_counter() - began
        raise NotReady(f"no valid document after {TRIES} requests")

    def _is_valid(self, status: int, body: bytes) -> bool:
        try:
            content = json.loads(body)["choices"][0]["message"]["content"]
            return status == 200 and self._validator.is_valid(json.loads(content))
        except (ValueError, KeyError, IndexError, TypeError):
            return False


if __name__ == "__main__":
    raise SystemExit(main())
