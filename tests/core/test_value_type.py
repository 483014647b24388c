"""Value types."""

import inspect
import pickle
from dataclasses import field, fields, replace

import pytest

from strictgate.core.value_type import state_type, value_type


@value_type
class Point:
    """One."""

    x: int
    tags: tuple[str, ...] = ()
    seen: dict[str, int] = field(default_factory=dict, compare=False)


def test_it_is_a_dataclass():
    """It is made, copied with changes, taken apart and pickled as any other."""
    point = Point(1, ("a",))

    assert replace(point, x=2) == Point(2, ("a",))
    assert [each.name for each in fields(point)] == ["x", "tags", "seen"]
    assert pickle.loads(pickle.dumps(point)) == point
    assert not hasattr(point, "__dict__")


def test_equal_ones_are_one_key():
    """Its hash is that of its fields."""
    assert {Point(1): "one"}[Point(1, seen={"a": 1})] == "one"


def test_what_is_not_of_one_class_is_not_equal():
    """Whatever its fields."""

    @value_type
    class Place:
        x: int
        tags: tuple[str, ...] = ()

    assert Point(1) != Place(1)
    assert Point(1) != Point(2)
    assert Point(1) != (1, ())
    assert Point(1) == Point(1, seen={"a": 1})  # not compared


def test_one_without_fields():
    """All of one class are equal."""

    @value_type
    class Nothing:
        """No fields."""

    assert Nothing() == Nothing()
    assert len({Nothing(), Nothing()}) == 1
    assert repr(Nothing()).endswith("Nothing()")


def test_it_is_shown_as_the_call_that_makes_it():
    """Without the fields that are not to be shown."""

    @value_type
    class Key:
        name: str
        secret: str = field(repr=False)

    assert repr(Point(1, ("a",))) == "Point(x=1, tags=('a',), seen={})"
    assert repr(Key("a", "b")).endswith("Key(name='a')")


def test_what_the_class_says_itself_stays():
    """As in a dataclass."""

    @value_type
    class Named:
        name: str

        def __repr__(self) -> str:
            return self.name

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    assert Named("a") == Named("b")
    assert (repr(Named("a")), hash(Named("a"))) == ("a", 1)


def test_one_that_is_equal_in_its_own_way_is_no_key():
    """As in Python, where it does not say how it is hashed."""

    @value_type
    class Loose:
        name: str

        def __eq__(self, other: object) -> bool:
            return True

    with pytest.raises(TypeError, match="unhashable"):
        hash(Loose("a"))


def test_its_init_is_made_late_and_is_the_same():
    """In whatever way it is called, for the first time or the second."""

    @value_type
    class Made:
        first: int
        names: list[str] = field(default_factory=list)
        both: int = field(init=False, default=0)
        last: int = field(kw_only=True, default=4)

        def __post_init__(self) -> None:
            assert self.first

    @value_type
    class More(Made):
        more: str = "more"

    one, other = Made(1), Made(1, ["a"], last=2)
    assert (one.names, one.both, one.last) == ([], 0, 4)
    assert (other.names, other.last) == (["a"], 2)
    assert Made(1).names is not Made(1).names
    assert More(1, more="x") == More(1, [], "x")
    assert [*inspect.signature(Made).parameters] == ["first", "names", "last"]
    for wrong in ({}, {"first": 1, "both": 2}, {"first": 1, "none": 2}):
        with pytest.raises(TypeError, match=r"Made\.__init__"):
            Made(**wrong)


def test_state_changes():
    """It is equal by its fields, and is no key."""

    @state_type
    class State:
        count: int = 0

    state = State()
    state.count += 1
    assert state == State(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(state)
