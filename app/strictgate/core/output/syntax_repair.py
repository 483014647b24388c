"""Respell a document that is JSON but for its spelling.

One pass, one construct a method, from what JavaScript, Python and hurried models write to strict
JSON. Nothing is respelt that could be read in two ways, and nothing is added but punctuation: what
is open stays open, what is missing stays missing, `...`, `undefined`, NaN and bare words are no
values. A number keeps its digits. The result is to be read with `parse_json`, which has the last
word.
"""

import re
from collections.abc import Callable
from typing import ClassVar, NoReturn

from strictgate.core.jsontext.reader import MAX_DEPTH, NotJSON
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output.quoted_strings import CLOSERS, Role, read_quoted
from strictgate.core.repair_steps import Step, SyntaxRepair
from strictgate.core.value_type import value_type

_GAP = late_pattern(
    r"""
    (?P<blanks> [ \t\r\n]++ )
  | (?P<odd> [\v\f\x85\u00a0\u180e\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]++ )
  | (?P<comment> //[^\n]*+ | \#[^\n]*+ | /\*(?:[^*]++|\*(?!/))*+\*/ )
    """,
    re.VERBOSE,
)
_BARE_NAME = late_pattern(r"[^\W\d][\w$-]*+|\$[\w$-]*+|0|[1-9]\d*+")
_TWO_SPELLINGS = {"True", "False", "None"}  # as a name: itself, or what it is as a value
_WORD = late_pattern(r"[^\W\d]\w*+")
_LITERALS = {
    **{word: word for word in ("true", "false", "null")},
    **dict.fromkeys(("True", "TRUE"), "true"),
    **dict.fromkeys(("False", "FALSE"), "false"),
    **dict.fromkeys(("None", "Null", "NULL"), "null"),
}
_NUMBER = late_pattern(
    r"""
    (?P<sign> [+-]? ) (?P<whole> 0 | [1-9]\d*+ | (?=\.\d) ) (?: (?P<point> \. ) (?P<part> \d*+ ) )?
    (?P<exponent> (?:[eE][+-]?\d++)? ) (?! [\w.+$-] )
    """,
    re.VERBOSE,
)
_DIGIT = late_pattern(r"[-+]?\.?\d")


@value_type
class SyntaxRepaired:
    """Strict JSON, or nearly so, and what had to be done to the spelling."""

    text: str
    steps: tuple[Step, ...]


def repair_syntax(text: str) -> SyntaxRepaired:
    """Return `text` in the spelling of JSON.

    Raises:
        NotJSON: more than its spelling is wrong, or there are two readings.
    """
    return _Respeller(text).document()


