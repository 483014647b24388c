"""Strict JSON, step by step: what each byte does where the text stands, noted so as to be undone.

A step takes the position of a byte and returns how far it came; where it came nowhere, that byte is
refused. Each step that does more than to lengthen a token is noted in the journal, which keeps the
last ones only.
"""

import re
from collections import deque
from collections.abc import Callable
from enum import Enum, IntEnum, StrEnum
from typing import Any

from strictgate.core.jsontext import numbers, strings
from strictgate.core.jsontext.numbers import NumberPart
from strictgate.core.jsontext.partial_tree import Closed, Container, Tree
from strictgate.core.jsontext.reader import MAX_DEPTH

BLANKS = b" \t\r\n"
_BLANK_RUN = re.compile(rb"[ \t\r\n]*+")
_QUOTE = ord('"')
_STEPS_KEPT = 4096
LITERALS: dict[int, tuple[bytes, bool | None]] = {
    ord("t"): (b"true", True),
    ord("f"): (b"false", False),
    ord("n"): (b"null", None),
}
"""By the first byte, which tells them apart: the word, and what it means."""


class LexicalToken(StrEnum):
    """What is written in more than one byte."""

    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    LITERAL = "literal"


class Expects(IntEnum):
    """What must come next; while a token is open, behind it."""

    VALUE = 0
    VALUE_OR_END = 1
    """Just behind `[`."""
    NAME = 2
    NAME_OR_END = 3
    """Just behind `{`."""
    COLON = 4
    COMMA_OR_END = 5
    NOTHING = 6
    """The root is closed."""


_STRING = LexicalToken.STRING
_NAME, _VALUE = Expects.NAME, Expects.VALUE
_COMMA_OR_END, _NOTHING = Expects.COMMA_OR_END, Expects.NOTHING


class LexerEvent(IntEnum):
    """What a byte did that may be judged."""

    NAMED = 1
    """It closed a name."""
    OPENED = 2
    """It began a value."""
    CLOSED = 3
    """It closed a value; that of a number is the byte behind it."""


class Put(Enum):
    """What a step put into the tree."""

    VALUE = "a value"
    CONTAINER = "a container, which was entered"
    NAME = "a name"


Undo = Put | Closed | None
"""How a step is undone; what was closed by it is to be reopened."""


