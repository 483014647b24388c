"""Where a prefix is cut."""

import pytest

from strictgate.core.guard.resume_point import safe_length
from tests.core.guards import guard

LONG = "a sentence that goes on for a while and th"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"name": ', '{"name":'),
        ('{"name": "An', '{"name":'),
        ('{"name": "Ann"', '{"name": "Ann"'),
        ('{"name": "Ann",\n ', '{"name": "Ann",'),
        ('{"name": "Ann", "ag', '{"name": "Ann",'),
        ('{"age": 12', '{"age":'),
        (f'{{"name": "{LONG}', f'{{"name": "{LONG[:-3]}'),
        ("{", "{"),
        ("", ""),
    ],
)
def test_safe_length(text, kept):
    """Behind structure or a whole value; in a long string, where a word ends."""
    assert text[: safe_length(guard(text=text))] == kept


@pytest.mark.parametrize("before", ["", '"mood": "calm", "age": 12, '])
@pytest.mark.parametrize(("word", "is_text"), [(18, False), (19, False), (20, True)])
def test_from_where_on_a_string_is_text(before, word, is_text):
    """A word's end counts from the twenty-first byte behind the quote on, wherever that stands."""
    head = f'{{{before}"name":'
    text = f'{head} "{"w" * word} and'
    kept = text.removesuffix(" and") if is_text else head

    assert text[: safe_length(guard(text=text))] == kept


def test_exact():
    """Where the end was chosen, only blanks outside tokens go."""
    assert safe_length(guard(text='{"mood": "c'), exact=True) == len('{"mood": "c')
    assert safe_length(guard(text='{"mood": '), exact=True) == len('{"mood":')
