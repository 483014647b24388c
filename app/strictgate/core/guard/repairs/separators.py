"""Mends between tokens: blanks that JSON does not know, comments, commas, colons, braces."""

from strictgate.core.guard.repairs import tokens
from strictgate.core.guard.repairs.tokens import Spelt, starts_name
from strictgate.core.guard.repairs.violation import (
    BLANKS,
    MAX_VALUE,
    WAIT,
    Proposal,
    Proposals,
    Violation,
    ViolationPlace,
)
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.late_pattern import late_pattern
from strictgate.core.output.quoted_strings import Role
from strictgate.core.repair_steps import Step, SyntaxRepair

_ODD = late_pattern(
    r"[\v\f\x85\u00a0\u180e\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]++"
)
_COMMENT = late_pattern(r"(?://|\#)[^\n]*+(?=\n)|/\*(?:[^*]++|\*(?!/))*+\*/")
_LAST_COMMENT = late_pattern(r"(?://|\#)[^\n]*+\Z")
_COMMENT_STARTS = ("//", "/*", "#")
_DIGIT = late_pattern(r"[-+]?\.?\d")
_JOINS = late_pattern(r"[\w.+$-]")


def odd_blank(violation: Violation) -> Proposals:
    """A run of blanks that JSON does not know becomes one that it does."""
    found = None if _is_in_string(violation) else _ODD.match(violation.coming)
    if not found:
        return ()
    if found.end() == len(violation.coming) and not violation.final:
        return WAIT
    step = Step(SyntaxRepair.BLANK)
    return [Proposal(len(violation.text), len(found[0].encode()), b" ", (step,))]


def comment(violation: Violation) -> Proposals:
    """A comment is left out; where it held two tokens apart, a blank stays."""
    coming = violation.coming
    if _is_in_string(violation) or not coming or coming[0] not in "/#":
        return ()
    found = _COMMENT.match(coming)
    if not found and violation.final:
        found = _LAST_COMMENT.match(coming)
    if not found:
        is_over = violation.final or len(coming) > MAX_VALUE
        may_be = coming == "/" or coming.startswith(_COMMENT_STARTS)
        return () if is_over or not may_be else WAIT
    if found.end() == len(coming) and not violation.final:
        return WAIT
    is_between = violation.guard.scanner.token and _JOINS.match(coming, found.end())
    left = b" " if is_between else b""
    step = Step(SyntaxRepair.COMMENT)
    return [Proposal(len(violation.text), len(found[0].encode()), left, (step,))]


def trailing_comma(violation: Violation) -> Proposals:
    """A comma before the bracket that closes is left out."""
    before = violation.text.rstrip(BLANKS)
    closer = _closer(violation)
    step = (Step(SyntaxRepair.TRAILING_COMMA),)
    is_between = violation.guard.scanner.token is None
    if is_between and violation.ahead[:1] == closer and before.endswith(b","):
        comma = len(before) - 1
        return [Proposal(comma, 0, violation.text[comma + 1 :], step)]
    if violation.place is not ViolationPlace.SEPARATOR or not violation.ahead.startswith(b","):
        return ()
    follows = tokens.gap(violation.coming, 1, final=violation.final)
    if not isinstance(follows, int):
        return follows or ()
    is_last = violation.coming[follows].encode() == closer
    return [Proposal(len(violation.text), 1, b"", step, closer)] if is_last else ()


def extra_comma(violation: Violation) -> Proposals:
    """A comma where a name should stand is left out, if an object has more than commas. In an array
    it may stand for an item that is missing."""
    is_name = violation.place is ViolationPlace.NAME and violation.start == len(violation.text)
    if not is_name or not violation.ahead.startswith(b","):
        return ()
    follows = tokens.gap(violation.coming, 1, final=violation.final)
    if not isinstance(follows, int):
        return follows or ()
    is_behind_member = violation.text.rstrip(BLANKS).endswith(b",")
    may_follow = violation.coming[follows] in (",}" if is_behind_member else ",")
    if not may_follow and not starts_name(violation.coming[follows]):
        return ()
    return [Proposal(len(violation.text), 1, b"", (Step(SyntaxRepair.EXTRA_COMMA),))]


