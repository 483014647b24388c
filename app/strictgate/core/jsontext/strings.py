"""The inside of a JSON string, in bytes that grow.

It is made of units: a plain character in UTF-8, an escape, two escapes that are a surrogate pair.
`whole_until` finds where the units that are whole end, `begun_until` how far what follows is the
beginning of one. Both go by compiled expressions, for strings are most of a document. What cannot
become a unit is refused at its first such byte: an overlong form, half of a surrogate pair.
"""

import re

import orjson

_TAIL = "[\\x80-\\xbf]"
_HEX = "[0-9a-fA-F]"
_ASCII = '[^"\\\\\\x00-\\x1f\\x80-\\xff]'
_CHARACTERS = (  # beyond ASCII, byte by byte: RFC 3629, section 4
    ("[\\xc2-\\xdf]", _TAIL),
    ("\\xe0", "[\\xa0-\\xbf]", _TAIL),
    ("[\\xe1-\\xec\\xee\\xef]", _TAIL, _TAIL),
    ("\\xed", "[\\x80-\\x9f]", _TAIL),
    ("\\xf0", "[\\x90-\\xbf]", _TAIL, _TAIL),
    ("[\\xf1-\\xf3]", _TAIL, _TAIL, _TAIL),
    ("\\xf4", "[\\x80-\\x8f]", _TAIL, _TAIL),
)
_CODES = (  # what follows `\u`
    ("[0-9a-ce-fA-CE-F]", _HEX, _HEX, _HEX),
    ("[dD]", "[0-7]", _HEX, _HEX),
    ("[dD]", "[89abAB]", _HEX, _HEX, r"\\", "u", "[dD]", "[c-fC-F]", _HEX, _HEX),
)
_SHORT = r'["\\/bfnrt]'


def _alternatives(*sequences: tuple[str, ...]) -> str:
    return "(?:" + "|".join("".join(each) for each in sequences) + ")"


def _beginnings(*sequences: tuple[str, ...]) -> str:
    """Return an expression of what begins any of `sequences`, the empty beginning included."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in sequences:
        groups.setdefault(first, []).append(tuple(rest))
    parts = [first + (_beginnings(*rests) if all(rests) else "") for first, rests in groups.items()]
    return f"(?:{'|'.join(parts)})?+"


_ESCAPES = (("\\\\", _SHORT), *(("\\\\", "u", *each) for each in _CODES))
_UNIT = _alternatives((_ASCII,), *_CHARACTERS, *_ESCAPES)
_WHOLE = re.compile(f"(?:{_ASCII}++|{_alternatives(*_CHARACTERS, *_ESCAPES)})*+".encode("latin-1"))
_TEXT = re.compile(f"(?:{_ASCII}++|{_alternatives(*_CHARACTERS)})*+".encode("latin-1"))
_BEGUN = re.compile(_beginnings(*_CHARACTERS, *_ESCAPES).encode("latin-1"))
_NEAR = 1024  # bytes
_PLAIN_RUN = re.compile(rb"[^\\]{12}")
_EACH = re.compile(_UNIT.encode("latin-1"))


def whole_until(text: bytes | bytearray, start: int) -> int:
    """Return where the whole units end that stand from `start`, which is where one begins."""
    return _WHOLE.match(text, start).end()  # type: ignore[union-attr]


def text_until(text: bytes | bytearray, start: int) -> int:
    """Return where the plain characters end that stand from `start`, which is where one begins."""
    return _TEXT.match(text, start).end()  # type: ignore[union-attr]


def resume_from(text: bytes | bytearray, start: int, end: int) -> int:
    """Return a place near `end` where a unit begins, in the string whose units begin at `start`.

    It need not go back to the start: where 12 bytes without a backslash came, no escape is open.
    """
    low = max(start, end - _NEAR)
    plain = _PLAIN_RUN.search(text, low, end) if low > start else None
    if plain is None:
        return start
    position = plain.end()
    while position < end and text[position] & 0xC0 == 0x80:  # the rest of a character
        position += 1
    return position


def begun_until(text: bytes | bytearray, start: int) -> int:
    """Return where the bytes end that begin a unit at `start`."""
    return _BEGUN.match(text, start).end()  # type: ignore[union-attr]


def parse_string(quoted: bytes | bytearray) -> str:
    """Return what a whole string, with its quotes, says."""
    text: str = orjson.loads(quoted)
    return text


def length(units: bytes | bytearray) -> int:
    """Return how many characters whole `units` are."""
    return len(units) if units.isascii() and b"\\" not in units else len(_EACH.findall(units))


def offset(units: bytes | bytearray, count: int) -> int:
    """Return where the first `count` characters end."""
    position = 0
    for _ in range(count):
        position = _EACH.match(units, position).end()  # type: ignore[union-attr]
    return position
