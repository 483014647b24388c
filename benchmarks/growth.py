"""How the cost of judging grows with the text: `python benchmarks/growth.py`.

Each kind of document in growth_cases.py is judged at several sizes, each four times the one before:
whole, as an answer that came at once, and streamed, in pieces of 20 characters under guard. The
report is Markdown: milliseconds of the processor for each size, the greatest growth from one to the
next of those that take long enough to be measured, and the units of work at the largest. What is
linear grows by 4. Other load on the machine shows, too; tests/test_growth.py counts units instead.

The exit code is 1 where something grows by more than the bound.
"""

import argparse
import resource
import sys
from dataclasses import dataclass
from itertools import pairwise
from time import process_time

from growth_cases import CASES, GrowthCase

from strictgate.core.grammar.compiler import compile_grammar
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.grammar_matcher import CompiledGrammar, load_grammar
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.judge_text import judge_text
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import Schema, admit
from strictgate.core.work import Work, WorkSpent

BOUND = 4.5
SIZES = (16, 64, 256, 1024)  # KiB
LARGE = 4096
PIECE = 20  # characters of a delta
SHORT = 0.02  # seconds: what takes less is not measured well enough to grow


@dataclass(frozen=True, slots=True)
class Run:
    """One text, judged."""

    seconds: float
    units: int
    outcome: str


def main() -> int:
    """Measure and print."""
    options = _options()
    sizes = [each for each in (*SIZES, LARGE) if each <= options.most]
    heads = " | ".join(f"{each} KiB ms" for each in sizes)
    print(f"| document | how | {heads} | growth | units per byte | outcome |")
    print("|---|---|" + "--:|" * (len(sizes) + 2) + "---|")
    steep = 0
    for case in CASES:
        if options.only not in case.name:
            continue
        schema = admit(case.schema, name="case")
        grammar = None if options.whole else grammar_of(schema)
        for how in ("whole",) if options.whole else ("whole", "streamed"):
            runs = [
                judged(case, schema, grammar, size * 1024, is_streamed=how == "streamed")
                for size in sizes
            ]
            growth = greatest_growth([run.seconds for run in runs])
            steep += growth > BOUND
            times = " | ".join(f"{1e3 * run.seconds:.0f}" for run in runs)
            rate = runs[-1].units / (sizes[-1] * 1024)
            mark = f"**{growth:.1f}**" if growth > BOUND else f"{growth:.1f}"
            row = f"| {case.name} | {how} | {times} | {mark} | {rate:.1f} | {runs[-1].outcome} |"
            print(row, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{steep} grow by more than {BOUND}; {peak} MiB at most")
    return 1 if steep else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--most", type=int, default=SIZES[-1], metavar="KIB", help="largest size")
    parser.add_argument("--only", default="", metavar="WORDS", help="cases with this in their name")
    parser.add_argument("--whole", action="store_true", help="whole answers alone")
    return parser.parse_args()


def grammar_of(schema: Schema) -> CompiledGrammar | None:
    """Return the schema's grammar, where it has one."""
    try:
        return load_grammar(compile_grammar(schema))
    except NotExpressible:
        return None


def judged(
    case: GrowthCase,
    schema: Schema,
    grammar: CompiledGrammar | None,
    size: int,
    *,
    is_streamed: bool,
) -> Run:
    """Judge the text of `size` bytes that `case` makes."""
    text, work = case.text(size), Work()
    begun = process_time()
    try:
        if is_streamed:
            outcome = _streamed(text, schema, grammar, work)
        else:
            verdict = judge_text(text, schema, Repair.LOSSLESS, wrapped=False, work=work)
            outcome = type(verdict).__name__
    except WorkSpent:
        outcome = "WorkSpent"
    return Run(process_time() - begun, work.spent, outcome)


def _streamed(text: str, schema: Schema, grammar: CompiledGrammar | None, work: Work) -> str:
    document = PartialDocument(Guard(schema, grammar, work=work).fork, Repair.LOSSLESS)
    bare = not schema.is_object_root
    stream = DocumentStream(document, Repair.LOSSLESS, wrapped=False, bare=bare, aligner=None)
    for start in range(0, len(text), PIECE):
        stream.feed(text[start : start + PIECE])
        if stream.has_begun:
            document.release(document.final())
        if stream.is_over:
            break
    stream.flush()
    return stream.state.value


def greatest_growth(seconds: list[float]) -> float:
    """Return by how much the time grows at most from one size to the next."""
    return max(
        (after / before for before, after in pairwise(seconds) if before >= SHORT), default=0.0
    )


if __name__ == "__main__":
    sys.exit(main())
