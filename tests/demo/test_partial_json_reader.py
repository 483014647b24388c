"""The beginning of a document, read and ended."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.demo.partial_json import (
    CompleteValue,
    OpenArray,
    OpenObject,
    OpenScalar,
    OpenString,
    PartialJson,
    can_become,
)
from strictgate.demo.partial_json_reader import NotAPrefix, parse_partial_json

ONE = {"a": CompleteValue(1)}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\\é😀", max_size=2), inner)
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        ("", None),
        (" \n", None),
        ("{", OpenObject({})),
        ('{"', OpenObject({}, name=OpenString(""))),
        ('{"a\\', OpenObject({}, name=OpenString("a", "\\"))),
        ('{"a"', OpenObject({"a": None}, colon=False)),
        ('{"a":', OpenObject({"a": None})),
        ('{"a":1', OpenObject({"a": OpenScalar("1")})),
        ('{"a":1 ', OpenObject(ONE)),
        ('{"a":1,', OpenObject(ONE, comma=True)),
        ('{"a":1,"b', OpenObject(ONE, name=OpenString("b"))),
        ('{"a":1}', CompleteValue({"a": 1})),
        ("[", OpenArray(())),
        ("[[],", OpenArray((CompleteValue([]),), comma=True)),
        ('[{"a":"x\\u00e', OpenArray((OpenObject({"a": OpenString("x", "\\u00e")}),))),
        ('"\\ud83d', OpenString("", "\\ud83d")),
        ("tru", OpenScalar("tru")),
        ("null", CompleteValue(None)),
        ("-1.", OpenScalar("-1.")),
    ],
)
def test_what_stands(text: str, partial: PartialJson | None):
    """Each place at which a text can end has its form."""
    assert parse_partial_json(text) == partial


@pytest.mark.parametrize(
    "text",
    ["x", "{]", "[1 2", "{,", "[,", '{"a" 1', '{"a":1 "b"', '{"a":1,"a"', '{"a":,', "[1,]", "01",
     "{} x", "[tralse", '"\\x', '"\\udc00', '"\n', "[" * 1000, "9" * 2000],
)  # fmt: skip
def test_what_begins_no_document(text: str):
    """What cannot become JSON is refused."""
    with pytest.raises(NotAPrefix):
        parse_partial_json(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [('"\\u00', '"\\u0020"'), ('"\\ud8', '"\\ud820\\udc20"'), ('"a\\', '"a\\/"'), ("-", "-0"),
     ('"\\ud83d\\ud', '"\\ud83d\\udc20"'), ("1e", "1e0"), ("fa", "false"), ("12", "12")],
)  # fmt: skip
def test_shortest_end(text: str, whole: str):
    """Where nothing else is wanted, an open token gets its shortest end."""
    partial = parse_partial_json(text)
    assert isinstance(partial, OpenString | OpenScalar)
    assert text + partial.rest(partial.shortest) == whole
    assert can_become(partial, json.loads(whole))


@given(VALUES, st.booleans(), st.data())
def test_every_beginning_suits_its_document(value: object, ascii_only: bool, data: st.DataObject):
    """A cut anywhere, escapes or not, begins the document that it was cut from."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    cut = data.draw(st.integers(0, len(text)))
    assert can_become(parse_partial_json(text[:cut]), value)
    assert can_become(parse_partial_json(text), value)
    assert not can_become(parse_partial_json(text), [value])
