"""JSON as RFC 8259 has it."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strictgate.core.jsontext import reader
from strictgate.core.jsontext.reader import (
    NotJSON,
    is_exact,
    json_bytes,
    parse_json,
    too_deep,
    write_json,
)
from tests.corpora import rows

DELIBERATE = {"nst/y_object_duplicated_key.json", "nst/y_object_duplicated_key_and_value.json"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def accepts(text):
    try:
        parse_json(text)
    except NotJSON:
        return False
    return True


def test_the_parsing_test_suite():
    """Every text that must be accepted is, but for duplicate names; every other is refused."""
    for row in rows("nst/parsing.jsonl"):
        raw = base64.b64decode(row.get("bytes_b64", ""))
        text = row.get("text", raw.decode("utf-8", "replace") if raw else None)
        if text is None or row["expect"] == "implementation_defined":
            continue
        expected = row["expect"] == "accept" and row["id"] not in DELIBERATE
        # What is no UTF-8 is refused where bytes are read; here only what is text is judged.
        if "\ufffd" not in text or expected:
            assert accepts(text) is expected, row["id"]


def test_nothing_crashes():
    """Whatever the text, the answer is a value or NotJSON."""
    for row in [*rows("nst/parsing.jsonl"), *rows("nst/transform.jsonl")]:
        raw = base64.b64decode(row.get("bytes_b64", ""))
        accepts(row.get("text", raw.decode("utf-8", "replace")))


@pytest.mark.parametrize("at", [5000, 5003, 5009, 5016])
@pytest.mark.parametrize(("digits", "expected"), [(9, True), (16, True), (17, False), (40, False)])
def test_long_numbers_in_large_texts(at, digits, expected):
    """Wherever they stand; others of any length are read quickly, or not."""
    raw = b'[ "' + b"x" * at + b'",' + b"1" * digits + b"]"
    value = reader.parse_leniently(raw)
    assert value[1] == int("1" * digits)
    assert is_exact(raw, value) is expected


@pytest.mark.parametrize(("again", "expected"), [(b"", True), (b',"a":2', False)])
def test_large_compact_texts(again, expected):
    """They are written again as they were, unless a member is left out."""
    raw = b'{"a":1' + again + b',"b":["' + b"x" * 5000 + b'",12345678901234567]}'
    assert is_exact(raw, reader.parse_leniently(raw)) is expected


@pytest.mark.parametrize(("levels", "expected"), [(128, True), (129, False)])
def test_levels_of_large_texts(levels, expected):
    """Also where there are many brackets, and where one string has them all."""
    inner = '"' + "[{" * 5000 + '"'
    raw = ("[" * levels + inner + "]" * levels).encode()
    assert is_exact(raw, reader.parse_leniently(raw)) is expected


@settings(deadline=None)
@given(st.text() | st.text(alphabet='[]{}",:\\u0d81eE+-. \n'))
def test_no_text_crashes(text):
    """Whatever the text, the answer is a value or NotJSON."""
    accepts(text)


def outcome(parse, text):
    """What reading comes to: the value with the types of its numbers, or what is said of it."""
    try:
        return repr(parse(text))
    except NotJSON as error:
        return error.message, error.position


NUMBERS = st.sampled_from(
    ["-0", "-0.0", "1E5", "1e400", "-1e-400", "18446744073709551616", "9" * 16, "1.0", "01", "NaN"]
) | st.floats().map(lambda number: f"{number:.16e}")
NAMES = ['"a"', '"b"', '"\\u0061"', '"\\""', '"\\u0022"', '"\\\\"', '"\\\\u0022"', '"ü"']
STRINGS = st.sampled_from([*NAMES, '"\\ud800"', '"\\ud83d\\ude00"', '"\\/"', '"\x7f"', '"\n"', '"'])
TEXTS = st.recursive(
    NUMBERS | STRINGS | st.sampled_from(["true", "null", "", "nul"]),
    lambda inner: (
        st.lists(inner).map(lambda parts: f"[{','.join(parts)}]")
        | st.lists(st.tuples(st.sampled_from(NAMES), inner)).map(
            lambda members: f"{{{', '.join(f'{name} : {each}' for name, each in members)}}}"
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=500)
@given(TEXTS)
def test_the_quick_reading_is_the_strict_one(text):
    """What orjson reads is taken only where the decoder would say the same."""
    assert outcome(parse_json, text) == outcome(reader._parse_exactly, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "\\"", "b": ["\\\\"]}', True),
        ('{"a": 1, "b": {"a": 2}}', True),
        ('{"a": 1, "a": 2}', False),
        ('{"a": 1, "\\u0061": "\\""}', False),
        ('{"a": "\\u0022\\u0022", "a": 1}', False),
        ("[" * 128 + "]" * 128, True),
        ("[" * 129 + "]" * 129, False),
        ('{"a":' * 127 + "[[],[]]" + "}" * 127, False),
        ('{"a":' * 127 + "[1]" + "}" * 127, True),
        ("[" * 300 + "]" * 300, False),
        ("[ 12345678901234567]", False),
        ("[12345678901234567]", True),
        ("[1234567890123456789012]", False),
        ("[0.12345678901234567890]", False),
    ],
)
def test_is_exact(text, expected):
    """A member that is missing shows, and so does what orjson may have read otherwise."""
    raw = text.encode()

    assert is_exact(raw, reader.parse_leniently(raw)) is expected


@settings(deadline=None)
@given(JSON)
def test_what_is_written_is_read_back(value):
    """Nothing is lost, integers of any size included."""
    assert parse_json(write_json(value)) == value


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("NaN", "NaN is not a JSON value", 0),
        ("[-Infinity]", "-Infinity is not a JSON value", 1),
        ("[1e400]", "Number 1e400 is out of range", 1),
        ("1" * 5000, "Number has too many digits", 0),
        ('{"a":1,"\\u0061":2}', 'Duplicate property name "a"', 7),
        ('[{"b":"a"},{"a":{"a":1},"b":["a"],"a" : 2}]', 'Duplicate property name "a"', 34),
        ('["NaN", 1, NaN]', "NaN is not a JSON value", 11),
        ('["' + "1" * 5000 + '", -' + "1" * 5000 + "]", "Number has too many digits", 5005),
        ('["\\ud83d\\ude00", "\\ud800"]', "Lone surrogate in a string", 17),
        ('{"\\uDC00":1}', "Lone surrogate in a string", 1),
        ('"\ud800"', "Lone surrogate in a string", 0),
        ("1 2", "Extra data", 2),
        ('["a\n"]', "Invalid control character at", 3),
        ("[" * 129 + "]" * 129, "Nested deeper than 128 levels", 128),
        ('{"a":' * 100_000, "Nested deeper than 128 levels", 640),
    ],
    ids=lambda each: str(each)[:20],
)
def test_what_lenient_readers_let_through(text, message, position):
    """Refused, with the reason and the place."""
    with pytest.raises(NotJSON) as caught:
        parse_json(text)
    assert (caught.value.message, caught.value.position) == (message, position)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10000000000000000000000001", 10**25 + 1),
        ('"\\ud83d\\ude00\\\\ud800"', "😀\\ud800"),
        ("[" * 128 + "]" * 128, None),
        (json.dumps("[{" * 500), "[{" * 500),
        (' \t\r\n{"a":1}\n', {"a": 1}),
    ],
    ids=lambda each: str(each)[:20],
)
def test_what_strict_readers_may_not_refuse(text, value):
    """Big integers are exact; pairs of surrogates are characters; brackets in strings are text."""
    assert value is None or parse_json(text) == value
    assert accepts(text)


def test_an_unfinished_string_is_no_depth():
    """Brackets after a quote that is never closed are text."""
    assert not too_deep('["' + "[" * 500)


def test_integers_beyond_64_bits_are_written():
    """As digits, and everything beside them as UTF-8."""
    assert write_json({"ü": 10**20}) == '{"ü":100000000000000000000}'


@pytest.mark.parametrize("value", [{"ü": [1.0, None]}, {"ü": 10**20}, ["\ud800 ü"]])
def test_as_bytes_it_is_the_same(value):
    """Whichever library writes it."""
    assert json_bytes(value) == write_json(value).encode()


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("levels", [128, 129, 400, 5000, 100_000])
@pytest.mark.parametrize("is_whole", [True, False])
def test_levels(opening, levels, is_whole):
    """128 are read; more are refused where they begin, whatever else is wrong behind them."""
    closing = "]" if opening == "[" else "}"
    text = opening * levels + ("1" + closing * levels if is_whole else "")
    if levels == 128 and is_whole:
        parse_json(f"{text} ")
        return
    with pytest.raises(NotJSON) as error:
        parse_json(text)
    if levels > 128:
        assert error.value.message == "Nested deeper than 128 levels"
        assert error.value.position == 128 * len(opening)


def test_many_brackets_in_a_string():
    """They are no levels."""
    assert parse_json('"' + "[" * 500 + '"') == "[" * 500
    assert parse_json('[["' + "[" * 500 + '"],[]]') == [["[" * 500], []]


@pytest.mark.parametrize("long", [b"", b"12345678901234567890,", b"0.12345678901234567,"])
@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"-1e999"])
def test_no_number(long, number):
    """What is none is refused, whatever else stands in the text."""
    with pytest.raises(ValueError, match=r"."):
        reader.parse_leniently(b"[" + long + number + b"]")
