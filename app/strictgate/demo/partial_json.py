"""The beginning of a JSON document, as a tree of complete and of open values.

It is what a model continues. In each object or array, only the last part can be open.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.conformance import same_json

_LITERALS = ("true", "false", "null")
_SHORT_ESCAPES = dict(zip('"\\/\b\f\n\r\t', '"\\/bfnrt', strict=True))


@dataclass(frozen=True, slots=True)
class CompleteValue:
    """A value that has ended."""

    value: Any


@dataclass(frozen=True, slots=True)
class OpenString:
    """A string that is open."""

    start: str
    """The characters so far, decoded."""
    escape: str = ""
    """The beginning of an escape that has not ended. A surrogate pair is one escape."""

    @property
    def shortest(self) -> str:
        """The shortest string that it can become."""
        return self.start + str(json.loads(f'"{_completed(self.escape)}"'))

    def can_become(self, text: str) -> bool:
        """Whether it can become the string `text`."""
        if not text.startswith(self.start):
            return False
        return not self.escape or self._ending(text) is not None

    def rest(self, text: str) -> str:
        """Return what is missing of `text`, with the closing quote.

        If it cannot become `text`, it becomes the shortest string.
        """
        text = text if self.can_become(text) else self.shortest
        if not self.escape:
            return write_json(text[len(self.start) :])[1:]
        return (self._ending(text) or "") + write_json(text[len(self.start) + 1 :])[1:]

    def _ending(self, text: str) -> str | None:
        """Return what is missing of the escape; None if `text` goes on with another character."""
        for spelling in _escapes(text[len(self.start) : len(self.start) + 1]):
            if spelling.lower().startswith(self.escape.lower()):
                return spelling[len(self.escape) :]
        return None


@dataclass(frozen=True, slots=True)
class OpenScalar:
    """A number or a literal that may go on."""

    text: str

    def can_become(self, value: Any) -> bool:
        """Whether it can become `value`, in some spelling of it."""
        if isinstance(value, str | list | dict):
            return False
        return write_json(value).startswith(self.text) or same_json(value, self.shortest)

    @property
    def shortest(self) -> Any:
        """The shortest value that it can become."""
        return json.loads(self.text + self._end())

    def rest(self, value: Any) -> str:
        """Return what is missing of `value`.

        If it cannot become `value`, it becomes the shortest one.
        """
        written = write_json(value)
        return written[len(self.text) :] if written.startswith(self.text) else self._end()

    def _end(self) -> str:
        for literal in _LITERALS:
            if literal.startswith(self.text):
                return literal[len(self.text) :]
        return "" if self.text[-1].isdigit() else "0"


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object that is open."""

    parts: dict[str, "PartialJson | None"]
    """The members by their names; None for a member whose value has not begun."""
    name: OpenString | None = None
    """The name that is open, if one is."""
    comma: bool = False
    """Whether it ends with a comma."""
    colon: bool = True
    """Whether the last name is followed by its colon."""

    @property
    def awaited_name(self) -> OpenString | None:
        """The beginning of the name that must come; None if none must."""
        return OpenString("") if self.comma else self.name


@dataclass(frozen=True, slots=True)
class OpenArray:
    """An array that is open."""

    parts: tuple["PartialJson", ...]
    comma: bool = False
    """Whether it ends with a comma."""

    @property
    def least_length(self) -> int:
        """The least number of items that it will have."""
        return len(self.parts) + self.comma


PartialJson = CompleteValue | OpenString | OpenScalar | OpenObject | OpenArray


def can_become(partial: PartialJson | None, value: Any) -> bool:
    """Whether what has begun can become `value`; None has not begun, and can become anything."""
    match partial:
        case None:
            return True
        case CompleteValue(whole):
            return same_json(whole, value)
        case OpenString():
            return isinstance(value, str) and partial.can_become(value)
        case OpenScalar():
            return partial.can_become(value)
        case OpenArray(parts):
            enough = isinstance(value, list) and len(value) >= partial.least_length
            return enough and all(map(can_become, parts, value))
        case OpenObject():
            return isinstance(value, dict) and _can_become_object(partial, value)


def _can_become_object(partial: OpenObject, value: dict[str, Any]) -> bool:
    if not all(
        name in value and can_become(part, value[name]) for name, part in partial.parts.items()
    ):
        return False
    awaited = partial.awaited_name
    return awaited is None or any(
        awaited.can_become(name) for name in value if name not in partial.parts
    )


# --- escapes -----------------------------------------------------------------------------------


def _escapes(character: str) -> Iterator[str]:
    """Yield the ways to write `character` as an escape."""
    if character in _SHORT_ESCAPES:
        yield "\\" + _SHORT_ESCAPES[character]
    if character:
        encoded = character.encode("utf-16-be")
        yield "".join(f"\\u{encoded[at : at + 2].hex()}" for at in range(0, len(encoded), 2))


def _completed(escape: str) -> str:
    """Return the shortest escape that begins with `escape`, or a surrogate pair if it must be."""
    if len(escape) < 2:
        return escape and "\\/"
    first = escape[:6] + "0020"[len(escape) - 2 : 4] if len(escape) < 6 else escape[:6]
    if not re.match(r"\\u[dD][89abAB]", first):
        return first
    second = escape[6:]
    return first + second + r"\udc20"[len(second) :]