def missing_comma(violation: Violation) -> Proposals:
    """A comma goes between two values, or a value and a name, if they are clearly two."""
    if violation.place is not ViolationPlace.SEPARATOR or not violation.coming:
        return ()
    before = violation.text.rstrip(BLANKS)
    gap = violation.text[len(before) :]
    if not before or not _is_apart(before, gap, violation.coming):
        return ()
    is_member = violation.role is Role.MEMBER
    follows = _name_and_colon(violation) if is_member else _starts_value(violation, Role.ITEM)
    if not isinstance(follows, bool):
        return WAIT
    step = Step(SyntaxRepair.MISSING_COMMA)
    return [Proposal(len(before), 0, b"," + gap, (step,))] if follows else ()


def missing_colon(violation: Violation) -> Proposals:
    """A colon goes between a name and a value that no colon follows."""
    if violation.place is not ViolationPlace.COLON:
        return ()
    coming, final = violation.coming, violation.final
    if coming[:1] not in ("{", "["):
        spelt = tokens.value(coming, 0, Role.MEMBER, final=final)
        if not isinstance(spelt, Spelt):
            return spelt or ()
        follows = tokens.gap(coming, spelt.end, final=final)
        if not isinstance(follows, int):
            return follows or ()
        if not (coming[follows] in ",}" or starts_name(coming[follows])):
            return ()
    return [Proposal(len(violation.text), 0, b":", (Step(SyntaxRepair.MISSING_COLON),))]


def doubled_brace(violation: Violation) -> Proposals:
    """Of two braces that open an object one is left out, and one of those that close it.

    The document as a whole is over with the first brace that closes it; what follows does not
    count.
    """
    text, coming = violation.text, violation.coming
    if violation.place is not ViolationPlace.NAME or not (
        text.endswith(b"{") and coming[:1] == "{"
    ):
        return ()
    step = Step(SyntaxRepair.DOUBLED_BRACE)
    if len(text) > 1:
        source = "{" + coming
        spelt = tokens.value(source, 0, violation.role, final=violation.final)
        if not isinstance(spelt, Spelt):
            return spelt or ()
        used = len(source[: spelt.end].encode()) - 1
        data = spelt.text.encode()
        return [Proposal(len(text) - 1, used, data, spelt.steps, is_nested=True)]
    follows = tokens.gap(coming, 1, final=violation.final)
    if not isinstance(follows, int):
        return follows or ()
    is_object = coming[follows] == "}" or starts_name(coming[follows])
    return [Proposal(len(text), 1, b"", (step,))] if is_object else ()


def _is_in_string(violation: Violation) -> bool:
    return violation.guard.scanner.token in (LexicalToken.NAME, LexicalToken.STRING)


def _closer(violation: Violation) -> bytes:
    return {Role.MEMBER: b"}", Role.ITEM: b"]", Role.ROOT: b""}[violation.role]


def _is_apart(before: bytes, gap: bytes, coming: str) -> bool:
    """Whether what ended and what comes now are two things, and not `1 000`."""
    if not gap:
        return before[-1:] in (b"}", b"]") and coming[0] in '{["'
    return b"\n" in gap or not (before[-1:].isdigit() and _DIGIT.match(coming))


def _name_and_colon(violation: Violation) -> bool | None:
    """Whether a name with its colon comes; None if that does not show yet."""
    coming, final = violation.coming, violation.final
    named = tokens.name(coming, 0, final=final)
    if not isinstance(named, Spelt):
        return None if named else False
    follows = tokens.gap(coming, named.end, final=final)
    if not isinstance(follows, int):
        return None if follows else False
    return coming[follows] == ":"


def _starts_value(violation: Violation, role: Role) -> bool | None:
    """Whether a value comes; None if that does not show yet."""
    if violation.coming[0] in "{[":
        return True
    spelt = tokens.value(violation.coming, 0, role, final=violation.final)
    return isinstance(spelt, Spelt) if isinstance(spelt, Spelt | None) else None
