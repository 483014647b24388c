"""A string in quotes of any kind, spelt as JSON spells it.

Quotes that are not escaped may stand in it only where they have one reading: an apostrophe within
a word, and pairs of quotes around words, as in `"the "best" one"`. Where a quote could as well end
the string, the text is refused: which of the two the model meant is not ours to guess.
"""
# ruff: noqa: RUF001 (the look-alikes of quotes are what this is about)

import json
import re
from enum import Enum, auto

from strictgate.core.jsontext.reader import NotJSON
from strictgate.core.late_pattern import late_pattern
from strictgate.core.repair_steps import SyntaxRepair
from strictgate.core.value_type import value_type

CLOSERS = {
    '"': '"',
    "'": "'",
    "`": "`´",
    "´": "´",
    "“": "”",
    "”": "”",
    "„": "“”",
    "‘": "’",
}
_STRICT = late_pattern(
    r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
)
_PLAIN = {
    opening: late_pattern(rf'[^"\\\x00-\x1f{closers}]++') for opening, closers in CLOSERS.items()
}
_ESCAPE = late_pattern(r"\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4})")
_ESCAPED_QUOTE = late_pattern(r"\\['`´‘’“”„]")
_NAME_BEHIND = r"""(?: ["'“‘`] [^"'”’`\n]*+ ["'”’`´] | [^\W\d][\w$-]*+ ) \s*+ :"""
_WORD_BEHIND = late_pattern(r"[\w(\[{<$@%-]")
_APOSTROPHES = "'’"
_TWO_READINGS = "Unescaped quote that may or may not end the string"


class Role(Enum):
    """Where a string stands; that decides what may follow it."""

    ROOT = auto()
    NAME = auto()
    MEMBER = auto()
    ITEM = auto()


_MAY_END = {
    Role.ROOT: late_pattern(r"\s*+\Z"),
    Role.MEMBER: late_pattern(
        rf"\s*+ (?: \Z | \}} | , \s*+ (?: \}} | {_NAME_BEHIND}) )", re.VERBOSE
    ),
    Role.ITEM: late_pattern(
        r"""\s*+ (?: \Z | \] | , \s*+ (?: ["'“‘`\]{[] | [-+.]?\d | (?:true|false|null)\b ) )""",
        re.VERBOSE | re.IGNORECASE,
    ),
}


@value_type
class Quoted:
    """A string as JSON, where it ends in the text, and what had to be respelt."""

    text: str
    end: int
    steps: frozenset[SyntaxRepair] = frozenset()


def read_quoted(text: str, start: int, role: Role) -> Quoted:
    """Read the string whose opening quote is at `start`.

    Raises:
        NotJSON: it has no end, or more than one reading.
    """
    strict = _STRICT.match(text, start)
    if strict and (role is Role.NAME or not _WORD_BEHIND.match(text, strict.end())):
        return Quoted(strict.group(), strict.end())
    return _Reader(text, start, role).read()


_SPELT = {char: json.dumps(char)[1:-1] for char in ('"', *map(chr, range(ord(" "))))}


class _Reader:
    """Reads one string that is not strict JSON."""

    def __init__(self, text: str, start: int, role: Role) -> None:
        self._text = text
        self._start = start
        self._role = role
        self._closers = CLOSERS[text[start]]
        self._in_pair = False
        self._steps = set() if text[start] == '"' else {SyntaxRepair.QUOTES}

    def read(self) -> Quoted:
        plain = _PLAIN[self._text[self._start]]
        pieces = ['"']
        position = self._start + 1
        while position < len(self._text):
            if chunk := plain.match(self._text, position):
                pieces.append(chunk.group())
                position = chunk.end()
            elif self._text[position] in self._closers and self._closes(position):
                pieces.append('"')
                return Quoted("".join(pieces), position + 1, frozenset(self._steps))
            else:
                piece, position = self._piece(position)
                pieces.append(piece)
        raise NotJSON("Unterminated string", self._start)

    def _piece(self, position: int) -> tuple[str, int]:
        """Return the escape, quote or control character at `position` as JSON."""
        char = self._text[position]
        if char == "\\":
            return self._escape(position)
        if char < " ":
            self._steps.add(SyntaxRepair.CONTROL_CHARACTER)
        return _SPELT.get(char, char), position + 1

    def _escape(self, position: int) -> tuple[str, int]:
        if escape := _ESCAPE.match(self._text, position):
            return escape.group(), escape.end()
        if escape := _ESCAPED_QUOTE.match(self._text, position):
            self._steps.add(SyntaxRepair.ESCAPE)
            return escape.group()[1:], escape.end()
        raise NotJSON("Invalid \\escape", position)

    def _closes(self, position: int) -> bool:
        """Whether the quote at `position` ends the string."""
        if self._is_apostrophe(position):
            self._steps.add(SyntaxRepair.UNESCAPED_QUOTE)
            return False
        if self._role is Role.NAME:
            return True
        if self._in_pair:
            self._close_pair(position)
            return False
        if not _WORD_BEHIND.match(self._text, position + 1):
            return True
        if position == self._start + 1:
            raise NotJSON(_TWO_READINGS, position)
        self._in_pair = True
        return False

    def _is_apostrophe(self, position: int) -> bool:
        around = self._text[position - 1] + self._text[position + 1 : position + 2]
        is_within = len(around) == 2 and all(char.isalnum() for char in around)
        return self._text[position] in _APOSTROPHES and is_within

    def _close_pair(self, position: int) -> None:
        if self._text[position - 1].isspace() or _MAY_END[self._role].match(
            self._text, position + 1
        ):
            raise NotJSON(_TWO_READINGS, position)
        self._steps.add(SyntaxRepair.UNESCAPED_QUOTE)
        self._in_pair = False
