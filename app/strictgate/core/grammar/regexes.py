"""Patterns of JSON Schema, parsed into a tree.

A pattern is written in the syntax of ECMA 262, as far as the validator's engine takes it: see
core/schema/patterns.py. The names of the tree are those of ECMA-262, section 22.2.1. The parser
reads only what is certain to mean the same in a grammar. It refuses look-around, word boundaries,
back-references, flags, character classes with operators, and Unicode properties; the keyword is
unsupported then, which costs less than a grammar that refuses valid documents.
"""

import re
from collections.abc import Callable
from typing import Union

from strictgate.core.grammar.charsets import CodePoints, complement, union
from strictgate.core.late_pattern import late_pattern
from strictgate.core.value_type import value_type

_MAX_DEPTH = 24  # groups within groups: the parser calls itself for each
_QUANTIFIER = late_pattern(r"(?:\{(\d{1,4})(,?)(\d{0,4})\}|([*+?]))\??", re.ASCII)
_SIGNS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_GROUP_START = late_pattern(r"\((?:\?:|\?P?<[A-Za-z_]\w*>|(?!\?))", re.ASCII)
_CODE = late_pattern(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}")
# Engines differ on these in a class: ECMA 262 reads characters, Rust's `regex` set operations.
_CLASS_OPERATOR = late_pattern(r"&&|--|~~|\[")

_DIGITS: CodePoints = ((0x30, 0x39),)
_WORD: CodePoints = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_WHITE_SPACE: CodePoints = (
    *((9, 13), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_DOT = complement(
    ((10, 10),)
)  # as the validator has it; ECMA 262 also leaves out CR, U+2028, U+2029
_CLASS_ESCAPES: dict[str, CodePoints] = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _WHITE_SPACE,
    "D": complement(_DIGITS),
    "W": complement(_WORD),
    "S": complement(_WHITE_SPACE),
}
_CONTROL_ESCAPES = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}


class UnsupportedRegex(ValueError):
    """The pattern has something that no grammar is made of; the message says what."""


@value_type
class CharacterClass:
    """One character out of a set."""

    characters: CodePoints


@value_type
class Anchor:
    """`^` or `$`."""

    sign: str


@value_type
class Repetition:
    """A term with a quantifier: it comes from `low` to `high` times; None is without limit."""

    term: "Term"
    low: int
    high: int | None


@value_type
class Disjunction:
    """A whole pattern or a group: one of its alternatives."""

    alternatives: tuple["Alternative", ...]


Term = Union[CharacterClass, Anchor, Repetition, Disjunction]  # noqa: UP007 (forward references)
Alternative = tuple[Term, ...]
"""Terms one after the other."""


def parse_regex(pattern: str) -> Disjunction:
    """Return `pattern` as a tree.

    Raises:
        UnsupportedRegex: no grammar can be made of it.
    """
    parser = _Parser(pattern)
    disjunction = parser.disjunction()
    if parser.peek():
        raise UnsupportedRegex("a bracket that closes nothing")
    return disjunction


class _Parser:
    """A recursive-descent parser with one method for each thing that can stand at a place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def peek(self) -> str:
        """Return the next character without taking it; "" at the end."""
        return self._text[self._at : self._at + 1]

    def disjunction(self) -> Disjunction:
        alternatives = [self._alternative()]
        while self._skip("|"):
            alternatives.append(self._alternative())
        return Disjunction(tuple(alternatives))

    def _alternative(self) -> Alternative:
        terms: list[Term] = []
        while self.peek() not in ("", "|", ")"):
            terms.append(self._quantified(self._term()))
        return tuple(terms)

    def _term(self) -> Term:
        special = _TERMS.get(self.peek())
        return special(self) if special else CharacterClass(_one_character(ord(self._next())))

    def _quantified(self, term: Term) -> Term:
        found = _QUANTIFIER.match(self._text, self._at)
        if found is None:
            return term
        self._at = found.end()
        # ECMA 262 has no `a**` and no `a*+`, and engines that take them differ on what they mean.
        if isinstance(term, Anchor) or self.peek() in ("*", "+", "?", "{"):
            raise UnsupportedRegex("a count of a count, or of an anchor")
        if found[4]:
            return Repetition(term, *_SIGNS[found[4]])
        low = int(found[1])
        return Repetition(term, low, (int(found[3]) if found[3] else None) if found[2] else low)

    def _anchor(self) -> Term:
        return Anchor(self._next())

    def _dot(self) -> Term:
        self._next()
        return CharacterClass(_DOT)

    def _stray_quantifier(self) -> Term:
        raise UnsupportedRegex("a sign that counts nothing")

    def _group(self) -> Term:
        found = _GROUP_START.match(self._text, self._at)
        if found is None or self._depth == _MAX_DEPTH:
            raise UnsupportedRegex("a group of another kind")
        self._at = found.end()
        self._depth += 1
        disjunction = self.disjunction()
        self._depth -= 1
        if not self._skip(")"):
            raise UnsupportedRegex("an open group")
        return disjunction

    def _escaped(self) -> Term:
        self._next()
        return CharacterClass(self._escape())

    def _class(self) -> Term:
        self._next()
        is_negated = self._skip("^")
        ranges: list[tuple[int, int]] = []
        while not self._skip("]"):
            ranges += self._class_range()
        if not ranges:
            raise UnsupportedRegex("an empty class")
        return CharacterClass(complement(union(ranges)) if is_negated else union(ranges))

    def _class_range(self) -> CodePoints:
        low = self._class_atom()
        if self.peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return low
        self._next()
        high = self._class_atom()
        if len(low) > 1 or len(high) > 1 or not low[0][0] == low[0][1] <= high[0][0] == high[0][1]:
            raise UnsupportedRegex("a range of more than characters")
        return ((low[0][0], high[0][0]),)

    def _class_atom(self) -> CodePoints:
        if _CLASS_OPERATOR.match(self._text, self._at):
            raise UnsupportedRegex("an operator in a class")
        letter = self._next()
        return self._escape() if letter == "\\" else _one_character(ord(letter))

    def _escape(self) -> CodePoints:
        """Read what follows a backslash."""
        code = _CODE.match(self._text, self._at)
        if code is not None:
            self._at = code.end()
            return _one_character(int(code[1] or code[2] or code[3], 16))
        letter = self._next()
        if letter in _CLASS_ESCAPES:
            return _CLASS_ESCAPES[letter]
        if letter in _CONTROL_ESCAPES:
            return _one_character(_CONTROL_ESCAPES[letter])
        if letter.isascii() and not letter.isalnum():
            return _one_character(ord(letter))
        raise UnsupportedRegex("an escape of another kind")

    def _skip(self, sign: str) -> bool:
        """Take the next character if it is `sign`; return whether it was."""
        is_there = self.peek() == sign
        self._at += is_there
        return is_there

    def _next(self) -> str:
        letter = self.peek()
        if not letter:
            raise UnsupportedRegex("it ends too early")
        self._at += 1
        return letter


_TERMS: dict[str, Callable[[_Parser], Term]] = {
    **dict.fromkeys("^$", _Parser._anchor),
    **dict.fromkeys("*+?{}", _Parser._stray_quantifier),
    ".": _Parser._dot,
    "(": _Parser._group,
    "[": _Parser._class,
    "\\": _Parser._escaped,
}


def _one_character(point: int) -> CodePoints:
    if 0xD800 <= point <= 0xDFFF or point > 0x10FFFF:
        raise UnsupportedRegex("half a surrogate pair")
    return ((point, point),)
