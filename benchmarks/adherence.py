"""How often a model's documents are valid, and right: `python benchmarks/adherence.py`.

Asks one model of one upstream for the documents of `adherence_suite/tasks/`, or of real schemas
(`--subset real`; STRICTGATE_CORPORA names the folder of the test data), by each strategy: the
upstream alone, with retries, with its own grammar, and through a Strictgate that this program
starts. Every call is counted at the upstream. Adherence is not correctness, so both are told.

    llama-server -m MODEL.gguf --port 9501 -c 8192 --jinja
    python benchmarks/adherence.py --base-url http://127.0.0.1:9501/v1 --model MODEL --out it.jsonl

What `--out` already holds is not asked again: an interrupted run goes on where it was.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import aiohttp
from adherence_suite import results
from adherence_suite.asking import Answer, Asked, Client, Sampling
from adherence_suite.calls import call_tasks
from adherence_suite.counting import Counter, counting
from adherence_suite.gate import strictgate
from adherence_suite.records import long_records, records, short_records
from adherence_suite.report import markdown
from adherence_suite.results import Result
from adherence_suite.strategies import BY_NAME, STRATEGIES, Strategy
from adherence_suite.tasks import Task, load
from processes import NotReady, free_port

from strictgate import __version__

DOCUMENT = 1200.0  # seconds that one document may take


def _few(count: int | None) -> list[Task]:
    return [*load(14), *short_records(14)][:count]


SUBSETS = {
    "own": load,
    "real": records,
    "short": short_records,
    "long": long_records,
    "calls": call_tasks,
    "commit": _few,
}
"""The tasks by name: our own, those on real schemas, the short and the long ones of these, calls of
functions, and a few of the first and the third, always the same ones."""


def main() -> int:
    """Measure and print; the exit code is 1 where Strictgate called an invalid document valid."""
    options = _options()
    missing = [each for each in options.strategies if each.missing()]
    skipped = [f"not measured: `{each.name}` needs {', '.join(each.missing())}" for each in missing]
    strategies = [each for each in options.strategies if each not in missing]
    try:
        measured, fingerprint = asyncio.run(_measured(options, strategies))
    except NotReady as error:
        print(f"Strictgate did not start: {error}", file=sys.stderr)
        return 2
    print(markdown(_conditions(options, fingerprint), measured, skipped))
    return int(any(one.failure.startswith("BROKEN") for one in measured))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--base-url", required=True, help="of the upstream, ending in /v1")
    parser.add_argument("--model", required=True, help="as the upstream calls it")
    parser.add_argument("--title", default="", help="the model and its server, for the report")
    parser.add_argument("--preset", default="llamacpp", help="what Strictgate takes it for")
    parser.add_argument("--strategies", type=_strategies, default=STRATEGIES, metavar="NAME,…")
    parser.add_argument("--subset", choices=SUBSETS, default="own", help="which tasks")
    parser.add_argument("--tasks", type=int, metavar="N", help="only so many, of all kinds")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="TASK,…")
    parser.add_argument("--rounds", type=int, default=1, help="how often, with other seeds")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--max-tokens", type=int, default=700)
    parser.add_argument("--seed", type=int, default=1, help="of the first task; each has its own")
    parser.add_argument("--strictgate", metavar="URL", help="one that runs (calls then uncounted)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="every answer, as JSON lines")
    return parser.parse_args()


def _strategies(text: str) -> tuple[Strategy, ...]:
    names = text.split(",")
    if unknown := [name for name in names if name not in BY_NAME]:
        known = ", ".join(BY_NAME)
        raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are: {known}")
    return tuple(BY_NAME[name] for name in names)


def _conditions(options: argparse.Namespace, fingerprint: str) -> list[str]:
    return [
        f"date: {datetime.now(UTC):%Y-%m-%d %H:%M UTC}",
        f"model: {options.title or options.model} ({fingerprint or 'no fingerprint'})",
        f"Strictgate {__version__} on Python {platform.python_version()}",
        f"temperature {options.temperature:g}, at most {options.max_tokens} tokens a call,"
        f" {options.rounds} rounds, seed {options.seed}",
    ]


async def _measured(
    options: argparse.Namespace, strategies: Sequence[Strategy]
) -> tuple[list[Result], str]:
    known = list(results.read(options.out)) if options.out else []
    done = {(one.strategy, one.task, one.round): one for one in known}
    offered = enumerate(SUBSETS[options.subset](options.tasks))  # each keeps its seed
    tasks = [each for each in offered if not options.only or each[1].name in options.only]
    async with _asking(options, strategies) as (client, counter):
        for turn, (place, task) in product(range(options.rounds), tasks):
            first = (turn + place) % max(1, len(strategies))  # later ones find the prompt cached
            for strategy in (*strategies[first:], *strategies[:first]):
                if (strategy.name, task.name, turn) not in done:
                    asked = Asked(task, turn, options.seed + 10_000 * turn + place)
                    one = await _document(client, counter, strategy, asked)
                    done[strategy.name, task.name, turn] = one
                    _note(options.out, one)
    return list(done.values()), counter.fingerprint


@asynccontextmanager
async def _asking(
    options: argparse.Namespace, strategies: Sequence[Strategy]
) -> AsyncIterator[tuple[Client, Counter]]:
    """Stand the counting proxy before the upstream, and Strictgate before it where it is asked."""
    root, _, path = options.base_url.rstrip("/").partition("/v1")
    port = free_port()
    upstream = f"http://127.0.0.1:{port}/v1{path}"
    sampling = Sampling(options.model, options.temperature, options.max_tokens)
    async with AsyncExitStack() as stack:
        counter = await stack.enter_async_context(counting(root, port))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gate = options.strictgate or ""
        if not gate and any(each.knobs is not None for each in strategies):
            starting = strictgate(options.preset, upstream, folder)
            gate = await asyncio.to_thread(stack.enter_context, starting)
        timeout = aiohttp.ClientTimeout(total=DOCUMENT)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=timeout, read_bufsize=1 << 22)
        )
        yield Client(session, upstream, gate, sampling), counter


async def _document(client: Client, counter: Counter, strategy: Strategy, asked: Asked) -> Result:
    began = time.monotonic()
    try:
        answer = await client.ask(strategy, asked)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        answer = Answer(error={"code": type(error).__name__, "message": str(error)})
    seconds = time.monotonic() - began
    return results.result(strategy, asked, answer, await counter.take(), seconds)


def _note(out: Path | None, one: Result) -> None:
    """Say how it went, at once, and write it down."""
    told = one.failure or ("right" if one.is_faithful and one.counted else "valid")
    spent = f"{one.calls} calls, {one.tokens} tokens, {one.seconds:.1f} s"
    print(
        f"{one.round + 1} {one.task} · {one.strategy}: {told} ({spent})",
        file=sys.stderr,
        flush=True,
    )
    if out:
        results.write(out, one)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
