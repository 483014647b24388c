"""How many values a text has, by a parser's account."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext.value_count import has_more_values

NAMES = st.text('ab,[{"\\', max_size=4)
VALUES = st.recursive(
    st.none() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def counted(value):
    """Values but the last of each array or object, and arrays and objects."""
    if not isinstance(value, list | dict):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(len(value) - 1, 0) + sum(map(counted, inner))


@given(VALUES)
def test_any(value):
    """Commas, brackets and quotes in strings are not counted, escaped or not."""
    raw = json.dumps(value).encode()
    number = counted(value)
    assert not has_more_values(raw, max(number, 1))
    if number > 1:
        assert has_more_values(raw, number - 1)


@pytest.mark.parametrize(
    ("raw", "is_more"),
    [
        (b'{"a":"' + b'{\\"b\\":[1,2]},' * 1000 + b'"}', False),
        (b'{"a":"' + b"\\\\" * 1000 + b'","b":"' + b"," * 1000 + b'"}', False),
        (b"[" + b"[]," * 1000 + b"1]", True),
        (b"{" + b'"a":1,' * 1000 + b'"b":1}', True),
        (b'"a"' * 3000 + b"," * 200, True),
    ],
)
def test_examples(raw, is_more):
    """A document in a string is one value; many small ones are many."""
    assert has_more_values(raw, 100) is is_more
