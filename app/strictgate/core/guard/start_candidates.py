"""The candidates that were tried and not given, and which of them it is in the end.

As the judge has it (app/core/judge.py): what is whole and valid comes before what is not; in a
fence before in prose, of several fences the last; several in prose must say the same; `{}` says
nothing. Of those that died, the one that survived longest is likeliest to be what the model meant.
"""

from strictgate.core.guard.start_trial import StartCandidate
from strictgate.core.jsontext.reader import parse_leniently

_LOOK_AHEAD = 200
_PAIRS = ((b"}", b"{"), (b"]", b"["))


class Candidates:
    """Those of one answer, in their order."""

    def __init__(self, text: bytearray) -> None:
        self._text = text
        self._kept: list[StartCandidate] = []
        self._breaks_off = False

    def keep(self, candidate: StartCandidate, *, breaks_off: bool = False) -> None:
        """Keep `candidate`; `breaks_off`: it has no end, so that what was before is in doubt."""
        if candidate.taken or (candidate.trials and candidate.place.is_certain):
            self._kept.append(candidate)
        self._breaks_off |= breaks_off

    def ahead(self, reached: int) -> StartCandidate | None:
        """Return the one it is if nothing that matters came for a while, up to `reached`."""
        if not self._kept or reached - self._kept[-1].end < _LOOK_AHEAD:
            return None
        whole = self._whole()
        if whole:
            return None if any(each.waits_for_end for each in whole) else self._agreed(whole)
        first = self._kept[0]
        return first if first.place.is_certain and first.taken and len(self._kept) == 1 else None

    def last(self) -> StartCandidate | None:
        """Return the one that it is at the end of the text."""
        whole = self._whole()
        if whole:
            return self._agreed(whole)
        left = [each for each in self._kept if not each.is_inside]
        return max(reversed(left), key=lambda each: each.taken, default=None)

    def _whole(self) -> list[StartCandidate]:
        """Return the whole documents; empty ones only if there are no others."""
        whole = [each for each in self._kept if each.is_complete and not self._is_closed_in(each)]
        return [each for each in whole if not each.is_empty(self._text)] or whole

    def _is_closed_in(self, candidate: StartCandidate) -> bool:
        """Whether the bracket of the prose that is open where it stands closes behind it."""
        text, end = self._text, candidate.end
        surplus = any(text.count(one, end) > text.count(two, end) for one, two in _PAIRS)
        return candidate.is_inside and surplus

    def _agreed(self, whole: list[StartCandidate]) -> StartCandidate | None:
        fenced = [each for each in whole if each.place.is_fenced]
        if fenced:
            return fenced[-1]
        values = [parse_leniently(each.content(self._text)) for each in whole]
        is_one = all(value == values[0] for value in values)
        return whole[-1] if is_one and not self._breaks_off else None
