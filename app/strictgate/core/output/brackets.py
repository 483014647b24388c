"""Where a JSON-like object or array starts in a text, and where it ends.

Brackets are counted with a stack; those in strings and comments do not count. What stands between
them need not be JSON: this finds the extent of a document, which others read.
Every scan is linear, also on hostile text: the patterns cannot backtrack.
"""

import re
from array import array
from bisect import bisect_left
from enum import Enum, auto
from functools import cached_property

from strictgate.core.jsontext.reader import MAX_DEPTH
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output.quoted_strings import CLOSERS

OPENERS = "{["
PARTNER = {"}": "{", "]": "["}
_COMMENT = r"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?"
_DOUBLE = r'"(?:[^"\\]++|\\.?)*+"?'
_SINGLE = r"'(?:[^'\\]++|\\.?)*+'?"
TOKENS = {
    '"': late_pattern(rf"{_DOUBLE}|{_COMMENT}|[\[\]{{}}]", re.DOTALL),
    "'": late_pattern(rf"{_DOUBLE}|{_SINGLE}|{_COMMENT}|[\[\]{{}}]", re.DOTALL),
}
_QUOTE = "".join(CLOSERS).replace("`", "")
_HEAD = late_pattern(
    rf"""
    \{{ \s*+ (?: \Z | [{_QUOTE}}}] | `(?!``) | // | /\* | \#
              | (?:[^\W\d][\w$-]*+ | \$[\w$-]*+ | \d++) \s*+ : )
  | \[ \s*+ (?: \Z | [{_QUOTE}\]{{[] | `(?!``) | // | /\* | [-+]?\.?\d
              | (?:[Tt]rue | [Ff]alse | [Nn]ull | None) \b )
    """,
    re.VERBOSE,
)
_INTERVAL = late_pattern(r"\[ \s*+ [-+]?[\d.]++ \s*+ , \s*+ [-+]?[\d.]++ \s*+ \)", re.VERBOSE)
_MENTION = late_pattern(r"(?<=`)[{\[](?=`)|(?<=[:;]-)[{\[]\s*+\Z")  # by itself, or in a smiley
_FIRST_QUOTE = late_pattern(r"[{\[\s]*+(['\"])?")


_NAME_BEFORE = late_pattern(
    r"(?:^|[{\[,])[ \t]*+[\"'“][^\"'“”\n]{0,200}[\"'”]\s{0,9}:\s{0,9}\Z", re.MULTILINE
)
_MEMBER_BEHIND = late_pattern(r"\s*+,\s*+[\"'“][^\"'”\n]{0,200}[\"'”]\s*+:")
_OPENER = late_pattern(r"[{\[]")
_ANY_BRACKET = late_pattern(r"[\[\]{}]")
_CLOSERS_ONLY = late_pattern(r"[\s,;)}\]]*+\Z")
_NAMELESS = late_pattern(r'\{\s*+"[^"]*+"\s*+(?:,[^{}]*+)?\}\s*+\Z')
_LOOK_BACK = 240


class Unclosed(Enum):
    """Why a document has no end."""

    UNFINISHED = auto()
    """The text breaks off inside it."""
    MISMATCHED = auto()
    """Its brackets or quotes do not pair, or are too deep."""


def starts_document(text: str, start: int) -> bool:
    """Whether the bracket at `start` opens JSON, and not `{name}` or `[0, 1)` in prose."""
    if _INTERVAL.match(text, start) or _MENTION.match(text, start):
        return False
    return bool(_HEAD.match(text, start))


def closing(text: str, start: int, end: int) -> int | Unclosed:
    """Return the offset behind the partner of the bracket at `start`, looking no further than
    `end`; or why there is none."""
    open_brackets: list[str] = []
    tokens = TOKENS[quote(text, start)]
    for token in tokens.finditer(text, start, end):
        found = token.group()
        if found in OPENERS:
            open_brackets.append(found)
            if len(open_brackets) > MAX_DEPTH:
                return Unclosed.MISMATCHED
        elif found in PARTNER:
            if open_brackets.pop() != PARTNER[found]:
                return Unclosed.MISMATCHED
            if not open_brackets:
                return token.end()
        elif token.end() == end and _is_open_string(found):
            return _in_string(text[token.start() : end])
    return Unclosed.UNFINISHED


