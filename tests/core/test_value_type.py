"""Value types."""

import pickle
from dataclasses import field, fields, replace

from strictgate.core.value_type import value_type


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
