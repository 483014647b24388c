"""What was measured of one document, as a line of JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adherence_suite.asking import Answer, Asked
from adherence_suite.counting import Exchange
from adherence_suite.score import Score, faithful, lost, score
from adherence_suite.strategies import Strategy


@dataclass(frozen=True, slots=True)
class Result:
    """One document by one strategy, with everything that led to it."""

    strategy: str
    task: str
    round: int
    kind: str
    failure: str
    """The kind of failure; empty if the document is valid."""
    at_first: bool
    """Whether the document was valid after the first call."""
    right: int
    counted: int
    """Values that have a right answer; 0: the task has none."""
    calls: int
    tokens: int
    seconds: float
    first: float | None = None
    steps: tuple[str, ...] = ()
    text: str = ""
    error: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    exchanges: tuple[dict[str, Any], ...] = ()
    lost: int = 0
    """Members of the right answer that a valid document does not have."""

    @property
    def is_valid(self) -> bool:
        return not self.failure

    @property
    def is_faithful(self) -> bool:
        return self.is_valid and self.right == self.counted


def result(
    strategy: Strategy, asked: Asked, answer: Answer, exchanges: Sequence[Exchange], seconds: float
) -> Result:
    """Put together what is known of one document."""
    task = asked.task
    judged = score(answer.text, answer.finish, task)
    failure = _failure(strategy, answer, judged)
    right, counted = faithful(None if failure else judged.value, task)
    repairs = answer.details.get("repairs") or ()
    calls, tokens = _spent(answer, exchanges)
    return Result(
        strategy=strategy.name,
        task=task.name,
        round=asked.round,
        kind=task.kind,
        failure=failure,
        at_first=not failure and calls == 1,
        right=0 if failure else right,
        counted=counted,
        calls=calls,
        tokens=tokens,
        seconds=round(seconds, 3),
        first=answer.first,
        steps=tuple(each["step"] for each in repairs),
        text=answer.text or str(answer.error.get("failed_generation") or ""),
        error=str(answer.error.get("message") or ""),
        details=dict(answer.details),
        exchanges=tuple(asdict(each) | {"tokens": each.tokens} for each in exchanges),
        lost=0 if failure else lost(judged.value, task),
    )


def _spent(answer: Answer, exchanges: Sequence[Exchange]) -> tuple[int, int]:
    """Return calls and tokens: as counted, else (where nobody could count) as Strictgate says."""
    if exchanges:
        return len(exchanges), sum(each.tokens for each in exchanges)
    attempts = answer.details.get("attempts") or ()
    usages = [each.get("usage") or {} for each in attempts]
    return len(attempts), sum(each.get("completion_tokens") or 0 for each in usages)


def _failure(strategy: Strategy, answer: Answer, judged: Score) -> str:
    """Return the kind of failure. An invalid document that came as a success is the worst."""
    if answer.error or answer.status != 200:
        code = answer.error.get("code") or answer.error.get("type") or f"status {answer.status}"
        attempts = answer.details.get("attempts") or [{}]
        return " ".join(filter(None, [str(code), attempts[-1].get("outcome"), _keyword(answer)]))
    if judged.failure and strategy.knobs is not None:
        return f"BROKEN PROMISE: {judged.failure}"
    return judged.failure


def _keyword(answer: Answer) -> str:
    """Return the violated keyword that an error in Groq's words names."""
    _, found, rest = str(answer.error.get("message")).partition(" does not validate with ")
    return rest.split(": ")[0].rpartition("/")[2] if found else ""


def write(path: Path, one: Result) -> None:
    """Add a line to the file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[Result]:
    """Yield what the file holds; none where there is no file."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from (Result(**json.loads(line)) for line in file)
