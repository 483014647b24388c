"""How much of a document is final."""

import pytest

from strictgate.core.guard.releasable import LONG, MOST, final_length
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


OPEN = '{"name": "'
LATE = '{"age": 1,' + " " * 66 + '"name": "'  # the string starts at byte 84
HALF = LONG // 2


@pytest.mark.parametrize("opening", [OPEN, LATE])
@pytest.mark.parametrize(
    ("string", "final"),
    [
        ("x" * (LONG - 1), None),
        ("x" * LONG, "x" * LONG),
        # a word's end counts from the middle of a long text on, and in the last 64 bytes alone
        ("x" * (HALF - 2) + " " + "x" * LONG, "x" * (HALF - 2) + " " + "x" * LONG),
        ("x" * (HALF - 1) + " " + "x" * LONG, "x" * (HALF - 1)),
        ("x" * 40 + " " + "x" * (MOST - 2), "x" * 40),
        ("x" * 40 + " " + "x" * (MOST - 1), "x" * 40 + " " + "x" * (MOST - 1)),
        # an escape that is not all there is held back, and so is one that may go on
        *(("x" * 40 + cut, "x" * 40) for cut in ("\\", "\\n", "\\u", "\\u0", "\\u00e")),
        ("x" * 40 + "\\u00e9", "x" * 40 + "\\u00e9"),
        ("x" * 40 + "\\nyyy", "x" * 40 + "\\nyyy"),
        ("x" * 40 + "é", "x" * 40 + "é"),
        # a string that is closed is text from twice that length on
        ("x" * (2 * LONG - 2) + '"', None),
        ("x" * (2 * LONG - 1) + '"', "x" * (2 * LONG - 1)),
        ("x" * (2 * LONG - 1) + '" \n', "x" * (2 * LONG - 1)),
        ("x" * 60 + " " + "x" * 20 + '"', "x" * 60),
    ],
)
def test_where_a_long_text_ends(opening, string, final):
    """What goes out of a string, byte by byte around each limit; None: nothing of it."""
    text = opening + string
    released = text.encode()[: final_length(guard(text=text))].decode()
    assert released == (opening.removesuffix(' "') if final is None else opening + final)


@pytest.mark.parametrize(("whole", "half"), [("é", 1), ("€", 1), ("€", 2), ("😀", 3)])
def test_no_character_is_cut(whole, half):
    """Of a character that is not all there no byte goes out."""
    made = guard(text=OPEN + "x" * 40, grammar=False)
    made.consume(whole.encode()[:half])
    assert final_length(made) == len(OPEN) + 40


@pytest.mark.parametrize(
    ("schema", "text", "final"),
    [
        ({"type": "object"}, '{"a": ' + "1" * 80 + " ", '{"a":'),
        ({"type": "object"}, '{"a": 1, "' + "x" * 80 + '"', '{"a": 1'),
        ({"type": "array"}, "[" + "1" * 80, "["),
        ({"type": "object"}, '{"a": {"b": {}}', '{"a": {"b": {'),
        ({"type": "object"}, '{"a": {"b": {} } , ', '{"a": {"b": {'),
        ({"type": "object"}, '{"a": {}, "b"', '{"a": {'),
        ({"type": "object"}, '{"a": {}, "b":', '{"a": {}, "b":'),
        ({"type": "array"}, "[{}, ", "[{"),
        ({"type": "array"}, "[{}, {", "[{}, {"),
        ({"enum": ["x" * 80, "y"]}, '"' + "x" * 60, ""),
    ],
)
def test_what_is_long_and_no_text(schema, text, final):
    """A long number, name or option is a value to be mended, and is held back."""
    assert text[: final_length(guard(schema, text))] == final


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
