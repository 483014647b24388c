"""The way to the end of a document."""

import pytest

from strictgate.core.guard.pruned_tree import PruneLimits, beside, pruned, restored


def test_what_stays():
    """Short scalars of objects, the first items of arrays, and the way."""
    inner = [1, 2, {"x": 1}]
    outer = {"kind": "a", "text": "x" * 65, "other": {}, "list": inner}
    tree, path = pruned([outer, inner], ("list", 2), "leaf", PruneLimits(items=1, members=3))
    assert tree == {"kind": "a", "list": [1, "leaf"]}
    assert path == ("list", 1)


def test_nothing_around():
    """The root is itself."""
    assert pruned([], (), 5, PruneLimits(0, 0)) == (5, ())


def test_beside():
    """All of a container, with another at its end; itself it stays as it was."""
    items, members = [1, 2], {"a": 1}
    assert beside(items, 2, 3) == [1, 2, 3]
    assert beside(items, 1, 3) == [1, 3]
    assert beside(members, "b", 2) == {"a": 1, "b": 2}
    assert (items, members) == ([1, 2], {"a": 1})


@pytest.mark.parametrize(
    ("path", "expected"),
    [((), ()), (("a",), ("a",)), (("a", 1), ("a", 9)), (("a", 1, "b", 0), ("a", 9, "b", 0))],
)
def test_restored(path, expected):
    """Indices are those of the whole document."""
    assert restored(path, ("a", 1), ("a", 9)) == expected
