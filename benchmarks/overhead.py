"""What Strictgate costs, beside its upstream and its peers: `python benchmarks/overhead.py`.

Every target runs alone, one worker each, on the loopback, before an upstream that answers at once
(cpu_paths.py), and answers the same request (product_review.json). Each round starts every target
anew and in another order, so that the machine's noise hits all alike; the table has the medians.

    python benchmarks/overhead.py --install      # the peers too, once, into benchmarks/.peers/
"""

import argparse
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from cpu import processor_time
from load import Job, Load, generator, run
from peers import TARGETS, install
from processes import NotReady, free_port, resident, running, wait_until_right
from report import Sample, Sampled, environment, markdown, record
from targets import START, STRICTGATE, UPSTREAM, Place, Target

WARM_UP = 1.0  # seconds of load that do not count


def main() -> int:
    """Measure and print; the exit code is 1 where a target never answered as it should."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    if options.install:
        install()
    sampled, skipped = _measured(options)
    surroundings = environment(generator(), options.rounds, options.seconds)
    print(markdown(surroundings, sampled, skipped))
    if options.json:
        text = json.dumps(record(surroundings, sampled, skipped), indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if any(not samples for _, samples in sampled) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--install", action="store_true", help="install the peers first")
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=_numbers, default=(1, 16, 64), metavar="N,…")
    parser.add_argument("--only", type=_names, default=None, metavar="NAME,…")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the samples as well")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(each) for each in text.split(",")}))


def _names(text: str) -> frozenset[str]:
    names, known = frozenset(text.split(",")), [target.name for target in TARGETS]
    if not names <= set(known):
        raise argparse.ArgumentTypeError(f"the targets are {', '.join(known)}")
    return names


def _measured(options: argparse.Namespace) -> tuple[Sampled, list[str]]:
    wanted = [each for each in TARGETS if options.only is None or each.name in options.only]
    targets = [each for each in wanted if each.is_installed()]
    skipped = [f"{each.name}: not installed (--install)" for each in wanted if each not in targets]
    _say(*skipped)
    sampled: Sampled = [(target, []) for target in targets]
    for turn in range(options.rounds):
        _say(f"round {turn + 1} of {options.rounds}")
        first = turn % max(1, len(targets))
        for target, samples in sampled[first:] + sampled[:first]:
            samples += _sampled(target, options)
    return sampled, skipped


def _sampled(target: Target, options: argparse.Namespace) -> Iterator[Sample]:
    """Yield one sample, or none where the target does not answer as it should."""
    try:
        sample = _sample(target, options.connections, options.seconds)
    except (NotReady, subprocess.SubprocessError) as error:
        _say(f"  {target.name}: {error}")
        return
    rates = [f"{load.rate:,.0f}/s at {count}" for count, load in sample.loads.items()]
    _say(f"  {target.name}: {', '.join(rates)}")
    yield sample


def _sample(target: Target, connections: Sequence[int], seconds: int) -> Sample:
    """Start `target` and what it needs, load it, end it all.

    Raises:
        NotReady: it does not answer as it should.
        subprocess.SubprocessError: the load generator failed.
    """
    if target is UPSTREAM:
        with started(target, "") as server:
            return _loaded(server, connections, seconds)
    with (
        started(UPSTREAM, "") as upstream,
        started(target, f"http://127.0.0.1:{upstream.place.port}/v1") as server,
    ):
        return _loaded(server, connections, seconds)


@dataclass(frozen=True, slots=True)
class Server:
    """A target that runs and answers."""

    target: Target
    place: Place
    pid: int
    start: float
    """Seconds to the first right answer."""


@contextmanager
def started(target: Target, upstream: str) -> Iterator[Server]:
    """Run `target`; yield it once it answers as it should.

    Raises:
        NotReady: it does not.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Place(free_port(), upstream, Path(folder))
        command, began = target.command(place), time.monotonic()
        with running(command, target.surroundings(place), place.folder) as process:
            wait_until_right(lambda: _fault(target, place), process, START)
            yield Server(target, place, process.pid, time.monotonic() - began)


def _loaded(server: Server, connections: Sequence[int], seconds: int) -> Sample:
    run(_job(server, max(connections), WARM_UP))
    loads: dict[int, Load] = {}
    costs: dict[int, float] = {}
    for count in connections:
        if fault := _fault(server.target, server.place):
            raise NotReady(fault)
        before = processor_time(server.pid)
        loads[count] = run(_job(server, count, seconds))
        costs[count] = 1e6 * (processor_time(server.pid) - before) / max(1, loads[count].answers)
    return Sample(server.start, resident(server.pid), loads, costs)


def _job(server: Server, connections: int, seconds: float) -> Job:
    target, place = server.target, server.place
    headers = target.request_headers(place)
    return Job(place.chosen_port(), target.path, headers, target.body(), connections, seconds)


# --- the right answer ----------------------------------------------------------------------------


def _fault(target: Target, place: Place) -> str:
    """Return what is wrong with the target's answer; empty if it is right."""
    connection = http.client.HTTPConnection("127.0.0.1", place.chosen_port(), timeout=10)
    try:
        connection.request("POST", target.path, target.body(), target.request_headers(place))
        answer = connection.getresponse()
        status, text = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    if status != 200:
        return f"status {status}: {text[:300]!r}"
    return _fault_in(text, carries_schema=target.carries_schema)


def _fault_in(text: bytes, *, carries_schema: bool) -> str:
    try:
        content = json.loads(text)["choices"][0]["message"]["content"]
        if carries_schema:
            _validator().validate(json.loads(content))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return f"not the right document: {error}"
    return "" if content else "no content"


@cache
def _validator() -> Any:
    schema = json.loads(STRICTGATE.body())["response_format"]["json_schema"]["schema"]
    return jsonschema_rs.validator_for(schema)


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
