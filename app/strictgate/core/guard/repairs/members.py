"""Members that the schema forbids: found, and left out with the comma that goes with them.

Only what the validator names as forbidden goes. A name that is there twice is not: to leave one out
would choose between them. And nothing goes if that would leave nothing of what the model said.
"""

from collections.abc import Container
from dataclasses import replace

from strictgate.core.guard.repairs import forbidden_members, tokens, vocabulary
from strictgate.core.guard.repairs.tokens import MisspeltMember, starts_name
from strictgate.core.guard.repairs.violation import (
    BLANKS,
    NeedsMoreText,
    Proposal,
    Proposals,
    Violation,
    ViolationPlace,
    decode,
    leaves,
)
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.output.quoted_strings import Role
from strictgate.core.repair_steps import LenientRepair, Step, SyntaxRepair
from strictgate.core.value_type import value_type


@value_type
class Forbidden:
    """A member that the validator refused once its value was there."""

    path: Path
    """Of the object."""
    container: Container[object]
    """The object as far as it has come."""
    name: str
    start: int
    name_end: int


@value_type
class _Stand:
    """Where a member stands that may have to go. Offsets are bytes of the text and what follows."""

    path: Path
    start: int
    before: int | None
    """Where the value before it ends, if there is one."""
    is_known: bool = False
    """The validator has said that it is forbidden."""
    steps: tuple[Step, ...] = ()


def forbidden_before(violation: Violation) -> Forbidden | None:
    """Return the open member, or one around it, that the validator has refused."""
    scanner = violation.guard.scanner
    is_told = any(each.kind in forbidden_members.KINDS for each in leaves(violation.problems))
    if not is_told or violation.place is ViolationPlace.NAME:
        return None
    for depth, container in enumerate(scanner.containers):
        path = scanner.open_path[:depth]
        for start, end in scanner.name_spans(depth, last=True):
            name = read_name(violation.text[start:end].decode())
            if name is not None and forbidden_members.forbids(violation.problems, path, name):
                return Forbidden(path, container, name, start, end)
    return None


def dropped(violation: Violation) -> Proposals:
    """A member that the schema forbids is left out, if another one stays."""
    stand = _stand(violation)
    if not isinstance(stand, _Stand):
        return stand or ()
    source = decode((violation.text + violation.ahead)[stand.start :])
    member = tokens.member(source, 0, final=violation.final)
    if not isinstance(member, MisspeltMember):
        return member or ()
    name = read_name(member.name.text)
    if name is None or not _may_go(violation, stand, name, member):
        return ()
    span = _span(violation, stand, source, member)
    if not isinstance(span, tuple):
        return span or ()
    start, end = span
    step = Step(LenientRepair.DROPPED, pointer((*stand.path, name)))
    used, left = max(end - len(violation.text), 0), violation.text[end:]
    return [Proposal(start, used, left, (*stand.steps, step))]


def read_name(text: str) -> str | None:
    """Return the name that `text` spells in JSON."""
    try:
        name = parse_json(text)
    except NotJSON:
        return None
    return name if isinstance(name, str) else None


def _stand(violation: Violation) -> _Stand | NeedsMoreText | None:
    """Return where the refused member stands."""
    path = violation.guard.scanner.open_path
    if violation.place is ViolationPlace.NAME:
        return _behind(violation, path, violation.start)
    found = forbidden_before(violation)
    if found:
        return replace(_behind(violation, found.path, found.start), is_known=True)
    is_member = violation.place is ViolationPlace.SEPARATOR and violation.role is Role.MEMBER
    return _after_value(violation, path) if is_member else None


def _after_value(violation: Violation, path: Path) -> _Stand | NeedsMoreText | None:
    """Return where the member behind a value stands, of which the comma was refused already."""
    text = violation.text
    before = len(text.rstrip(BLANKS))
    if before < len(text) and starts_name(violation.coming[0]):
        return _Stand(path, len(text), before, steps=(Step(SyntaxRepair.MISSING_COMMA),))
    if not violation.ahead.startswith(b","):
        return None
    start = tokens.gap(violation.coming, 1, final=violation.final)
    if not isinstance(start, int):
        return start
    return _Stand(path, len(text) + len(violation.coming[:start].encode()), before)


def _behind(violation: Violation, path: Path, start: int) -> _Stand:
    before = violation.text[:start].rstrip(BLANKS)
    is_first = not before.endswith(b",")
    return _Stand(path, start, None if is_first else len(before[:-1].rstrip(BLANKS)))


def _may_go(violation: Violation, stand: _Stand, name: str, member: MisspeltMember) -> bool:
    """Whether the member is forbidden, and is not one that is allowed but for case and blanks; if
    that one is there already, there are two of it."""
    if vocabulary.meant(violation.guard.features, name, ()):
        return False
    return stand.is_known or forbidden_members.is_forbidden(violation, stand.path, name, member)


def _span(
    violation: Violation, stand: _Stand, source: str, member: MisspeltMember
) -> tuple[int, int] | NeedsMoreText | None:
    """Return what is to go: the member with the comma before it, or else with the one behind."""
    follows = source[member.next]
    is_apart = member.next > member.value.end and starts_name(follows)
    if not (follows in ",}" or is_apart):
        return None
    if stand.before is not None and stand.before >= violation.floor:
        return stand.before, stand.start + len(source[: member.value.end].encode())
    if follows != ",":
        return (
            (stand.start, stand.start + len(source[: member.next].encode())) if is_apart else None
        )
    following = tokens.gap(source, member.next + 1, final=violation.final)
    if not isinstance(following, int):
        return following
    if source[following] == "}":
        return None
    return stand.start, stand.start + len(source[:following].encode())