class _Respeller:
    """Reads `text` from left to right into `out`; each method reads one construct."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0
        self._out: list[str] = []
        self._steps: dict[SyntaxRepair, None] = {}

    def document(self) -> SyntaxRepaired:
        self._gap()
        self._value(Role.ROOT)
        self._gap()
        if self._position < len(self._text):
            self._fail("Extra data")
        return SyntaxRepaired("".join(self._out).strip(), tuple(Step(name) for name in self._steps))

    def _value(self, role: Role) -> None:
        char = self._peek()
        if char in CLOSERS:
            self._string(role)
        elif char in self._CONSTRUCTS:
            self._nested(self._CONSTRUCTS[char])
        elif _DIGIT.match(self._text, self._position):
            self._number()
        else:
            self._literal()

    def _nested(self, construct: Callable[["_Respeller"], None]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"Nested deeper than {MAX_DEPTH} levels")
        construct(self)
        self._depth -= 1

    def _object(self) -> None:
        is_doubled = self._text.startswith("{{", self._position)
        if is_doubled:
            self._put("", self._position + 1, SyntaxRepair.DOUBLED_BRACE)
        self._keep("{")
        self._gap()
        if self._extra_commas() and self._peek() == "}":
            self._fail("Expecting property name enclosed in double quotes")
        behind_comma = True
        while self._peek() != "}":
            is_quoted = self._name()
            self._colon(optional=is_quoted and behind_comma)
            self._value(Role.MEMBER)
            behind_comma = self._comma("}")
        if is_doubled:
            self._second_brace()
        self._keep("}")

    def _second_brace(self) -> None:
        """Leave out the first of the two braces that close what two have opened."""
        if not self._text.startswith("}}", self._position):
            self._fail("Expecting '}'")
        self._put("", self._position + 1)

    def _array(self) -> None:
        self._keep("[")
        self._gap()
        while self._peek() != "]":
            self._value(Role.ITEM)
            self._comma("]")
        self._keep("]")

    def _name(self) -> bool:
        """Read a property name; return whether it was in quotes."""
        if self._peek() in CLOSERS:
            self._string(Role.NAME)
            return True
        name = _BARE_NAME.match(self._text, self._position)
        if name is None or name[0] in _TWO_SPELLINGS:
            self._fail("Expecting property name enclosed in double quotes")
        self._put(f'"{name[0]}"', name.end(), SyntaxRepair.UNQUOTED_NAME)
        return False

    def _colon(self, *, optional: bool) -> None:
        """Where the comma before the name is missing too, a colon would be one guess too many."""
        self._gap()
        if self._peek() == ":":
            self._keep(":")
        elif optional and self._starts_value():
            self._put(":", self._position, SyntaxRepair.MISSING_COLON)
        else:
            self._fail("Expecting ':' delimiter")
        self._gap()

    def _comma(self, closer: str) -> bool:
        """Read what separates two members or items; return whether a comma was there."""
        start, place = self._position, len(self._out)
        self._put("", start)
        self._gap()
        if self._peek() == closer:
            return False
        if self._peek() == ",":
            self._keep(",")
            self._trailing(closer)
            return True
        if not self._starts_value() or not self._is_apart(start):
            self._fail("Expecting ',' delimiter")
        self._out[place] = ","
        self._note(SyntaxRepair.MISSING_COMMA)
        return False

    def _trailing(self, closer: str) -> None:
        place = len(self._out) - 1
        self._gap()
        if closer == "}":
            self._extra_commas()
        if self._peek() == closer:
            self._out[place] = ""
            self._note(SyntaxRepair.TRAILING_COMMA)

    def _extra_commas(self) -> bool:
        """Leave out commas that stand where a name does; return whether there are any. Where an
        item does, one may stand for an item that is missing."""
        start = self._position
        while self._peek() == ",":
            self._put("", self._position + 1, SyntaxRepair.EXTRA_COMMA)
            self._gap()
        return self._position > start

    def _is_apart(self, start: int) -> bool:
        """Whether what ended at `start` and what comes now are two things, and not `1 000`."""
        gap, before, now = self._text[start : self._position], self._text[start - 1], self._peek()
        if not gap:
            return before in "}]" and now in '{["'
        return "\n" in gap or not (before.isdigit() and _DIGIT.match(now))

    def _starts_value(self) -> bool:
        char = self._peek()
        is_word = bool(_WORD.match(char) or _DIGIT.match(self._text, self._position))
        return is_word or char in CLOSERS or char in self._CONSTRUCTS

    def _string(self, role: Role) -> None:
        if self._text.startswith("``", self._position):
            self._fail("Expecting value")
        string = read_quoted(self._text, self._position, role)
        self._put(string.text, string.end, *string.steps)

    def _number(self) -> None:
        number = _NUMBER.match(self._text, self._position)
        if number is None:
            self._fail("Expecting value")
        whole, part = number["whole"] or "0", number["part"] or "0"
        fraction = "." + part if number["point"] else ""
        spelt = number["sign"].strip("+") + whole + fraction + number["exponent"]
        self._put(spelt, number.end(), *([SyntaxRepair.NUMBER] if spelt != number[0] else []))

    def _literal(self) -> None:
        word = _WORD.match(self._text, self._position)
        if word is None or word[0] not in _LITERALS:
            self._fail("Expecting value")
        spelt = _LITERALS[word[0]]
        self._put(spelt, word.end(), *([SyntaxRepair.LITERAL] if spelt != word[0] else []))

    def _gap(self) -> None:
        """Keep blanks, leave out comments."""
        while gap := _GAP.match(self._text, self._position):
            if gap["blanks"]:
                self._put(gap[0], gap.end())
            elif gap["odd"]:
                self._put(" ", gap.end(), SyntaxRepair.BLANK)
            else:
                self._put("", gap.end(), SyntaxRepair.COMMENT)

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _keep(self, char: str) -> None:
        self._put(char, self._position + 1)

    def _put(self, text: str, end: int, *steps: SyntaxRepair) -> None:
        self._out.append(text)
        self._position = end
        self._steps.update(dict.fromkeys(steps))

    def _note(self, step: SyntaxRepair) -> None:
        self._steps[step] = None

    def _fail(self, message: str) -> NoReturn:
        raise NotJSON(message, self._position)

    _CONSTRUCTS: ClassVar[dict[str, Callable[["_Respeller"], None]]] = {"{": _object, "[": _array}
