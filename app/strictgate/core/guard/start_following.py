"""What follows the end of an object, array or scalar that may be the document."""

import re
from enum import Enum, auto

from strictgate.core.guard.start_markers import WINDOW

_CLOSERS = re.compile(rb"[\s,;)}\]]*+")
_FENCE = re.compile(rb"\s*+(?:`{3}|~{3})")
_FENCE_BEGUN = re.compile(rb"\s*+(?:`{0,2}|~{0,2})\Z")
_PART = re.compile(rb"\s*+(?:[}\]]|,\s*+[\"'])")
_PART_BEGUN = re.compile(rb"\s*+(?:,\s*+)?\Z")


class Following(Enum):
    """What follows."""

    UNKNOWN = auto()
    """More text is needed."""
    NOTHING = auto()
    FENCE = auto()
    MEMBER = auto()
    """A closing bracket, or a comma and a string: it was part of something larger."""
    OTHER = auto()


def what_follows(text: bytearray, end: int, *, final: bool) -> Following:
    """Return what follows `end`. `final`: `text` is all there is."""
    window = bytes(text[end : end + WINDOW])
    if _PART.match(window):
        return Following.MEMBER
    closers = _CLOSERS.match(window)
    surplus = closers.end() if closers else 0
    if _FENCE.match(window, surplus):
        return Following.FENCE
    is_open = len(window) < WINDOW and not final
    if is_open and (_FENCE_BEGUN.match(window, surplus) or _PART_BEGUN.match(window)):
        return Following.UNKNOWN
    return Following.NOTHING if surplus == len(window) < WINDOW else Following.OTHER
