"""Members that are forbidden; the table guard_mends.json has the cases."""

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import members
from strictgate.core.guard.repairs.violation import WAIT, Proposal, Violation
from strictgate.core.repair_steps import LenientRepair, Step
from strictgate.core.schema.schema import admit

CLOSED = {"properties": {"a": {}, "b": {}}, "additionalProperties": False}


def violation(text: str, *, final: bool = True, floor: int = 0) -> Violation:
    guard = Guard(admit(CLOSED, name="x"), None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=final, floor=floor)


def test_the_comma_before_goes_too():
    """And the blanks before it."""
    found = violation('{"a": 1 , "x": [2], "b": 3}')
    step = Step(LenientRepair.DROPPED, "/x")
    taken = len(found.text)
    start, end = len('{"a": 1'), len('{"a": 1 , "x": [2]')
    assert members.dropped(found) == [Proposal(start, end - taken, b"", (step,))]


def test_the_comma_behind_goes_where_the_one_before_is_out():
    """What the caller has stays; where no comma is behind, the member does."""
    floor = len('{"a": 1,')
    (proposal,) = members.dropped(violation('{"a": 1, "x": 2, "b": 3}', floor=floor))
    assert proposal.start == floor + 1
    assert members.dropped(violation('{"a": 1, "x": 2}', floor=floor)) == ()


def test_what_follows_is_waited_for():
    """Only then it shows whether another member stays."""
    assert members.dropped(violation('{"x": 1', final=False)) is WAIT
    assert members.dropped(violation('{"x": 1,', final=False)) is WAIT
    assert members.dropped(violation('{"x": 1}', final=False)) == ()
    assert members.dropped(violation('{"x": 1,}', final=False)) == ()


def test_what_is_allowed_under_another_name_stays():
    """To drop it would lose what was meant to be there."""
    assert members.dropped(violation('{"B": 1, "a": 2}')) == ()


def test_what_is_there_twice_stays():
    """Even where the schema may turn out to allow neither."""
    schema = {"properties": {"a": {}}, "unevaluatedProperties": False}
    guard = Guard(admit(schema, name="x"), None)
    ahead = b'{"x": 1, "x": 2, "a": 3}'
    ahead = ahead[guard.consume(ahead) :]
    assert ahead.startswith(b'": 2')
    assert members.dropped(Violation(guard, ahead, final=True, floor=0)) == ()
