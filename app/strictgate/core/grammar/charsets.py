r"""Sets of characters, and the regular expressions for them inside a JSON string.

Some characters stand in a JSON string as an escape only: the quote, the backslash and the control
characters below U+0020 (RFC 8259, section 7). `string_regex` writes a set as a regular expression
over the normalised text of a string (see lark.py), in the syntax of Rust's `regex`.
"""

from collections.abc import Iterable

CodePoints = tuple[tuple[int, int], ...]
"""A set of characters as ranges of code points, both ends included, sorted and not touching."""

_LAST = 0x10FFFF
ALL_CODE_POINTS: CodePoints = ((0, _LAST),)
_SHORT_ESCAPES = {8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 0x22: '"', 0x5C: "\\\\"}
"""What follows the backslash, written for a character class of a regular expression."""
_ESCAPED = frozenset({*range(0x20), 0x22, 0x5C})


def union(ranges: Iterable[tuple[int, int]]) -> CodePoints:
    """Return the set of all characters that are in one of the ranges, given in any order."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(characters: CodePoints) -> CodePoints:
    """Return the set of all characters that are not in `characters`."""
    starts = [0, *(high + 1 for _, high in characters)]
    ends = [*(low - 1 for low, _ in characters), _LAST]
    gaps = zip(starts, ends, strict=True)
    return tuple((start, end) for start, end in gaps if start <= end)


def string_regex(characters: CodePoints) -> str:
    """Return a regular expression for one of `characters` in the text of a JSON string.

    A quantifier may be put behind it as it stands.
    """
    unescaped = _character_class(_without_escaped(characters))
    escapes = _escapes({each for each in _ESCAPED if _contains(characters, each)})
    if not escapes:
        return unescaped
    return rf"(?:{unescaped}|\\(?:{escapes}))" if unescaped else rf"(?:\\(?:{escapes}))"


def _without_escaped(characters: CodePoints) -> CodePoints:
    """Return the characters that stand in a string as they are."""
    unescaped = ((0x20, 0x21), (0x23, 0x5B), (0x5D, _LAST))
    cut = ((max(a, low), min(b, high)) for a, b in characters for low, high in unescaped)
    return tuple((low, high) for low, high in cut if low <= high)


def _character_class(characters: CodePoints) -> str:
    if not characters:
        return ""
    if len(characters) == 1 and characters[0][0] == characters[0][1]:
        return _character(characters[0][0])
    if characters[-1][1] == _LAST:  # a negated class is shorter then
        return f"[^{''.join(_range(low, high) for low, high in complement(characters))}]"
    return f"[{''.join(_range(low, high) for low, high in characters)}]"


def _range(low: int, high: int) -> str:
    return _character(low) if low == high else f"{_character(low)}-{_character(high)}"


def _character(point: int) -> str:
    letter = chr(point)
    return letter if letter.isascii() and letter.isalnum() else rf"\x{{{point:x}}}"


def _escapes(points: set[int]) -> str:
    """Return what may follow the backslash for one of `points`; "" if there is none."""
    short = "".join(_SHORT_ESCAPES[each] for each in sorted(points & _SHORT_ESCAPES.keys()))
    long = sorted(points - _SHORT_ESCAPES.keys())
    # All long ones together are a short regex. It also matches the long spelling of those that have
    # a short escape, which does no harm: the normalised text never has it.
    if len(long) == len(_ESCAPED) - len(_SHORT_ESCAPES):
        codes = ["u00[01][0-9a-f]"]
    else:
        codes = [f"u{each:04x}" for each in long]
    return "|".join(([f"[{short}]"] if short else []) + codes)


def _contains(characters: CodePoints, point: int) -> bool:
    return any(low <= point <= high for low, high in characters)
