"""A violation as the mends see it."""

import pytest

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs.violation import Violation, ViolationPlace, decode, leaves
from strictgate.core.output.quoted_strings import Role
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import admit

SCHEMA = admit(
    {
        "type": "object",
        "properties": {"a": {"type": "string"}, "n": {"type": "integer"}, "l": {"type": "array"}},
        "additionalProperties": False,
    },
    name="x",
)


def violation(text: str) -> Violation:
    guard = Guard(SCHEMA, None)
    raw = text.encode()
    return Violation(guard, raw[guard.consume(raw) :], final=True, floor=0)


@pytest.mark.parametrize(
    ("text", "place", "source", "path"),
    [
        ('{"a": "x\ny"}', ViolationPlace.VALUE, '"x\ny"}', ("a",)),
        ('{"a": "x "y" z"}', ViolationPlace.VALUE, '"x "y" z"}', ("a",)),
        ('{"a": "x" y', ViolationPlace.SEPARATOR, "y", ()),
        ('{"a": 5}', ViolationPlace.VALUE, "5}", ("a",)),
        ('{"n": 5.5}', ViolationPlace.VALUE, "5.5}", ("n",)),
        ('{"n": 5;', ViolationPlace.SEPARATOR, ";", ("n",)),
        ('{"n": 5_', ViolationPlace.VALUE, "5_", ("n",)),
        ('{"l": [1, 05]', ViolationPlace.VALUE, "05]", ("l", 1)),
        ('{"b": 1}', ViolationPlace.NAME, '"b": 1}', ()),
        ("{b: 1}", ViolationPlace.NAME, "b: 1}", ()),
        ('{"a" "x"', ViolationPlace.COLON, '"x"', ("a",)),
        ("{} x", ViolationPlace.NOTHING, "x", ()),
    ],
)
def test_places(text: str, place: ViolationPlace, source: str, path: tuple[str | int, ...]):
    """What was refused, from its first character on, and where in the document it stands."""
    found = violation(text)
    assert (found.place, found.source) == (place, source)
    assert place is ViolationPlace.SEPARATOR or found.path == path


def test_roles():
    """What surrounds a value decides what may follow it."""
    assert violation("x").role is Role.ROOT
    assert violation("{x").role is Role.MEMBER
    assert violation('{"l": [x').role is Role.ITEM


def test_how_much_is_used():
    """Offsets in the source are characters, those ahead are bytes."""
    found = violation('{"a": "é\né"}')
    assert found.used(len('"é\né"')) == len('\né"'.encode())


def test_unfinished_characters():
    """What is not a whole character yet is not looked at."""
    assert decode("aé".encode()[:2]) == "a"
    assert decode(b"a\xffb") == "a"


def test_leaves():
    """Problems and those of their branches, however deep."""
    inner = Problem((), (), "Type", ["array"], "")
    outer = Problem(
        (), (), "AnyOf", None, "", ((Problem((), (), "AnyOf", None, "", ((inner,),)),),)
    )
    assert [each.kind for each in leaves([outer])] == ["AnyOf", "AnyOf", "Type"]
