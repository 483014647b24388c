"""Who the bytes of a document are from."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.output.origins import (
    ByteOrigin,
    DocumentOrigins,
    OriginRange,
    OriginRecorder,
    TextChange,
    changes,
    edited,
)


def pieces(origins, text):
    """Each range as its first letter and its text."""
    data = text.encode()
    return [
        (each.origin.value[:2], data[each.start : each.end].decode()) for each in origins.ranges
    ]


@pytest.mark.parametrize(
    ("old", "new", "mended"),
    [
        ('{"a": 1}', '{"a": 1}', []),
        ('{"price":"4.5", "name":"x"}', '{"price":4.5, "name":"x"}', ["4.5"]),
        ("{'a': True, \"b\": 1}", '{"a": true, "b": 1}', ['"a"', "true"]),
        ('{"value": [1, 2]}', "[1, 2]", []),
        ('{"a":1,"x":{"y":[1,2]},"mood":"Calm"}', '{"a":1,"mood":"calm"}', ['"calm"']),
        ("[1, 2,]", "[1, 2]", []),
        ('{"é": "ü", "n": "7"}', '{"é": "ü", "n": 7}', ["7"]),
    ],
)
def test_what_is_new_is_mended(old, new, mended):
    """Of a text that was mended as a whole, the tokens that are new; not those between them."""
    found = pieces(edited(old.encode(), new.encode()), new)
    assert [text for origin, text in found if origin == "me"] == mended


SCRAPS = st.sampled_from(
    ['"a"', "1", "true", "'b'", "{", "}", "[", "]", ",", ":", " ", "é", '"', "x"]
)
TEXTS = st.lists(SCRAPS, max_size=40).map("".join)


@given(TEXTS, TEXTS, st.integers(0, 9))
def test_the_changes_make_the_one_of_the_other(old, new, at):
    """Any two texts: they are in order, and replacing them is all that it takes."""
    one, other = b"." * at + old.encode(), b"." * at + new.encode()
    made, position = b"", 0
    for each in changes(one[at:], other[at:], at):
        made += one[position : each.old_start]
        assert len(made) == each.new_start
        made += other[each.new_start : each.new_end]
        position = each.old_end
    assert made + one[position:] == other


def test_long_texts_are_compared_at_their_ends():
    """What a long text begins and ends with is the model's; all between is mended."""
    middle = "x" * 300_000
    old, new = f'{{"a": "{middle}", "b": "1"}}', f'{{"a": "{middle}", "b": 1}}'
    origins = edited(old.encode(), new.encode())
    assert [text for origin, text in pieces(origins, new) if origin == "me"] == ["1"]


def test_what_is_taken_back_has_no_origin():
    """The next to write says where it begins; what was there is forgotten."""
    recorder = OriginRecorder()
    recorder.write(0, ByteOrigin.MODEL)
    recorder.write(4, ByteOrigin.FORCED)
    recorder.write(8, ByteOrigin.CONTINUED)
    recorder.write(3, ByteOrigin.CONTINUED)
    ranges = (OriginRange(0, 3, ByteOrigin.MODEL), OriginRange(3, 9, ByteOrigin.CONTINUED))
    assert recorder.until(9) == DocumentOrigins(ranges)
    assert recorder.until(2) == DocumentOrigins.of(ByteOrigin.MODEL, 2)
    assert (recorder.at(2), recorder.at(3)) == (ByteOrigin.MODEL, ByteOrigin.CONTINUED)


def test_what_stands_behind_a_mend_moves_with_it():
    """The origins behind a part that was replaced stay, at their new places."""
    recorder = OriginRecorder()
    recorder.write(0, ByteOrigin.MODEL)
    recorder.write(10, ByteOrigin.FORCED)
    recorder.write(14, ByteOrigin.CONTINUED)
    recorder.replace([TextChange(2, 5, 2, 4), TextChange(12, 13, 11, 11)], ByteOrigin.MENDED)
    assert [(each.start, each.origin.value) for each in recorder.until(18).ranges] == [
        (0, "model"),
        (2, "mended"),
        (4, "model"),
        (9, "forced"),
        (12, "continued"),
    ]


def test_counts():
    """How many bytes have each origin; those that there are, in the order of ByteOrigin."""
    ranges = (
        OriginRange(0, 3, ByteOrigin.MENDED),
        OriginRange(3, 5, ByteOrigin.MODEL),
        OriginRange(5, 6, ByteOrigin.MENDED),
    )
    origins = DocumentOrigins(ranges)
    assert json.dumps(origins.counts()) == '{"model": 2, "mended": 4}'
    assert origins.length == 6
    assert DocumentOrigins.of(ByteOrigin.MODEL, 0).counts() == {}


RANGES = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(ByteOrigin)), max_size=8)
REPLACED = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 4)), max_size=6)


@given(RANGES, REPLACED)
def test_what_is_replaced_moves_what_stands_behind(ranges, replaced):
    """As if each byte had its origin written beside it."""
    recorder, old = OriginRecorder(), []
    for length, origin in ranges:
        recorder.write(len(old), origin)
        old += [origin] * length
    new, told, at = [], [], 0
    for apart, taken, put in replaced:
        start = at + apart
        end = start + taken
        if end > len(old):
            break
        new += old[at:start]
        told.append(TextChange(start, end, len(new), len(new) + put))
        new += [ByteOrigin.MENDED] * put
        at = end
    new += old[at:]
    recorder.replace(told, ByteOrigin.MENDED)
    found = recorder.until(len(new)).ranges
    assert [each.origin for each in found for _ in range(each.start, each.end)] == new


def test_many_mends_cost_what_they_change():
    """Neither those before them nor the rest of the text is gone through for each: that took 20 s
    for 30,000 numbers in quotes."""
    recorder, count = OriginRecorder(), 30_000
    for at in range(count):
        recorder.write(4 * at, ByteOrigin.MODEL)
        change = TextChange(4 * at + 1, 4 * at + 3, 4 * at + 1, 4 * at + 3)
        recorder.replace([change], ByteOrigin.MENDED)
    assert len(recorder.until(4 * count).ranges) == 2 * count + 1
    old, new = (b"[" + b", ".join([each] * count) + b"]" for each in (b'"1"', b"1"))
    assert len(changes(old, new)) == count
