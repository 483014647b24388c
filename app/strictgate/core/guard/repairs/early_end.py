"""A mend at a bracket that came too early: an object was closed, and its members go on behind it.

Weak models close an object with the first member that looks like a last one, and then write those
that are left behind the bracket, where the schema has no place for them. The bracket is taken back,
if there is one object only that the next member can belong to: the schema declares its name there,
not around it, and it is not there yet. The model's own brackets behind it close what is open then.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from strictgate.core.guard.repairs import tokens
from strictgate.core.guard.repairs.members import read_name
from strictgate.core.guard.repairs.tokens import Spelt
from strictgate.core.guard.repairs.violation import (
    BLANKS,
    NeedsMoreText,
    Proposal,
    Proposals,
    Violation,
    ViolationPlace,
)
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.repair_steps import LosslessRepair, Step
from strictgate.core.schema.subschema import subschema_at

_BLANKS_BEHIND_COMMA = re.compile(rb"[ \t\r\n]*,([ \t\r\n]*)")


def taken_back(violation: Violation) -> Proposals:
    """The bracket is left out that closed the object which the next member belongs to."""
    text, start = violation.text, violation.start
    closed = text[:start].rstrip(BLANKS)
    if violation.place is ViolationPlace.SEPARATOR:
        at = tokens.gap(violation.coming, 1, final=violation.final)
        is_further = closed.endswith(b"}") and violation.coming.startswith(",")
    else:  # of an object around it, or of an array, which takes the comma
        at, is_further = 0, closed.endswith(b",")
        closed = closed[:-1].rstrip(BLANKS)
    if not is_further or not closed.endswith(b"}") or not violation.guard.scanner.containers:
        return ()
    named = _name(violation, at) if isinstance(at, int) else at
    if not isinstance(named, Spelt):
        return named or ()
    name, used = read_name(named.text), violation.used(named.end)
    if name is None or name in violation.guard.scanner.containers[-1]:
        return ()
    blanks = _BLANKS_BEHIND_COMMA.match(text[len(closed) : start] + violation.ahead)
    data = (blanks[1] if blanks else b"") + named.text.encode()
    return [
        Proposal(
            end,
            used,
            data if closed[:end].endswith(b"{") else b"," + data,
            (*named.steps, Step(LosslessRepair.BRACKET, pointer(path))),
            b":",
        )
        for path, end in _declaring(violation, closed, name)
    ]


def _name(violation: Violation, at: int) -> Spelt | NeedsMoreText | None:
    """Return the name that stands at `at` of the source, if a colon follows."""
    source, final = violation.source, violation.final
    named = tokens.name(source, at, final=final)
    if not isinstance(named, Spelt):
        return named
    colon = tokens.gap(source, named.end, final=final)
    if not isinstance(colon, int):
        return colon
    return named if source[colon] == ":" else None


def _declaring(violation: Violation, closed: bytes, name: str) -> Iterator[tuple[Path, int]]:
    """Yield the objects that `closed` ends with the brackets of, innermost last, and that lack the
    property `name`, which the schema declares there; each with where what it holds ends."""
    source, scanner = violation.guard.schema.source, violation.guard.scanner
    around = scanner.open_path
    if _declares(source, around, name):
        return
    path, value = _last(around, scanner.containers[-1])
    while isinstance(value, dict) and closed.endswith(b"}"):
        closed = closed[:-1].rstrip(BLANKS)
        if name not in value and _declares(source, path, name):
            yield path, len(closed)
        path, value = _last(path, value)


def _declares(source: Any, path: Path, name: str) -> bool:
    declared = (subschema_at(source, path) or {}).get("properties")
    return isinstance(declared, Mapping) and name in declared


def _last(path: Path, container: Any) -> tuple[Path, Any]:
    """Return the last member or item of a container at `path`, with its own path; None where there
    is none."""
    if not container:
        return path, None
    key = next(reversed(container)) if isinstance(container, dict) else len(container) - 1
    return (*path, key), container[key]
