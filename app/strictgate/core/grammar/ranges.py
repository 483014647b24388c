r"""Numbers within bounds, as regular expressions over their plain decimal spelling.

A number is compared with a bound as text: the one with the longer integer part is greater; where
these are of one length, the first digit that differs decides. A bound is split at each of its
digits: `>= 345` is `34[5-9]`, `3[5-9].`, `[4-9]..` and `[1-9]\d{3,}`. Any number of zeros may stand
at the end of a fraction. Spellings with an exponent are not among these.
"""

from decimal import Decimal

_FRACTION = r"(\.[0-9]+)?"
MAX_DIGITS = 40
"""Of a bound, before and behind the point; the expression grows with their square."""


def is_short(bound: Decimal) -> bool:
    """Whether `bound` can be written here."""
    integer, fraction = _digits(abs(bound))
    return len(integer) <= MAX_DIGITS and len(fraction) <= MAX_DIGITS


def exactly(number: Decimal) -> str:
    """Return the expression for the spellings of `number`."""
    integer, fraction = _digits(abs(number))
    sign = "-?" if number == 0 else "-" if number < 0 else ""
    return sign + integer + (rf"\.{fraction}0*" if fraction else r"(\.0+)?")


def at_least(bound: Decimal, *, strictly: bool) -> str:
    """Return the expression for the numbers from `bound` on, or above it."""
    is_positive = bound > 0 or (bound == 0 and strictly)
    positive = _above(bound if is_positive else Decimal(0), strictly=strictly and is_positive)
    negative = [] if is_positive else _below(-bound, strictly=strictly)
    return "|".join(positive + [f"-({'|'.join(negative)})"] * bool(negative))


def at_most(bound: Decimal, *, strictly: bool) -> str:
    """Return the expression for the numbers up to `bound`, or below it."""
    is_negative = bound < 0 or (bound == 0 and strictly)
    negative = _above(-bound if is_negative else Decimal(0), strictly=strictly and is_negative)
    positive = [] if is_negative else _below(bound, strictly=strictly)
    return "|".join([f"-({'|'.join(negative)})", *positive])


def _digits(bound: Decimal) -> tuple[str, str]:
    """Return the digits of `bound`, which is not negative, before and behind the point."""
    integer, _, fraction = f"{bound:f}".partition(".")
    return integer.lstrip("0") or "0", fraction.rstrip("0")


def _above(bound: Decimal, *, strictly: bool) -> list[str]:
    """Return expressions for what is not negative and at least `bound`."""
    integer, fraction = _digits(bound)
    longer = f"[1-9][0-9]{{{len(integer)},}}{_FRACTION}"
    greater = [
        f"{integer[:at]}{_span(int(digit) + 1, 9)}{_any(len(integer) - at - 1)}{_FRACTION}"
        for at, digit in enumerate(integer)
        if digit != "9"
    ]
    return [longer, *greater, f"{integer}{_fraction_above(fraction, strictly=strictly)}"]


def _below(bound: Decimal, *, strictly: bool) -> list[str]:
    """Return expressions for what is not negative and at most `bound`; none if nothing is."""
    integer, fraction = _digits(bound)
    options = [f"(0|[1-9][0-9]{{0,{len(integer) - 2}}}){_FRACTION}"] if len(integer) > 1 else []
    for at, digit in enumerate(integer):
        least = 1 if at == 0 and len(integer) > 1 else 0
        if int(digit) > least:
            rest = _any(len(integer) - at - 1)
            options.append(f"{integer[:at]}{_span(least, int(digit) - 1)}{rest}{_FRACTION}")
    equal = _fraction_below(fraction, strictly=strictly)
    return options if equal is None else [*options, f"{integer}{equal}"]


def _fraction_above(digits: str, *, strictly: bool) -> str:
    if not digits:
        return r"\.[0-9]*[1-9][0-9]*" if strictly else _FRACTION
    options = [
        f"{digits[:at]}{_span(int(digit) + 1, 9)}[0-9]*"
        for at, digit in enumerate(digits)
        if digit != "9"
    ]
    equal = "[0-9]*[1-9][0-9]*" if strictly else "[0-9]*"
    return rf"\.({'|'.join([*options, digits + equal])})"


def _fraction_below(digits: str, *, strictly: bool) -> str | None:
    if not digits:
        return None if strictly else r"(\.0+)?"
    options = [
        f"{digits[:at]}{_span(0, int(digit) - 1)}[0-9]*"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    shorter = [digits[:at] for at in range(1, len(digits))]
    equal = [] if strictly else [f"{digits}0*"]
    return rf"(\.({'|'.join(options + shorter + equal)}))?"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


def _any(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""
