"""What one request costs the gateway's processor: `python benchmarks/cpu.py [--against DIR]`.

The gateway runs as a process of its own beside an upstream that answers at once (cpu_paths.py);
the operating system says what it computed, in user and system mode together. Read the ratios: the
speed of a shared machine drifts by a quarter.

* `÷ committed`: to the figures in cpu.json, both divided by the yardstick, a fixed piece of Python
  that is timed in every round. It shows what has changed coarsely.
* `÷ against`: to another worktree, whose gateway runs beside this one and is asked in turn with it.
  It shows a few per cent.
* `÷ unobserved`: to this worktree's gateway with its log, metrics and inspector off, in the same
  way. It is what observation costs.

    python benchmarks/cpu.py --write             # this commit's figures into cpu.json
    git worktree add --detach ../before COMMIT
    python benchmarks/cpu.py --against ../before
    python benchmarks/cpu.py --unobserved
"""

import argparse
import http.client
import json
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from cpu_paths import CONFIG, PATHS, RequestPath
from load import Job, Load, run
from processes import NotReady, descendants, free_port, running, surroundings, wait_until_right
from report import machine

HERE = Path(__file__).resolve().parent
ROOT, COMMITTED = HERE.parent, HERE / "cpu.json"
START = 60.0  # seconds
WARM_UP = 0.5  # seconds of load that do not count
CONNECTIONS = 4
UNOBSERVED = """
[observe]
log = false
metrics = "off"
[inspector]
enabled = false
"""
_JSON = {"Content-Type": "application/json", "Authorization": "Bearer none"}
_SCHED = 2  # of the clocks of a process, that of user and system mode together: posix-timers.h

Measured = dict[str, list[float]]
"""Microseconds of the processor for a request, by the path's name: one figure for each round."""


def main() -> int:
    """Measure and print."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    compared = [Compared("", ROOT)]
    if options.against:
        compared.append(Compared("÷ against", options.against.resolve()))
    if options.unobserved:
        compared.append(Compared("÷ unobserved", ROOT, UNOBSERVED))
    paths = [each for each in PATHS if options.only is None or each.name in options.only]
    measured, yards = _measured(compared, paths, options)
    figures = conditions(measured[0], median(yards))
    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
    heads = [each.head for each in compared[1:]]
    print("\n".join(table(figures, committed, measured, heads)))
    if options.write:
        COMMITTED.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, metavar="DIR", help="another worktree")
    parser.add_argument(
        "--unobserved", action="store_true", help="this one without log, metrics and inspector"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=_names, default=None, metavar="PATH,…")
    parser.add_argument("--write", action="store_true", help="the figures into cpu.json")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write needs all paths")
    return options


def _names(text: str) -> frozenset[str]:
    names, known = frozenset(text.split(",")), [path.name for path in PATHS]
    if not names <= set(known):
        raise argparse.ArgumentTypeError(f"the paths are {', '.join(known)}")
    return names


# --- measuring -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the gateways that run side by side."""

    head: str
    """Of its column; "": it is what the others are compared with."""
    tree: Path
    settings: str = ""
    """Its configuration, beside CONFIG."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One that runs and answers."""

    port: int
    pid: int

    def cost(self, path: RequestPath, seconds: float) -> float:
        """Return the microseconds of the processor that a request of this path takes.

        Raises:
            NotReady: not every answer was a success.
            subprocess.SubprocessError: the load generator failed.
        """
        before = processor_time(self.pid)
        load = self._loaded(path, seconds)
        spent = processor_time(self.pid) - before
        if load.refused or load.lost or not load.answers:
            raise NotReady(f"{path.name}: {load.refused} refused, {load.lost} lost")
        return 1e6 * spent / load.answers

    def warm_up(self, path: RequestPath) -> None:
        """Put a load on that does not count."""
        self._loaded(path, WARM_UP)

    def _loaded(self, path: RequestPath, seconds: float) -> Load:
        return run(Job(self.port, path.address, _JSON, path.request(), CONNECTIONS, seconds))


def _measured(
    compared: Sequence[Compared], paths: Sequence[RequestPath], options: argparse.Namespace
) -> tuple[list[Measured], list[float]]:
    """Return what each took, and the yardstick's times."""
    measured: list[Measured] = [{path.name: [] for path in paths} for _ in compared]
    yards = []
    with ExitStack() as stack:
        upstream = stack.enter_context(instant_upstream())
        gateways = [
            stack.enter_context(gateway(each.tree, upstream, each.settings)) for each in compared
        ]
        for path in paths:
            for each in gateways:
                each.warm_up(path)
        for turn in range(options.rounds):
            print(f"round {turn + 1} of {options.rounds}", file=sys.stderr, flush=True)
            yards.append(yardstick())
            for path in paths:
                pairs = list(zip(gateways, measured, strict=True))
                for each, costs in pairs if turn % 2 else reversed(pairs):
                    costs[path.name].append(each.cost(path, options.seconds))
    return measured, yards


