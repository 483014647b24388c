"""Parse the beginning of a JSON document.

The gateway has such a parser, too. This one is separate on purpose: what the demonstration upstream
makes of a prefix must not share the gateway's mistakes.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strictgate.demo.partial_json import (
    CompleteValue,
    OpenArray,
    OpenObject,
    OpenScalar,
    OpenString,
    PartialJson,
)

_MAX_DEPTH = 200
_MAX_DIGITS = 1000
_BLANKS = re.compile(r"[ \t\n\r]*")
_CHARACTERS = re.compile(
    r'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+"
)
_ESCAPE_SO_FAR = re.compile(
    r"(?:\\(?:u(?:(?![dD][c-fC-F])[0-9a-fA-F]{0,3}"
    r"|[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?))?)?"
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER_SO_FAR = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:(?<=\d)[eE][+-]?\d*)?)?")
_LITERALS = {"true": True, "false": False, "null": None}


class NotAPrefix(ValueError):
    """The text is not the beginning of a JSON document."""


def parse_partial_json(text: str) -> PartialJson | None:
    """Return the beginning of a document as a tree; None if there is nothing but blanks.

    Raises:
        NotAPrefix: no JSON document begins like this.
    """
    parser = _Parser(text)
    partial = parser.value()
    if parser.peek():
        raise NotAPrefix
    return partial


@dataclass(slots=True)
class _Parser:
    """Parses one value after the other, until the text ends.

    Each method for a value returns it as it is at the end of the text, or complete. `position` is
    then the end of the text, or that of the value.
    """

    text: str
    position: int = 0
    depth: int = 0

    def peek(self) -> str:
        """Return the next character that is no blank, without taking it; "" at the end."""
        found = _BLANKS.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return self.text[self.position : self.position + 1]

    def value(self) -> PartialJson | None:
        """Return the next value; None at the end of the text."""
        match self.peek():
            case "":
                return None
            case "{":
                return self._nested(self._object)
            case "[":
                return self._nested(self._array)
            case '"':
                return self._string()
        return self._scalar()

    def _nested(self, parse: Callable[[], PartialJson]) -> PartialJson:
        self.position += 1
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise NotAPrefix
        found = parse()
        self.depth -= 1
        return found

    def _object(self) -> PartialJson:
        parts: dict[str, PartialJson | None] = {}
        comma = False
        while True:
            match self.peek():
                case "":
                    return OpenObject(parts, comma=comma)
                case "}" if not comma:
                    self.position += 1
                    return CompleteValue(_values(parts))
                case '"' if comma or not parts:
                    name = self._string()
                case _:
                    raise NotAPrefix
            opened = self._member(parts, name)
            if opened is not None:
                return opened
            comma = self._comma()

    def _member(
        self, parts: dict[str, PartialJson | None], name: CompleteValue | OpenString
    ) -> OpenObject | None:
        """Read what follows on `name` into `parts`; return the object if that stays open."""
        if isinstance(name, OpenString):
            return OpenObject(parts, name=name)
        if name.value in parts:
            raise NotAPrefix
        parts[name.value] = None
        match self.peek():
            case "":
                return OpenObject(parts, colon=False)
            case ":":
                self.position += 1
            case _:
                raise NotAPrefix
        parts[name.value] = self.value()
        return None if isinstance(parts[name.value], CompleteValue) else OpenObject(parts)

    def _array(self) -> PartialJson:
        parts: list[PartialJson] = []
        comma = False
        while True:
            match self.peek():
                case "":
                    return OpenArray(tuple(parts), comma=comma)
                case "]" if not comma:
                    self.position += 1
                    return CompleteValue(
                        [part.value for part in parts if isinstance(part, CompleteValue)]
                    )
                case _ if parts and not comma:
                    raise NotAPrefix
            part = self.value()
            if part is not None:
                parts.append(part)
            if not isinstance(part, CompleteValue):
                return OpenArray(tuple(parts))
            comma = self._comma()

    def _comma(self) -> bool:
        if self.peek() != ",":
            return False
        self.position += 1
        return True

    def _string(self) -> CompleteValue | OpenString:
        characters = _CHARACTERS.match(self.text, self.position + 1)
        end = characters.end() if characters else self.position + 1
        content = json.loads(f'"{self.text[self.position + 1 : end]}"')
        if self.text[end : end + 1] == '"':
            self.position = end + 1
            return CompleteValue(content)
        if not _ESCAPE_SO_FAR.fullmatch(self.text, end):
            raise NotAPrefix
        escape, self.position = self.text[end:], len(self.text)
        return OpenString(content, escape)

    def _scalar(self) -> CompleteValue | OpenScalar:
        left = self.text[self.position : self.position + _MAX_DIGITS + 1]
        for literal, value in _LITERALS.items():
            if left.startswith(literal):
                self.position += len(literal)
                return CompleteValue(value)
            if literal.startswith(left):
                self.position = len(self.text)
                return OpenScalar(left)
        if _NUMBER_SO_FAR.fullmatch(self.text, self.position) and len(left) <= _MAX_DIGITS:
            self.position = len(self.text)
            return OpenScalar(left)
        found = _NUMBER.match(self.text, self.position)
        if found is None or len(found[0]) > _MAX_DIGITS:
            raise NotAPrefix
        self.position = found.end()
        return CompleteValue(json.loads(found[0]))


def _values(parts: dict[str, PartialJson | None]) -> dict[str, Any]:
    return {name: part.value for name, part in parts.items() if isinstance(part, CompleteValue)}
