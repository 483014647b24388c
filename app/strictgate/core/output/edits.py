"""Edits of a text by span: replacements that leave everything else as it was."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from strictgate.core.jsontext.spans import ValueSpan
from strictgate.core.repair_steps import Step


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in the place of what is between `start` and `end`."""

    start: int
    end: int
    text: str
    step: Step


def settled(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return the edits that can be made together, in order.

    Of an edit within another only the outer one stays, for the inner one's turn comes in the text
    that results; where two differ on the same span, neither does.
    """
    kept: list[Edit] = []
    for edit in sorted(_agreed(edits), key=lambda each: (each.start, -each.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return tuple(kept)


def disagree(edits: Collection[Edit]) -> bool:
    """Whether two of the edits differ on the same span."""
    return len({(edit.start, edit.end) for edit in edits}) < len(
        {(edit.start, edit.end, edit.text) for edit in edits}
    )


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Make the edits, which must be settled."""
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join(parts) + text[position:]


def removal(place: ValueSpan, names: Collection[str], steps: dict[str, Step]) -> tuple[Edit, ...]:
    """Return the edits that take the members with `names` out of the object at `place`.

    Each goes with the comma before it, or, at the head of the object, with the one behind.
    """
    edits = []
    kept_before = False
    for index, member in enumerate(place.members):
        if member.name not in names:
            kept_before = True
            continue
        start, end = member.key.start, member.value.end
        if kept_before:
            start = place.members[index - 1].value.end
        elif index + 1 < len(place.members):
            end = place.members[index + 1].key.start
        edits.append(Edit(start, end, "", steps[member.name]))
    return tuple(edits)


def _agreed(edits: Iterable[Edit]) -> list[Edit]:
    by_span: dict[tuple[int, int], dict[str, Edit]] = {}
    for edit in edits:
        by_span.setdefault((edit.start, edit.end), {}).setdefault(edit.text, edit)
    return [edit for each in by_span.values() if len(each) == 1 for edit in each.values()]
