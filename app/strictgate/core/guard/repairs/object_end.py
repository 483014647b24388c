"""Mends at the bracket that closes: what shows to be wrong only once an object is whole.

The root is whole then as well, and is mended as every whole document is (repair/mend.py).
"""

from collections.abc import Sequence

from strictgate.core.guard.repairs import forbidden_members, vocabulary
from strictgate.core.guard.repairs.members import read_name
from strictgate.core.guard.repairs.names import naming
from strictgate.core.guard.repairs.violation import Proposal, Proposals, Violation, ViolationPlace
from strictgate.core.jsontext import spans
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.output import edits
from strictgate.core.output.coercions import fold
from strictgate.core.output.schema_repair import repair_to_schema
from strictgate.core.repair_steps import LenientRepair, Repair, Step

_PARTNER = {b"}": dict, b"]": list}
_Span = tuple[int, int]


def root_lossless(violation: Violation) -> Proposals:
    """The whole document, mended without loss."""
    return _root(violation, Repair.LOSSLESS)


def root_lenient(violation: Violation) -> Proposals:
    """The whole document, mended leniently."""
    return _root(violation, Repair.LENIENT)


def required_renamed(violation: Violation) -> Proposals:
    """Required names that an object lacks at its end, but for case and blanks."""
    if violation.place is not ViolationPlace.SEPARATOR or violation.ahead[:1] != b"}":
        return ()
    missing = violation.guard.missing()
    pairs = _pairs(violation, missing) if missing else {}
    if len(pairs) < max(len(missing), 1):
        return ()
    text, start = violation.text, min(pairs)[0]
    data, position = b"", start
    for (begin, end), name in sorted(pairs.items()):
        data += text[position:begin] + write_json(name).encode()
        position = end
    path = violation.guard.scanner.open_path
    steps = tuple(naming(path, name) for _, name in sorted(pairs.items()))
    return [Proposal(start, 0, data + text[position:], steps, is_nested=True)]


def dropped(violation: Violation) -> Proposals:
    """Members that show to be forbidden only once the object is whole."""
    if violation.place is not ViolationPlace.SEPARATOR or violation.ahead[:1] != b"}":
        return ()
    path, containers = violation.guard.scanner.open_path, violation.guard.scanner.containers
    if not violation.problems:
        return ()
    start = violation.guard.scanner.starts[-1]
    text = violation.text[start:].decode() + "}"
    place = spans.locate_values(text, [()])[()]
    names = [
        each.name
        for each in place.members
        if forbidden_members.forbids(violation.problems, path, each.name)
        and not vocabulary.meant(violation.guard.features, each.name, containers[-1])
    ]
    if not names or len(names) == len(place.members):
        return ()
    steps = {name: Step(LenientRepair.DROPPED, pointer((*path, name))) for name in names}
    data = edits.apply(text, edits.removal(place, names, steps))[:-1]
    return [Proposal(start, 0, data.encode(), tuple(steps.values()))]


def _root(violation: Violation, level: Repair) -> Proposals:
    containers = violation.guard.scanner.containers
    kind = _PARTNER.get(violation.ahead[:1])
    is_closing = kind is not None and len(containers) == 1 and isinstance(containers[0], kind)
    if not is_closing or violation.place is not ViolationPlace.SEPARATOR:
        return ()
    try:
        text = (violation.text + violation.ahead[:1]).decode()
        value = parse_json(text)
    except NotJSON:
        return ()
    mended = repair_to_schema(text, value, violation.guard.schema, level)
    return [Proposal(0, 1, mended.text.encode(), mended.steps)] if mended else ()


def _pairs(violation: Violation, missing: Sequence[str]) -> dict[_Span, str]:
    """Return where names stand that are undeclared, each with the one of `missing` that it has but
    for case or blanks; where several could be meant, on either side, none is."""
    strangers: dict[str, list[_Span]] = {}
    for span in violation.guard.scanner.name_spans(-1):
        name = read_name(violation.text[slice(*span)].decode())
        if name is not None and name not in vocabulary.names(violation.guard.features, name):
            strangers.setdefault(fold(name), []).append(span)
    wanted: dict[str, list[str]] = {}
    for name in missing:
        wanted.setdefault(fold(name), []).append(name)
    return {
        strangers[key][0]: names[0]
        for key, names in wanted.items()
        if len(names) == 1 == len(strangers.get(key, ()))
    }