def quote(text: str, start: int) -> str:
    """Return what quotes the document at `start`: apostrophes where its first string has them."""
    first = _FIRST_QUOTE.match(text, start)
    return (first and first[1]) or '"'


def _is_open_string(token: str) -> bool:
    if token[0] not in "\"'":
        return False
    behind = token[1:-1]
    backslashes = len(behind) - len(behind.rstrip("\\"))
    return len(token) == 1 or token[-1] != token[0] or backslashes % 2 == 1


def _in_string(rest: str) -> Unclosed:
    """A string without an end that closes brackets is one with a stray quote before it."""
    return Unclosed.MISMATCHED if rest.rstrip()[-1:] in PARTNER else Unclosed.UNFINISHED


_MEMBER_LATER = late_pattern(r'[^{}\[\]"]*+"\s*+,\s*+"[^{}\[\]"]*+"\s*+:')
"""The end of a string, a comma and a name, before any further bracket."""


class Region:
    """A stretch of a text that documents are looked for in."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._start = start
        self._end = end

    def is_part(self, span: tuple[int, int]) -> bool:
        """Whether the neighbours of `span` show that it lies in something larger, of which a
        bracket or quote is missing or stray: a name before it, another member behind it, or a
        surplus bracket anywhere behind it; or that the region, which it starts, ends as an object
        does that cannot be one.

        Surplus brackets alone behind the document that starts the region are only a slip.
        """
        start, end = span
        if self._has_name(start) or _MEMBER_BEHIND.match(self._text, end, self._end):
            return True
        if _MEMBER_LATER.match(self._text, end, self._end):  # a stray quote closed it too early
            return True
        if not self.has_surplus(end):
            return start == self._start and self._ends_nameless
        return start != self._start or not _CLOSERS_ONLY.match(self._text, end, self._end)

    def _has_name(self, start: int) -> bool:
        """Whether a name stands before `start`, and not only a title that the prose quotes."""
        before = self._text[max(self._start, start - _LOOK_BACK) : start]
        return before.rstrip().endswith(":") and bool(_NAME_BEFORE.search(before))

    def has_surplus(self, position: int) -> bool:
        """Whether a bracket closes behind `position` that nothing opens there; quotes do not
        count, since a stray one would turn strings inside out."""
        positions, surpluses = self._brackets
        index = bisect_left(positions, position)
        return index < len(surpluses) and bool(surpluses[index])

    @cached_property
    def _ends_nameless(self) -> bool:
        """Whether the last braces hold a string where a name and its value should be: it is the
        inside of a string turned out, as in `{"a": "if "} else {" x"}`."""
        last = self._text.rfind("{", self._start, self._end)
        return last >= 0 and bool(_NAMELESS.match(self._text, last, self._end))

    @cached_property
    def _brackets(self) -> "tuple[array[int], bytearray]":
        """Where there are brackets, and whether a surplus one closes from each on."""
        found = _ANY_BRACKET.finditer(self._text, self._start, self._end)
        positions = array("q", (bracket.start() for bracket in found))
        surpluses = bytearray(len(positions))
        surplus = dict.fromkeys(OPENERS, 0)
        for index in reversed(range(len(positions))):
            bracket = self._text[positions[index]]
            opener = PARTNER.get(bracket)
            if opener:
                surplus[opener] += 1
            elif surplus[bracket]:
                surplus[bracket] -= 1
            surpluses[index] = any(surplus.values())
        return positions, surpluses


def ends_in_string(text: str) -> bool:
    """Whether `text` breaks off inside a string of an object or array."""
    position = 0
    while bracket := _OPENER.search(text, position):
        position = bracket.end()
        if starts_document(text, bracket.start()):
            depth = 0
            for token in TOKENS[quote(text, bracket.start())].finditer(text, bracket.start()):
                depth += (token[0] in OPENERS) - (token[0] in PARTNER)
                position = token.end()
                if position == len(text) and _is_open_string(token[0]):
                    return True
                if depth == 0:
                    break
            else:
                return False
    return False
