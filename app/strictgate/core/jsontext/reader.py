"""JSON as RFC 8259 has it, read strictly and written compactly.

`parse_json` refuses what lenient readers let through and what later readers then disagree about:
NaN and Infinity, numbers beyond a double, duplicate names, lone surrogates, more than 128 levels.
Integers of any size are exact. Nothing here repairs.

orjson reads several times as fast as the standard library, and refuses most of that too. What it
lets through can be seen from the text and the value (`is_exact`); then, and where it refuses, the
text is read by the decoder at the end of this module, which also says what is wrong and where.
"""

import json
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

MAX_DEPTH = 128
_LONG_NUMBER = b"0" * 17  # digits in a row, which may not fit where orjson puts them
_LARGE = 4096  # bytes, from which on brackets are not counted
_SHALLOW = 2 * MAX_DEPTH  # bytes, up to which a text has no more levels than that
_SHORT = 128  # bytes, up to which it does not pay to look at less than all first
_DIGITS_ALIKE = bytes(ord("0") if chr(code).isdecimal() else ord(" ") for code in range(256))
_CONTAINERS = (dict, list)
_COLON = re.compile(r"\s*:")
_LITERAL = re.compile(r'"(?:[^"\\]++|\\.)*+"|-?(?:Infinity|NaN|\d[\d.eE+-]*)', re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)


class NotJSON(ValueError):
    """The text is not JSON; `position` is the offset, in characters, where that shows."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def parse_json(text: str) -> Any:
    """Parse `text`, which must be one JSON document and nothing else but blanks.

    Raises:
        NotJSON: with the reason and the offset.
    """
    try:
        raw = text.encode()
        quickly = orjson.loads(raw)
    except ValueError:  # it is no JSON, or nests deeper than orjson reads
        return _parse_exactly(text)
    return quickly if is_exact(raw, quickly) else _parse_exactly(text)


def is_exact(raw: bytes, value: Any) -> bool:
    """Whether `value`, which orjson has read in `raw`, is also what the strict reading of it is.

    orjson keeps the last of several members with the same name, makes floats of integers beyond 64
    bits, and reads 1,024 levels. What is written again as it was has lost nothing of that: most
    clients write compactly. Else a member that is left out has quotes, which are then missing when
    the value is written again: a quote inside a string is written as it was, `\\"`, unless it was
    `\\u0022`.
    """
    levels = 0  # that are put around it
    if len(raw) > _LARGE or (len(raw) > _SHALLOW and _brackets(raw) > MAX_DEPTH):
        if _SPARE is None and _is_too_deep(value):
            return False
        levels = _SPARE or 0
        for _ in range(levels):
            value = [value]
    try:
        written = orjson.dumps(value)
    except TypeError:  # it has more levels, or longer integers, than orjson writes
        return False
    if (written[levels:-levels] if levels else written) == raw:
        return True
    if (b"\\" in raw and b"\\u0022" in raw) or _has_long_number(raw):
        return False
    return written.count(b'"') == raw.count(b'"')


def _brackets(raw: bytes) -> int:
    """Return how many brackets `raw` has: cheap where there are few, whatever its length."""
    return len(raw) - len(raw.replace(b"[", b"").replace(b"{", b""))


def _spare_levels() -> int | None:
    """Return how many levels may be put around a value of MAX_DEPTH so that orjson just writes it:
    that one more makes it fail costs nothing to see, while to walk through the value takes as long
    as to parse it. None: it writes any."""
    value: list[Any] = []
    for levels in range(MAX_DEPTH * 4):
        try:
            orjson.dumps(value)
        except TypeError:
            return levels - MAX_DEPTH if levels >= MAX_DEPTH else None
        value = [value]
    return None


def _parse_exactly(text: str) -> Any:
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _nested_too_deep(text) from None
    except ValueError as error:
        raise _fault(text, error) from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(value):
        raise _nested_too_deep(text)
    check_surrogates(text, value)
    return value


def parse_leniently(raw: bytes) -> Any:
    """Parse what somebody else is responsible for: leniently, but integers are exact.

    Raises:
        ValueError: it is none; NaN and Infinity are none, nor is a number beyond all floats.
    """
    if _has_long_number(raw):
        return json.loads(raw, parse_constant=_finite, parse_float=_finite)
    return orjson.loads(raw)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON's")
    return number


def _has_long_number(raw: bytes) -> bool:
    # Of 17 digits in a row at least two are looked at here, one behind the other: 0.3 ms a MiB.
    if len(raw) > _SHORT and b"00" not in raw[::8].translate(_DIGITS_ALIKE):
        return False
    return _LONG_NUMBER in raw.translate(_DIGITS_ALIKE)  # 12 times as fast as a regex


def json_type(value: Any) -> str:
    """Return the type of `value` as JSON Schema names it; an integer is a `number`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"


