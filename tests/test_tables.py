"""The behaviour tables have their shapes."""

import pytest

from tests.tables import DATA, SHAPES, Row, load

FREE = {"reports_open": "a list of presets and ways for each row, as tests/reports has them"}
"""Tables without a shape, each with its reason."""
NAMES = sorted(path.relative_to(DATA).with_suffix("").as_posix() for path in DATA.rglob("*.json"))


def test_every_table_has_a_shape():
    """What is read without one could say anything: write the keys of a new table into SHAPES."""
    assert sorted({*SHAPES, *FREE}) == NAMES


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_table_has_its_shape(name):
    """No key is misspelt, none is missing, and each row expects something."""
    load(name)


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        ({"text": "x", "good": 1}, []),
        ({"text": "x", "good": 1, "more": 1, "even": []}, []),
        ({"good": 1, "more": 1}, ["no 'text'"]),
        ({"text": "x", "goood": 1}, ["unknown key 'goood'", "not exactly one of ['good', 'bad']"]),
        ({"text": "x", "good": 1, "bad": 1}, ["not exactly one of ['good', 'bad']"]),
        ({"text": "x", "good": 1, "even": 1}, ["even 1 is no row"]),
        ({"text": "x", "good": 1, "even": {}}, ["even none of ['a', 'b']"]),
        (
            {"text": "x", "good": 1, "even": [{"a": 1}, {"c": 1, "b": 1}]},
            ["even 1: unknown key 'c'"],
        ),
        ("x", ["'x' is no row"]),
    ],
)
def test_what_does_not_fit_is_told(row, errors):
    """Each key by its name and place."""
    shape = Row("text", "more even", one_of="good bad", parts={"even": Row(some_of="a b")})
    assert list(shape.errors(row)) == errors
    assert list(shape.errors([row])) == [f"0: {each}" for each in errors]
