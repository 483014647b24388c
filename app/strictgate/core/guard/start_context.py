"""What stands before a bracket that may open the document, and what that makes of it.

A document may stand behind blanks, thinking and a fence's opening, or behind prose that announces
it: without brackets, and ending with a colon at the end of its line. Behind anything else it may as
well be an example.
"""

import re
from dataclasses import dataclass

from strictgate.core.guard.start_markers import EDGES
from strictgate.core.repair_steps import Extraction, Step

_ANNOUNCEMENT = 400
_SHORT_PROSE = 1000
_LOOK_BACK = 240
_BLANK_RUN = re.compile(rb"[ \t\r\n]*+")
_ANNOUNCED = re.compile(
    rb"[^{\[`~]{1,%d}(?::|\xef\xbc\x9a)[*_]{0,4}[ \t]*+(?P<line>\r?\n\s*+)?\Z" % _ANNOUNCEMENT
)
_MUSES = re.compile(
    rb"(?:Hmm|(?:Okay|Ok|Alright|All right),? (?:so|the user|let me think)|The user|Wait,"
    rb"|We (?:need|are given|are asked)|First,)",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(
    rb"(?:^|[{\[,])[ \t]*+[\"'][^\"'\n]{0,200}[\"']\s{0,9}:\s{0,9}\Z", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class OpenFence:
    """The fence that is open: the byte it is made of, and where its opening stands."""

    byte: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StartPlace:
    """Where a document may start."""

    start: int
    is_certain: bool
    """Nothing stands before it but what may stand before a document."""
    is_fenced: bool
    """It is the first in its fence."""
    steps: tuple[Step, ...]
    """What has to be taken off before it."""


@dataclass(slots=True)
class StartContext:
    """What the search knows of the answer before the place it has come to."""

    answer: int
    """Where the answer begins: behind the thinking."""
    thinks: bool
    fence: OpenFence | None = None
    _prose: int | None = None

    def place(self, text: bytearray, start: int) -> StartPlace:
        """Return what stands before `start`."""
        fence = self.fence
        is_fenced = fence is not None and _ends(_BLANK_RUN, text, fence.end) >= start
        end = fence.start if fence and is_fenced else start
        is_prose = self._prose_at(text) < end
        removed = {
            Extraction.THINK: self.thinks,
            Extraction.BLANKS: not is_prose and _ends(_BLANK_RUN, text, self.answer) < end,
            Extraction.FENCE: fence is not None,
            Extraction.PROSE: is_prose,
        }
        steps = tuple(Step(name) for name, was_there in removed.items() if was_there)
        is_certain = not is_prose or self._is_announced(text, end, is_fenced=is_fenced)
        return StartPlace(start, is_certain, is_fenced, steps)

    def _is_announced(self, text: bytearray, end: int, *, is_fenced: bool) -> bool:
        if end - self.answer > 2 * _ANNOUNCEMENT or self._muses(text):
            return False
        found = _ANNOUNCED.match(text, self.answer, end)
        return found is not None and (is_fenced or found["line"] is not None)

    def may_be_thinking(self, text: bytearray, start: int) -> bool:
        """Whether what stands before `start` may be thinking that no tag opens: that can stand in
        the prompt."""
        return start - self.answer > _SHORT_PROSE or self._muses(text)

    def _muses(self, text: bytearray) -> bool:
        return bool(_MUSES.match(text, self._prose_at(text)))

    def _prose_at(self, text: bytearray) -> int:
        """Return where the first byte stands that is no blank; there is one."""
        if self._prose is None:
            self._prose = _ends(EDGES, text, self.answer)
        return self._prose

    def is_named(self, text: bytearray, start: int) -> bool:
        """Whether a name stands before `start`, of a property in something larger."""
        before = text[max(self.answer, start - _LOOK_BACK) : start]
        return bool(_NAME_BEFORE.search(before))

    def is_inside(self, text: bytearray, start: int) -> bool:
        """Whether brackets are open before `start` in the prose."""
        pairs = ((b"{", b"}"), (b"[", b"]"))
        return any(
            text.count(opener, self.answer, start) > text.count(closer, self.answer, start)
            for opener, closer in pairs
        )


def _ends(pattern: re.Pattern[bytes], text: bytearray, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start
