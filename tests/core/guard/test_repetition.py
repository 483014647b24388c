"""What a model repeats without end, and the way out of it."""

import pytest

from strictgate.core.guard.repetition import leave_repetition, repeated
from tests.core.guard.test_logprob_steering import entry, tokens
from tests.core.guards import guard

TAGS = {"type": "array", "items": {"type": "string"}}
ROUND = ('"red', '",', ' "green', '", ')


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ('"CREATE_TYPE", ' * 20, 15),
        ('["a", ' + '"CREATE_TYPE", ' * 20, 15),
        ('"CREATE_TYPE", ' * 16, 0),  # 240 bytes
        ('{"name": "x", "text": "a value of some length"}, ' * 7, 0),  # fewer than eight rounds
        ('{"name": "x", "text": "a value of some length"}, ' * 8, 49),
        ("0, " * 300, 0),  # a row of zeros
        ("0, " * 400, 3),
        (" " * 2000, 0),  # blanks have a limit of their own
        ("The same, and then something else. " * 9 + "No!", 0),
        ("", 0),
    ],
)
def test_repeated(text, unit):
    """Only what comes often, and over some length, counts; short pieces only over a kilobyte."""
    assert repeated(text.encode()) == unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [("NON_" * 96, 4), ("NON_" * 95, 0), ("==" * 400, 0), ("00" * 400, 0), ("=-" * 512, 2)],
)
def test_repeated_in_a_string(text, unit):
    """There short pieces count sooner, but for lines."""
    assert repeated(text.encode(), in_string=True) == unit


def looping(closing):
    """A list of two tags, written again and again; `closing`: alternatives by the token."""
    words = ["[", *ROUND * 20]
    entries = [entry(word, *closing.get(word, ())) for word in words]
    text = "".join(words)
    return guard(TAGS, text), tokens(*entries).before(len(text)), text


def test_the_way_out_is_the_models_own():
    """All rounds but the first go, and the likeliest alternative that closes takes their place."""
    made, known, text = looping({'",': ('"]', '"}'), ' "green': (' "blue',)})
    assert leave_repetition(made, repeated(text.encode()), known, 0) == b'"]'
    assert made.text == b'["red", "green", "red"]'


def test_another_word_where_nothing_closes():
    """Where the model weighed no end, the likeliest other word will do."""
    made, known, text = looping({' "green': (' "gre', ' "blue')})
    assert leave_repetition(made, repeated(text.encode()), known, 0) == b' "blue'
    assert made.text == b'["red", "green", "red", "blue'


def test_no_way_out():
    """What is not allowed is none; the guard then stands where it stood."""
    made, known, text = looping({'",': ('"}', " ")})
    assert leave_repetition(made, repeated(text.encode()), known, 0) is None
    assert made.text == text.encode()


def test_what_the_caller_has_stays():
    """Only what has not gone out is taken back."""
    made, known, text = looping({'",': ('"]',)})
    floor = len(text) - 8
    assert leave_repetition(made, repeated(text.encode()), known, floor) is None
    floor = text.index('"red', 200)
    assert leave_repetition(made, repeated(text.encode()), known, floor) == b'"]'
    assert made.text == text[:floor].encode() + b'"red"]'


def test_text_that_was_mended_is_not_the_tokens():
    """Tokens that are not what stands there say nothing of it."""
    made, known, text = looping({'",': ('"]',)})
    other = guard(TAGS, text.replace("red", "rot"))
    assert leave_repetition(other, repeated(other.text), known, 0) is None
    assert other.text == text.replace("red", "rot").encode()
    assert leave_repetition(made, repeated(made.text), (), 0) is None
