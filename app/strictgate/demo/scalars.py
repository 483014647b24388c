"""Candidates for the strings and numbers of a schema, the most natural first.

Nothing here is certain to be valid: document.py takes the first candidate that is.
"""

import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from strictgate.demo.formats import FORMATS
from strictgate.demo.patterns import matching_texts

_WORD_BREAK = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])")
_SAMPLES = (
    *("a", "A1", "1", "1.0.0", "v1.0.0", "example.com", "/path/to/file", "https://example.com/"),
    *("2026-01-01", "#00aaff", "person@example.com", "Aa1!Aa1!Aa1!", "10", "100%", "en-US", ""),
    *("file.txt", "*", "C:\\path", "application/json", "192.0.2.1", "owner/name", "$value"),
)
"""Texts that match the patterns of many real schemas."""
_REPEATS = (0, 1, 2, 5, 9, 19, 31, 63)
"""By how many items the repetitions of a pattern are longer than they must be, text by text."""


def readable_name(name: str) -> str:
    """Return a property name as plain words: `Product name` for `product_name`."""
    words = " ".join(part.lower() for part in _WORD_BREAK.split(name) if part)
    return words[:1].upper() + words[1:] or "Value"


def string_candidates(schema: dict[str, Any], name: str, variant: int) -> Iterator[str]:
    """Yield strings for a schema.

    Args:
        schema: the merged keywords.
        name: the name of the property, from which natural texts are made.
        variant: which of several strings for the same schema this is.
    """
    known = FORMATS.get(str(schema.get("format")))
    if known is not None:
        yield known.text(variant)
    low, high = int(schema.get("minLength", 0)), schema.get("maxLength", math.inf)
    number = f" {variant + 1}" if variant else ""
    plain = readable_name(name) + number
    if "pattern" in schema:
        yield from _for_pattern(schema, plain, variant)
    yield _sized(plain, low, high)
    yield _sized(f"{variant + 1}" * max(low, 1), low, high)
    yield from _SAMPLES
    if known is not None:
        yield from (known.sample.replace("{}", "1" * extra) for extra in range(2, 20))


def _for_pattern(schema: dict[str, Any], plain: str, variant: int) -> Iterator[str]:
    low = int(schema.get("minLength", 0))
    slug = plain.lower().replace(" ", "-")
    for candidate in (plain, slug, slug.replace("-", "_"), slug.replace("-", ""), plain.upper()):
        yield candidate if len(candidate) >= low else candidate.ljust(low, candidate[-1])
    lengths = [*_REPEATS, low, *range(max(low - 8, 0), min(low, 200))]
    yield from matching_texts(schema["pattern"], variant, lengths)
    if variant:
        yield from matching_texts(schema["pattern"], 0, [extra + variant for extra in (1, 2, 3)])


def _sized(text: str, low: int, high: float) -> str:
    """Return `text`, repeated or cut to a length from `low` to `high`."""
    if len(text) < low:
        text = (text + " ") * math.ceil(low / (len(text) + 1))
        text = text[:low].rstrip().ljust(low, ".")
    return text if len(text) <= high else text[-int(high) :].strip() if high else ""


def number_candidates(
    schema: dict[str, Any], variant: int, *, whole: bool
) -> Iterator[int | float]:
    """Yield numbers for a schema; another variant means other numbers, `whole` means integers."""
    step = Fraction(str(schema.get("multipleOf") or 1))
    if whole and step.denominator != 1:
        step = Fraction(step.numerator)
    low = _bound(schema, max, "minimum", "exclusiveMinimum")
    high = _bound(schema, min, "maximum", "exclusiveMaximum")
    start = -math.floor(-low / step) * step if low is not None else None
    natural: list[Fraction] = [Fraction(3), Fraction(1), Fraction(0)]
    if not whole:
        natural.insert(0, Fraction(9, 2))
    if start is not None:
        natural += [start, start + step, low or start]
    if high is not None:
        end = high // step * step
        natural += [end, end - step, high]
    if low is not None and high is not None:
        natural.append((low + high) / 2)
    natural += [step, step * 3]
    for number in [each + variant * step for each in natural] + natural:
        yield int(number) if number.denominator == 1 else float(number)


def _bound(
    schema: dict[str, Any], strongest: Callable[[list[Fraction]], Fraction], *keywords: str
) -> Fraction | None:
    """Return the strongest of the bounds that the keywords give; None if there is none.

    In draft 4, an exclusive one is a boolean and no bound.
    """
    values = [schema.get(keyword) for keyword in keywords]
    found = [
        Fraction(str(value))
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return strongest(found) if found else None
