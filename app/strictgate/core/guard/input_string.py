"""The input of a custom tool within the arguments of the function that stands for it.

`{"input": "…"}` is read as it comes, and the string's text given as it will be read in the end.
Nothing is judged here: what has another form is left to the judge of the whole.
"""

import json

from strictgate.core.late_pattern import late_pattern
from strictgate.core.request.tools import INPUT

_HEAD = late_pattern(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
_MOST_HEAD = 256  # characters
_UNITS = late_pattern(r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*')
_HIGH = late_pattern(r"[\ud800-\udbff]\Z")


class InputString:
    """One such string; it is of use for one reply."""

    def __init__(self, *, is_open: bool = False) -> None:
        """Begin before the arguments; `is_open`: behind the string's opening quote."""
        self._is_open = is_open
        self._is_over = False
        self._held = ""

    @property
    def is_open(self) -> bool:
        """Whether the string has begun, and has not ended."""
        return self._is_open and not self._is_over

    def feed(self, text: str) -> str:
        """Take in a piece of the arguments; return what it adds to the input."""
        if self._is_over:
            return ""
        self._held += text
        if not self._is_open and not self._find():
            return ""
        units = _UNITS.match(self._held)
        assert units is not None, "it matches nothing, too"
        try:  # a line feed as it is will be respelt
            found: str = json.loads(f'"{units[0]}"', strict=False)
        except ValueError:
            self._is_over = True
            return ""
        self._held = self._held[units.end() :]
        self._is_over = self._held.startswith('"')
        if not self._is_over and _HIGH.search(found):  # the other half of the pair is to come
            self._held = f"\\u{ord(found[-1]):04x}{self._held}"
            return found[:-1]
        return found

    def _find(self) -> bool:
        head = _HEAD.match(self._held)
        if head is None:
            self._is_over = len(self._held) > _MOST_HEAD
            return False
        self._held, self._is_open = self._held[head.end() :], True
        return True
