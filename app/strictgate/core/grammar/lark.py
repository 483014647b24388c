r"""The language of the grammars: llguidance's dialect of Lark.

Names in capitals are terminals: regular expressions, which the lexer reads as one token. Others
are rules. Blanks are part of the terminals for brackets, commas and colons, so that between any
two tokens there is one way only to read them. None stand before or behind the document.

Strings come with their escapes normalised, as `json.dumps(…, ensure_ascii=False)` writes them:
there is only `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, and `\u00xx` in small letters for the other
control characters. So every string has one spelling, and names can be compared letter by letter.
"""

import json
from collections.abc import Iterable
from typing import Any

from strictgate.core.grammar.grammar import NotExpressible

ANY = "any"
STRING = "STR"
NUMBER = "NUM"
INTEGER = "INT"
OLD_INTEGER = "OLDINT"
NEVER = "NEVER"

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
OLDINT: /-?(0|[1-9][0-9]*)/
NUM: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/
BOOL: /true|false/
NEVER: /a/ & /b/
any: "null" | BOOL | NUM | STR | array | object
array: LA (any (CM any)*)? RA
object: LB (STR CO any (CM STR CO any)*)? RB
"""
"""What every grammar starts with. `OLDINT` is draft 4's integer, which `1.0` is none of there."""


def literal(text: str) -> str:
    """Return what matches `text` and nothing else."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")  # raw, it is no Lark


def word(value: Any) -> str:
    """Return what matches the JSON text of `value`, which has no number in it."""
    return literal(json.dumps(value, ensure_ascii=False))


def either(options: Iterable[str]) -> str:
    """Return what matches one of `options`, each of them once."""
    return " | ".join(dict.fromkeys(options))


def both(terminals: Iterable[str]) -> str:
    """Return a terminal's body that matches where all of `terminals` do."""
    return " & ".join(dict.fromkeys(terminals))


class RuleBook:
    """The rules of one grammar as they are made; equal ones are made once."""

    MAX_RULES = 4000
    MAX_SIZE = 512 * 1024

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._names: dict[str, str] = {}
        self._count = 0
        self._size = 0

    def __len__(self) -> int:
        return len(self._lines)

    def terminal(self, body: str) -> str:
        """Return the name of a terminal that matches `body`."""
        return self._shared(body, "T")

    def rule(self, options: list[str]) -> str:
        """Return what matches one of `options`; by a rule, if that takes more than one word."""
        body = either(options)
        return self._shared(body, "r") if " " in body else body

    def reserve(self) -> str:
        """Return the name of a rule that is to be defined."""
        self._count += 1
        return f"r{self._count}"

    def define(self, name: str, body: str) -> None:
        """Add a rule.

        Raises:
            NotExpressible: there are too many, or they are too long.
        """
        self._lines.append(f"{name}: {body}\n")
        self._size += len(self._lines[-1].encode())
        if len(self._lines) > self.MAX_RULES:
            raise NotExpressible(f"it takes more than {self.MAX_RULES} rules")
        if self._size > self.MAX_SIZE:
            raise NotExpressible(f"it takes more than {self.MAX_SIZE} bytes")

    def text(self, start: str) -> str:
        """Return the whole grammar."""
        return f"{_HEAD}start: {start}\n{''.join(self._lines)}"

    def _shared(self, body: str, letter: str) -> str:
        key = f"{letter}{body}"
        if key not in self._names:
            self._count += 1
            self._names[key] = f"{letter}{self._count}"
            self.define(self._names[key], body)
        return self._names[key]
