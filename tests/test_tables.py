"""The behaviour tables have their shapes."""

import pytest

from tests.tables import DATA, SHAPES, Group, Row, errors, load

NAMES = sorted(path.relative_to(DATA).with_suffix("").as_posix() for path in DATA.rglob("*.json"))


def test_every_table_has_a_shape():
    """A table that is read without one could say anything."""
    assert sorted(SHAPES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_its_shape(name):
    """No key is misspelt, none is missing, and each row expects something."""
    load(name)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"text": "x", "good": 1}, []),
        ({"text": "x", "good": 1, "more": 1, "note": ""}, []),
        ({"good": 1}, ["no 'text'"]),
        ({"text": "x", "goood": 1}, ["unknown key 'goood'", "not exactly one of ['good', 'bad']"]),
        ({"text": "x", "good": 1, "bad": 1}, ["not exactly one of ['good', 'bad']"]),
        ([], ["[] is no object"]),
    ],
)
def test_what_does_not_fit_is_told(row, found):
    """Each key by its name."""
    shape = Row("text", "more note", one_of="good bad")
    assert list(errors(shape, [row])) == [f"0: {each}" for each in found]
    told = list(errors(Group(Row("tests"), shape), [{"tests": [row]}]))
    assert told == [f"0: test 0: {each}" for each in found]


def test_sections_are_told():
    """Those that are missing, unknown or empty."""
    shape = {"a": Row(some_of="x y"), "b": None}
    assert list(errors(shape, {"a": [{}], "c": []})) == [
        "unknown section 'c'",
        "a 0: none of ['x', 'y']",
        "no section 'b'",
    ]
    assert list(errors(shape, {"a": [], "b": ""})) == ["a has no rows"]
