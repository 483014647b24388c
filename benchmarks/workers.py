"""What several processes bring: `python benchmarks/workers.py [--workers 1,2] [--rounds N]`.

The same gateway runs with so many workers each, beside an upstream that answers at once
(cpu_paths.py), and is asked in turn over many connections. On a machine whose cores the gateway,
its upstream and the load share, three figures belong together:

* `requests/s`, and their ratio to one worker's: what was reached here, all of them included.
* `µs` of the processors for a request: what the others cost each other (locks, caches, messages).
* `ratio by cores`: how many times as many requests so many processes answer that have a core each,
  as these figures say: the number of workers, times the cost with one, by the cost with so many.

Memory is the proportional set size (proc(5)): what the processes share counts once.
"""

import argparse
import re
import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cpu import ROOT, gateway, instant_upstream, processor_time
from cpu_paths import PATHS, RequestPath
from load import Job, run
from processes import NotReady, descendants

_JSON = {"Content-Type": "application/json", "Authorization": "Bearer none"}
_SETTINGS = "\n[server]\nworkers = {}\ndrain_delay = 0\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """One load."""

    rate: float
    """Requests per second."""
    cost: float
    """Microseconds of the processors for each, in all processes of the gateway."""


def main() -> int:
    """Measure and print."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    [path] = [each for each in PATHS if each.name == options.path]
    turns: dict[int, list[Turn]] = {count: [] for count in options.workers}
    memory: dict[int, float] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(instant_upstream())
        started = [
            (count, stack.enter_context(gateway(ROOT, upstream, _SETTINGS.format(count))))
            for count in options.workers
        ]
        for number in range(options.rounds + 1):
            for count, each in started if number % 2 else started[::-1]:
                turn = _turn(each.port, each.pid, path, options)
                if number:  # the first one warms up
                    turns[count].append(turn)
                memory[count] = _memory(each.pid)
    print(_table(turns, memory))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=_numbers, default=(1, 2), metavar="N,…")
    parser.add_argument("--path", choices=[each.name for each in PATHS], default="enforced whole")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def _turn(port: int, pid: int, path: RequestPath, options: argparse.Namespace) -> Turn:
    before = processor_time(pid)
    about = (port, path.address, _JSON, path.request(), options.connections, options.seconds)
    load = run(Job(*about))
    if load.refused or load.lost or not load.answers:
        raise NotReady(f"{load.refused} refused, {load.lost} lost")
    return Turn(load.rate, 1e6 * (processor_time(pid) - before) / load.answers)


def _memory(pid: int) -> float:
    """Return the MiB of a process and its descendants; what they share counts once."""
    total = 0
    for each in descendants(pid):
        with suppress(OSError):
            told = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii")
            found = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024


def _table(turns: dict[int, list[Turn]], memory: dict[int, float]) -> str:
    first, *_ = turns
    alone = turns[first]
    heads = ("workers", "requests/s", "ratio", "µs", "ratio by cores", "MiB")
    rows = [f"| {' | '.join(heads)} |", f"|{'--:|' * len(heads)}"]
    for count, each in turns.items():
        rate = median(turn.rate for turn in each)
        cost = median(turn.cost for turn in each)
        faster = median(ours.rate / one.rate for ours, one in zip(each, alone, strict=True))
        dearer = median(ours.cost / one.cost for ours, one in zip(each, alone, strict=True))
        cells = (f"{rate:.0f}", f"{faster:.2f}", f"{cost:.0f}", f"{count / first / dearer:.2f}")
        rows.append(f"| {count} | {' | '.join(cells)} | {memory[count]:.0f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
