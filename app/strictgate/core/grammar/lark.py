r"""The language of the grammars: llguidance's dialect of Lark.

https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md. Names in capitals are terminals:
regular expressions, each of which the lexer reads as one lexeme. Other names are rules. An
*expression* is what may stand on the right of a rule: names, string literals, `/regexes/`, and
sequences of them.

White space is part of the terminals for brackets, commas and colons, so that there is one way only
to read it. The grammar allows none before or after the document.

Strings must come with their escapes normalised, as `json.dumps(…, ensure_ascii=False)` writes them:
the only escapes are `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, and `\u00xx` in small letters for the
other control characters. Every string has one spelling then, and a terminal can compare property
names and enum values byte by byte.
"""

import json
from collections.abc import Iterable
from typing import Any

from strictgate.core.grammar.grammar import NotExpressible

ANY = "any"
STRING = "STR"
NUMBER = "NUM"
INTEGER = "INT"
DRAFT_4_INTEGER = "INT4"
NEVER = "NEVER"

# `%ignore` is Lark's own way to skip white space, but it does not reach the `%json` leaves that
# numbers.py uses: `{ 1}` is refused before such a leaf. So the punctuation carries the white space.
# In draft 4, `1.0` is no integer. NEVER matches nothing: Lark has no sign for that, and two
# letters that differ have no common match.
_HEAD = r"""%llguidance {}
LB: /\{[ \t\r\n]*/
RB: /[ \t\r\n]*\}/
LA: /\[[ \t\r\n]*/
RA: /[ \t\r\n]*\]/
CM: /[ \t\r\n]*,[ \t\r\n]*/
CO: /[ \t\r\n]*:[ \t\r\n]*/
CHAR: /[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00[01][0-9a-f]/
STR: "\"" CHAR* "\""
INT: /-?(0|[1-9][0-9]*)(\.0+)?([eE]\+?[0-9]+)?/
INT4: /-?(0|[1-9][0-9]*)/
NUM: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/
BOOL: /true|false/
NEVER: /a/ & /b/
any: "null" | BOOL | NUM | STR | array | object
array: LA (any (CM any)*)? RA
object: LB (STR CO any (CM STR CO any)*)? RB
"""
"""The beginning of every grammar. The brackets stand for themselves: LB and RB for `{` and `}`, LA
and RA for `[` and `]`, CM for the comma, CO for the colon."""


def string_literal(text: str) -> str:
    """Return the Lark literal that matches `text` and nothing else."""
    # Lark's literals are written like JSON strings, but a raw U+007F in one is a lexer error.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")


def json_literal(value: Any) -> str:
    """Return the Lark literal that matches the JSON text of `value`, which must hold no number.

    Numbers have more than one spelling: see values.py.
    """
    return string_literal(json.dumps(value, ensure_ascii=False))


def alternation(alternatives: Iterable[str]) -> str:
    """Return an expression for one of the alternatives, with repeated ones left out."""
    return " | ".join(dict.fromkeys(alternatives))


def intersection(terminals: Iterable[str]) -> str:
    """Return a body for a terminal that matches what all of the terminals match.

    llguidance has `&` and `~` in terminals only, not in rules.
    """
    return " & ".join(dict.fromkeys(terminals))


class RuleBook:
    """The rules and terminals of one grammar while it is made; equal bodies share one name."""

    MAX_RULES = 4000
    MAX_SIZE = 512 * 1024
    """Bytes of all rules."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._names: dict[str, str] = {}
        self._count = 0
        self._size = 0

    def __len__(self) -> int:
        return len(self._lines)

    def terminal(self, body: str) -> str:
        """Return the name of the terminal with this body."""
        return self._name_of(body, "T")

    def rule(self, alternatives: list[str]) -> str:
        """Return an expression of one word that matches one of the alternatives."""
        body = alternation(alternatives)
        return self._name_of(body, "r") if " " in body else body

    def reserve_name(self) -> str:
        """Return a new name for a rule that `define` will add later."""
        self._count += 1
        return f"r{self._count}"

    def define(self, name: str, body: str) -> None:
        """Add a rule or a terminal.

        Raises:
            NotExpressible: there are too many, or they are too long.
        """
        self._lines.append(f"{name}: {body}\n")
        self._size += len(self._lines[-1].encode())
        if len(self._lines) > self.MAX_RULES:
            raise NotExpressible(f"it takes more than {self.MAX_RULES} rules")
        if self._size > self.MAX_SIZE:
            raise NotExpressible(f"it takes more than {self.MAX_SIZE} bytes")

    def grammar_text(self, start: str) -> str:
        """Return the whole grammar, whose documents are what the expression `start` matches."""
        return f"{_HEAD}start: {start}\n{''.join(self._lines)}"

    def _name_of(self, body: str, letter: str) -> str:
        key = f"{letter}{body}"
        if key not in self._names:
            self._count += 1
            self._names[key] = f"{letter}{self._count}"
            self.define(self._names[key], body)
        return self._names[key]
