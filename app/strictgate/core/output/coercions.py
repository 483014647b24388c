"""The same data in another type: what a value says, read as what is wanted.

A reading keeps the value's own characters: the number in `"4.50"` becomes 4.50. There is none
where nothing fits, and none where two things do.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from strictgate.core.jsontext.reader import NotJSON, json_type, parse_json, write_json
from strictgate.core.repair_steps import LenientRepair, LosslessRepair
from strictgate.core.value_type import value_type

_BLANKS = " \t\r\n"
_PYTHON = {"True": "true", "False": "false"}
_WHOLE = re.compile(r"(-?\d+)\.0+")


@value_type
class Coercion:
    """A JSON text to stand for a value, and the step that this is."""

    text: str
    step: LosslessRepair | LenientRepair


def in_type(value: Any, source: str, wanted: Collection[str]) -> Coercion | None:
    """Return the reading of `value`, spelt `source`, in one of the `wanted` types."""
    found = set(_FROM.get(json_type(value), _nothing)(value, source, wanted))
    return found.pop() if len(found) == 1 else None


def in_each_type(value: Any, source: str, types: Collection[str]) -> Iterator[Coercion]:
    """Yield the readings of `value`, spelt `source`, in each of these types by itself."""
    if isinstance(value, str):
        held = _held(value)  # which takes longest, and is the same for all
        for each in types:
            yield from _holding(held, (each,))
    else:
        yield from filter(None, (in_type(value, source, (each,)) for each in types))


def as_option(value: Any, source: str, options: Collection[Any]) -> Coercion | None:
    """Return the one of `options` that `value`, spelt `source`, differs from in nothing but case,
    surrounding blanks, or type."""
    found = {reading for option in options if (reading := _option(value, source, option))}
    return found.pop() if len(found) == 1 else None


def alone_in_array(value: Any, source: str, wanted: Collection[str]) -> Coercion | None:
    """Return the lone `value` in the array that is wanted."""
    if "array" not in wanted or value is None or isinstance(value, list):
        return None
    if isinstance(value, str) and value.lstrip().startswith("["):
        return None  # an array already, in some spelling of its own
    return Coercion(f"[{source}]", LenientRepair.WRAPPED)


def fold(text: str) -> str:
    """Return `text` without what mends pass over: case and surrounding blanks."""
    return text.strip().lower()


def _nothing(value: Any, source: str, wanted: Collection[str]) -> Iterator[Coercion]:
    yield from ()


def _string(value: str, source: str, wanted: Collection[str]) -> Iterator[Coercion]:
    yield from _holding(_held(value), wanted)


def _holding(told: tuple[Any, str], wanted: Collection[str]) -> Iterator[Coercion]:
    """Yield the reading of a string that holds JSON, as `_held` has found it."""
    held, text = told
    kind = json_type(held)
    if kind in wanted or (kind == "number" and "integer" in wanted and held == held // 1):
        step = _HELD.get(kind)
        if step is not None and text:
            yield Coercion(text, step)


def _held(value: str) -> tuple[Any, str]:
    """Return the JSON that the string `value` holds, and its text, which is empty for none."""
    text = value.strip(_BLANKS)
    text = _PYTHON.get(text, text)
    try:
        return parse_json(text), text
    except NotJSON:
        return None, ""


_HELD = {
    "number": LosslessRepair.STRING_TO_NUMBER,
    "boolean": LosslessRepair.STRING_TO_BOOLEAN,
    "null": LosslessRepair.STRING_TO_NULL,
    "object": LosslessRepair.STRING_TO_OBJECT,
    "array": LosslessRepair.STRING_TO_ARRAY,
}


def _number(value: Any, source: str, wanted: Collection[str]) -> Iterator[Coercion]:
    if "string" in wanted:
        yield Coercion(f'"{source}"', LosslessRepair.NUMBER_TO_STRING)
    if "integer" in wanted and (whole := _WHOLE.fullmatch(source)):
        yield Coercion(whole[1], LosslessRepair.NUMBER_TO_INTEGER)


def _boolean(value: Any, source: str, wanted: Collection[str]) -> Iterator[Coercion]:
    if "string" in wanted:
        yield Coercion(f'"{source}"', LosslessRepair.BOOLEAN_TO_STRING)


_FROM: dict[str, Callable[[Any, str, Collection[str]], Iterator[Coercion]]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
}


def _option(value: Any, source: str, option: Any) -> Coercion | None:
    """Return `value` read as `option`, if they are the same."""
    if isinstance(value, str) and isinstance(option, str):
        same = fold(value) == fold(option) and value != option
        return Coercion(write_json(option), LosslessRepair.OPTION) if same else None
    reading = in_type(value, source, {json_type(option)})
    if reading is None or isinstance(option, list | dict):
        return None
    return reading if parse_json(reading.text) == option else None
