"""The beginning of a JSON document, as a tree: what stands, and what is still open.

For a model that goes on with a text that it is given. Only the last part of each container can be
open.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.conformance import same_json

_WORDS = ("true", "false", "null")
_SHORT = dict(zip('"\\/\b\f\n\r\t', '"\\/bfnrt', strict=True))


@dataclass(frozen=True, slots=True)
class CompleteValue:
    """A value that has ended."""

    value: Any


@dataclass(frozen=True, slots=True)
class OpenString:
    """A string that is open."""

    start: str
    """Decoded."""
    escape: str = ""
    """What stands of an escape that has not ended."""

    @property
    def shortest(self) -> str:
        """The shortest string that begins like this."""
        return self.start + str(json.loads(f'"{_completed(self.escape)}"'))

    def can_become(self, text: str) -> bool:
        """Whether `text` begins like this."""
        if not text.startswith(self.start):
            return False
        return not self.escape or self._ending(text) is not None

    def rest(self, text: str) -> str:
        """Return what is missing of `text`, quote and all; of any other, of the shortest."""
        text = text if self.can_become(text) else self.shortest
        if not self.escape:
            return write_json(text[len(self.start) :])[1:]
        return (self._ending(text) or "") + write_json(text[len(self.start) + 1 :])[1:]

    def _ending(self, text: str) -> str | None:
        """Return what is missing of the escape of the next character in `text`."""
        for spelling in _escapes(text[len(self.start) : len(self.start) + 1]):
            if spelling.lower().startswith(self.escape.lower()):
                return spelling[len(self.escape) :]
        return None


@dataclass(frozen=True, slots=True)
class OpenScalar:
    """A number or a literal that may go on."""

    text: str

    def can_become(self, value: Any) -> bool:
        """Whether `value` can be written so that it begins like this."""
        if isinstance(value, str | list | dict):
            return False
        return write_json(value).startswith(self.text) or same_json(value, self.shortest)

    @property
    def shortest(self) -> Any:
        """The shortest value that begins like this."""
        return json.loads(self.text + self._end())

    def rest(self, value: Any) -> str:
        """Return what is missing of `value`; of one that begins otherwise, of the shortest."""
        written = write_json(value)
        return written[len(self.text) :] if written.startswith(self.text) else self._end()

    def _end(self) -> str:
        for word in _WORDS:
            if word.startswith(self.text):
                return word[len(self.text) :]
        return "" if self.text[-1].isdigit() else "0"


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object that is open."""

    parts: dict[str, "PartialJson | None"]
    """None for a property that has a name and nothing of a value."""
    name: OpenString | None = None
    """The name that is open."""
    comma: bool = False
    """Whether it ends behind a comma."""
    colon: bool = True
    """Whether the last name has its colon."""

    @property
    def awaited_name(self) -> OpenString | None:
        """How the name begins that must come."""
        return OpenString("") if self.comma else self.name


@dataclass(frozen=True, slots=True)
class OpenArray:
    """An array that is open."""

    parts: tuple["PartialJson", ...]
    comma: bool = False

    @property
    def least_length(self) -> int:
        """How many items there are at least."""
        return len(self.parts) + self.comma


PartialJson = CompleteValue | OpenString | OpenScalar | OpenObject | OpenArray


def can_become(begun: PartialJson | None, value: Any) -> bool:
    """Whether a document with `value` can begin like this."""
    match begun:
        case None:
            return True
        case CompleteValue(whole):
            return same_json(whole, value)
        case OpenString():
            return isinstance(value, str) and begun.can_become(value)
        case OpenScalar():
            return begun.can_become(value)
        case OpenArray(parts):
            enough = isinstance(value, list) and len(value) >= begun.least_length
            return enough and all(map(can_become, parts, value))
        case OpenObject():
            return isinstance(value, dict) and _has(begun, value)


def _has(begun: OpenObject, value: dict[str, Any]) -> bool:
    if not all(
        name in value and can_become(part, value[name]) for name, part in begun.parts.items()
    ):
        return False
    awaited = begun.awaited_name
    return awaited is None or any(
        awaited.can_become(name) for name in value if name not in begun.parts
    )


# --- escapes -----------------------------------------------------------------------------------


def _escapes(character: str) -> Iterator[str]:
    """Yield the ways to write `character` as an escape."""
    if character in _SHORT:
        yield "\\" + _SHORT[character]
    if character:
        encoded = character.encode("utf-16-be")
        yield "".join(f"\\u{encoded[at : at + 2].hex()}" for at in range(0, len(encoded), 2))


def _completed(escape: str) -> str:
    """Return an escape that begins with `escape`, which may be of two halves."""
    if len(escape) < 2:
        return escape and "\\/"
    first = escape[:6] + "0020"[len(escape) - 2 : 4] if len(escape) < 6 else escape[:6]
    if not re.match(r"\\u[dD][89abAB]", first):
        return first
    second = escape[6:]
    return first + second + r"\udc20"[len(second) :]
