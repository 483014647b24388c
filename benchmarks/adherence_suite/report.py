"""The report, as Markdown: the table, then what went wrong, and what was mended."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from statistics import fmean

from adherence_suite.results import Result
from adherence_suite.score import sign_test, wilson
from adherence_suite.strategies import BY_NAME, STRATEGIES

_HEADS = (
    "strategy",
    "n",
    "valid at the first call",
    "valid in the end (95% interval)",
    "faithful (95% interval)",
    "values right",
    "calls/doc",
    "tokens/doc",
    "tokens per right doc",
    "lost members",
    "s/doc",
    "s to the first text",
)
_ABOUT = """\
*Valid* is against the whole schema, formats included; a code fence around the upstream's own
answer is forgiven. *Faithful*: of the tasks that have a right answer, every value that counts is
right; *values right* counts them one by one; *lost members* are those of the right
answers that valid documents do not have. Of a real schema's record, a document is right if it
equals the record. Calls and tokens are counted at the upstream, with
cancelled streams."""


def markdown(conditions: Sequence[str], results: Sequence[Result], skipped: Sequence[str]) -> str:
    """Return the whole report."""
    names = [each.name for each in STRATEGIES if any(each.name == one.strategy for one in results)]
    groups = {name: [one for one in results if one.strategy == name] for name in names}
    parts = [
        [f"- {line}" for line in [*conditions, *skipped]],
        _table([list(_HEADS), *(_row(name, group) for name, group in groups.items())]),
        [_ABOUT],
        [f"- `{name}`: {BY_NAME[name].about}" for name in names],
        ["Task by task, where two were asked the same:"],
        _pairs(groups),
        ["Valid in the end, by the kind of task:"],
        _table(_kinds(groups)),
        ["What failed:"],
        _told(groups, lambda one: (one.failure,) if one.failure else ()),
        ["Steps taken by Strictgate:"],
        _told(groups, lambda one: one.steps),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _table(rows: list[list[str]]) -> list[str]:
    rule = ["---", *["--:"] * (len(rows[0]) - 1)]
    return [f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]]]


def _row(name: str, group: list[Result]) -> list[str]:
    known = [one for one in group if one.counted]
    right, counted = (sum(getattr(one, each) for one in known) for each in ("right", "counted"))
    return [
        f"`{name}`",
        str(len(group)),
        _rate(sum(one.at_first for one in group), len(group)),
        _interval(sum(one.is_valid for one in group), len(group)),
        _interval(sum(one.is_faithful for one in known), len(known)),
        _rate(right, counted),
        f"{fmean(one.calls for one in group):.2f}",
        f"{fmean(one.tokens for one in group):,.0f}",
        _cost(known),
        str(sum(one.lost for one in known)),
        f"{fmean(one.seconds for one in group):.1f}",
        _first(group),
    ]


def _pairs(groups: dict[str, list[Result]]) -> list[str]:
    """Say of each pair of strategies in how many of their common tasks one alone was right."""
    marks = {
        name: {(one.task, one.round): one.is_faithful for one in group if one.counted}
        for name, group in groups.items()
    }
    lines = []
    for (first, mine), (second, its) in combinations(marks.items(), 2):
        common = mine.keys() & its.keys()
        one = sum(mine[key] and not its[key] for key in common)
        other = sum(its[key] and not mine[key] for key in common)
        lines.append(
            f"- of {len(common)}, `{first}` alone is right in {one}, `{second}` alone in {other}"
            f" (sign test: p = {sign_test(one, other):.2g})"
        )
    return lines or ["- none"]


def _cost(known: list[Result]) -> str:
    """Return the tokens that a right document costs, with those spent on the others."""
    right = sum(one.is_faithful for one in known)
    return f"{sum(one.tokens for one in known) / right:,.0f}" if right else "-"


def _first(group: list[Result]) -> str:
    """Return when the first text came, in streams."""
    known = [one.first for one in group if one.first is not None]
    return f"{fmean(known):.1f}" if known else "-"


def _rate(hits: int, count: int) -> str:
    return f"{hits / count:.1%}" if count else "-"


def _interval(hits: int, count: int) -> str:
    low, high = wilson(hits, count)
    return f"**{hits / count:.1%}** ({low:.0%} to {high:.0%})" if count else "-"


def _kinds(groups: dict[str, list[Result]]) -> list[list[str]]:
    kinds = sorted({one.kind for group in groups.values() for one in group})
    rows = [["strategy", *kinds]]
    for name, group in groups.items():
        shares = [[one.is_valid for one in group if one.kind == kind] for kind in kinds]
        rows.append([f"`{name}`", *(f"{sum(each)}/{len(each)}" for each in shares)])
    return rows


def _told(groups: dict[str, list[Result]], told: Callable[[Result], Sequence[str]]) -> list[str]:
    lines = []
    for name, group in groups.items():
        counts = Counter(word for one in group for word in told(one))
        if counts:
            words = ", ".join(f"{word} {count}" for word, count in counts.most_common())
            lines.append(f"- `{name}`: {words}")
    return lines or ["- none"]
