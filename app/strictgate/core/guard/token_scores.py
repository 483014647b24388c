"""How likely the tokens were that a document is made of.

The log-probabilities come with the tokens of a reply, whose offsets are those of its text. Here it
is noted which part of the document is which part of which reply. What was written otherwise, or
mended, has no tokens; what is taken back is forgotten.
"""

from collections.abc import Iterator
from dataclasses import replace

from strictgate.core.guard.logprob_steering import LogprobToken, LogprobTokens
from strictgate.core.output.provenance import ScoredToken
from strictgate.core.value_type import value_type


@value_type
class _Segment:
    """The bytes from `start` to `end` of a document stand in a reply from `at` on."""

    start: int
    end: int
    tokens: LogprobTokens
    at: int


class TokenScores:
    """Of one document, while it is written."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []

    def __bool__(self) -> bool:
        return bool(self._segments)

    def write(self, start: int, end: int, tokens: LogprobTokens, at: int) -> None:
        """Note that `start` to `end` was taken from a reply, where it stands from `at` on."""
        self.cut(start)
        last = self._segments[-1] if self._segments else None
        if (
            last
            and last.tokens is tokens
            and (last.end, last.at - last.start)
            == (
                start,
                at - start,
            )
        ):
            self._segments[-1] = replace(last, end=end)
        elif tokens:
            self._segments.append(_Segment(start, end, tokens, at))

    def cut(self, start: int) -> None:
        """Forget what stands from `start` on."""
        segments = self._segments
        while segments and segments[-1].start >= start:
            segments.pop()
        if segments and segments[-1].end > start:
            segments[-1] = replace(segments[-1], end=start)

    def between(self, start: int, end: int) -> Iterator[tuple[int, LogprobToken]]:
        """Yield the tokens that overlap with `start` to `end`, with their places in the document;
        the place of one that the document has in part is where it would begin."""
        for each in self._segments:
            if each.start < end and each.end > start:
                moved = each.start - each.at
                first, last = max(start, each.start), min(end, each.end)
                for token in each.tokens.between(first - moved, last - moved):
                    yield token.start + moved, token

    def scored(self) -> tuple[ScoredToken, ...]:
        """Return the tokens, at their places in the document."""
        return tuple(
            ScoredToken(token.start + moved, token.end + moved, token.logprob)
            for each in self._segments
            for moved in (each.start - each.at,)
            for token in each.tokens.between(each.at, each.at + each.end - each.start)
            if token.logprob is not None
        )
