"""How much of a document is final."""

import pytest

from strictgate.core.guard.releasable import MOST, final_length
from tests.core.guards import guard

WORDS = "this is a long text that nobody would take for anything else than prose, is it"


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("{", "{"),
        ('{"na', "{"),
        ('{"name"', "{"),
        ('{"name":', '{"name":'),
        ('{"name": ', '{"name":'),
        ('{"name": "An', '{"name":'),
        ('{"name": "Ann"', '{"name":'),
        ('{"name": "Ann" ,\n', '{"name": "Ann"'),
        ('{"age": 12', '{"age":'),
        ('{"age": 12,', '{"age": 12'),
        ('{"notes": [', '{"notes": ['),
        ('{"notes": ["a"]', '{"notes": ["a"]'),
        ('{"name": "a", "age": 1, "mood": "calm"}', '{"name": "a", "age": 1, "mood": "calm"}'),
        ('{"name": "a", "age": 1, "mood": "calm"} \n', '{"name": "a", "age": 1, "mood": "calm"}'),
        (f'{{"name": "{WORDS}', f'{{"name": "{WORDS[:-3]}'),
    ],
)
def test_final_length(text, final):
    """What a mend could take back stays: blanks, commas, names, unfinished and short values."""
    assert text[: final_length(guard(text=text))] == final


def test_long_text_streams():
    """Of a long text at most 64 bytes are held back, even where no word ends."""
    for count in range(40, 400, 7):
        text = '{"name": "' + "é" * count
        length = final_length(guard(text=text))
        data = text.encode()
        assert len(data) - length <= MOST
        data[:length].decode()  # no character is cut in two


def test_never_goes_back():
    """As a document grows, no byte that was final is taken back."""
    text = '{"name": "' + WORDS + '\\n \\u00e9 \\\\ end", "age": 12, "mood": "calm", "notes": []}'
    made, before = guard(), 0
    for byte in text.encode():
        made.consume(bytes([byte]))
        length = final_length(made)
        assert length >= before
        before = length
    assert before == len(text)
