r"""Numbers within a bound, as regular expressions over their plain decimal spelling.

A number is compared with a bound as text. The one with the longer integer part is greater; if both
parts have the same length, the first digit that differs decides. So a bound is split at each of its
digits: `>= 345` is `34[5-9]`, `3[5-9].`, `[4-9]..` or `[1-9]\d{3,}`. A fraction may end in any
number of zeros. Spellings with an exponent are not matched: with one, the length of a number says
nothing of its size, and there are endlessly many spellings of each number.
"""

from decimal import Decimal

_FRACTION = r"(\.[0-9]+)?"
MAX_DIGITS = 40
"""Of a bound, before the point and after it. The expression grows with the square of the digits."""


def is_short(bound: Decimal) -> bool:
    """Whether the bound has few enough digits for an expression."""
    integer, fraction = _digits(abs(bound))
    return len(integer) <= MAX_DIGITS and len(fraction) <= MAX_DIGITS


def exactly(number: Decimal) -> str:
    """Return the expression for all plain spellings of a number."""
    integer, fraction = _digits(abs(number))
    sign = "-?" if number == 0 else "-" if number < 0 else ""  # JSON has a negative zero
    return sign + integer + (rf"\.{fraction}0*" if fraction else r"(\.0+)?")


def at_least(bound: Decimal, *, strictly: bool) -> str:
    """Return the expression for the numbers that are not below the bound; `strictly`: above it."""
    is_positive = bound > 0 or (bound == 0 and strictly)
    positive = _from(bound if is_positive else Decimal(0), strictly=strictly and is_positive)
    negative = [] if is_positive else _up_to(-bound, strictly=strictly)
    return "|".join(positive + [f"-({'|'.join(negative)})"] * bool(negative))


def at_most(bound: Decimal, *, strictly: bool) -> str:
    """Return the expression for the numbers that are not above the bound; `strictly`: below it."""
    is_negative = bound < 0 or (bound == 0 and strictly)
    negative = _from(-bound if is_negative else Decimal(0), strictly=strictly and is_negative)
    positive = [] if is_negative else _up_to(bound, strictly=strictly)
    return "|".join([f"-({'|'.join(negative)})", *positive])


def _digits(bound: Decimal) -> tuple[str, str]:
    """Return the digits of a bound that is not negative, before and after the point."""
    integer, _, fraction = f"{bound:f}".partition(".")
    return integer.lstrip("0") or "0", fraction.rstrip("0")


def _from(bound: Decimal, *, strictly: bool) -> list[str]:
    """Return alternatives for the numbers without a sign that are at least the bound."""
    integer, fraction = _digits(bound)
    longer = f"[1-9][0-9]{{{len(integer)},}}{_FRACTION}"
    greater = [
        f"{integer[:at]}{_digit(int(digit) + 1, 9)}{_any_digits(len(integer) - at - 1)}{_FRACTION}"
        for at, digit in enumerate(integer)
        if digit != "9"
    ]
    return [longer, *greater, f"{integer}{_fraction_from(fraction, strictly=strictly)}"]


def _up_to(bound: Decimal, *, strictly: bool) -> list[str]:
    """Return alternatives for the numbers without a sign that are at most the bound."""
    integer, fraction = _digits(bound)
    shorter = f"(0|[1-9][0-9]{{0,{len(integer) - 2}}}){_FRACTION}"
    alternatives = [shorter] if len(integer) > 1 else []
    for at, digit in enumerate(integer):
        least = 1 if at == 0 and len(integer) > 1 else 0  # JSON has no leading zeros
        if int(digit) > least:
            rest = _any_digits(len(integer) - at - 1)
            alternatives.append(f"{integer[:at]}{_digit(least, int(digit) - 1)}{rest}{_FRACTION}")
    equal = _fraction_up_to(fraction, strictly=strictly)
    return alternatives if equal is None else [*alternatives, f"{integer}{equal}"]


def _fraction_from(digits: str, *, strictly: bool) -> str:
    """Return the expression for the point and the digits after an integer part that is equal."""
    if not digits:
        return r"\.[0-9]*[1-9][0-9]*" if strictly else _FRACTION
    greater = [
        f"{digits[:at]}{_digit(int(digit) + 1, 9)}[0-9]*"
        for at, digit in enumerate(digits)
        if digit != "9"
    ]
    equal = "[0-9]*[1-9][0-9]*" if strictly else "[0-9]*"
    return rf"\.({'|'.join([*greater, digits + equal])})"


def _fraction_up_to(digits: str, *, strictly: bool) -> str | None:
    """Return the same for an upper bound; None if the integer part alone is too much already."""
    if not digits:
        return None if strictly else r"(\.0+)?"
    smaller = [
        f"{digits[:at]}{_digit(0, int(digit) - 1)}[0-9]*"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    shorter = [digits[:at] for at in range(1, len(digits))]
    equal = [] if strictly else [f"{digits}0*"]
    return rf"(\.({'|'.join(smaller + shorter + equal)}))?"


def _digit(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


def _any_digits(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""
