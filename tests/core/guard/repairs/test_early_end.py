"""Brackets that come too early; the table guard_mends.json has the cases."""

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import early_end
from strictgate.core.guard.repairs.violation import WAIT, Proposal, Violation
from strictgate.core.repair_steps import LosslessRepair, Step
from strictgate.core.schema.schema import admit

_INNER = {"type": "object", "properties": {"a": {}, "b": {}}}
_CLOSED = {"type": "object", "properties": {"f": _INNER}, "additionalProperties": False}
SCHEMA = admit(_CLOSED, name="x")
STEP = Step(LosslessRepair.BRACKET, "/f")


def violation(text: str, *, final: bool = True) -> Violation:
    guard = Guard(SCHEMA, None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=final, floor=0)


def test_the_member_goes_before_the_bracket():
    """With the blanks that the model has put before it."""
    (proposal,) = early_end.taken_back(violation('{"f": {"a": 1},\n "b": 2}'))
    start = len('{"f": {"a": 1')
    assert proposal == Proposal(start, 1, b',\n "b"', (STEP,), b":")


def test_no_comma_goes_behind_an_opening_bracket():
    """An empty object has nothing before its first member."""
    (proposal,) = early_end.taken_back(violation('{"f": { }, "b": 2}'))
    assert proposal.data == b' "b"'


def test_the_name_is_waited_for():
    """It tells whether the object lacks it; what is refused may be its middle."""
    assert early_end.taken_back(violation('{"f": {"a": 1},\n "b"', final=False)) is WAIT


def test_what_is_no_further_member_is_left_to_others():
    """Another bracket, a value, a name that is not declared."""
    for text in ('{"f": {"a": 1}]', '{"f": {"a": 1} "b": 2}', '{"f": {"a": 1}, "c": 2}'):
        assert not early_end.taken_back(violation(text))
