"""Regular expressions that are matched in linear time.

The validator's engine (Rust's `regex`, which takes the syntax of ECMA 262 here) has no look-around
and no back-references, and so no value can make it hang. Two kinds of patterns with look-around are
accepted all the same, because common tools write them:

* `^(?!A)B` says "B, and not A, from the start". It is split into two patterns, of which one must
  match and the other must not. pydantic writes decimal numbers like this, zod e-mail addresses.
  `B(?<!A)$` says the same from the end.
* What `_EQUIVALENTS` lists has a pattern without look-around that means the same.

All other patterns that the engine does not take are refused.

A pattern of a few bytes can take megabytes when it is compiled: a counted repetition is written out
as often as it counts, and a class of Unicode characters is hundreds of states. So the engine is
asked how big a pattern gets: it compiles under a limit, and stops where it would pass it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import field, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from strictgate.core.schema.drafts import walk_subschemas
from strictgate.core.value_type import value_type

_SIZES = tuple(8192 << step for step in range(11))
"""The limits in bytes that a pattern is compiled under, one after the other. Each attempt that
fails costs half of the next one, so all of them together cost about as much as the last."""
_NOTHING = 1
"""A limit that only those patterns can be compiled under that are mere texts, or a choice of such:
the engine looks for these without states."""
_PER_CHARACTER = 10
"""Bytes that such a pattern takes for each character; measured."""
MAX_SIZE = _SIZES[-1]
"""Bytes that one pattern may take compiled, whatever a schema's budget is."""
_DFA_SIZE = 64 * 1024
"""Bytes of the states that the engine keeps while it matches one pattern. They grow with the texts
that it reads, and it begins anew when they are full. The engine's default is 2 MiB. Of 122 patterns
of real schemas, with texts of up to 200 characters, one took 4.5 times as long as with that (long
counts of a class of Unicode characters), and the others about as long."""
OPTIONS = RegexOptions(size_limit=MAX_SIZE, dfa_size_limit=_DFA_SIZE)
"""Options for the validator: these choose the linear-time engine. Its default is another engine,
which backtracks."""
_LIMITED = {
    size: RegexOptions(size_limit=size, dfa_size_limit=_DFA_SIZE) for size in (_NOTHING, *_SIZES)
}
MAX_LENGTH = 8192
"""In characters. The longest of 9,638 patterns in real schemas has 5,153."""
_LOOK_AHEAD = re.compile(r"\^\(\?([=!])")
_LOOK_BEHIND = re.compile(r"\(\?<([=!])")
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
_REASONS = (
    (re.compile(r"\(\?[=!]"), "look-ahead"),
    (re.compile(r"\(\?<[=!]"), "look-behind"),
    (re.compile(r"\\(?:[1-9]|k<)"), "a back-reference"),
)

_SECONDS = r"\d+(?:[.,]\d+)?S"
_TIME = rf"T(?:\d+H(?:\d+M)?(?:{_SECONDS})?|\d+M(?:{_SECONDS})?|{_SECONDS})"
_DATE = r"(?:\d+Y(?:\d+M)?(?:\d+D)?|\d+M(?:\d+D)?|\d+D)"
_EQUIVALENTS = {
    # zod's `z.iso.duration()`: the look-aheads forbid "P", and a "T" with nothing after it.
    r"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?"
    r"(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$": rf"^P(?:\d+W|{_DATE}(?:{_TIME})?|{_TIME})$",
}
"""For patterns with look-around, a pattern without it that means the same."""


class UnsupportedPattern(ValueError):
    """The pattern cannot be matched in linear time, or is no regular expression.

    The message says which, as the end of a sentence: "uses look-behind, which …".
    """


class PatternTooLarge(UnsupportedPattern):
    """The pattern takes more memory than it may."""


@value_type
class Pattern:
    """A pattern as the engine takes it, which may be several patterns of the engine."""

    must_match: tuple[str, ...]
    """All of these match."""
    must_not_match: tuple[str, ...] = ()
    """None of these matches."""
    is_plain: bool = False
    """Whether the engine takes the pattern as it was written."""
    size: int = field(default=0, compare=False)
    """About how many bytes it takes compiled. Above 8 KiB, this is what the engine says, or up to
    twice as much."""


