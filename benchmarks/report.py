"""What was measured, in words: the table as Markdown, and everything as JSON."""

import importlib.metadata
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from load import Load
from targets import ENFORCED, UPSTREAM, Target

_LIBRARIES = ("uvicorn", "uvloop", "httptools", "fastapi", "aiohttp", "orjson", "jsonschema-rs")


@dataclass(frozen=True, slots=True)
class Sample:
    """One target in one round."""

    start: float
    """Seconds from the start of the process to its first right answer."""
    resident: float | None
    """MiB of the process and its descendants after the loads; None: unknown."""
    loads: dict[int, Load]
    """By the number of connections."""
    costs: dict[int, float]
    """Microseconds of the processor for a request, of the process and its descendants."""


Sampled = list[tuple[Target, list[Sample]]]
Environment = dict[str, str]


def environment(generator: str, rounds: int, seconds: int) -> Environment:
    """Return the conditions of a run."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "Python": platform.python_version(),
        "libraries": ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
        "load": f"{generator}, {rounds} rounds of {seconds} s, medians",
    }


def machine() -> str:
    """Return what the run was on."""
    return f"{os.cpu_count()} cores, {_processor()}, {platform.system()}"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


# --- the table -----------------------------------------------------------------------------------


def markdown(environment: Environment, sampled: Sampled, skipped: Sequence[str]) -> str:
    """Return the whole report; `@16` is at 16 connections."""
    conditions = [f"- {name}: {text}" for name, text in environment.items()]
    silent = [f"{target.name}: no right answer" for target, samples in sampled if not samples]
    rows = [(target, samples) for target, samples in sampled if samples]
    missing = [f"- not measured: {each}" for each in [*skipped, *silent]]
    parts = [conditions + missing, _table(rows), _notes(rows)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _table(rows: Sampled) -> list[str]:
    if not rows:
        return []
    counts = list(rows[0][1][0].loads)
    heads = ["target", *_head(counts), "failed", "resident MiB", "start s"]
    enforced = next((samples for target, samples in rows if target.name == ENFORCED), None)
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)]]
    for target, samples in rows:
        cells = [cell for count in counts for cell in _cells(samples, enforced, count)]
        lines.append([target.called(), *cells, *_whole(samples)])
    return [f"| {' | '.join(line)} |" for line in lines]


def _head(counts: Sequence[int]) -> list[str]:
    columns = ("requests/s", "p50 ms", "p99 ms", "CPU µs", "enforced ÷ this")
    return [f"{column} @{count}" for count in counts for column in columns]


def _cells(samples: Sequence[Sample], enforced: Sequence[Sample] | None, count: int) -> list[str]:
    rate = _median(samples, count, lambda load: load.rate)
    ratio = _median(enforced, count, lambda load: load.rate) / rate if enforced and rate else None
    return [
        f"{rate:,.0f}",
        f"{_median(samples, count, lambda load: load.p50):.2f}",
        f"{_median(samples, count, lambda load: load.p99):.2f}",
        f"{median(each.costs[count] for each in samples):,.0f}",
        "-" if ratio is None else f"{ratio:.2f}",
    ]


def _median(samples: Sequence[Sample], count: int, measure: Callable[[Load], float]) -> float:
    return median(measure(each.loads[count]) for each in samples)


def _whole(samples: Sequence[Sample]) -> list[str]:
    """What is told once for all loads."""
    failed = sum(load.refused + load.lost for each in samples for load in each.loads.values())
    known = [each.resident for each in samples if each.resident is not None]
    resident = f"{median(known):.0f}" if known else "-"
    return [f"{failed:,}", resident, f"{median(each.start for each in samples):.2f}"]


def _notes(rows: Sampled) -> list[str]:
    """What enforcing adds to a request, over the upstream asked directly."""
    by_name = {target.name: samples for target, samples in rows}
    if not {ENFORCED, UPSTREAM.name} <= by_name.keys():
        return []
    enforced, direct = by_name[ENFORCED], by_name[UPSTREAM.name]
    notes = []
    for count in enforced[0].loads:
        p50, p99 = (
            _median(enforced, count, measure) - _median(direct, count, measure)
            for measure in (lambda load: load.p50, lambda load: load.p99)
        )
        notes.append(f"Enforcing adds @{count}: p50 {p50:.2f} ms, p99 {p99:.2f} ms.")
    return notes


def record(environment: Environment, sampled: Sampled, skipped: Sequence[str]) -> dict[str, Any]:
    """Return everything, every sample of it, for JSON."""
    targets = [
        {
            "name": target.name,
            "title": target.called(),
            "samples": [asdict(each) for each in samples],
        }
        for target, samples in sampled
    ]
    return {"environment": environment, "targets": targets, "not_measured": list(skipped)}
