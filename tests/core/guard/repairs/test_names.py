"""Mends of names; the table guard_mends.json has the cases."""

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import names
from strictgate.core.guard.repairs.violation import Proposal, Violation
from strictgate.core.repair_steps import LosslessRepair, Step, SyntaxRepair
from strictgate.core.schema.schema import admit

SCHEMA = admit(
    {"properties": {"Name": {}, "NAME": {}, "a": {}}, "additionalProperties": False}, name="x"
)


def violation(text: str) -> Violation:
    guard = Guard(SCHEMA, None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=True, floor=0)


def test_every_name_that_may_be_meant_is_proposed():
    """Two are for the guard to refuse, for both fit."""
    proposals = names.renamed(violation('{"name": 1}'))
    assert isinstance(proposals, list)
    assert {each.data for each in proposals} == {b'"Name"', b'"NAME"'}
    assert all(each.behind == b":" for each in proposals)


def test_what_is_there_is_not_meant():
    """A name that the object has already cannot be another one."""
    (proposal,) = names.renamed(violation('{"Name": 1, "name": 2}'))
    assert (proposal.data, proposal.steps) == (b'"NAME"', (Step(LosslessRepair.NAME, "/NAME"),))


def test_names_without_quotes():
    """They must be followed by a colon."""
    step = Step(SyntaxRepair.UNQUOTED_NAME)
    assert names.respelt(violation("{a : 1}")) == [Proposal(1, 1, b'"a"', (step,), b":")]
    assert names.respelt(violation("{a, b}")) == ()


def test_brackets_are_no_names():
    """What closes an object is left to others."""
    assert names.respelt(violation('{"a": 1, }')) == ()
    assert names.renamed(violation('{"a": 1, }')) == ()
