"""Strings and numbers for a schema: candidates, the most natural first.

Nothing here is promised to be valid: the caller takes the first candidate that is.
"""

import math
import re
from collections.abc import Iterator
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
_REPEATS = (0, 1, 2, 5, 9, 19, 31, 63)


def readable_name(name: str) -> str:
    """Return a property name as a reader would say it: `product_name` → `Product name`."""
    spoken = " ".join(part.lower() for part in _WORD_BREAK.split(name) if part)
    return spoken[:1].upper() + spoken[1:] or "Value"


def string_candidates(schema: dict[str, Any], name: str, turn: int) -> Iterator[str]:
    """Yield strings for `schema`, which is called `name`; another `turn` means other strings."""
    known = FORMATS.get(str(schema.get("format")))
    if known is not None:
        yield known.text(turn)
    low, high = int(schema.get("minLength", 0)), schema.get("maxLength", math.inf)
    number = f" {turn + 1}" if turn else ""
    plain = readable_name(name) + number
    if "pattern" in schema:
        yield from _patterned(schema, plain, turn)
    yield _sized(plain, low, high)
    yield _sized(f"{turn + 1}" * max(low, 1), low, high)
    yield from _SAMPLES
    if known is not None:
        yield from (known.sample.replace("{}", "1" * extra) for extra in range(2, 20))


def _patterned(schema: dict[str, Any], plain: str, turn: int) -> Iterator[str]:
    low = int(schema.get("minLength", 0))
    slug = plain.lower().replace(" ", "-")
    for candidate in (plain, slug, slug.replace("-", "_"), slug.replace("-", ""), plain.upper()):
        yield candidate if len(candidate) >= low else candidate.ljust(low, candidate[-1])
    lengths = [*_REPEATS, low, *range(max(low - 8, 0), min(low, 200))]
    yield from matching_texts(schema["pattern"], turn, lengths)
    if turn:
        yield from matching_texts(schema["pattern"], 0, [extra + turn for extra in (1, 2, 3)])


def _sized(text: str, low: int, high: float) -> str:
    """Repeat or cut `text` to the length that is asked for."""
    if len(text) < low:
        text = (text + " ") * math.ceil(low / (len(text) + 1))
        text = text[:low].rstrip().ljust(low, ".")
    return text if len(text) <= high else text[-int(high) :].strip() if high else ""


def number_candidates(schema: dict[str, Any], turn: int, *, whole: bool) -> Iterator[int | float]:
    """Yield numbers for `schema`; another `turn` means other numbers."""
    step = Fraction(str(schema.get("multipleOf") or 1))
    if whole and step.denominator != 1:
        step = Fraction(step.numerator)
    low, high = _bound(schema, "inimum"), _bound(schema, "aximum")
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
    for number in [each + turn * step for each in natural] + natural:
        yield int(number) if number.denominator == 1 else float(number)


def _bound(schema: dict[str, Any], ending: str) -> Fraction | None:
    found = [
        Fraction(str(schema[name]))
        for name in ("m" + ending, "exclusiveM" + ending)
        if isinstance(schema.get(name), int | float) and not isinstance(schema[name], bool)
    ]
    if not found:
        return None
    return max(found) if ending == "inimum" else min(found)
