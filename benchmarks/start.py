"""What starting takes: the processor's time and the memory until `serve` says that it listens.

    python benchmarks/start.py                 this tree
    python benchmarks/start.py --against DIR   beside another, alternating

The time is that of the processor (user and system), which a busy machine changes less than the
clock; it is given in starts of a bare Python, too. The modules' bytecode is there before the first
start that counts, as it is once a wheel is installed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent.parent
SERVE = ("-m", "strictgate", "serve", "--upstream", "http://127.0.0.1:9/v1", "--port", "0")
"""Nothing listens at the upstream: that is found out beside serving."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start."""

    seconds: float
    """Of the processor, from the process's beginning to the line that says where it listens."""
    resident: float
    """MiB then."""


def served(environment: Mapping[str, str]) -> Start:
    """Start the server, and end it once it listens."""
    command = [sys.executable, *SERVE]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        if b"listening" not in process.stdout.readline():
            raise SystemExit("the server did not start: run it by hand to see why")
        return _so_far(process.pid)
    finally:
        process.send_signal(signal.SIGINT)  # leaves at once: no lame duck
        process.wait()


def bare() -> float:
    """Return the seconds that a Python takes which does nothing."""
    code = "import time; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)


def _so_far(pid: int) -> Start:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(stat[11]) + int(stat[12])  # user and system: proc(5)
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Start(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def main() -> None:
    """Measure, and print one line for each tree."""
    parser = argparse.ArgumentParser(description="what starting takes")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another tree")
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="%(default)s")
    options = parser.parse_args()
    trees = [HERE, *([options.against.resolve()] if options.against else [])]
    with tempfile.TemporaryDirectory() as folder:
        common = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
        common["PYTHONPYCACHEPREFIX"] = folder
        environments = [common | {"PYTHONPATH": str(tree / "app")} for tree in trees]
        for each in environments:
            served(each)  # writes the bytecode
        rounds = [(bare(), [served(each) for each in environments]) for _ in range(options.rounds)]
    nothing = median(alone for alone, _ in rounds)
    for index, tree in enumerate(trees):
        starts = [each[index] for _, each in rounds]
        seconds = median(each.seconds for each in starts)
        resident = median(each.resident for each in starts)
        print(
            f"{tree.name}: {seconds:.2f} s of the processor, {seconds / nothing:.0f} times a bare "
            f"Python; {resident:.1f} MiB (medians of {options.rounds})"
        )


if __name__ == "__main__":
    main()
