"""Telling a continuation from an echo and from a new start."""

import pytest

from strictgate.core.guard.continuation_alignment import Aligned, Aligner, ContinuationKind, Match
from tests.core.guards import guard

BEFORE = '{"name": "Ann", "age": '


def aligner(text=BEFORE, *, sent=None, proven=False, wrapper=b""):
    return Aligner(guard(text=text), wrapper, len(text) if sent is None else sent, proven)


@pytest.mark.parametrize(
    ("answer", "kind", "rest"),
    [
        ("12, ", ContinuationKind.CONTINUATION, "12, "),
        (' "12"', ContinuationKind.CONTINUATION, ' "12"'),
        ('{"name": "Ann", "age": 12', ContinuationKind.ECHO, "12"),
        ('{"name":"Ann","age":12', ContinuationKind.ECHO, "12"),
        ('```json\n{"name"', ContinuationKind.FRESH, None),
        ("<think>hm", ContinuationKind.FRESH, None),
        ("Sure, here it is", ContinuationKind.FRESH, None),
        ('{"name": "Bob"', ContinuationKind.FRESH, None),
        ('{"nam', ContinuationKind.UNKNOWN, None),
        (" ", ContinuationKind.UNKNOWN, None),
    ],
)
def test_kinds(answer, kind, rest):
    """By what it says, not by what was promised."""
    aligned = aligner().align(answer.encode(), final=False)
    assert aligned.kind is kind
    if rest is not None:
        assert answer[aligned.skip :].strip() == rest.strip()


def test_what_is_out_must_be_repeated():
    """Behind a prefix that was cut back, the model has to write again what is out already."""
    cut = aligner('{"name": "Ann", "age": 1', sent=len('{"name": "Ann", "age":'))
    assert cut.align(b" ", final=False).kind is ContinuationKind.UNKNOWN
    assert cut.align(b" 12", final=False) == Aligned(ContinuationKind.CONTINUATION, 2)
    other = aligner('{"name": "Ann", "age": 1', sent=len('{"name": "Ann", "age":'))
    assert other.align(b" 7,", final=False).kind is ContinuationKind.ASTRAY


def test_alike_items_are_no_new_start_to_those_who_know():
    """An item that begins as the document does is taken for one if the model is known to go on."""
    items = {"type": "array", "items": {"$ref": "#"}}
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "kids": items}}
    text = '{"name": "Ann", "kids": ['
    answer = b'{"name": "Ann B'
    made = guard(schema, text)
    assert (
        Aligner(made, b"", len(text), is_proven=False).align(answer, final=True).kind
        is ContinuationKind.FRESH
    )
    told = Aligner(made, b"", len(text), is_proven=True).align(answer, final=True)
    assert told.kind is ContinuationKind.CONTINUATION


def test_echo_of_the_wrapper():
    """The wrapper is part of what may be repeated."""
    made = aligner(wrapper=b'{"value": ')
    assert (
        made.align(b'{"value": {"name": "Ann", "age": 3', final=False).kind is ContinuationKind.ECHO
    )


def test_in_a_string():
    """In a text nearly everything is a continuation, but for the document itself."""
    text = '{"name": "A long text that is going'
    assert aligner(text).align(b" on and on", final=False).kind is ContinuationKind.CONTINUATION
    assert aligner(text).align(b'{"name": "A short', final=False).kind is ContinuationKind.FRESH
    assert aligner(text).align(text.encode() + b" on", final=False).kind is ContinuationKind.ECHO


@pytest.mark.parametrize(
    ("data", "wanted", "same"),
    [
        (b'{ "a b" :1', b'{"a b": 1', (10, 9)),
        (b'{"a  b"', b'{"a b"', (4, 4)),
        (b'{"a\\" b"', b'{"a\\" b"', (8, 8)),
        (b'{"abd', b'{"abc"', (4, 4)),
        (b"", b"{", (0, 0)),
    ],
)
def test_match_passes_over_blanks_outside_strings(data, wanted, same):
    """Blanks inside strings count; and how the text arrives does not."""
    assert Match(wanted).feed(data) == same
    pieces = Match(wanted)
    for end in range(1, len(data)):
        pieces.feed(data[:end])
    assert pieces.feed(data) == same


def test_a_beginning_that_breaks_off_is_no_continuation():
    """Not even in a string, where it could be text, of a model that is known to go on."""
    made = aligner('{"name": "Text Text Text', proven=True)
    assert made.align(b'{"name": "Text', final=True).kind is ContinuationKind.FRESH


def test_a_wrong_value_is_no_new_start_of_a_model_that_goes_on():
    """It is a violation, as any other."""
    made = aligner('{"name":', proven=True)
    assert made.align(b' ["Ann', final=False).kind is ContinuationKind.CONTINUATION


def test_a_long_word_is_compared_once():
    """Not anew for each piece of it: that took a minute for 2 MiB without a blank."""
    wanted = b'{"v": "' + b"a" * (1 << 21) + b'"}'
    match = Match(wanted)
    for end in range(1000, 1 << 20, 1000):
        used, matched = match.feed(wanted[:end])
        assert (used, matched) == (end, end)
