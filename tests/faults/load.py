"""The long runs: batches without end against one gateway, and what is hostile beside a good client.

`soak` asks whether anything grows. `hostile` asks what others notice: the control client asks for a
small document again and again, alone and then beside each hostile request.
"""

import asyncio
import math
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.campaign import Report, batch, campaign_gateway, cases, rested
from tests.faults.gateway import Gateway, gateway, settings_for
from tests.faults.hostile import HOSTILE
from tests.faults.hostile_side import MODEL, MODEL_ON, HostileSide, Outcomes, hostile_side
from tests.faults.http_client import exchange, post
from tests.faults.kinds.table import FAULTS
from tests.faults.oracle import ALWAYS, Case
from tests.faults.upstream import Token, upstream

BATCH = 2 * len(FAULTS)
MIB = 1 << 20
PAUSE = 0.02  # seconds between two requests of the control client
SHORTEST = 3.0  # seconds for which a hostile request is repeated
_HOSTILE_MODELS = {MODEL: "bad", MODEL_ON: "bad_on"}
_CONTROL = Case(
    "good", Token("n0nce-c0c0c0c0c0c0", "choice", ALWAYS, 0), "chat", False, True, False
)


def soak(seed: int, batches: int) -> bool:
    """Run batches against one gateway; print a line for each, and then the growth.

    Returns:
        Whether there was nothing to complain about.
    """
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_soak(seed, batches, Path(folder)))


async def _soak(seed: int, batches: int, folder: Path) -> bool:
    residents, is_good = [], True
    async with campaign_gateway(folder) as (gate, running):
        before = await rested(gate, running, None)
        for number in range(batches):
            report = Report()
            await batch(gate, list(cases(seed + number, BATCH)), report)
            after = await rested(gate, running, before)
            is_held = after.holds_more_than(before)
            is_good &= not report.complaints and not is_held
            residents.append(after.resident)
            print(
                f"batch {number}: {len(report.complaints)} complaints, slowest "
                f"{report.slowest:.1f} s, {after.resident / MIB:.1f} MiB"
                + (", MORE IS HELD" if is_held else ""),
                *(f"! {each.words}: {each.case}" for each in report.complaints),
                sep="\n",
                flush=True,
            )
    settled = residents[len(residents) // 3 :]
    growth = statistics.linear_regression(range(len(settled)), settled).slope if settled[1:] else 0
    print(f"growth {growth / BATCH * 10_000 / MIB:.2f} MiB per 10,000 requests")
    return is_good


@dataclass(frozen=True, slots=True)
class Beside:
    """What came of one hostile request, and what the control client noticed."""

    name: str
    outcomes: Outcomes
    computed: float
    """Seconds of processor time of the gateway and its workers for each hostile request, with that
    for the control's requests beside it."""
    stretch: float
    """Seconds: the longest that the event loop computed without a pause."""
    p50: float
    p99: float
    """Milliseconds of the control client."""
    alone: float
    """Its 99th percentile just before, without what is hostile."""
    resident: float
    """MiB that the process has more than before."""

    def __str__(self) -> str:
        kinds, slowest = ", ".join(self.outcomes.kinds), max(self.outcomes.seconds, default=0.0)
        return (
            f"{self.name:42} {kinds:26} {self.computed:5.2f} s, slowest {slowest:6.2f} s"
            f"  loop {self.stretch * 1e3:5.0f} ms"
            f"  control {self.p50:5.1f} / {self.p99:6.1f} ms, alone {self.alone:6.1f} ms"
            f"  {self.resident:+7.1f} MiB"
        )


def hostile(only: str = "") -> None:
    """Run each hostile request beside the control client; print a line for each.

    Args:
        only: those with this in their names.
    """
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_hostile(Path(folder), only))


async def _hostile(folder: Path, only: str) -> None:
    """Three processes: the gateway, what is hostile, and here the control with its own host."""
    async with upstream() as good:
        with (
            hostile_side() as side,
            gateway(folder, _hostile_settings(good.port, side.port)) as gate,
        ):
            await _control(gate, 2.0)  # which starts what is started once
            print(await _beside(gate, side, None, is_stream=False))
            for name in HOSTILE:
                for is_stream in (False, True) if only in name else ():
                    print(await _beside(gate, side, name, is_stream=is_stream), flush=True)


def _hostile_settings(good: int, bad: int) -> dict[str, Any]:
    """Return settings with the upstream of what is hostile beside the good one."""
    one, other = settings_for(good, {}), settings_for(bad, {})["upstreams"]
    upstreams = {"bad": other["asked"], "bad_on": other["going_on"]}
    models = {name: {"upstream": at, "model": "good"} for name, at in _HOSTILE_MODELS.items()}
    return one | {"upstreams": one["upstreams"] | upstreams, "models": models}


async def _beside(gate: Gateway, side: HostileSide, name: str | None, *, is_stream: bool) -> Beside:
    alone = await _control(gate, SHORTEST)  # just before, as the machine may have other work
    before = gate.health()
    control = asyncio.ensure_future(_control(gate, SHORTEST))
    outcomes = Outcomes((), ())
    if name is not None:
        outcomes = await side.run(gate.port, name, SHORTEST, is_stream=is_stream)
    waits = await control
    after = gate.health()
    return Beside(
        (name or "nothing") + (", streamed" if is_stream else ""),
        outcomes,
        (after.computed - before.computed) / max(len(outcomes.seconds), 1),
        after.stretch,
        statistics.median(waits) * 1e3,
        _p99(waits) * 1e3,
        _p99(alone) * 1e3,
        (after.resident - before.resident) / MIB,
    )


def _p99(waits: list[float]) -> float:
    return sorted(waits)[math.ceil(len(waits) * 0.99) - 1]


async def _control(gate: Gateway, seconds: float) -> list[float]:
    """Ask for a small document for so long; return the seconds of each answer."""
    waits = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        answer = await exchange(gate.port, post(_CONTROL.path, _CONTROL.body))
        assert answer.status == 200, answer
        waits.append(answer.seconds)
        await asyncio.sleep(PAUSE)
    return waits
