"""Mends of names: their spelling, and the declared name that was meant."""

from strictgate.core.guard.repairs import members, tokens, vocabulary
from strictgate.core.guard.repairs.members import read_name
from strictgate.core.guard.repairs.tokens import Spelt
from strictgate.core.guard.repairs.violation import (
    NeedsMoreText,
    Proposal,
    Proposals,
    Violation,
    ViolationPlace,
)
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import write_json
from strictgate.core.repair_steps import LosslessRepair, Step

_COLON = b":"


def respelt(violation: Violation) -> Proposals:
    """A name without quotes, or in other ones."""
    spelt = _refused(violation)
    if not isinstance(spelt, Spelt):
        return spelt or ()
    if not spelt.steps:
        return ()
    used, data = violation.used(spelt.end), spelt.text.encode()
    return [Proposal(violation.start, used, data, spelt.steps, _COLON)]


def renamed(violation: Violation) -> Proposals:
    """A name that the schema declares in another case, or without the blanks around it."""
    spelt = _refused(violation)
    if not isinstance(spelt, Spelt):
        return spelt or ()
    scanner, features = violation.guard.scanner, violation.guard.features
    used = violation.used(spelt.end)
    proposals = []
    for name in vocabulary.meant(features, read_name(spelt.text), scanner.containers[-1]):
        steps = (*spelt.steps, naming(scanner.open_path, name))
        data = write_json(name).encode()
        proposals.append(Proposal(violation.start, used, data, steps, _COLON))
    return proposals


def renamed_before(violation: Violation) -> Proposals:
    """A name that shows to be forbidden only once its value is there."""
    found = members.forbidden_before(violation)
    if found is None:
        return ()
    rest = violation.text[found.name_end :]
    return [
        Proposal(
            found.start,
            used,
            write_json(each).encode() + rest + violation.ahead[:used],
            (naming(found.path, each),),
            is_nested=True,
        )
        for each in vocabulary.meant(violation.guard.features, found.name, found.container)
        for used in (0, 1)  # the byte that was refused may belong to what is mended inside
    ]


def _refused(violation: Violation) -> Spelt | NeedsMoreText | None:
    if violation.place is not ViolationPlace.NAME or violation.source[:1] in ("}", ",", ":"):
        return None
    return tokens.name(violation.source, 0, final=violation.final)


def naming(path: Path, name: str) -> Step:
    return Step(LosslessRepair.NAME, pointer((*path, name)))