class Lexer:
    """The state of a text in JSON, and the steps that change it."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._clear()

    def _clear(self) -> None:
        self._tree = Tree()
        self._journal: deque[tuple[Any, ...]] = deque(maxlen=_STEPS_KEPT)
        self._start = 0  # of the token begun last
        self._whole = 0  # where the whole units of the string begun last end
        self._part = NumberPart.SIGN  # of the number begun last, where its last byte stands
        self._event: LexerEvent | None = None
        self.closed_from = 0
        """Where the container starts that was closed last; just behind its end alone."""
        self.expects = Expects.VALUE
        self.token: LexicalToken | None = None
        """The token that is open."""
        self.last: tuple[LexicalToken, int] | None = None
        """The token closed last and where it starts, while nothing but blanks came behind it."""

    def _note(self, position: int, undo: Undo = None) -> None:
        entry = (position, self.expects, self.token, self._start, self.last, undo)
        self._journal.append(entry)

    def _undo_to(self, length: int) -> bool:
        """Undo the steps from `length` on; return whether the journal reaches back that far."""
        while self._journal and self._journal[-1][0] >= length:
            _, self.expects, self.token, self._start, self.last, undo = self._journal.pop()
            if undo is None:
                continue
            if isinstance(undo, Closed):
                self._tree.reopen(undo)
            elif undo is Put.NAME:
                self._tree.take_name()
            else:
                if undo is Put.CONTAINER:
                    self._tree.leave()
                self._tree.take()
        return bool(self._journal)

    def _reenter_token(self) -> None:
        """Find out again where in the open token its last byte stands."""
        if self.token is LexicalToken.NUMBER:
            first = numbers.STARTS[self._text[self._start]]
            _, self._part = numbers.advance(self._text, self._start + 1, first)
        elif self.token is LexicalToken.NAME or self.token is LexicalToken.STRING:
            begun = strings.resume_from(self._text, self._start + 1, len(self._text))
            self._whole = strings.whole_until(self._text, begun)

    # --- between tokens ------------------------------------------------------------------------

    def pass_blanks(self, position: int) -> int:
        return _BLANK_RUN.match(self._text, position).end()  # type: ignore[union-attr]

    def comma(self, position: int) -> int:
        self._note(position)
        self.expects = _NAME if isinstance(self._tree.open[-1], dict) else _VALUE
        self.last = None
        return position + 1

    def colon(self, position: int) -> int:
        self._note(position)
        self.expects, self.last = _VALUE, None
        return position + 1

    def enter_object(self, position: int) -> int:
        return self._enter(position, {}, Expects.NAME_OR_END)

    def enter_array(self, position: int) -> int:
        return self._enter(position, [], Expects.VALUE_OR_END)

    def _enter(self, position: int, container: Container, expects: Expects) -> int:
        if len(self._tree.open) == MAX_DEPTH:
            return position
        self._note(position, Put.CONTAINER)
        self._tree.enter(container, position)
        self.expects = expects
        self._event = LexerEvent.OPENED
        return position + 1

    def leave(self, position: int) -> int:
        is_object = isinstance(self._tree.open[-1], dict)
        if is_object != (self._text[position] == ord("}")):
            return position
        closed = self._tree.leave()
        self.closed_from = closed.offsets[0]
        self._note(position, closed)
        self.expects, self.last = self._behind_value(), None
        self._event = LexerEvent.CLOSED
        return position + 1

    def begin_name(self, position: int) -> int:
        """Take in as much as there is of a name: that it begins shows nothing of it yet."""
        self._note(position)
        self._whole = position + 1
        self.token, self._start, self.expects = LexicalToken.NAME, position, Expects.COLON
        return self.in_quotes(position + 1)

    def begin_string(self, position: int) -> int:
        self._whole = position + 1
        return self._begin(position, _STRING)

    def begin_number(self, position: int) -> int:
        self._part = numbers.STARTS[self._text[position]]
        return self._begin(position, LexicalToken.NUMBER)

    def begin_literal(self, position: int) -> int:
        return self._begin(position, LexicalToken.LITERAL)

    def _begin(self, position: int, token: LexicalToken) -> int:
        """Begin a value; behind it comes what comes behind the value that it is in."""
        self._note(position)
        self.token, self._start, self.expects = token, position, self._behind_value()
        self._event = LexerEvent.OPENED
        return position + 1

    def _behind_value(self) -> Expects:
        return _COMMA_OR_END if self._tree.open else _NOTHING

    # --- inside tokens -------------------------------------------------------------------------

    def in_quotes(self, position: int) -> int:
        text = self._text
        self._whole = whole = strings.whole_until(text, self._whole)
        if whole == len(text):
            return whole
        if whole < position or text[whole] != _QUOTE:
            return strings.begun_until(text, whole)
        words = strings.parse_string(text[self._start : whole + 1])
        if self.token is _STRING:
            self._close_value(whole, words)
        elif words in self._tree.open[-1]:
            return whole
        else:
            self._note(whole, Put.NAME)
            self._tree.name(words, self._start)
            self._close_token()
            self._event = LexerEvent.NAMED
        return whole + 1

    def in_number(self, position: int) -> int:
        reached, self._part = numbers.advance(self._text, position, self._part)
        if reached == len(self._text) or self._part not in numbers.ENDS:
            return reached
        delimiter = self._text[reached]
        if not self._may_follow_value(delimiter):
            return reached
        number = numbers.parse_number(self._text[self._start : reached])
        if number is None:
            return reached
        self._close_value(reached, number)
        if delimiter not in BLANKS:
            STEPS[self.expects][delimiter](self, reached)
        self._event = LexerEvent.CLOSED
        return reached + 1

    def _may_follow_value(self, byte: int) -> bool:
        if byte in BLANKS:
            return True
        if not self._tree.open:
            return False
        return byte in (b",}" if isinstance(self._tree.open[-1], dict) else b",]")

    def in_literal(self, position: int) -> int:
        word, value = LITERALS[self._text[self._start]]
        rest = word[position - self._start :]
        for wanted, byte in zip(rest, self._text[position : position + len(rest)], strict=False):
            if byte != wanted:
                return position
            position += 1
        if position == self._start + len(word):
            self._close_value(position - 1, value)
        return position

    def _close_value(self, position: int, value: Any) -> None:
        """Close the open value, by the byte at `position`."""
        self._note(position, Put.VALUE)
        self._tree.put(value)
        self._close_token()
        self._event = LexerEvent.CLOSED

    def _close_token(self) -> None:
        self.last = (self.token, self._start) if self.token else None
        self.token = None


_Step = Callable[[Lexer, int], int]
INSIDE: dict[LexicalToken, _Step] = {  # by the token that is open
    LexicalToken.NAME: Lexer.in_quotes,
    LexicalToken.STRING: Lexer.in_quotes,
    LexicalToken.NUMBER: Lexer.in_number,
    LexicalToken.LITERAL: Lexer.in_literal,
}
_BLANKS: dict[int, _Step] = dict.fromkeys(BLANKS, Lexer.pass_blanks)
_OF_VALUE: dict[int, _Step] = {
    **_BLANKS,
    ord("{"): Lexer.enter_object,
    ord("["): Lexer.enter_array,
    _QUOTE: Lexer.begin_string,
    **dict.fromkeys(numbers.STARTS, Lexer.begin_number),
    **dict.fromkeys(LITERALS, Lexer.begin_literal),
}
_OF_NAME: dict[int, _Step] = {**_BLANKS, _QUOTE: Lexer.begin_name}
_BEHIND_VALUE: dict[int, _Step] = {
    **_BLANKS,
    ord(","): Lexer.comma,
    ord("]"): Lexer.leave,
    ord("}"): Lexer.leave,
}
STEPS: dict[Expects, dict[int, _Step]] = {  # between tokens, by the next byte
    Expects.VALUE: _OF_VALUE,
    Expects.VALUE_OR_END: _OF_VALUE | {ord("]"): Lexer.leave},
    Expects.NAME: _OF_NAME,
    Expects.NAME_OR_END: _OF_NAME | {ord("}"): Lexer.leave},
    Expects.COLON: {**_BLANKS, ord(":"): Lexer.colon},
    Expects.COMMA_OR_END: _BEHIND_VALUE,
    Expects.NOTHING: _BLANKS,
}
