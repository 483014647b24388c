"""Mends at a violation: what is merely misspelt, or said in another type, is put right.

The guard has refused a byte. Each mend of the table, in the order of its level, may propose what
the model meant; the guard tries every proposal, with what follows it, on itself, and goes back. The
first mend of which a proposal fits decides: if two fit that differ, there is no telling, and
nothing is mended. The levels and names of the steps are those of core/repair_steps.py.

Nothing is invented, completed or chosen; and what the caller has already stays as it is.
"""

import re
from collections.abc import Callable
from dataclasses import field, replace

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import early_end, members, names, object_end, separators, values
from strictgate.core.guard.repairs.violation import (
    WAIT,
    NeedsMoreText,
    Proposal,
    Proposals,
    Violation,
)
from strictgate.core.output.origins import TextChange, changes
from strictgate.core.repair_steps import Repair, Step
from strictgate.core.value_type import value_type

_TABLE: tuple[tuple[Repair, Callable[[Violation], Proposals]], ...] = (
    (Repair.OFF, values.plain_number),
    (Repair.SYNTAX, separators.odd_blank),
    (Repair.SYNTAX, separators.comment),
    (Repair.SYNTAX, separators.trailing_comma),
    (Repair.SYNTAX, separators.extra_comma),
    (Repair.SYNTAX, separators.missing_comma),
    (Repair.SYNTAX, separators.missing_colon),
    (Repair.SYNTAX, separators.doubled_brace),
    (Repair.SYNTAX, values.character),
    (Repair.SYNTAX, values.respelt),
    (Repair.SYNTAX, names.respelt),
    (Repair.LOSSLESS, early_end.taken_back),
    (Repair.LOSSLESS, object_end.lossless),
    (Repair.LOSSLESS, names.renamed),
    (Repair.LOSSLESS, names.renamed_before),
    (Repair.LOSSLESS, values.in_other_type),
    (Repair.LENIENT, object_end.lenient),
    (Repair.LENIENT, members.dropped),
    (Repair.LENIENT, values.in_array),
)
_OF_LEVEL = {
    level: tuple(propose for least, propose in _TABLE if level.includes(least)) for level in Repair
}
_NUMBER = re.compile(rb"-?\d[\d.eE+-]*+")
_PIECE = 4096  # bytes that the guard gets at once: of what it refuses, it has read the rest in vain
_MAX_DEPTH = 3
"""Of mends within what a mend has put there."""


@value_type
class Repaired:
    """The guard has moved on."""

    used: int
    """How many bytes ahead are dealt with."""
    steps: tuple[Step, ...] = ()
    """What was done; nothing, if the text stands as the model wrote it."""
    length: int = field(default=0, compare=False)
    """How much text there was before."""
    changes: tuple[TextChange, ...] = field(default=(), compare=False)
    """What was replaced of that text and the `used` bytes behind it."""


def repair_violation(
    guard: Guard, ahead: bytes, level: Repair, *, final: bool, floor: int
) -> Repaired | NeedsMoreText | None:
    """Mend what the guard refuses at the first byte of `ahead`, if one reading of it fits.

    Args:
        final: no more text will come.
        floor: how much of the guard's text must stay.

    Returns:
        None where there is no mend; WAIT where more text may tell. The guard then stands where it
        stood.
    """
    return _Mender(level, 0).mend(guard, ahead, final=final, floor=floor)


@value_type
class _Fitting:
    """A proposal that fits, with the text that it comes to from `low` on."""

    proposal: Proposal
    text: bytes
    low: int


