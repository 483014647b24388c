"""Fenced blocks, as Markdown has them, in a model's answer.

A fence that opens on a document is closed behind that document, wherever fences stand in its
strings; any other is closed by the next line that is nothing but a fence. What is never closed is
no block: its mark is passed over, as prose.
"""

import re

from strictgate.core.late_pattern import late_pattern
from strictgate.core.output import brackets
from strictgate.core.value_type import value_type

MARK = r"(?<![`~\"'])(?:`{3,}|~{3,})"
"""Where a fence may open: not behind a quote, for there it stands in a string."""
_OWN_LINE = {
    "`": late_pattern(r"^[ \t]*+`{3,}[ \t]*+\r?$", re.MULTILINE),
    "~": late_pattern(r"^[ \t]*+~{3,}[ \t]*+\r?$", re.MULTILINE),
}
_BEHIND = late_pattern(r"[ \t\r\n]*+(?:`{3,}|~{3,}|\Z)")
_BLANKS = late_pattern(r"\s*+")
_MAX_FAILURES = 8  # of looking for a document's end: each may cost a scan of the whole text


@value_type
class Fence:
    """A fenced block: what it holds, from `start` to `end`, and where the answer goes on."""

    start: int
    end: int
    behind: int


class Fences:
    """The fences of one text, asked for from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._failures = 0
        self._no_more: set[str] = set()

    def opening(self, mark: str, start: int) -> Fence | None:
        """Return the block whose content starts at `start`; None if it is never closed."""
        inner = self._blanks(start)
        return self._around_document(inner) or self._to_line(mark[0], start, inner)

    def _blanks(self, position: int) -> int:
        blanks = _BLANKS.match(self._text, position)
        return blanks.end() if blanks else position

    def _around_document(self, start: int) -> Fence | None:
        if self._failures >= _MAX_FAILURES or not brackets.starts_document(self._text, start):
            return None
        end = brackets.closing(self._text, start, len(self._text))
        if isinstance(end, int) and (behind := _BEHIND.match(self._text, end)):
            return Fence(start, end, behind.end())
        self._failures += 1
        return None

    def _to_line(self, kind: str, start: int, inner: int) -> Fence | None:
        if kind in self._no_more:
            return None
        line = _OWN_LINE[kind].search(self._text, start)
        if line is None:
            self._no_more.add(kind)
            return None
        end = max(inner, start + len(self._text[start : line.start()].rstrip()))
        return Fence(min(inner, end), end, line.end())
