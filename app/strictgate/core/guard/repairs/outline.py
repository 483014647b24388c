"""Where the open objects and arrays of a text start, and the names that stand in each."""

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open object or array. Offsets are bytes."""

    start: int
    names: list[tuple[int, int]] = field(default_factory=list)
    """Where each name of an object stands, with its quotes; the last may be open."""


def open_containers(text: bytes) -> tuple[Opened, ...]:
    """Return the open objects and arrays of `text`, which is the beginning of strict JSON."""
    opened: list[Opened] = []
    is_name = False
    for token in _TOKEN.finditer(text):
        match token[0][:1]:
            case b"{" | b"[":
                opened.append(Opened(token.start()))
                is_name = token[0] == b"{"
            case b"}" | b"]":
                opened.pop()
                is_name = False
            case b",":
                is_name = text[opened[-1].start] == ord("{")
            case _ if is_name:
                opened[-1].names.append(token.span())
                is_name = False
    return tuple(opened)
