"""What stands between tokens; the table guard_mends.json has the cases."""

import pytest

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import separators
from strictgate.core.guard.repairs.violation import WAIT, Proposal, Violation
from strictgate.core.repair_steps import Step, SyntaxRepair
from strictgate.core.schema.schema import admit


def violation(text: str, *, final: bool = False) -> Violation:
    guard = Guard(admit({"type": "object"}, name="x"), None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=final, floor=0)


@pytest.mark.parametrize(
    ("text", "used", "left"),
    [
        ('{"a": 1/* b */}', 7, b""),
        ('{"a": [1/* b */2', 7, b" "),
        ('{"a": // b\n1', 4, b""),
    ],
)
def test_comments(text: str, used: int, left: bytes):
    """A comment goes whole, but what it held apart stays apart."""
    found = violation(text)
    assert separators.comment(found) == [
        Proposal(len(found.text), used, left, (Step(SyntaxRepair.COMMENT),))
    ]


def test_a_comment_in_a_string_is_none():
    """What looks like one in an unfinished string is its text."""
    assert separators.comment(violation('{"a": "\n// b\n')) == ()


def test_the_last_comment():
    """One that ends with the text is whole only if nothing else comes."""
    assert separators.comment(violation("{ // b")) is WAIT
    assert separators.comment(violation("{ // b", final=True))


def test_a_missing_comma_goes_behind_the_value():
    """The blanks stay behind it."""
    found = violation('{"a": 1 \n "b": 2')
    step = Step(SyntaxRepair.MISSING_COMMA)
    assert separators.missing_comma(found) == [Proposal(len('{"a": 1'), 0, b", \n ", (step,))]


@pytest.mark.parametrize("text", ['{"a": "x""b": 1', '{"a": [1 2', '{"a": 1 b, ', '{"a": [[]1'])
def test_no_comma_is_missing(text: str):
    """Where it is not clear that these are two, none is put between them."""
    assert separators.missing_comma(violation(text)) == ()
