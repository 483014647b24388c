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
