"""What the guard costs and sees, over real schemas: `python benchmarks/guard.py`.

STRICTGATE_CORPORA names the folder of the test data: `maskbench/dev.jsonl` with its byte oracle,
`generated_schemas/schemas.jsonl`, `engine_tests/accept_reject.dev.jsonl`. The report is Markdown:
how long it takes to make the grammar of a schema and how much memory that needs, what a byte and a
delta cost for chunks of several sizes, whether a valid document was refused or an invalid one
accepted, and how early it was seen what is wrong. Times are of the processor, so that other load
does not show; the validator is the arbiter throughout.

The exit code is 1 where a document was refused or accepted wrongly.
"""

import argparse
import gc
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from statistics import quantiles
from time import process_time

from documents import SPELLINGS, Case, admitted, cases, compact, fault, is_valid, rows

from strictgate.core.grammar import compiler
from strictgate.core.grammar.grammar import Grammar, NotExpressible
from strictgate.core.guard.grammar_matcher import CompiledGrammar, load_grammar
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs.repairs import Repaired, repair_violation
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import Schema

CHUNKS = (1, 4, 20, 1 << 30)
PAGE = 4096
Made = list[tuple[Case, CompiledGrammar | None]]
Table = list[Sequence[object]]


def main() -> int:
    """Measure and print."""
    options = _options()
    documented = cases(options.corpora, "maskbench/dev.jsonl")[: options.limit]
    generated = cases(options.corpora, "generated_schemas/schemas.jsonl")[: options.limit]
    memory = _memory(documented)
    made, parts = _made({"maskbench": documented, "generated": generated})
    findings = Findings()
    parts += [memory, _costs(made)]
    parts += [_verdicts(made, findings), _engine_tests(options.corpora, findings)]
    parts += [_positions(options.corpora, made, findings), _earliness(made)]
    print("\n\n".join([_conditions(), *parts, *findings.details()]))
    return 1 if findings.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    place = os.environ.get("STRICTGATE_CORPORA")
    parser.add_argument("--corpora", type=Path, default=place, required=place is None)
    parser.add_argument("--limit", type=int, default=None, metavar="N", help="schemas of each set")
    return parser.parse_args()


def _conditions() -> str:
    names = ("llguidance", "jsonschema-rs", "orjson")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}; {os.cpu_count()} cores; Python {python_version()}, {libraries}"


class Findings:
    """What went wrong, with examples of each kind."""

    EXAMPLES = 8

    def __init__(self) -> None:
        self.wrong: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, place: str) -> None:
        self.wrong[kind].append(place)

    def details(self) -> list[str]:
        return [
            f"{kind}: {', '.join(places[: self.EXAMPLES])}" for kind, places in self.wrong.items()
        ]


def read(schema: Schema, machine: CompiledGrammar | None, text: bytes) -> tuple[int, bool]:
    """Return how many bytes of `text` the guard takes in, and whether they are a whole document.

    As for a model's text at `repair: off`: numbers that the grammar cannot read are read for it.
    """
    guard = Guard(schema, machine)
    while text := text[guard.consume(text) :]:
        mended = repair_violation(guard, text, Repair.OFF, final=True, floor=0)
        if not isinstance(mended, Repaired):
            break
        text = text[mended.used :]
    return len(guard.text), not text and guard.is_complete()


# --- cost ----------------------------------------------------------------------------------------


def _made(sets: dict[str, list[Case]]) -> tuple[Made, list[str]]:
    """Make the grammars of all schemas, timed."""
    found: Made = []
    table: Table = []
    for name, members in sets.items():
        own, native, machines = [], [], []
        for case in members:
            start = process_time()
            machine, middle = _machine(case.schema)
            end = process_time()
            own.append(1e3 * (middle - start))
            native.append(1e3 * (end - middle))
            machines.append(machine)
        whole = [one + other for one, other in zip(own, native, strict=True)]
        exact = sum(
            machine is not None and not machine.unsupported_keywords for machine in machines
        )
        none = sum(machine is None for machine in machines)
        times = [_spread(each, ".2f") for each in (own, native, whole)]
        table.append([name, len(members), exact, len(members) - exact - none, none, *times])
        found += zip(members, machines, strict=True)
    heads = ["schemas", "n", "exact", "late", "none", *(f"{each} ms" for each in STAGES)]
    return found, [_table("Making a grammar (p50 / p95 / max)", heads, table)]


