"""A JSON number in bytes that grow: which byte may follow, and what it is worth in the end.

Its end shows only in the byte behind it. Until then nothing is said about its size, for a fraction
or an exponent may yet follow.
"""

import math
import re
from enum import IntEnum


class NumberPart(IntEnum):
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


def _any_of(characters: bytes, part: NumberPart) -> dict[int, NumberPart]:
    return dict.fromkeys(characters, part)


_LEADING = _any_of(b"0", NumberPart.ZERO) | _any_of(b"123456789", NumberPart.INTEGER)
_POINT = _any_of(b".", NumberPart.POINT)
_EXPONENT = _any_of(b"eE", NumberPart.EXPONENT)
_POWER = _any_of(b"0123456789", NumberPart.POWER)
_FOLLOWING = {
    NumberPart.SIGN: _LEADING,
    NumberPart.ZERO: _POINT | _EXPONENT,
    NumberPart.INTEGER: _any_of(b"0123456789", NumberPart.INTEGER) | _POINT | _EXPONENT,
    NumberPart.POINT: _any_of(b"0123456789", NumberPart.FRACTION),
    NumberPart.FRACTION: _any_of(b"0123456789", NumberPart.FRACTION) | _EXPONENT,
    NumberPart.EXPONENT: _any_of(b"+-", NumberPart.EXPONENT_SIGN) | _POWER,
    NumberPart.EXPONENT_SIGN: _POWER,
    NumberPart.POWER: _POWER,
}
STARTS = _any_of(b"-", NumberPart.SIGN) | _LEADING
"""The bytes that a number begins with."""
ENDS = frozenset({NumberPart.ZERO, NumberPart.INTEGER, NumberPart.FRACTION, NumberPart.POWER})
"""The parts that it may end with."""
_DIGITS = re.compile(rb"[0-9]*+")
_RUNS = frozenset({NumberPart.INTEGER, NumberPart.FRACTION, NumberPart.POWER})


def advance(text: bytes | bytearray, position: int, part: NumberPart) -> tuple[int, NumberPart]:
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


def parse_number(literal: bytes | bytearray) -> int | float | None:
    """Return the number; None where it is beyond a double, or an integer of too many digits."""
    if not literal.removeprefix(b"-").isdigit():
        number = float(literal)
        return None if math.isinf(number) else number
    try:
        return int(literal)
    except ValueError:  # past sys.get_int_max_str_digits()
        return None