def write_json(value: Any) -> str:
    """Return `value` as compact JSON, which can be encoded as UTF-8."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers beyond 64 bits, or lone surrogates
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def json_bytes(value: Any) -> bytes:
    """Return what `write_json` does in UTF-8; of a large value that is half the work."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return write_json(value).encode()


def too_deep(text: str) -> bool:
    """Whether `text` nests deeper than MAX_DEPTH; linear in its length, parses nothing."""
    return _first_too_deep(text) is not None


def _first_too_deep(text: str) -> int | None:
    """Return where `text` gets deeper than MAX_DEPTH."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return None
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token.group()[0]
        depth += (first in "[{") - (first in "]}")
        if depth > MAX_DEPTH:
            return token.start()
    return None


def _fault(text: str, error: ValueError) -> NotJSON:
    """Return why `text` was refused; too many levels come before what else is wrong."""
    if too_deep(text):
        return _nested_too_deep(text)
    match error:
        case json.JSONDecodeError():
            return NotJSON(error.msg, error.pos)
        case _Refused():
            return NotJSON(error.message, error.find(text))
        case _:  # int() past sys.get_int_max_str_digits()
            return NotJSON("Number has too many digits", _literal(text, _is_overlong))


def _is_too_deep(value: Any) -> bool:
    """Whether `value` nests deeper than MAX_DEPTH: level by level, which is several times as fast
    as to read the text's brackets."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(MAX_DEPTH):
        members = (each.values() if type(each) is dict else each for each in level)
        level = [each for one in members for each in one if type(each) in _CONTAINERS]
        if not level:
            return False
    return True


def _nested_too_deep(text: str) -> NotJSON:
    return NotJSON(f"Nested deeper than {MAX_DEPTH} levels", _first_too_deep(text) or 0)


def check_surrogates(text: str, value: Any) -> None:
    """Refuse a lone surrogate, which can come from an escape or stand in `text` itself.

    Raises:
        NotJSON: `value`, which `text` says, holds one.
    """
    if text.isascii() and "\\ud" not in text and "\\uD" not in text:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise NotJSON("Lone surrogate in a string", _literal(text, _is_surrogate)) from error


# --- what the decoder lets through ----------------------------------------------------------------


class _Refused(ValueError):
    """The decoder came upon something; `find` looks for the place, which it does not tell."""

    def __init__(self, message: str, find: Callable[[str], int]) -> None:
        super().__init__(message)
        self.message = message
        self.find = find


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Refused(f"Duplicate property name {json.dumps(twice)}", partial(_second, twice))
    return members


def _float(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise _Refused(
            f"Number {literal[:40]} is out of range", partial(_literal, is_it=literal.__eq__)
        )
    return number


def _constant(name: str) -> Any:
    raise _Refused(f"{name} is not a JSON value", partial(_literal, is_it=name.__eq__))


def _literal(text: str, is_it: Callable[[str], bool]) -> int:
    """Return where the first string or number is that `is_it`."""
    return next((each.start() for each in _LITERAL.finditer(text) if is_it(each.group())), 0)


def _is_overlong(literal: str) -> bool:
    try:
        int(literal)
    except ValueError:
        return literal.removeprefix("-").isdecimal()
    return False


def _is_surrogate(literal: str) -> bool:
    try:
        literal.startswith('"') and json.loads(literal, strict=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _second(name: str, text: str) -> int:
    """Return where an object first has a second property called `name`."""
    counts: list[int] = []  # of that name, in each object or array around
    for token in _TOKEN.finditer(text):
        match token.group()[0]:
            case "[" | "{":
                counts.append(0)
            case "]" | "}":
                counts.pop()
            case _ if _COLON.match(text, token.end()) and json.loads(token.group()) == name:
                counts[-1] += 1
                if counts[-1] == 2:
                    return token.start()
    return 0


_SPARE = _spare_levels()  # 126: it writes 254
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