@contextmanager
def instant_upstream() -> Iterator[str]:
    """Run the upstream; yield its base URL."""
    port = free_port()
    command = [sys.executable, str(HERE / "cpu_paths.py"), str(port)]
    with running(command, surroundings({}), HERE) as process:
        path = PATHS[-1]
        wait_until_right(lambda: fault(port, path), process, START)
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def gateway(tree: Path, upstream: str, settings: str = "") -> Iterator[Gateway]:
    """Run the gateway of that worktree; yield it once it has answered on every path.

    Args:
        settings: added to its configuration.

    Raises:
        NotReady: it does not answer as it should.
    """
    with configured_gateway(tree, CONFIG.format(upstream=upstream) + settings, PATHS) as each:
        yield each


@contextmanager
def configured_gateway(
    tree: Path, settings: str, paths: Sequence[RequestPath]
) -> Iterator[Gateway]:
    """Run the gateway with this configuration; yield it once it has answered on these paths.

    Raises:
        NotReady: it does not answer as it should.
    """
    with tempfile.TemporaryDirectory() as folder:
        port, config = free_port(), Path(folder) / "config.toml"
        config.write_text(settings, encoding="utf-8")
        serve = ["-m", "strictgate", "serve", "--config", str(config), "--port", str(port)]
        environment = surroundings({"PYTHONPATH": str(tree / "app")})
        with running([sys.executable, *serve], environment, Path(folder)) as process:
            for path in paths:
                wait_until_right(lambda path=path: fault(port, path), process, START)  # type: ignore[misc]
            yield Gateway(port, process.pid)


def fault(port: int, path: RequestPath) -> str:
    """Return what is wrong with the answer; empty if it is right."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path.address, path.request(), _JSON)
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    if status != 200 or path.proof not in text:
        return f"{path.name}: status {status}: {text[:300]!r}"
    return ""


def processor_time(pid: int) -> float:
    """Return the seconds that a process and its descendants have computed.

    The clock of another process has a number made of its own, see clock_getcpuclockid(3). One that
    has ended meanwhile counts nothing.
    """
    seconds = 0.0
    for each in descendants(pid):
        with suppress(OSError):
            seconds += time.clock_gettime((~each << 3) | _SCHED)
    return seconds


def yardstick() -> float:
    """Return the microseconds that a fixed piece of Python takes just now."""
    text, times = (HERE / "product_review.json").read_text(encoding="utf-8"), []
    for _ in range(5):
        began = time.process_time()
        for _ in range(300):
            json.dumps(json.loads(text), indent=1)
        times.append(time.process_time() - began)
    return 1e6 * median(times) / 300


# --- the table -----------------------------------------------------------------------------------


def conditions(costs: Mapping[str, Sequence[float]], yard: float) -> dict[str, Any]:
    """Return the figures of a run as cpu.json holds them."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "python": platform.python_version(),
        "yardstick": round(yard, 1),
        "microseconds": {name: round(median(each), 1) for name, each in costs.items()},
    }


def table(
    figures: Mapping[str, Any],
    committed: Mapping[str, Any],
    measured: Sequence[Measured],
    others: Sequence[str],
) -> Iterator[str]:
    """Yield the lines of the report.

    Args:
        measured: this tree's, then those of the gateways that it is compared with.
        others: the heads of their columns.
    """
    yield f"- {figures['date']}, {figures['machine']}, Python {figures['python']}"
    if committed:
        yield f"- committed: {committed['date']}, {committed['machine']}, {committed['python']}"
    yield ""
    heads = ["path", "µs of CPU", "÷ committed", *others]
    yield _row(heads)
    yield _row(["---", *["--:"] * (len(heads) - 1)])
    for name, cost in figures["microseconds"].items():
        ratios = [f"{ratio(measured[0][name], other[name]):.3f}" for other in measured[1:]]
        yield _row([name, f"{cost:,.0f}", _to_committed(name, figures, committed), *ratios])


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the rounds' ratios: both were measured under the same conditions."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _to_committed(name: str, figures: Mapping[str, Any], committed: Mapping[str, Any]) -> str:
    if name not in committed.get("microseconds", {}):
        return "-"
    now, then = (each["microseconds"][name] / each["yardstick"] for each in (figures, committed))
    return f"{now / then:.2f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except (NotReady, subprocess.SubprocessError) as error:
        raise SystemExit(f"not measured: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
