r"""The multiples of a decimal fraction, as regular expressions over their plain decimal spelling.

Whether a number is a multiple of 0.25 shows in its last two digits after the point, as 25 divides
100. The same holds for every divisor that has at least as many decimal places as its digits need.
Zeros at the end may be left out or added. For other divisors, such as 2.5 or 0.07, there is no such
expression: their multiples show in a digit before the point, or in no last digits at all.
"""

from decimal import Decimal

_MAX_PLACES = 6
_INTEGER = "-?(0|[1-9][0-9]*)"


def multiples_regex(divisor: Decimal) -> str | None:
    """Return the expression for the multiples of a divisor that is no integer; None: there is none.

    >>> multiples_regex(Decimal("0.5"))
    '-?(0|[1-9][0-9]*)(\\.(50*|0+))?'
    """
    _, digits, exponent = divisor.normalize().as_tuple()
    places = -int(exponent)
    number = int("".join(map(str, digits)))  # 25 for 0.25
    needed = _needed_digits(number)
    if needed is None or not 0 < needed <= places <= _MAX_PLACES:
        # For 0.1, 0.01 and so on, every number with few enough decimal places is a multiple.
        return rf"{_INTEGER}(\.[0-9]{{1,{places}}}0*)?" if number == 1 else None
    free = places - needed
    endings = (f"{end:0{needed}}".rstrip("0") for end in range(number, 10**needed, number))
    any_digits = f"[0-9]{{{free}}}" if free else ""
    fractions = [f"{any_digits}{ending}0*" for ending in endings]
    fractions.append(f"[0-9]{{1,{free}}}0*" if free else "0+")
    return rf"{_INTEGER}(\.({'|'.join(fractions)}))?"


def _needed_digits(number: int) -> int | None:
    """Return how many last digits tell a multiple of `number`: the least n that it divides 10ⁿ."""
    return next((size for size in range(4) if 10**size % number == 0), None)
