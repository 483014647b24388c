"""Results as text, as lines for the configuration, and as a page to publish."""

from collections.abc import Iterable, Sequence
from html import escape

from strictgate.core.jsontext.reader import write_json
from strictgate.core.probe.questions import QUESTIONS
from strictgate.core.probe.results import ProbeResult, pins, share

_STYLE = """\
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
small, .about { font-weight: 400; font-size: .85rem; color: light-dark(#5c5f6b, #a2a5b3); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #8884; padding: .4rem .8rem; text-align: left;
  vertical-align: top; min-width: 9rem; }
thead th { vertical-align: bottom; }
tbody th { font-weight: 600; width: 22rem; }
td { font-variant-numeric: tabular-nums; }
.holds strong { color: light-dark(#17713f, #6fd39b); }
.lie strong { color: light-dark(#a40000, #ff8a80); }
code { font-size: .8rem; overflow-wrap: anywhere; }
td code { display: block; max-width: 44rem; max-height: 5rem; overflow-y: auto; }
"""


def result_text(result: ProbeResult) -> str:
    """Return the table of one probe: what the host says, what it does, how often it was right."""
    head = ("question", "says", "does", "right", "")
    lines = [
        (row.question, row.says, row.does, share(row), "" if row.right == row.judged else row.words)
        for row in result.rows
    ]
    about = (
        f"{result.model} at {result.host} (preset {result.preset}), {result.date}: "
        f"{result.calls} calls, {result.tokens_in} tokens in, {result.tokens_out} out."
        f"{_unfinished(result)}"
    )
    return "\n".join([about, "", *_columns([head, *lines])])


def truth_text(results: Sequence[ProbeResult]) -> str:
    """Return one table of several probes: how often each was right, a column for each."""
    heads = [
        f"[{number}] {each.model} at {each.host}, {each.date}{_unfinished(each)}"
        for number, each in enumerate(results, 1)
    ]
    numbers = ("question", *(f"[{number}]" for number in range(1, len(results) + 1)))
    lines = [(name, *(share(each.row(name)) for each in results)) for name in _names(results)]
    return "\n".join([*heads, "", *_columns([numbers, *lines])])


def result_toml(result: ProbeResult) -> str:
    """Return the lines for the configuration; TOML has JSON's strings, lists and numbers."""
    lines = [f"# strictgate probe, {result.date}, {result.calls} calls; under the model's table:"]
    lines.append(f"# [models.{write_json(result.model)}]")
    if not result.is_whole:
        lines.append("# interrupted: what follows is what was shown until then")
    for name, value in pins(result.rows, result.preset).items():
        lines.append(f"{name} = {write_json(value)}")
    return "\n".join(lines)


def _unfinished(result: ProbeResult) -> str:
    return "" if result.is_whole else " Interrupted: not everything was asked."


def results_html(results: Sequence[ProbeResult]) -> str:
    """Return a page of its own, without scripts, that shows one or several results."""
    about = {each.name: each.about for each in QUESTIONS}
    body = "\n".join(
        f"<tr><th scope=row>{escape(name)}<br><small>{escape(about.get(name, ''))}</small></th>"
        + "".join(_cell(each, name) for each in results)
        + "</tr>"
        for name in _names(results)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What models really do</title>\n<style>\n{_STYLE}</style></head><body>\n"
        "<h1>What models really do</h1>\n<p>What hosts say of structured output, and how often "
        "the answers were right as they came, asked by <code>strictgate probe</code>. Many of the "
        "questions demand what their schema forbids.</p>\n"
        f'<div class="wide"><table><thead><tr><th>question</th>{"".join(map(_head, results))}'
        f"</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n</body></html>\n"
    )


def _head(result: ProbeResult) -> str:
    about = f"preset {result.preset}, {result.calls} calls, {result.tokens_out} tokens out."
    return (
        f"<th>{escape(result.model)}<br><small>{escape(result.host)}, "
        f"<time>{escape(result.date)}</time><br>{escape(about + _unfinished(result))}</small></th>"
    )


def _cell(result: ProbeResult, name: str) -> str:
    row = result.row(name)
    if row is None:
        return "<td>not asked</td>"
    said = f"<code>{escape(row.words)}</code>" if row.words else ""
    kind = ' class="lie"' if row.is_lie else ' class="holds"' if row.right else ""
    return f"<td{kind}>says {row.says}: <strong>{row.does}</strong>, {share(row)}{said}</td>"


def _names(results: Iterable[ProbeResult]) -> list[str]:
    """Return every question that was asked of any, in the order of asking."""
    asked = {row.question for each in results for row in each.rows}
    known = [each.name for each in QUESTIONS if each.name in asked]
    return known + sorted(asked.difference(known))


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines whose columns are one below the other; what is said stays on one line."""
    clean = [[" ".join(_printable(cell).split()) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in clean
    ]


def _printable(text: str) -> str:
    """Return a host's words without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)