def parse_pattern(pattern: str, room: int = MAX_SIZE) -> Pattern:
    """Return `pattern` as the engine takes it.

    Args:
        pattern: in the syntax of ECMA 262.
        room: bytes that it may take compiled.

    Raises:
        PatternTooLarge: it takes more.
        UnsupportedPattern: the engine cannot take it.
    """
    if len(pattern) > MAX_LENGTH:
        raise UnsupportedPattern(f"is longer than {MAX_LENGTH} characters")
    if _is_engine_syntax(pattern):
        return Pattern((pattern,), is_plain=True, size=_compiled_size(pattern, room))
    found = _split_look_around(pattern)
    if pattern in _EQUIVALENTS:
        found = Pattern((_EQUIVALENTS[pattern],))
    parts = found.must_match + found.must_not_match if found else ()
    if found and all(map(_is_engine_syntax, parts)):
        size = 0
        for part in parts:
            size += _compiled_size(part, room - size)
        return replace(found, size=size)
    used = [name for sign, name in _REASONS if sign.search(pattern)]
    raise UnsupportedPattern(
        f"uses {' and '.join(used)}, which cannot be matched in linear time"
        if used
        else "is not a regular expression"
    )


def pattern_predicate(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether `pattern` is found in a string.

    Raises:
        UnsupportedPattern: see `parse_pattern`.
    """
    parts = parse_pattern(pattern)
    must_match = [_validator(part) for part in parts.must_match]
    must_not_match = [_validator(part) for part in parts.must_not_match]
    return lambda text: (
        all(each.is_valid(text) for each in must_match)
        and not any(each.is_valid(text) for each in must_not_match)
    )


def is_ecma_syntax(pattern: str) -> bool:
    """Whether `pattern` keeps to the letter of ECMA 262, by which a lone `]` is an error.

    The engine, and the browsers, take such a `]` as a character.
    """
    return _ecma_syntax().is_valid(pattern)


@cache  # the first validator of a process takes 2 MiB, for the specification's own schemas
def _ecma_syntax() -> Draft202012Validator:
    return Draft202012Validator({"format": "regex"}, validate_formats=True)


def _validator(pattern: str, options: RegexOptions = OPTIONS) -> Draft202012Validator:
    return Draft202012Validator({"pattern": pattern}, pattern_options=options)


def _compiles(pattern: str, size: int) -> bool:
    try:
        _validator(pattern, _LIMITED[size])
    except ValidationError:
        return False
    return True


def _is_engine_syntax(pattern: str) -> bool:
    """Whether the engine can parse `pattern`, however large it gets.

    What is repeated zero times is parsed, but takes no room. A bracket too many would close the
    group that stands around it, and so brackets are looked at first.
    """
    if _compiles(pattern, _SIZES[0]):
        return True
    is_closed = all(depth >= 0 for _, _, depth in _tokens(pattern))
    return is_closed and _compiles(f"(?:{pattern}){{0}}", _SIZES[0])


def _compiled_size(pattern: str, room: int) -> int:
    """Return the least of `_SIZES` that `pattern` can be compiled under; less for a mere text.

    Raises:
        PatternTooLarge: it is more than `room`.
    """
    length = _PER_CHARACTER * len(pattern)
    if length <= room and _compiles(pattern, _NOTHING):
        return length
    for size in _SIZES:
        if size <= room and _compiles(pattern, size):
            return size
    raise PatternTooLarge("is too large a regular expression")


def _split_look_around(pattern: str) -> Pattern | None:
    """Split `^(?!A)(?=B)C(?<!D)$` into A, B, `^C$` and D; None if it does not have this form."""
    if "|" in {token for _, token, depth in _tokens(pattern) if depth == 0}:
        return None
    must_match: list[str] = []
    must_not_match: list[str] = []
    rest = pattern
    while look_behind := _end_look_behind(rest):
        at, sign = look_behind
        (must_match if sign == "=" else must_not_match).append(f"(?:{rest[at + 4 : -2]})$")
        rest = f"{rest[:at]}$"
    while found := _LOOK_AHEAD.match(rest):
        end = _group_end(rest[1:])
        if end is None:
            return None
        (must_match if found[1] == "=" else must_not_match).append(f"^(?:{rest[4 : end + 1]})")
        rest = "^" + rest[end + 2 :]
        if rest.startswith(("^*", "^+", "^?", "^{")):  # the look-ahead has a quantifier
            return None
    return Pattern((rest, *must_match), tuple(must_not_match)) if rest != pattern else None


def _end_look_behind(pattern: str) -> tuple[int, str] | None:
    """Return where the look-behind starts with which the pattern ends, before its `$`, and its
    sign; None if there is none."""
    if not pattern.endswith(")$"):
        return None
    opened: list[int] = []
    for at, token, _ in _tokens(pattern):
        if token == "(":
            opened.append(at)
        elif token == ")" and opened:
            start = opened.pop()
            if at == len(pattern) - 2:
                found = _LOOK_BEHIND.match(pattern, start)
                return (start, found[1]) if found and not opened else None
    return None


def _tokens(pattern: str) -> Iterator[tuple[int, str, int]]:
    """Yield the offset, the text and the depth of each bracket and each `|`.

    Escapes and character classes are tokens of their own, so that no bracket in them counts. A
    closing bracket has the depth outside of its group.
    """
    depth = 0
    for token in _TOKEN.finditer(pattern):
        depth += (token[0] == "(") - (token[0] == ")")
        yield token.start(), token[0], depth


def _group_end(pattern: str) -> int | None:
    """Return the offset of the bracket that closes the group at the start of `pattern`."""
    closings = (at for at, token, depth in _tokens(pattern) if token == ")" and depth == 0)
    return next(closings, None)


# --- patterns in the validator --------------------------------------------------------------------

# The validator compiles every `pattern` itself, and refuses two kinds of patterns that are admitted
# here: those that are split, and, up to draft 7, those that `is_ecma_syntax` denies, because the
# meta-schema of these drafts gives `pattern` the format `regex`. For the first kind, a keyword of
# our own replaces `pattern`. For the second, the document also gets a placeholder for each pattern,
# which the meta-schema accepts, and the keyword looks the pattern up.


class PatternKeyword:
    """A custom keyword `pattern` for the validator; see `pattern_keyword`."""

    by_placeholder: Mapping[str, str]
    """The patterns of a document that has placeholders: see `with_placeholders`."""
    predicates: dict[str, Callable[[str], bool]]
    """What has been compiled for this document, by pattern: each is compiled once."""

    def __init__(self, parent: object, pattern: str, path: object) -> None:
        self._pattern = self.by_placeholder.get(pattern, pattern)
        if self._pattern not in self.predicates:
            self.predicates[self._pattern] = pattern_predicate(self._pattern)
        self._matches = self.predicates[self._pattern]

    def validate(self, value: object) -> None:
        """Raise ValueError, with the pattern as its message, if a string does not match."""
        if isinstance(value, str) and not self._matches(value):
            raise ValueError(self._pattern)


def pattern_keyword(
    by_placeholder: Mapping[str, str] = MappingProxyType({}),
) -> type[PatternKeyword]:
    """Return the keyword for one document, with its placeholders."""
    members = {"by_placeholder": by_placeholder, "predicates": {}}
    return type("PatternKeywordOfDocument", (PatternKeyword,), members)


def with_placeholders(document: Any) -> tuple[Any, dict[str, str]]:
    """Return a copy of `document` with a placeholder for each `pattern`, and the patterns by it."""
    copy = deepcopy(document)
    by_placeholder: dict[str, str] = {}
    for _, schema in walk_subschemas(copy):
        if isinstance(schema.get("pattern"), str):
            placeholder = f"pattern {len(by_placeholder)}"
            by_placeholder[placeholder], schema["pattern"] = schema["pattern"], placeholder
    return copy, by_placeholder
