"""Regular expressions that are matched in linear time.

The engine (Rust's `regex`, which takes ECMA 262's syntax here) knows no look-around and no
back-references, and so cannot be made to hang by a value. One common form of look-around can be
had all the same: `^(?!A)B` says "B, and not A, from the start", which is two patterns. Decimal
numbers by pydantic and e-mail addresses by zod are written like this. What else common tools write
with look-around has its equivalent in `_EQUIVALENT`. All else is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from strictgate.core.schema.drafts import walk_subschemas

OPTIONS = RegexOptions()
_SMALL = RegexOptions(size_limit=256 * 1024)
_LETTER = Draft202012Validator({"format": "regex"}, validate_formats=True)
MAX_LENGTH = 8192  # characters; the longest of 9,638 real ones has 5,153
_LOOK_AHEAD = re.compile(r"\(\?([=!])")
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
_REASONS = (
    (re.compile(r"\(\?[=!]"), "look-ahead"),
    (re.compile(r"\(\?<[=!]"), "look-behind"),
    (re.compile(r"\\(?:[1-9]|k<)"), "a back-reference"),
)

_SECONDS = r"\d+(?:[.,]\d+)?S"
_TIME = rf"T(?:\d+H(?:\d+M)?(?:{_SECONDS})?|\d+M(?:{_SECONDS})?|{_SECONDS})"
_DATE = r"(?:\d+Y(?:\d+M)?(?:\d+D)?|\d+M(?:\d+D)?|\d+D)"
_EQUIVALENT = {
    # zod's `z.iso.duration()`: the look-aheads forbid "P", and a "T" with nothing after it.
    r"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?"
    r"(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$": rf"^P(?:\d+W|{_DATE}(?:{_TIME})?|{_TIME})$",
}
"""Patterns with look-around, and what says the same without."""


class Unsupported(ValueError):
    """The pattern cannot be matched in linear time, or is none; the message says which."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as the engine takes it, which may be several patterns of the engine."""

    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...] = ()
    is_plain: bool = False
    """Whether the engine takes it as it was written."""


def parse_pattern(pattern: str) -> Pattern:
    """Return `pattern` as the engine takes it.

    Raises:
        Unsupported: the engine cannot take it.
    """
    if len(pattern) > MAX_LENGTH:
        raise Unsupported(f"is longer than {MAX_LENGTH} characters")
    if _compiles(pattern):
        return Pattern((pattern,), is_plain=True)
    if pattern in _EQUIVALENT:
        return Pattern((_EQUIVALENT[pattern],))
    parted = _parted(pattern)
    if parted and all(map(_compiles, parted.must_match + parted.must_not_match)):
        return parted
    used = [name for sign, name in _REASONS if sign.search(pattern)]
    raise Unsupported(
        f"uses {' and '.join(used)}, which cannot be matched in linear time"
        if used
        else "is not a regular expression, or too large a one"
    )


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a predicate on strings that says whether `pattern` matches."""
    parts = parse_pattern(pattern)
    must_match = [_validator(part) for part in parts.must_match]
    must_not_match = [_validator(part) for part in parts.must_not_match]
    return lambda text: (
        all(each.is_valid(text) for each in must_match)
        and not any(each.is_valid(text) for each in must_not_match)
    )


def is_legal(pattern: str) -> bool:
    """Whether drafts up to 7 let it pass: their meta-schemas want the letter of ECMA 262, by which
    a `]` that closes nothing is none. The engine, and the browsers, take it as a character."""
    return _LETTER.is_valid(pattern)


def masked(document: Any) -> tuple[Any, dict[str, str]]:
    """Return a copy of `document` with a name for each pattern, and the patterns by name."""
    copy = deepcopy(document)
    names: dict[str, str] = {}
    for _, schema in walk_subschemas(copy):
        if isinstance(schema.get("pattern"), str):
            name = f"pattern {len(names)}"
            names[name], schema["pattern"] = schema["pattern"], name
    return copy, names


def is_large(pattern: str) -> bool:
    """Whether it takes long to compile: tens of milliseconds, where others take well under one."""
    return not _compiles(pattern, _SMALL)


def _validator(pattern: str, options: RegexOptions = OPTIONS) -> Draft202012Validator:
    return Draft202012Validator({"pattern": pattern}, pattern_options=options)


def _compiles(pattern: str, options: RegexOptions = OPTIONS) -> bool:
    try:
        _validator(pattern, options)
    except ValidationError:
        return False
    return True


def _parted(pattern: str) -> Pattern | None:
    """Part `^(?!A)(?=B)C` into its look-aheads and the rest; None where it is not of this form."""
    rest = pattern.removeprefix("^")
    if rest == pattern or "|" in _top_level(rest):
        return None
    must_match: list[str] = []
    must_not_match: list[str] = []
    while found := _LOOK_AHEAD.match(rest):
        end = _closing(rest)
        if end is None:
            return None
        (must_match if found[1] == "=" else must_not_match).append(f"^(?:{rest[3:end]})")
        rest = rest[end + 1 :]
        if rest.startswith(("*", "+", "?", "{")):  # a look-ahead that may be left out
            return None
    return Pattern((f"^{rest}", *must_match), tuple(must_not_match))


def _depths(pattern: str) -> Iterator[tuple[int, str, int]]:
    """Yield position, token and depth for each bracket and each `|`."""
    depth = 0
    for token in _TOKEN.finditer(pattern):
        depth += (token[0] == "(") - (token[0] == ")")
        yield token.start(), token[0], depth


def _top_level(pattern: str) -> set[str]:
    return {token for _, token, depth in _depths(pattern) if depth == 0}


def _closing(pattern: str) -> int | None:
    """Return where the group that opens `pattern` ends."""
    closings = (at for at, token, depth in _depths(pattern) if token == ")" and depth == 0)
    return next(closings, None)


class PatternKeyword:
    """The keyword `pattern` for the validator, for schemas whose patterns are not all plain."""

    names: Mapping[str, str] = {}
    """What masks the document: see `masked`."""

    def __init__(self, parent: object, pattern: str, path: object) -> None:
        self._pattern = self.names.get(pattern, pattern)
        self._matches = matcher(self._pattern)

    def validate(self, value: object) -> None:
        """Raise ValueError, with the pattern, where it does not match."""
        if isinstance(value, str) and not self._matches(value):
            raise ValueError(self._pattern)


def keyword(names: Mapping[str, str]) -> type[PatternKeyword]:
    """Return the keyword for a document that is masked by `names`."""
    return type("MaskedPatternKeyword", (PatternKeyword,), {"names": names})