STAGES = ("ours", "native", "both")


def _machine(schema: Schema) -> tuple[CompiledGrammar | None, float]:
    """Return the machine, and when our part of its making was done."""
    middle = None
    try:
        grammar = compiler.compile_grammar(schema)
        middle = process_time()
        return load_grammar(grammar), middle
    except NotExpressible:
        return None, middle or process_time()


def _costs(made: Made) -> str:
    documents = [(case, machine, text) for case, machine in made for text in _texts(case)]
    table: Table = []
    for size in CHUNKS:
        seconds, deltas = [], []
        for case, machine, text in documents:
            took, count = _timed(case.schema, machine, text, size)
            seconds.append(took)
            deltas.append(1e6 * took / count)
        per_byte = [
            1e6 * took / len(each[2]) for took, each in zip(seconds, documents, strict=True)
        ]
        overall = 1e6 * sum(seconds) / sum(len(each[2]) for each in documents)
        name = f"{size:,}" if size < CHUNKS[-1] else "whole"
        row = [name, f"{overall:.2f}", _spread(per_byte, ".2f"), _spread(deltas, ".1f")]
        table.append(row)
    heads = ["bytes per delta", "µs per byte, all", "… by document", "µs per delta, by document"]
    title = f"Reading {len(documents):,} valid documents (p50 / p95 / max)"
    return _table(title, heads, table)


def _texts(case: Case) -> Iterator[bytes]:
    yield from (SPELLINGS["spaced"](value).encode() for value in case.valid)


def _timed(
    schema: Schema, machine: CompiledGrammar | None, text: bytes, size: int
) -> tuple[float, int]:
    """Return the seconds that reading takes, and the number of deltas."""
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    guard = Guard(schema, machine)
    start = process_time()
    for chunk in chunks:
        guard.consume(chunk)
    return process_time() - start, len(chunks)


def _memory(members: Sequence[Case]) -> str:
    """Measure the memory of the grammars: when they are new, and after they have read documents.

    To be done first: what was freed before would be used again, and not be seen.
    """
    grammars = [(case, grammar) for case in members if (grammar := _grammar(case.schema))]
    before = _resident()
    machines = [load_grammar(grammar) for _, grammar in grammars]
    fresh = _resident()
    for (case, _), machine in zip(grammars, machines, strict=True):
        for text in _texts(case):
            machine.start().consume(text)
    used = _resident()
    count = len(machines) * 1024
    said = sum(machine.size for machine in machines) / count
    row = [f"{(fresh - before) / count:.0f}", f"{(used - before) / count:.0f}", f"{said:.0f}"]
    heads = ["made", "after reading its documents", "as the cache counts it"]
    return _table("Memory per schema, KiB (mean)", heads, [row])


def _grammar(schema: Schema) -> Grammar | None:
    try:
        return compiler.compile_grammar(schema)
    except NotExpressible:
        return None


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


# --- verdicts ------------------------------------------------------------------------------------


def _verdicts(made: Made, findings: Findings) -> str:
    table: Table = []
    for name, spell in SPELLINGS.items():
        refused, read_valid = 0, 0
        accepted, read_invalid = 0, 0
        for case, machine in made:
            for value in case.valid:
                read_valid += 1
                if not read(case.schema, machine, spell(value).encode())[1]:
                    refused += 1
                    findings.add(f"valid, refused ({name})", case.id)
            for _, value in case.invalid:
                read_invalid += 1
                if read(case.schema, machine, spell(value).encode())[1]:
                    accepted += 1
                    findings.add(f"invalid, accepted ({name})", case.id)
        table.append([name, read_valid, refused, read_invalid, accepted])
    heads = ["spelling", "valid", "refused", "invalid", "accepted"]
    return _table("Verdicts", heads, table)


