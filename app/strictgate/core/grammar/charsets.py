r"""Sets of characters, and how they are spelt inside a JSON string.

A set is a sorted tuple of ranges of code points. Some characters stand in a string as an escape
only: the quote, the backslash and the control characters. `spelt` gives a set as a regular
expression over the normalised text of a string (see lark.py), in the syntax of Rust's `regex`.
"""

from collections.abc import Iterable

Characters = tuple[tuple[int, int], ...]

_LAST = 0x10FFFF
ALL: Characters = ((0, _LAST),)
_SHORT = {8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 0x22: '"', 0x5C: "\\\\"}
_ESCAPED = frozenset({*range(0x20), 0x22, 0x5C})


def union(ranges: Iterable[tuple[int, int]]) -> Characters:
    """Return the set of all that is in one of `ranges`."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(characters: Characters) -> Characters:
    """Return the set of all that is not in `characters`."""
    starts = [0, *(high + 1 for _, high in characters)]
    ends = [*(low - 1 for low, _ in characters), _LAST]
    gaps = zip(starts, ends, strict=True)
    return tuple((start, end) for start, end in gaps if start <= end)


def spelt(characters: Characters) -> str:
    """Return a regular expression for one of `characters`; it can be quantified as it stands."""
    plain = _class(_without_escaped(characters))
    escaped = _escapes({each for each in _ESCAPED if _has(characters, each)})
    if not escaped:
        return plain
    return rf"(?:{plain}|\\(?:{escaped}))" if plain else rf"(?:\\(?:{escaped}))"


def _without_escaped(characters: Characters) -> Characters:
    plain = ((0x20, 0x21), (0x23, 0x5B), (0x5D, _LAST))
    cut = ((max(a, low), min(b, high)) for a, b in characters for low, high in plain)
    return tuple((low, high) for low, high in cut if low <= high)


def _class(characters: Characters) -> str:
    if not characters:
        return ""
    if len(characters) == 1 and characters[0][0] == characters[0][1]:
        return _letter(characters[0][0])
    if characters[-1][1] == _LAST:  # shorter the other way round
        return f"[^{''.join(_range(low, high) for low, high in complement(characters))}]"
    return f"[{''.join(_range(low, high) for low, high in characters)}]"


def _range(low: int, high: int) -> str:
    return _letter(low) if low == high else f"{_letter(low)}-{_letter(high)}"


def _letter(point: int) -> str:
    letter = chr(point)
    return letter if letter.isascii() and letter.isalnum() else rf"\x{{{point:x}}}"


def _escapes(points: set[int]) -> str:
    """Return what may stand behind the backslash for one of `points`."""
    short = "".join(_SHORT[each] for each in sorted(points & _SHORT.keys()))
    long = sorted(points - _SHORT.keys())
    if len(long) == len(_ESCAPED) - len(_SHORT):  # the short ones are never spelt so
        rows = ["u00[01][0-9a-f]"]
    else:
        rows = [f"u{each:04x}" for each in long]
    return "|".join(([f"[{short}]"] if short else []) + rows)


def _has(characters: Characters, point: int) -> bool:
    return any(low <= point <= high for low, high in characters)
