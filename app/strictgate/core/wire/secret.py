"""A key, found in JSON however it is spelt there.

JSON may write any character of a string as `\\u` with four digits, and `/` as `\\/` (RFC 8259 §7):
servers in PHP do the latter, those in .NET write `+` as `\\u002B`. In a document that is itself a
string, each such backslash is doubled. Only what has such a spelling of one of the key's characters
is searched for it: that takes a hundred times as long as to look for the key as it is.
"""

import re
from functools import cached_property
from typing import Any

from strictgate.core.jsontext.reader import write_json

BLOT = "***"


class Secret:
    """A key of Strictgate's own, or of a client."""

    def __init__(self, text: str) -> None:
        """Hold on to the key, which is not empty."""
        self._text = text
        self._as_json = write_json(text)[1:-1].encode("utf-8", "surrogatepass")
        self._has_slash = "/" in text

    def is_in(self, data: bytes) -> bool:
        """Whether JSON text, or a part of it, holds the key."""
        if self._as_json in data:
            return True
        if b"\\u00" not in data and not (self._has_slash and b"\\/" in data):
            return False
        return self._is_spelt_in(data.decode("utf-8", "replace"))

    def blotted(self, value: Any) -> Any:
        """Return a JSON value with stars in place of the key, in every text and name."""
        match value:
            case str():
                is_spelt = "\\" in value and self._is_spelt_in(value)
                found = self._spellings.sub(BLOT, value) if is_spelt else value
                return found.replace(self._text, BLOT)
            case list():
                return [self.blotted(item) for item in value]
            case dict():
                return {self.blotted(name): self.blotted(item) for name, item in value.items()}
            case _:
                return value

    def _is_spelt_in(self, text: str) -> bool:
        return bool(self._signs.search(text) and self._spellings.search(text))

    @cached_property
    def _signs(self) -> re.Pattern[str]:
        """A character of the key in another spelling than its own."""
        codes = "|".join(f"{ord(each):04x}" for each in sorted(set(self._text)))
        return re.compile(rf"\\u(?i:{codes})" + (r"|\\/" if self._has_slash else ""))

    @cached_property
    def _spellings(self) -> re.Pattern[str]:
        """The key in all its spellings."""
        return re.compile("".join(map(_spellings, self._text)))


def _spellings(character: str) -> str:
    """Return the expression for a character as it is, and as JSON may escape it."""
    plain = r"\\*/" if character == "/" else re.escape(character)
    return rf"(?:{plain}|\\+u(?i:{ord(character):04x}))"
