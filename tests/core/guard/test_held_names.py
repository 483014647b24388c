"""Names that are held back, as they may yet be mended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.held_names import HeldNames
from strictgate.core.repair_steps import Repair
from tests.core.guards import draft, guard, reading

INNER = {"type": "object", "properties": {"key": {}}, "required": ["key"]}
OPEN = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "sub": INNER},
    "required": ["id"],
}
UNEVALUATED = {"properties": {"n": {"type": "integer"}}, "unevaluatedProperties": False}


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ('{"ID":"x","other":1,', "{"),
        ('{"other":1, "ID":"x","sub":{"a":1,', '{"other":1'),
        # inside another value, and in the one around it
        ('{"other":1, "sub":{"z":1, "KEY":"a","b":', '{"other":1, "sub":{"z":1'),
        ('{"Id":1,"sub":{"key":"a","b":', "{"),
        # what may be meant is there, before it or behind it
        ('{"id":"x","ID":"y","other":', '{"id":"x","ID":"y","other":'),
        ('{" id ":"y","id":"x","other":', '{" id ":"y","id":"x","other":'),
        ('{"Id":"y","id":"x","ID":1,"other":', '{"Id":"y","id":"x","ID":1,"other":'),
        # nothing is missing without it
        ('{"N":1,"other":', '{"N":1,"other":'),
        ('{"ident":1,"other":', '{"ident":1,"other":'),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_held_back(text, final, size):
    """A name in another case than the one that is missing, however the text comes."""
    made, released = draft(OPEN), ""
    for start in range(0, len(text), size):
        made.guard.consume(text[start : start + size].encode())
        released += made.release(made.final())

    assert made.guard.text.decode() == text
    assert released == final


def test_what_nothing_evaluates():
    """There a name may be mended that is not required."""
    assert HeldNames().first(guard(UNEVALUATED, '{"N":1,', grammar=False)) == 1


@pytest.mark.parametrize("level", [Repair.OFF, Repair.SYNTAX])
def test_a_level_that_renames_nothing(level):
    """Nothing is held back for a mend that is not made."""
    made = draft(OPEN, '{"ID":"x","other":', level)

    assert made.release(made.final()) == '{"ID":"x","other":'


def test_taken_back():
    """A name that is cut off holds nothing back, nor does one in its place."""
    made = draft(OPEN, '{"ID":"x","other":1,')
    assert made.final() == 1
    made.cut(1)
    made.guard.consume(b'"id":"x","other":1,"more":')

    assert made.final() == len(made)


@given(st.lists(st.integers(1, 40)), st.permutations(['"ID":"x"', '"n":1', '"a":{"Id":"b"}']))
def test_mended_in_a_stream(sizes, members):
    """However it comes, what goes out is the document with its name mended."""
    text, released = "{" + ",".join(members) + "}", ""
    stream = reading(draft(OPEN))
    for size in [*sizes, len(text)]:
        stream.feed(text[:size])
        text = text[size:]
        released += stream.draft.release(stream.draft.final())
    stream.flush()

    assert stream.draft.is_whole
    assert released + stream.draft.release(len(stream.draft)) == stream.draft.text
    assert '"id":"x"' in stream.draft.text
