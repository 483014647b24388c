"""The input within the arguments of a function."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.input_string import InputString


def fed(*pieces):
    string = InputString()
    return "".join(map(string.feed, pieces)), string.is_open


@given(st.text(), st.booleans())
def test_the_string_in_any_cut(text, is_ascii):
    """What is read is the text, whole, cut anywhere, and character by character."""
    arguments = json.dumps({"input": text}, ensure_ascii=is_ascii)

    assert fed(arguments) == (text, False)
    assert fed(*arguments) == (text, False)
    for at in range(len(arguments)):
        assert fed(arguments[:at], arguments[at:]) == (text, False)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"input": "a\\', ("a", True)),
        ('{"input": "a\\u00', ("a", True)),
        ('{"input": "a\\ud83d', ("a", True)),
        ('{"input":"a\nb', ("a\nb", True)),
        (' { "input" : "', ("", True)),
        ('{"input": "a"', ("a", False)),
        ('{"input": "\\d', ("", False)),
        ('{"input": 5', ("", False)),
        ('{"other": "a', ("", False)),
        ("", ("", False)),
    ],
)
def test_beginnings(arguments, expected):
    """As much is read as is known; what has another form is left alone."""
    assert fed(arguments) == expected
    assert fed(*arguments) == expected


def test_a_long_head_is_none():
    """What does not begin soon is not looked for any more."""
    string = InputString()
    string.feed(" " * 300)
    assert string.feed('{"input": "a') == ""
