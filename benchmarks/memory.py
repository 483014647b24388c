"""What is kept of schemas and grammars: resident memory beside what the caches count for it.

    .venv/bin/python benchmarks/memory.py [FAMILY …]
    .venv/bin/python benchmarks/memory.py --readers 30     # what long answers take: the peak
    .venv/bin/python benchmarks/memory.py --soak 50000     # what is kept of requests: the slope

Each family runs in a process of its own, so that no memory that another family has freed is used
again. The ratio is resident memory over weight: 0.5 to 2 is wanted, above what a process needs
anyway. Grammars are measured after each has read a document of the demonstration upstream's.
"""

import argparse
import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import request_memory
from schema_families import FAMILIES

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import SchemaCache, admit
from strictgate.demo.document import make_document
from strictgate.gateway.grammar_cache import FIXED, make

WARM_UP = 3  # schemas, so that what is loaded at the first use is not counted
SECONDS = 6.0  # for one measurement
MOST_BYTES = 400 << 20
LEAST = 10  # schemas
FIRST_TAG = 10_000_000  # of the schemas of the warm-up: no tag of those that are measured

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return the bytes of memory that this process has, as Linux counts them."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def measured(keep: Callable[[int], int], count: int) -> tuple[int, float, float]:
    """Return how many schemas were kept, and the bytes and the weight of each.

    Args:
        keep: keeps the schema of a tag; returns its weight.
        count: how many to keep at most.
    """
    for tag in range(WARM_UP):
        keep(FIRST_TAG + tag)
    gc.collect()
    before, weight, kept, end = resident(), 0, 0, time.monotonic() + SECONDS
    while kept < count and resident() - before < MOST_BYTES:
        weight += keep(kept)
        kept += 1
        if kept >= LEAST and time.monotonic() > end:
            break
    gc.collect()
    return kept, (resident() - before) / kept, weight / kept


def of_schemas(family: str, count: int) -> tuple[int, float, float]:
    """Measure the cache of schemas; they come as from a request, parsed from JSON."""
    cache = SchemaCache(1 << 40, Limits())

    def keep(tag: int) -> int:
        source = json.loads(json.dumps(FAMILIES[family](tag)))
        return cache.get(source, name="x").inspected.weight

    return measured(keep, count)


def of_grammars(family: str, count: int) -> tuple[int, float, float]:
    """Measure the cache of grammars, after each has read a document."""
    grammars = []

    def keep(tag: int) -> int:
        schema = admit(FAMILIES[family](tag), name="x")
        try:
            grammar = make(schema)
        except NotExpressible:
            return FIXED + len(schema.text)
        grammars.append((schema.text, grammar))
        document = json.dumps(make_document(schema.source), ensure_ascii=False)
        grammar.start().consume(document.encode())
        return FIXED + len(schema.text) + grammar.size

    return measured(keep, count)


KINDS = {"schemas": of_schemas, "grammars": of_grammars}


def main() -> None:
    """Print a table of the families."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", default=[*FAMILIES])
    parser.add_argument("--count", type=int, default=1000, help="schemas of each family, at most")
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)  # in the process of one
    parser.add_argument("--readers", type=int, metavar="N", help="clients that do not read")
    parser.add_argument("--size", type=int, default=6 << 20, help="bytes of what they ask for")
    parser.add_argument("--piece", type=int, default=24, help="characters of each delta of it")
    parser.add_argument("--soak", type=int, metavar="N", help="requests of all kinds")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    if given.readers:
        asyncio.run(request_memory.readers(given.readers, given.size, given.piece))
        return
    if given.soak:
        asyncio.run(request_memory.soak(given.soak))
        return
    if given.kind:
        print(*KINDS[given.kind](given.families[0], given.count))
        return
    print(f"{'family':24}{'kind':10}{'kept':>6}{'KiB each':>10}{'weight':>10}{'ratio':>7}")
    for family in given.families:
        for kind in KINDS:
            command = [sys.executable, __file__, family, "--kind", kind, "--count", given.count]
            done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
            kept, size, weight = map(float, done.stdout.split())
            figures = f"{kept:6.0f}{size / 1024:10.1f}{weight / 1024:10.1f}{size / weight:7.2f}"
            print(f"{family:24}{kind:10}{figures}", flush=True)


if __name__ == "__main__":
    main()
