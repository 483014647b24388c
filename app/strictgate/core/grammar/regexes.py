r"""Patterns of JSON Schema, read into a tree.

A pattern is ECMA 262 as the validator takes it: see admission/patterns.py. Only what is sure to
mean the same in a grammar is read; look-around, word boundaries, back-references, flags, classes
with operators and Unicode properties are not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

from strictgate.core.grammar.charsets import Characters, complement, union

_MAX_DEPTH = 24
_COUNT = re.compile(r"(?:\{(\d{1,4})(,?)(\d{0,4})\}|([*+?]))\??", re.ASCII)
_SIGNS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_OPENING = re.compile(r"\((?:\?:|\?P?<[A-Za-z_]\w*>|(?!\?))", re.ASCII)
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}")
_OPERATOR = re.compile(r"&&|--|~~|\[")

_DIGITS: Characters = ((0x30, 0x39),)
_WORD: Characters = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_BLANKS: Characters = (
    *((9, 13), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_DOT = complement(((10, 10),))
_CLASSES: dict[str, Characters] = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _BLANKS,
    "D": complement(_DIGITS),
    "W": complement(_WORD),
    "S": complement(_BLANKS),
}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}


class Unclear(ValueError):
    """The pattern has something that is not read here."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character of a set."""

    characters: Characters


@dataclass(frozen=True, slots=True)
class Anchor:
    """`^` or `$`."""

    sign: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Something, so many times."""

    item: "Item"
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Alternation:
    """A group: one of its branches."""

    branches: tuple["Branch", ...]


Item = Union[OneOf, Anchor, Counted, Alternation]  # noqa: UP007 (forward references)
Branch = tuple[Item, ...]


def parse_regex(pattern: str) -> Alternation:
    """Return `pattern` as a tree.

    Raises:
        Unclear
    """
    reader = _Reader(pattern)
    choice = reader.choice()
    if reader.rest():
        raise Unclear("a bracket that closes nothing")
    return choice


class _Reader:
    """Reads from left to right, one function for each thing that can stand there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def rest(self) -> str:
        return self._text[self._at : self._at + 1]

    def choice(self) -> Alternation:
        branches = [self._branch()]
        while self._take("|"):
            branches.append(self._branch())
        return Alternation(tuple(branches))

    def _branch(self) -> Branch:
        items: list[Item] = []
        while self.rest() not in ("", "|", ")"):
            items.append(self._counted(self._item()))
        return tuple(items)

    def _item(self) -> Item:
        special = _ITEMS.get(self.rest())
        return special(self) if special else OneOf(_single(ord(self._next())))

    def _counted(self, item: Item) -> Item:
        found = _COUNT.match(self._text, self._at)
        if found is None:
            return item
        self._at = found.end()
        if isinstance(item, Anchor) or self.rest() in ("*", "+", "?", "{"):
            raise Unclear("a count of a count, or of an anchor")
        if found[4]:
            return Counted(item, *_SIGNS[found[4]])
        low = int(found[1])
        return Counted(item, low, (int(found[3]) if found[3] else None) if found[2] else low)

    def _anchor(self) -> Item:
        return Anchor(self._next())

    def _dot(self) -> Item:
        self._next()
        return OneOf(_DOT)

    def _stray(self) -> Item:
        raise Unclear("a sign that counts nothing")

    def _group(self) -> Item:
        found = _OPENING.match(self._text, self._at)
        if found is None or self._depth == _MAX_DEPTH:
            raise Unclear("a group of another kind")
        self._at = found.end()
        self._depth += 1
        choice = self.choice()
        self._depth -= 1
        if not self._take(")"):
            raise Unclear("an open group")
        return choice

    def _escaped(self) -> Item:
        self._next()
        return OneOf(self._escape())

    def _class(self) -> Item:
        self._next()
        is_negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        while not self._take("]"):
            ranges += self._member()
        if not ranges:
            raise Unclear("an empty class")
        return OneOf(complement(union(ranges)) if is_negated else union(ranges))

    def _member(self) -> Characters:
        low = self._class_atom()
        if self.rest() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return low
        self._next()
        high = self._class_atom()
        if len(low) > 1 or len(high) > 1 or not low[0][0] == low[0][1] <= high[0][0] == high[0][1]:
            raise Unclear("a range of more than characters")
        return ((low[0][0], high[0][0]),)

    def _class_atom(self) -> Characters:
        if _OPERATOR.match(self._text, self._at):
            raise Unclear("an operator in a class")
        letter = self._next()
        return self._escape() if letter == "\\" else _single(ord(letter))

    def _escape(self) -> Characters:
        """Read what stands behind a backslash."""
        code = _CODE.match(self._text, self._at)
        if code is not None:
            self._at = code.end()
            return _single(int(code[1] or code[2] or code[3], 16))
        letter = self._next()
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _CONTROLS:
            return _single(_CONTROLS[letter])
        if letter.isascii() and not letter.isalnum():
            return _single(ord(letter))
        raise Unclear("an escape of another kind")

    def _take(self, sign: str) -> bool:
        is_there = self.rest() == sign
        self._at += is_there
        return is_there

    def _next(self) -> str:
        letter = self.rest()
        if not letter:
            raise Unclear("it ends too early")
        self._at += 1
        return letter


_ITEMS: dict[str, Callable[[_Reader], Item]] = {
    **dict.fromkeys("^$", _Reader._anchor),
    **dict.fromkeys("*+?{}", _Reader._stray),
    ".": _Reader._dot,
    "(": _Reader._group,
    "[": _Reader._class,
    "\\": _Reader._escaped,
}


def _single(point: int) -> Characters:
    if 0xD800 <= point <= 0xDFFF or point > 0x10FFFF:
        raise Unclear("half a surrogate pair")
    return ((point, point),)
