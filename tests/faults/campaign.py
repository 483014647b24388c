"""A campaign: cases from a seed, the run, and what it came to."""

import asyncio
import base64
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.bad_clients import CLIENTS
from tests.faults.documents import KINDS
from tests.faults.gateway import FIRST_BYTE, UPSTREAM_KEY, Gateway, Health, gateway, settings_for
from tests.faults.http_client import exchange
from tests.faults.kinds.fault import TIMEOUT
from tests.faults.kinds.table import FAULTS
from tests.faults.oracle import ALWAYS, Case, Complaint, outcome
from tests.faults.upstream import Token, Upstream, upstream

DEADLINE = 60.0
"""Seconds after which a request hangs; the gateway's own limit is 6, the machine may be busy."""
SLOTS = 64
"""Requests that the gateway takes at once."""
AT_ONCE = 32
"""Requests that the campaign makes at once."""
CLIENT_EVERY = 6
"""One request in so many comes from a client with faults."""
STORE = "store.db"
PART = 8  # characters of a key
ROUNDS = 5  # of requests for all slots, as long as some time out
LOOKS = 300
"""Times that it is looked whether what was held has been given back."""
_SURFACES = (
    *(("chat", stream, True) for stream in (False, True) * 2),
    *(("responses", stream, True) for stream in (False, True)),
    *(("chat", stream, False) for stream in (False, True)),
)


@dataclass(frozen=True, slots=True)
class Complained:
    """A case that did not come to what it may."""

    case: Case | str
    words: str


@dataclass
class Report:
    """What a campaign came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    complaints: list[Complained] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds of the request that took longest."""
    before: Health | None = None
    after: Health | None = None

    def __str__(self) -> str:
        number = sum(self.outcomes.values())
        lines = [f"{number} requests, {len(self.complaints)} complaints"]
        lines += [f"  {count:7} {name}" for name, count in self.outcomes.most_common()]
        lines += [f"  slowest {self.slowest:.1f} s", f"  {self.before}", f"  {self.after}"]
        return "\n".join([*lines, *(f"! {each.words}: {each.case}" for each in self.complaints)])


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield the cases of a seed: every fault once, then all of them again in another order."""
    generator = random.Random(seed)
    names: list[str] = []
    for _ in range(number):
        if not names:
            names = sorted(FAULTS)
            generator.shuffle(names)
        nonce = f"n0nce-{generator.getrandbits(48):012x}"
        token = Token(
            nonce,
            generator.choice(sorted(KINDS)),
            generator.choice((1, ALWAYS)),
            generator.random(),
        )
        surface, is_stream, is_enforced = generator.choice(_SURFACES)
        goes_on = generator.random() < 0.5
        yield Case(names.pop(), token, surface, is_stream, is_enforced, goes_on)


def cuts(places: int) -> Iterator[Case]:
    """Yield cases whose answers are cut, at so many places from the first byte to the last: by a
    reset and by a close, whole and as a stream."""
    for number in range(places):
        for turn, fault in enumerate(("reset-somewhere", "close-somewhere")):
            nonce = f"n0nce-c{turn}{number:010x}"
            token = Token(nonce, "choice", ALWAYS, number / places)
            for is_stream in (False, True):
                yield Case(fault, token, "chat", is_stream, True, number % 2 == 0)


def run(seed: int, number: int) -> Report:
    """Run the campaign of a seed against a gateway of its own."""
    return run_cases(list(cases(seed, number)))


def run_cases(todo: list[Case]) -> Report:
    """Run these cases against a gateway of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(todo, Path(folder)))


async def _run(todo: list[Case], folder: Path) -> Report:
    report = Report()
    async with campaign_gateway(folder) as (gate, running):
        await batch(gate, list(cases(0, 40)), Report())  # what is made once, is made
        report.before = await rested(gate, running, None)
        await batch(gate, todo, report)
        report.after = await rested(gate, running, report.before)
        if report.after.holds_more_than(report.before):
            report.complaints.append(Complained("afterwards", "something is still held"))
        await _check_slots(gate, report)
        _check_log(gate, report)
        _check_keys(gate, folder, todo, report)
    return report


@asynccontextmanager
async def campaign_gateway(folder: Path) -> AsyncIterator[tuple[Gateway, Upstream]]:
    """Run an upstream with all faults, and a gateway with `SLOTS` before it."""
    async with upstream() as running:
        settings = settings_for(running.port, {f"on/{name}": name for name in FAULTS})
        settings["limits"] |= {"connections": SLOTS}
        settings |= {"observe": {"level": "debug"}, "store": {"path": str(folder / STORE)}}
        with gateway(folder, settings) as gate:
            yield gate, running


