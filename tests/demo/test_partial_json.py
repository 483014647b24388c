"""What begins a document: what fits it, and what is missing of that."""

from typing import Any

import pytest

from strictgate.demo.partial_json import (
    CompleteValue,
    OpenArray,
    OpenObject,
    OpenScalar,
    OpenString,
    can_become,
)


@pytest.mark.parametrize(
    ("partial", "text", "rest"),
    [
        (OpenString("an"), "angry", 'gry"'),
        (OpenString("an"), "calm", '"'),
        (OpenString(""), 'a"b', 'a\\"b"'),
        (OpenString("a", "\\"), 'a"b', '"b"'),
        (OpenString("a", "\\"), "a", '/"'),
        (OpenString("a", "\\u00"), "aé", 'e9"'),
        (OpenString("a", "\\uD83D"), "a😀", '\\ude00"'),
    ],
)
def test_the_rest_of_a_string(partial: OpenString, text: str, rest: str):
    """Of the text that is meant, or else of the shortest that begins so."""
    assert partial.rest(text) == rest


@pytest.mark.parametrize(
    ("escape", "least"),
    [("", "a"), ("\\", "a/"), ("\\u", "a "), ("\\u00", "a "), ("\\ud83d\\", "a\U0001f420")],
)
def test_the_least_string(escape: str, least: str):
    """An escape is brought to its end, both halves of it."""
    assert OpenString("a", escape).shortest == least


@pytest.mark.parametrize(
    ("text", "value", "rest", "least"),
    [
        ("1", 12, "2", 1),
        ("1", 3, "", 1),
        ("-", -5, "5", 0),
        ("1.", 1.5, "5", 1.0),
        ("1e", 7, "0", 1.0),
        ("t", True, "rue", True),
        ("nul", 3, "l", None),
    ],
)
def test_numbers_and_literals(text: str, value: Any, rest: str, least: Any):
    """What is missing of the value that is meant, or of the shortest that begins so."""
    assert OpenScalar(text).rest(value) == rest
    assert OpenScalar(text).shortest == least


@pytest.mark.parametrize(
    ("partial", "value", "fits"),
    [
        (None, 1, True),
        (CompleteValue(1), 1.0, True),
        (CompleteValue(1), True, False),
        (OpenString("a"), "ab", True),
        (OpenString("a"), ["ab"], False),
        (OpenScalar("1"), 12, True),
        (OpenScalar("1"), "12", False),
        (OpenArray((CompleteValue(1),)), [1], True),
        (OpenArray((CompleteValue(1),), comma=True), [1], False),
        (OpenArray((CompleteValue(1),), comma=True), [1, 2], True),
        (OpenArray(()), {}, False),
        (OpenObject({"a": None}), {"a": 1}, True),
        (OpenObject({"a": CompleteValue(2)}), {"a": 1}, False),
        (OpenObject({"a": None}), {}, False),
        (OpenObject({}, name=OpenString("b")), {"bc": 1}, True),
        (OpenObject({}, name=OpenString("b")), {"c": 1}, False),
        (OpenObject({"a": None}, comma=True), {"a": 1}, False),
        (OpenObject({"a": None}, comma=True), {"a": 1, "b": 1}, True),
    ],
)
def test_what_can_become_a_value(partial: Any, value: Any, fits: bool):
    """Whether a document with the value can begin so."""
    assert can_become(partial, value) is fits
