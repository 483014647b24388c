"""The answers of one probe together: a row for each question, and what to configure.

A result is written as a JSON object and read again from it, so that several can be compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from strictgate.core.capabilities import LADDER, Mode, Prefill
from strictgate.core.probe.judging import Finding, Verdict
from strictgate.core.probe.questions import QUESTIONS, Question, Shows
from strictgate.core.schema.dialects import PLAIN
from strictgate.core.value_type import value_type

NATIVE = "native"
"""The question whose refusal means that the host has no native mode."""
FREELY = "prompt"
"""The same question, asked in the prompt alone."""
UNKNOWN_HOST = "generic"
"""The preset of hosts of which nothing is known; those of the others have their dialects."""
ALTERNATIVES = 5  # that the question about log-probabilities asks for


class NotAResult(ValueError):
    """A JSON value is no result of a probe; the message says what is missing."""


@value_type
class Row:
    """What came of one question, however often it was asked."""

    question: str
    right: int = 0
    wrong: int = 0
    refused: int = 0
    cut: int = 0
    failed: int = 0
    words: str = ""
    """Of the first answer that was not right."""

    @property
    def judged(self) -> int:
        """How many answers show what the host does."""
        return self.right + self.wrong

    @property
    def says(self) -> str:
        """What the host says: `yes` where it takes the question, `no` where it refuses."""
        if self.refused:
            return "sometimes" if self.judged else "no"
        return "yes" if self.judged + self.cut else "?"

    @property
    def does(self) -> str:
        """What it does, as far as the answers show."""
        if not self.judged:
            return "refuses" if self.refused else "?"
        if not self.wrong:
            return "holds"
        return "holds not always" if self.right else "holds not"

    @property
    def is_lie(self) -> bool:
        """Whether it says that it can, and does not always."""
        return bool(self.wrong)


@value_type
class ProbeResult:
    """What one probe has found out."""

    date: str
    """The day, as 2026-01-31, in UTC."""
    host: str
    """The host of the upstream's address, and its port; no key, no path."""
    model: str
    preset: str
    """What the upstream was taken for."""
    calls: int
    tokens_in: int
    tokens_out: int
    rows: tuple[Row, ...]
    is_whole: bool = True
    """All was asked; else it was interrupted."""

    def row(self, question: str) -> Row | None:
        """Return the row of a question; None: it was not asked."""
        return next((each for each in self.rows if each.question == question), None)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object that `parse_result` reads."""
        return {"strictgate_probe": 1, **asdict(self), "pins": pins(self.rows, self.preset)}


def parse_result(value: Any) -> ProbeResult:
    """Return the result that `ProbeResult.as_json` has written.

    Raises:
        NotAResult: it is none, or of another version.
    """
    if not isinstance(value, dict) or value.get("strictgate_probe") != 1:
        raise NotAResult("no result of `strictgate probe --json`")
    known: dict[str, Any] = {
        name: value.get(name)
        for name in ProbeResult.__dataclass_fields__
        if name not in ("rows", "is_whole")
    }
    for name, given in known.items():
        wanted = int if name in ("calls", "tokens_in", "tokens_out") else str
        if not isinstance(given, wanted):
            raise NotAResult(f"`{name}` is missing, or not what it should be")
    rows = value.get("rows")
    if not isinstance(rows, list):
        raise NotAResult("`rows` is missing")
    is_whole = value.get("is_whole") is not False  # results of before do not say so
    return ProbeResult(**known, rows=tuple(map(_row, rows)), is_whole=is_whole)


def _row(value: Any) -> Row:
    names = Row.__dataclass_fields__
    if not isinstance(value, dict) or value.keys() != names.keys():
        raise NotAResult("a row has other members than " + ", ".join(names))
    for name, given in value.items():
        if not isinstance(given, str if name in ("question", "words") else int):
            raise NotAResult(f"`{name}` of a row is not what it should be")
    return Row(**value)


def rows_of(findings: Iterable[Finding]) -> tuple[Row, ...]:
    """Return a row for each question that was asked, in the order of asking."""
    grouped: dict[str, list[Finding]] = {}
    for each in findings:
        grouped.setdefault(each.question, []).append(each)
    return tuple(_counted(name, group) for name, group in grouped.items())


def _counted(name: str, group: Sequence[Finding]) -> Row:
    counts = {str(each): sum(found.verdict is each for found in group) for each in Verdict}
    return Row(name, **counts, words=next((each.words for each in group if each.words), ""))


def is_needed(question: Question, findings: Sequence[Finding]) -> bool:
    """Whether a question is still to be asked.

    It is not where the host has refused it, or native mode as such, before; nor where another way
    to go on from a prefix has been found.
    """
    rows = {row.question: row for row in rows_of(findings)}
    own = rows.get(question.name)
    if own is not None and own.refused:
        return False
    if question.shows is Shows.PREFILL:
        others = (rows.get(each.name) for each in QUESTIONS if each.shows is Shows.PREFILL)
        return not any(row and row is not own and row.right > row.wrong for row in others)
    native = rows.get(NATIVE)
    return question.via is not Mode.NATIVE or native is None or not native.refused


def pins(rows: Iterable[Row], preset: str = UNKNOWN_HOST) -> dict[str, Any]:
    """Return what to write under `[models.NAME]`: only what answers have shown.

    Args:
        preset: what the upstream was taken for, which may know its dialect better.
    """
    asked = {each.name: each for each in QUESTIONS}
    known = [(asked[row.question], row) for row in rows if row.question in asked]
    shown = {each: [pair for pair in known if pair[0].shows is each] for each in Shows}
    found: dict[str, Any] = {}
    if shown[Shows.MODE]:
        found["modes"] = _modes(shown[Shows.MODE])
    if preset == UNKNOWN_HOST and any(row.refused for _, row in shown[Shows.DIALECT]):
        found["dialect"] = PLAIN
    calls = [row for question, row in known if question.via is Mode.TOOL]
    if any(row.refused or row.judged for row in calls):
        found["tools"] = any(row.right for row in calls)
    if any(row.refused or row.judged for _, row in shown[Shows.PREFILL]):
        ways = (question.prefix for question, row in shown[Shows.PREFILL] if row.right > row.wrong)
        found["prefill"] = next(ways, Prefill.NONE).value
    by_name = {row.question: row for _, row in known}
    is_better = _is_better_freely(by_name.get(FREELY), by_name.get(NATIVE))
    if is_better is not None and found.get("prefill", Prefill.NONE) != Prefill.NONE:
        found["prompt_first"] = is_better
    for _, row in shown[Shows.TOP_LOGPROBS]:
        if row.refused or row.judged:
            found["top_logprobs"] = ALTERNATIVES if row.right else 0
    return found


def _modes(rows: Sequence[tuple[Question, Row]]) -> list[str]:
    """Return the modes that are left: none is left out without an answer that speaks against it."""
    against: set[Mode] = set()
    for question, row in rows:
        if row.refused or row.right < row.wrong:
            against.add(question.via)
    return [mode.value for mode in LADDER if mode is Mode.PROMPT or mode not in against]


def _is_better_freely(freely: Row | None, native: Row | None) -> bool | None:
    """Whether free answers were right more often than those of native mode; None: neither was, or
    one of them was not judged."""
    if freely is None or native is None or not freely.judged or not native.judged:
        return None
    free, held = freely.right * native.judged, native.right * freely.judged
    return None if free == held else free > held


def share(row: Row | None) -> str:
    """Return how often a question was answered rightly, in few words."""
    if row is None:
        return "not asked"
    if row.judged:
        cut = f", {row.cut} cut off" if row.cut else ""
        return f"{row.right} of {row.judged}{cut}"
    return "refused" if row.refused else "cut off" if row.cut else "no answer"