async def batch(gate: Gateway, todo: list[Case], report: Report) -> None:
    """Ask for the cases, `AT_ONCE` at a time; add what came to the report."""
    waiting = iter(enumerate(todo))

    async def work() -> None:
        for position, case in waiting:
            if position % CLIENT_EVERY == CLIENT_EVERY - 1:
                await _bad_client(gate, position // CLIENT_EVERY, case, report)
            await _ask(gate, case, report)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def _ask(gate: Gateway, case: Case, report: Report) -> None:
    try:
        async with asyncio.timeout(DEADLINE):
            answer = await exchange(gate.port, case.request)
        report.slowest = max(report.slowest, answer.seconds)
        report.outcomes[outcome(case, answer)] += 1
    except TimeoutError:
        report.complaints.append(Complained(case, "hangs"))
    except Complaint as complaint:
        report.complaints.append(Complained(case, str(complaint)))


async def _bad_client(gate: Gateway, turn: int, case: Case, report: Report) -> None:
    """Send one of the clients with faults; it asks for the case's document."""
    name = sorted(CLIENTS)[turn % len(CLIENTS)]
    client = CLIENTS[name]
    nonce = case.token.nonce[:-1] + "c"
    token = Token(nonce, case.token.kind, ALWAYS, 0.5)
    asked = Case(client.model, token, "chat", "stream" in name, True, case.goes_on)
    try:
        async with asyncio.timeout(DEADLINE):
            answer = await client.run(gate.port, asked.request)
    except TimeoutError:
        report.complaints.append(Complained(name, "hangs"))
        return
    except ConnectionError:
        answer = None  # it was cut while it was sending
    is_late = answer is not None and answer.status == 504 and answer.seconds >= FIRST_BYTE
    allowed = client.may if answer is not None and not is_late else None
    if answer is not None and allowed is not None and answer.status not in allowed:
        report.complaints.append(Complained(name, f"got {answer.status}"))
    report.outcomes["client with a fault"] += 1


async def rested(gate: Gateway, running: Upstream, before: Health | None) -> Health:
    """Return what the gateway holds when everything is over and the upstream has hung up.

    Args:
        before: what it held before; it is waited for, but not for ever.
    """
    now = gate.health()
    for _ in range(LOOKS if before is not None else 30):
        running.close_connections()
        await asyncio.sleep(0.1)
        now = gate.health()
        if before is not None and not now.holds_more_than(before):
            break
    return now


async def _check_slots(gate: Gateway, report: Report) -> None:
    """As many requests at once as the gateway takes: each gets a slot.

    Upstream and clients share a process: where the machine is busy, some may time out, which says
    nothing of slots. Then all are asked again.
    """
    late = [
        Case("late", Token(f"n0nce-{n:012x}", "choice", ALWAYS, 0), "chat", False, True, False)
        for n in range(SLOTS)
    ]
    for _ in range(ROUNDS):
        found = Report()
        await asyncio.gather(*(_ask(gate, case, found) for case in late))
        if found.complaints or not found.outcomes[TIMEOUT]:
            break
    if found.outcomes != Counter(ok=SLOTS):
        report.complaints.append(Complained("slots", f"not all are free: {found}"))


def _check_log(gate: Gateway, report: Report) -> None:
    """Nothing in the log is a fault of the gateway's own."""
    for line in gate.log.read_text().splitlines():
        if "Traceback" in line or "internal_error" in line or "InternalError" in line:
            report.complaints.append(Complained("log", line[-2000:]))


def _check_keys(gate: Gateway, folder: Path, todo: list[Case], report: Report) -> None:
    """No part of a key, of eight characters or more, is in the log or in the store."""
    keys = [UPSTREAM_KEY, *(case.key for case in todo)]
    keys += [base64.b64encode(f"Bearer {key}".encode()).decode() for key in keys]
    parts = {key[at : at + PART] for key in keys for at in range(len("ckey7"), len(key) - PART + 1)}
    sinks = [gate.log, *folder.glob(f"{STORE}*")]
    for sink in sinks:
        text = sink.read_bytes().decode("latin-1")
        found = parts & {text[at : at + PART] for at in range(len(text) - PART + 1)}
        if found:
            where = text.index(next(iter(found)))
            report.complaints.append(
                Complained(sink.name, f"part of a key: {text[max(0, where - 300) : where + 60]}")
            )
