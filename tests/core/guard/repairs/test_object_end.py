"""What shows only once an object is whole; the table guard_mends.json has the cases."""

from typing import Any

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import object_end
from strictgate.core.guard.repairs.violation import Proposal, Violation
from strictgate.core.repair_steps import LenientRepair, LosslessRepair, Step
from strictgate.core.schema.schema import admit

OPEN = {"type": "object", "required": ["name", "id"]}
UNEVALUATED = {"properties": {"o": {"properties": {"a": {}}, "unevaluatedProperties": False}}}


def violation(schema: Any, text: str) -> Violation:
    guard = Guard(admit(schema, name="x"), None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=True, floor=0)


def test_all_that_is_missing_is_renamed():
    """From the first of the names on, in the order of the text."""
    schema = {"items": OPEN}
    found = violation(schema, '[{"x": 1, "ID": 2, "Name": 3}]')
    steps = (Step(LosslessRepair.NAME, "/0/id"), Step(LosslessRepair.NAME, "/0/name"))
    start = len('[{"x": 1, ')
    assert object_end.required_renamed(found) == [
        Proposal(start, 0, b'"id": 2, "name": 3', steps, is_nested=True)
    ]


def test_where_one_is_really_missing_nothing_is_renamed():
    """Nor where two names could be meant."""
    assert object_end.required_renamed(violation(OPEN, '{"Name": 3}')) == ()
    assert object_end.required_renamed(violation(OPEN, '{"Name": 3, "NAME": 4, "ID": 5}')) == ()


def test_members_that_nothing_has_evaluated():
    """They go where others stay."""
    found = violation(UNEVALUATED, '{"o": {"x": 1, "a": 2}}')
    step = Step(LenientRepair.DROPPED, "/o/x")
    assert object_end.dropped(found) == [Proposal(len('{"o": '), 0, b'{"a": 2', (step,))]
    assert object_end.dropped(violation(UNEVALUATED, '{"o": {"x": 1}}')) == ()
    assert object_end.dropped(violation(UNEVALUATED, '{"o": {"A": 1, "b": 2}}')) == [
        Proposal(len('{"o": '), 0, b'{"A": 1', (Step(LenientRepair.DROPPED, "/o/b"),))
    ]


def test_the_root_is_mended_as_a_whole_document():
    """But only at the bracket that closes it."""
    schema = {"if": {"required": ["k"]}, "then": {"properties": {"v": {"type": "integer"}}}}
    (proposal,) = object_end.root_lossless(violation(schema, '{"v": "5", "k": 1}'))
    assert proposal.data == b'{"v": 5, "k": 1}'
    assert object_end.root_lenient(violation(schema, '{"v": "5", "k": 1')) == ()
    assert object_end.root_lossless(violation(OPEN, "{}")) == ()
