"""A JSON number in bytes that grow: which byte may follow, and what it is worth in the end.

Its end shows only in the byte behind it. Until then nothing is said about its size, for a fraction
or an exponent may yet follow.
"""

import math
import re
from enum import IntEnum


class Part(IntEnum):
    """Where in a number its last byte stands."""

    SIGN = 0
    ZERO = 1
    """A leading zero, which stands alone."""
    INTEGER = 2
    POINT = 3
    FRACTION = 4
    EXPONENT = 5
    """The `e`."""
    EXPONENT_SIGN = 6
    POWER = 7
    """The digits of the exponent."""


def _any_of(characters: bytes, part: Part) -> dict[int, Part]:
    return dict.fromkeys(characters, part)


_LEADING = _any_of(b"0", Part.ZERO) | _any_of(b"123456789", Part.INTEGER)
_POINT = _any_of(b".", Part.POINT)
_EXPONENT = _any_of(b"eE", Part.EXPONENT)
_POWER = _any_of(b"0123456789", Part.POWER)
_FOLLOWING = {
    Part.SIGN: _LEADING,
    Part.ZERO: _POINT | _EXPONENT,
    Part.INTEGER: _any_of(b"0123456789", Part.INTEGER) | _POINT | _EXPONENT,
    Part.POINT: _any_of(b"0123456789", Part.FRACTION),
    Part.FRACTION: _any_of(b"0123456789", Part.FRACTION) | _EXPONENT,
    Part.EXPONENT: _any_of(b"+-", Part.EXPONENT_SIGN) | _POWER,
    Part.EXPONENT_SIGN: _POWER,
    Part.POWER: _POWER,
}
STARTS = _any_of(b"-", Part.SIGN) | _LEADING
"""The bytes that a number begins with."""
ENDS = frozenset({Part.ZERO, Part.INTEGER, Part.FRACTION, Part.POWER})
"""The parts that it may end with."""
_DIGITS = re.compile(rb"[0-9]*+")
_RUNS = frozenset({Part.INTEGER, Part.FRACTION, Part.POWER})


def advance(text: bytes | bytearray, position: int, part: Part) -> tuple[int, Part]:
    """Go on behind `part` from `position` as far as the bytes belong to the number."""
    while position < len(text):
        following = _FOLLOWING[part].get(text[position])
        if following is None:
            break
        part = following
        position += 1
        if part in _RUNS:
            position = _DIGITS.match(text, position).end()  # type: ignore[union-attr]
    return position, part


def read(literal: bytes | bytearray) -> int | float | None:
    """Return the number; None where it is beyond a double, or an integer of too many digits."""
    if not literal.removeprefix(b"-").isdigit():
        number = float(literal)
        return None if math.isinf(number) else number
    try:
        return int(literal)
    except ValueError:  # past sys.get_int_max_str_digits()
        return None
