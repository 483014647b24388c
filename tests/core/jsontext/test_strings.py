"""The inside of a JSON string."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext import strings

WHOLE = [
    (b'abc"', 3, 3),
    (b"a\\n", 3, 3),
    (b"a\\", 1, 2),
    (b"a\\u00e", 1, 6),
    (b"\\u00e9x", 7, 7),
    (b"\\ud83d", 0, 6),
    (b"\\ud83d\\ude0", 0, 11),
    (b"\\ud83d\\ude00", 12, 12),
    (b"\\ud83dx", 0, 6),
    (b"\xe2\x82", 0, 2),
    (b"\xe2\x82\xac", 3, 3),
    (b"\xe2\x82x", 0, 2),
    (b"\xed\xa0", 0, 1),
    (b"a\n", 1, 1),
]


@pytest.mark.parametrize(("data", "whole", "begun"), WHOLE)
def test_units(data, whole, begun):
    """Where the whole ones end, and how far another is begun."""
    assert strings.whole_until(data, 0) == whole
    assert strings.begun_until(data, whole) == begun


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.booleans())
def test_characters(text, is_ascii):
    """They are counted, and found, whether they are escaped or not."""
    quoted = json.dumps(text, ensure_ascii=is_ascii).encode()
    units = quoted[1:-1]
    assert strings.parse_string(quoted) == text
    assert strings.length(units) == len(text)
    half = len(text) // 2
    assert strings.parse_string(b'"' + units[: strings.offset(units, half)] + b'"') == text[:half]


@pytest.mark.parametrize("end", range(1_000, 1_060))
def test_a_string_is_resumed_near_its_end(end):
    """With the result of reading all of it, wherever it is cut."""
    text = ("a\\u00e9\\ud83d\\ude00\u00e9 plain text that is long \U0001f600 " * 40).encode()[:end]
    begun = strings.resume_from(text, 0, end)
    assert begun <= end
    assert strings.whole_until(text, begun) == strings.whole_until(text, 0)


def test_escapes_alone_are_read_from_their_start():
    """There is no place where it is certain that none is open."""
    assert strings.resume_from(b"\\n" * 4_000, 0, 8_000) == 0
    assert strings.resume_from(b"x" * 4_000, 0, 4_000) > 2_900
