"""What the requests that are kept say of each model, beside what was learned of it and why."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from strictgate.inspector.entries import Entry
from strictgate.inspector.everywhere import Kept
from strictgate.inspector.recorder import Lesson

MAX_POINTS = 60
"""Of the plots over time: each a request."""


class Learned(Protocol):
    """The memory of what was learned of models."""

    def facts(self, upstream: str, model: str) -> Sequence[tuple[Sequence[str], float]]:
        """Return each fact, with its details, and the seconds for which it still holds."""

    def forget(self, upstream: str, model: str) -> None:
        """Forget what was learned of a model."""


def model_rows(kept: Kept, learned: Learned) -> list[dict[str, Any]]:
    """Return a row for each model of which anything is kept, in the order of their use."""
    by_model: dict[tuple[str, str], list[Entry]] = {}
    for entry in kept.entries:
        if entry.target is not None:
            by_model.setdefault((entry.target.upstream, entry.target.model), []).append(entry)
    for _, lesson in kept.lessons:
        by_model.setdefault((lesson.upstream, lesson.model), [])
    return [
        _figures(entries)
        | {"upstream": upstream, "model": model}
        | {"facts": _facts(learned, upstream, model)}
        | {"lessons": _lessons(kept, upstream, model)}
        for (upstream, model), entries in by_model.items()
    ]


_NOT_JUDGED = frozenset({"left", "passed_on"})
"""Outcomes that say nothing of a model's documents: its client has left, or it answered in words
where it was free to."""


def _figures(entries: Sequence[Entry]) -> dict[str, Any]:
    over = [
        each
        for each in entries
        if each.finished is not None and each.finished.mode and each.outcome() not in _NOT_JUDGED
    ]
    at_once = [each for each in over if _is_valid(each) and _is_at_once(each)]
    latencies = sorted(ask.seconds for each in entries for ask in each.asks if ask.seconds)
    points = [each for each in over[:MAX_POINTS] if each.finished is not None]
    return {
        "requests": len(over),
        "valid_at_once": len(at_once),
        "valid": sum(map(_is_valid, over)),
        "attempts": sum(each.finished.attempts for each in over if each.finished),
        "continuations": sum(each.finished.continuations for each in over if each.finished),
        "tokens": sum(each.row()["tokens"] for each in over),
        "median": _at(latencies, 0.5),
        "p95": _at(latencies, 0.95),
        "points": [
            {
                "id": each.id,
                "at": round(each.began, 3),
                "seconds": each.finished.seconds if each.finished else 0,
                "outcome": each.outcome(),
            }
            for each in reversed(points)
        ],
    }


def _is_valid(entry: Entry) -> bool:
    return entry.outcome() == "valid"


def _is_at_once(entry: Entry) -> bool:
    told = entry.finished
    return told is not None and told.attempts <= 1 and not told.continuations and not told.repairs


def _at(values: Sequence[float], part: float) -> float | None:
    return values[min(int(len(values) * part), len(values) - 1)] if values else None


def _facts(learned: Learned, upstream: str, model: str) -> list[dict[str, Any]]:
    return [
        {"fact": str(fact[0]), "details": [str(each) for each in fact[1:]], "seconds": round(left)}
        for fact, left in learned.facts(upstream, model)
    ]


def _lessons(kept: Kept, upstream: str, model: str) -> list[Mapping[str, Any]]:
    return [
        {"at": round(at, 3), "event": type(each).__name__, "why": _why(each)}
        for at, each in kept.lessons
        if (each.upstream, each.model) == (upstream, model)
    ]


def _why(lesson: Lesson) -> str:
    """Return what an event says beside its upstream and model."""
    values = {name: getattr(lesson, name) for name in lesson.__match_args__}
    return ", ".join(
        f"{name}: {value if isinstance(value, str) else ' '.join(map(str, _listed(value)))}"
        for name, value in values.items()
        if name not in ("upstream", "model")
    )


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) else (value,)
