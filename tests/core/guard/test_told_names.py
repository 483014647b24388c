"""What a request tells by name."""

import pytest

from strictgate.core.guard.told_names import MOST_TEXT, told_names


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("year: 2022", {"year": {"": 1}}),
        ("`year` = 2022, 'month': 7", {"year": {"": 1}, "month": {"": 1}}),
        ('{"a": 1, "b": {"a": 2}}', {"a": {"": 2}, "b": {"": 1}}),
        ("user.age: 7\nuser.name: A", {"user": {"": 1}, "age": {"user": 1}, "name": {"user": 1}}),
        ("l[0].a: 1\nl[12].a: 2", {"l": {"": 1}, "a": {"l[0]": 1, "l[12]": 1}}),
        ("l[0]: 1\nl[1]: 2", {"l": {"": 1}}),
        ("$ref: x; @id: y; a-b: z", {"$ref": {"": 1}, "@id": {"": 1}, "a-b": {"": 1}}),
        ("What is the year, and what the name of it?", {}),
        ("year\n: 2022", {}),
        ("a..b: 1", {}),
        ("x: 1" + " " * MOST_TEXT, {}),
    ],
)
def test_names(text, within):
    """A name with a value behind it, in whatever notation; none in a sentence."""
    assert told_names(text).within == within


@pytest.mark.parametrize(
    ("text", "name", "path", "count", "tells"),
    [
        ("a: 1", "a", (), 0, True),
        ("a: 1", "a", ("x",), 0, True),
        ("a: 1", "a", ("x",), 1, False),
        ("a: 1", "b", (), 0, False),
        ("x.a: 1", "a", ("x",), 3, True),
        ("x.a: 1", "a", (), 0, False),
        ("x.a: 1", "a", ("y",), 0, False),
        ("x.a: 1", "x", (), 0, True),
        ("f.x.a: 1", "a", ("f.x",), 0, True),
        ("l[1].a: 1", "a", ("l", 1), 0, True),
        ("l[1].a: 1", "a", ("l", 0), 0, False),
        ("m[1][2].a: 1", "a", ("m", 1, 2), 0, True),
        ("a: 1", "a", (0,), 0, True),
    ],
)
def test_whose_member(text, name, path, count, tells):
    """Behind a path it is that object's; alone, any object's that the document has not yet."""
    assert told_names(text).tells(name, path, count) is tells


@pytest.mark.parametrize(
    ("path", "length"),
    [
        (("l",), 3),
        (("x", "l"), 2),
        (("f.x", "l"), 2),
        (("y", 0, "l"), 1),
        (("y", 1, "l"), 0),
        (("y",), 1),
        (("n",), 0),
        ((), 0),
        (("l", 0), 0),
    ],
)
def test_how_many_items(path, length):
    """As many as the highest index says."""
    text = "l[0]: 1\nl[2]: 1\nl[1].a: 1\nx.l[1]: 5\ny[0].l[0]: 1\nn: 1"
    assert told_names(text).length(path) == length
    assert told_names("l[" + "9" * 5000 + "]: 1").length(("l",)) == 1_000_000