def _engine_tests(folder: Path, findings: Findings) -> str:
    """Read the texts of other engines' tests, and compare the verdicts with the validator's."""
    counts = {"valid": [0, 0], "invalid": [0, 0]}
    for row in rows(folder, "engine_tests/accept_reject.dev.jsonl"):
        schema = admitted(row["schema"])
        if schema is None:
            continue
        expected = is_valid(schema, row["text"])
        is_whole = read(schema, _machine(schema)[0], row["text"].encode())[1]
        count = counts["valid" if expected else "invalid"]
        count[0] += 1
        if is_whole != expected:
            count[1] += 1
            findings.add(f"engine test, {'refused' if expected else 'accepted'}", row["id"])
    table: Table = [[name, *count] for name, count in counts.items()]
    return _table("Texts of other engines' tests", ["text", "n", "judged otherwise"], table)


def _positions(folder: Path, made: Made, findings: Findings) -> str:
    """Compare where invalid documents stop with where an engine of fixed key order stops.

    That one may see more, for it knows what comes next; where the guard stops earlier, it has to be
    right: no document that begins so may be valid.
    """
    oracle = {row["id"]: row for row in rows(folder, "maskbench/dev.byte_oracle.jsonl")}
    counts = {"earlier": 0, "same": 0, "later": 0, "at the end": 0}
    for case, machine in made:
        row = oracle.get(case.id)
        if row is None or not row["all_positives_accepted"]:
            continue
        invalid = dict(case.invalid)
        for each in row["negatives"]:
            if each["test"] not in invalid:
                continue
            text = SPELLINGS["ASCII-escaped"](invalid[each["test"]]).encode()
            taken, _ = read(case.schema, machine, text)
            counts[_compared(taken, each["first_reject"], len(text))] += 1
            if taken < each["first_reject"]:
                findings.add("stopped earlier than the oracle", f"{case.id} {each['test']}")
    table: Table = [list(counts.values())]
    return _table("Where invalid documents stop, against the byte oracle", list(counts), table)


def _compared(taken: int, expected: int | None, length: int) -> str:
    if expected is None or taken == expected:
        return "same"
    if taken < expected:
        return "earlier"
    return "at the end" if taken >= length - 1 else "later"


# --- how early -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """How many bytes behind the place of a fault each engine stopped."""

    guard: int
    tracker: int


def _earliness(made: Made) -> str:
    """Print for each keyword how soon the fault of a document was seen."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for case, machine in made:
        for _, value in case.invalid:
            wrong = fault(case.schema, value)
            if wrong is not None:
                text = compact(value).encode()
                stops = (read(case.schema, each, text)[0] - wrong.start for each in (machine, None))
                seen[wrong.keyword].append(Seen(*stops))
    table: Table = []
    for keyword, found in sorted(seen.items(), key=lambda pair: -len(pair[1])):
        both = [[each.guard for each in found], [each.tracker for each in found]]
        table.append([f"`{keyword}`", len(found), *(_spread(each, ".0f") for each in both)])
    heads = ["keyword", "n", "bytes, guard", "bytes, validator alone"]
    return _table("Bytes from the start of what is wrong (p50 / p95 / max)", heads, table)


# --- words ---------------------------------------------------------------------------------------


def _spread(values: Sequence[float], form: str) -> str:
    """Return median, 95th percentile and largest."""
    if not values:
        return "-"
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else list(values) * 99
    return " / ".join(format(each, form) for each in (cuts[49], cuts[94], max(values)))


def _table(title: str, heads: Sequence[str], lines: Table) -> str:
    rule = ["---", *["--:"] * (len(heads) - 1)]
    body = [f"| {' | '.join(map(str, line))} |" for line in (heads, rule, *lines)]
    return "\n".join([f"**{title}**", "", *body])


if __name__ == "__main__":
    sys.exit(main())
