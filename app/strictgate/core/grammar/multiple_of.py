r"""Multiples of a decimal, as regular expressions over their plain decimal spelling.

Whether a number is a multiple of 0.25 shows in its last two digits behind the point, as 25 divides
100. So it is for every step that has at least as many places as its digits need; zeros at the end
may be left out, or be more. For other steps there is none.
"""

from decimal import Decimal

_MAX_PLACES = 6
_INTEGER = "-?(0|[1-9][0-9]*)"


def multiples(step: Decimal) -> str | None:
    """Return the expression for the multiples of `step`, which is no integer; None: there is none.

    >>> multiples(Decimal("0.5"))
    '-?(0|[1-9][0-9]*)(\\.(50*|0+))?'
    """
    _, digits, exponent = step.normalize().as_tuple()
    places = -int(exponent)
    count = int("".join(map(str, digits)))
    needed = _needed(count)
    if needed is None or not 0 < needed <= places <= _MAX_PLACES:
        return rf"{_INTEGER}(\.[0-9]{{1,{places}}}0*)?" if count == 1 else None
    free = places - needed
    ends = (f"{end:0{needed}}".rstrip("0") for end in range(count, 10**needed, count))
    any_digits = f"[0-9]{{{free}}}" if free else ""
    options = [f"{any_digits}{end}0*" for end in ends]
    options.append(f"[0-9]{{1,{free}}}0*" if free else "0+")
    return rf"{_INTEGER}(\.({'|'.join(options)}))?"


def _needed(count: int) -> int | None:
    """Return how many last digits tell a multiple of `count`."""
    return next((size for size in range(4) if 10**size % count == 0), None)