class _Mender:
    """Mends at one level of repair, `depth` mends deep."""

    def __init__(self, level: Repair, depth: int) -> None:
        self._level = level
        self._depth = depth

    def mend(
        self, guard: Guard, ahead: bytes, *, final: bool, floor: int
    ) -> Repaired | NeedsMoreText | None:
        violation = Violation(guard, ahead, final=final, floor=floor)
        if not violation.coming:
            return None if final else WAIT
        for propose in _OF_LEVEL[self._level]:
            proposals = propose(violation)
            decided = self._decide(violation, proposals) if proposals else None
            if decided is not None:
                return decided if isinstance(decided, Repaired | NeedsMoreText) else None
        return None

    def _decide(
        self, violation: Violation, proposals: Proposals
    ) -> Repaired | NeedsMoreText | tuple[Repaired, ...] | None:
        """Return what comes of the proposals: the one that fits; several; None if none does."""
        if isinstance(proposals, NeedsMoreText):
            return proposals
        guard = violation.guard
        fitting: list[tuple[_Fitting, Repaired]] = []
        for at, proposal in enumerate(proposals):
            mark = guard.mark()
            made = self._make(guard, violation, proposal)
            if isinstance(made, Repaired) and at == len(proposals) - 1 and not fitting:
                guard.forget(mark)  # the only one, and in its place already
                return self._compared(violation, made, mark.low)
            text = guard.scanner.part(mark.low, len(guard.scanner))
            place = _Fitting(proposal, text, mark.low)
            guard.restore(mark)
            if isinstance(made, NeedsMoreText):
                return made
            if made:
                fitting.append((place, made))
        return self._chosen(violation, fitting)

    def _chosen(
        self, violation: Violation, fitting: "list[tuple[_Fitting, Repaired]]"
    ) -> Repaired | NeedsMoreText | tuple[Repaired, ...] | None:
        """Return the only mend that fits, made once more; several, where they differ."""
        if not fitting:
            return None
        low = min(place.low for place, _ in fitting)
        texts = {
            violation.text[low : place.low] + place.text + violation.ahead[made.used :]
            for place, made in fitting
        }
        if len(texts) > 1:
            return tuple(made for _, made in fitting)
        mark = violation.guard.mark()
        made = self._make(violation.guard, violation, fitting[0][0].proposal)
        violation.guard.forget(mark)
        assert isinstance(made, Repaired), "it has fitted before"
        return self._compared(violation, made, mark.low)

    def _compared(self, violation: Violation, made: Repaired, low: int) -> Repaired:
        """Return `made` with what has changed in the text, which is the same up to `low`; mends
        within another are compared with it."""
        if self._depth:
            return made
        old = violation.text[low:] + violation.ahead[: made.used]
        new = violation.guard.scanner.part(low, len(violation.guard.scanner))
        found = tuple(changes(old, new, low))
        return replace(made, length=len(violation.text), changes=found)

    def _make(
        self, guard: Guard, violation: Violation, proposal: Proposal
    ) -> Repaired | NeedsMoreText | None:
        """Let `guard` take the proposal in; None if it refuses, and may stand anywhere then."""
        inner = self._take_in(guard, proposal, violation.floor)
        if inner is None or not _is_proven(guard, proposal.behind):
            return None
        steps = proposal.steps + inner
        if proposal.used or guard.fits(violation.ahead[:1]):
            return Repaired(proposal.used, steps)
        further = self._deeper().mend(
            guard, violation.ahead, final=violation.final, floor=violation.floor
        )
        return (
            replace(further, steps=steps + further.steps)
            if isinstance(further, Repaired)
            else further
        )

    def _deeper(self) -> "_Mender":
        level = self._level if self._depth < _MAX_DEPTH else Repair.OFF
        return _Mender(level, self._depth + 1)

    def _take_in(self, guard: Guard, proposal: Proposal, floor: int) -> tuple[Step, ...] | None:
        """Put the proposal in its place; return the steps that were taken within it."""
        replaced, data = guard.text[proposal.start :], proposal.data
        if proposal.plain:
            if proposal.start < floor:
                return None
            guard.rollback(len(replaced))
            return () if guard.consume_as(data, proposal.plain) else None
        same = _in_common(replaced, data)
        if proposal.start + same < floor:
            return None
        guard.rollback(len(replaced) - same)
        if proposal.is_nested:
            return self._read(guard, data[same:], proposal.start)
        taken = guard.consume(data[same:])
        if taken == len(data) - same:
            return ()
        guard.rollback(taken + same)
        return () if _fits_plainly(guard, data) else None

    def _read(self, guard: Guard, data: bytes, start: int) -> tuple[Step, ...] | None:
        """Let `guard` read a whole object or array, with mends inside it."""
        steps: tuple[Step, ...] = ()
        floor = start + 1
        while data:
            piece = data[:_PIECE]
            taken = guard.consume(piece)
            data = data[taken:]
            if taken == len(piece):
                continue
            if len(guard.text) < floor:
                return None
            mended = self._deeper().mend(guard, data, final=True, floor=floor)
            if not isinstance(mended, Repaired):
                return None
            steps += mended.steps
            data = data[mended.used :]
        return steps


def _is_proven(guard: Guard, behind: bytes) -> bool:
    if not guard.scanner.containers and behind:
        return guard.is_complete()
    return guard.fits(behind)


def _fits_plainly(guard: Guard, data: bytes) -> bool:
    """Take in `data`, if it is a number of which the grammar refuses the spelling alone."""
    if not _NUMBER.fullmatch(data):
        return False
    return any(
        guard.consume_as(data, plain.encode())
        for plain in values.plain_forms(data.decode(), guard.schema)
    )


def _in_common(one: bytes, other: bytes) -> int:
    """Return how many bytes both begin with."""
    length = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        length += 1
    return length
