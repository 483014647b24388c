"""The arguments of `strictgate probe`, and what it prints: a table, JSON, TOML or a page."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from strictgate.commands.embedded_demo import demo_if_wanted
from strictgate.commands.probe import BUDGET, ProbeFailed, cost_text, probe
from strictgate.commands.serve_command import add_upstream, with_upstream
from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.probe.results import NotAResult, ProbeResult, parse_result
from strictgate.core.probe.tables import result_text, result_toml, results_html, truth_text
from strictgate.settings.loading import Settings, load

INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT
_BAR = 30  # characters


def add_probe(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `probe`."""
    parser.description = (
        "Asks a model, directly, what its schema forbids, and says what the host says of each "
        f"feature, what it does, and how often the answer was right. {cost_text(BUDGET)}"
    )
    parser.add_argument("--model", metavar="M", help="as configured, or as the --upstream names it")
    add_upstream(parser)
    parser.add_argument("--key-env", metavar="VARIABLE", help="that holds the --upstream's key")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML configuration")
    parser.add_argument(
        "--max-tokens", type=int, default=BUDGET, metavar="N", help="of each answer; %(default)s"
    )
    parser.add_argument(
        "--import",
        dest="results",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="compare results that --json has printed; nothing is asked",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the result as JSON")
    form.add_argument("--toml", action="store_true", help="print lines for the configuration")
    form.add_argument("--html", action="store_true", help="print a page to publish")
    parser.set_defaults(command=run_probe)


def run_probe(options: argparse.Namespace) -> int:
    """Ask, or read results from files, and print what is wanted; return the exit code.

    Raises:
        ProbeFailed: the call is wrong, or there was no answer at all.
        SettingsError: the configuration cannot be used.
    """
    if options.results:
        if options.model or options.upstream or options.demo or options.config:
            raise ProbeFailed("--import asks nothing: leave out --model, --upstream and --config")
        results = [_imported(path) for path in options.results]
    else:
        results = [_asked(options)]
    print(_written(results, options))
    return 0 if options.results or results[0].is_whole else INTERRUPTED


def _written(results: Sequence[ProbeResult], options: argparse.Namespace) -> str:
    if options.html:
        return results_html(results)
    if options.toml:
        return "\n\n".join(map(result_toml, results))
    if options.json:
        rows = [each.as_json() for each in results]
        return write_json(rows if options.results else rows[0])
    return truth_text(results) if len(results) > 1 else result_text(results[0])


def _asked(options: argparse.Namespace) -> ProbeResult:
    if not options.model:
        raise ProbeFailed("give --model M, with --upstream URL or --config FILE; or --import FILE…")
    if options.max_tokens < 1:
        raise ProbeFailed("--max-tokens must be 1 at least")
    print(cost_text(options.max_tokens), file=sys.stderr)
    try:
        with demo_if_wanted(options):
            settings = _settings(options)
            return probe(settings, os.environ, options.model, options.max_tokens, _progress())
    except GatewayError as error:
        raise ProbeFailed(error.message) from error


def _settings(options: argparse.Namespace) -> Settings:
    settings = with_upstream(load(options.config), options)
    if options.key_env and (options.demo or not options.upstream):
        raise ProbeFailed("--key-env has the key of --upstream URL: give that, too")
    if options.key_env:
        name = settings.default_upstream or ""
        ours = settings.upstreams[name].model_copy(update={"api_key_env": options.key_env})
        return settings.model_copy(update={"upstreams": settings.upstreams | {name: ours}})
    if not settings.upstreams:
        raise ProbeFailed("no upstream is configured: give --upstream URL, or --config FILE")
    return settings


def _progress() -> Callable[[int, int, str], None]:
    """Return what draws the bar; where nobody looks at a terminal, it draws nothing."""

    def draw(done: int, planned: int, question: str) -> None:
        filled = _BAR * done // planned
        end = "\n" if done == planned else ""
        bar = "#" * filled + "." * (_BAR - filled)
        print(f"\r[{bar}] {done}/{planned} {question:32}", end=end, file=sys.stderr, flush=True)

    return draw if sys.stderr.isatty() else lambda *_: None


def _imported(path: Path) -> ProbeResult:
    try:
        return parse_result(parse_json(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ProbeFailed(f"{path}: {error.strerror}") from error
    except NotJSON as error:
        raise ProbeFailed(f"{path}: not JSON: {error.message}") from error
    except (NotAResult, UnicodeDecodeError) as error:
        raise ProbeFailed(f"{path}: {error}") from error
