"""Reads what may be misspelt: a value, a name, a member, each with where it ends.

The spelling is that of core/output/syntax_repair.py and quoted_strings.py. These read whole texts;
here the text may be still to come, and what is said of it must be true of every text that it may
grow into.
"""

import re

from strictgate.core.guard.repairs.violation import MAX_VALUE, WAIT, NeedsMoreText
from strictgate.core.jsontext.reader import NotJSON
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output.quoted_strings import CLOSERS, Role, read_quoted
from strictgate.core.output.syntax_repair import repair_syntax
from strictgate.core.repair_steps import Step, SyntaxRepair
from strictgate.core.value_type import value_type

MAX_SCALAR = 512
_SCALAR = late_pattern(r"[\w.+$-]*+")
_NAME = late_pattern(r"[\w$-]*+")
_GAP = late_pattern(
    r"""
    (?: [ \t\r\n]
      | [\v\f\x85\u00a0\u180e\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]
      | //[^\n]*+\n | \#[^\n]*+\n | /\*(?:[^*]++|\*(?!/))*+\*/
    )*+
    """,
    re.VERBOSE,
)
_COMMENT = late_pattern(r"/[/*]|\#|/\Z")
_BRACKETS = late_pattern(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_ENDS_TRIED = 8


@value_type
class Spelt:
    """A value or name as JSON, where it ends in the source, and what had to be respelt."""

    text: str
    end: int
    steps: tuple[Step, ...] = ()


@value_type
class MisspeltMember:
    """A member of an object: its name and value, and what follows."""

    name: Spelt
    value: Spelt
    next: int
    """Offset of what follows the value and the gap behind it."""


def gap(source: str, start: int, *, final: bool) -> int | NeedsMoreText | None:
    """Return where what stands between two tokens ends: at the first character of the next."""
    found = _GAP.match(source, start)
    end = found.end() if found else start
    if _COMMENT.match(source, end) or end == len(source):
        return None if final or len(source) - start > MAX_VALUE else WAIT
    return end


def value(source: str, start: int, role: Role, *, final: bool) -> Spelt | NeedsMoreText | None:
    """Read the value at `start`; None if there is none, or more than one reading of it."""
    first = source[start : start + 1]
    if not first:
        return None if final else WAIT
    if first in CLOSERS:
        return _string(source, start, role, final=final)
    return (
        _container(source, start, final=final)
        if first in "{["
        else _scalar(source, start, final=final)
    )


def name(source: str, start: int, *, final: bool) -> Spelt | NeedsMoreText | None:
    """Read the property name at `start`."""
    first = source[start : start + 1]
    if not first:
        return None if final else WAIT
    if first in CLOSERS:
        return _string(source, start, Role.NAME, final=final)
    return _bare_name(source, start, final=final)


def starts_name(character: str) -> bool:
    """Whether a name may start with `character`."""
    return character in CLOSERS or character.isalpha() or character in "_$"


def member(source: str, start: int, *, final: bool) -> MisspeltMember | NeedsMoreText | None:
    """Read the member at `start`, and up to what follows it."""
    named = name(source, start, final=final)
    if not isinstance(named, Spelt):
        return named
    colon = gap(source, named.end, final=final)
    if not isinstance(colon, int):
        return colon
    if source[colon] != ":":
        return None
    begin = gap(source, colon + 1, final=final)
    if not isinstance(begin, int):
        return begin
    held = value(source, begin, Role.MEMBER, final=final)
    if not isinstance(held, Spelt):
        return held
    behind = gap(source, held.end, final=final)
    return MisspeltMember(named, held, behind) if isinstance(behind, int) else behind


def _scalar(source: str, start: int, *, final: bool) -> Spelt | NeedsMoreText | None:
    found = _SCALAR.match(source, start)
    end = found.end() if found else start
    if end == start or end - start > MAX_SCALAR:
        return None
    if end == len(source) and not final:
        return WAIT
    return _respelt(source[start:end], end)


def _respelt(source: str, end: int) -> Spelt | None:
    try:
        respelt = repair_syntax(source)
    except NotJSON:
        return None
    return Spelt(respelt.text, end, respelt.steps)


def _bare_name(source: str, start: int, *, final: bool) -> Spelt | NeedsMoreText | None:
    """Read a name without quotes: only its colon shows that it is one."""
    found = _NAME.match(source, start)
    end = found.end() if found else start
    if end == start or end - start > MAX_SCALAR:
        return None
    behind = gap(source, end, final=final)
    if not isinstance(behind, int):
        return behind
    try:
        text = repair_syntax(f"{{{source[start:end]}:0}}").text if source[behind] == ":" else ""
    except NotJSON:
        return None
    return Spelt(text[1:-3], end, (Step(SyntaxRepair.UNQUOTED_NAME),)) if text else None


def _string(source: str, start: int, role: Role, *, final: bool) -> Spelt | NeedsMoreText | None:
    """Read a string, whose end shows in the character behind it."""
    if source.startswith("``", start):
        return None
    try:
        found = read_quoted(source[: start + MAX_VALUE], start, role)
    except NotJSON as error:
        is_over = final or len(source) - start > MAX_VALUE
        return None if is_over or _is_settled(source, start, error.position) else WAIT
    if found.end == len(source) and not final:
        return WAIT
    return Spelt(found.text, found.end, tuple(Step(each) for each in sorted(found.steps)))


def _is_settled(source: str, start: int, position: int) -> bool:
    """Whether what is wrong at `position` of the string at `start` remains so with more text."""
    if position == start:  # it has no end yet
        return False
    if source.startswith("\\u", position):
        return len(source) >= position + 6
    return bool(source[position + 1 :].strip())


def _container(source: str, start: int, *, final: bool) -> Spelt | NeedsMoreText | None:
    """Read an object or array: it ends at the first bracket that makes it one."""
    depth = tried = 0
    for token in _BRACKETS.finditer(source, start, start + MAX_VALUE):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if token[0] in "]}" and depth <= 0:
            if spelt := _respelt(source[start : token.end()], token.end()):
                return spelt
            tried += 1
            if tried == _ENDS_TRIED:
                return None
    return None if final or len(source) - start > MAX_VALUE else WAIT
