"""Both engines in step."""

from random import Random

import pytest

from strictgate.core.grammar.grammar import Grammar
from strictgate.core.guard.grammar_matcher import load_grammar
from strictgate.core.guard.guard import MAX_MATCHED, Guard
from strictgate.core.schema.schema import admit
from tests.core.guards import PERSON, guard

LATE = PERSON | {"minProperties": 4, "not": {"required": ["notes"]}, "$comment": "late"}
DOCUMENT = b'{"name": "Ann", "age": 7, "mood": "calm"}'


@pytest.mark.parametrize("grammar", [True, False])
def test_whole_document(grammar):
    """What is valid is taken in, whichever engine is there."""
    made = guard(grammar=grammar)
    assert made.consume(DOCUMENT) == len(DOCUMENT)
    assert made.is_complete()
    assert made.is_closed()
    assert made.text == DOCUMENT


def test_the_grammar_sees_it_first():
    """With a grammar a wrong option is refused at its first wrong byte, without at its end."""
    wrong = b'{"mood": "happy"'
    assert guard().consume(wrong) == wrong.index(b"happy")
    assert guard(grammar=False).consume(wrong) == len(wrong) - 1


def test_the_tracker_has_the_last_word():
    """What the grammar cannot hold is judged when the root closes."""
    schema = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    made = guard(schema, "[1, 2")
    assert made.consume(b", 2]") < len(b", 2]")
    assert not made.is_complete()
    assert made.problems()


def test_the_whole_alone():
    """Where the validator looks at no more, what is wrong shows when the root closes."""
    schema = admit(PERSON, name="s")
    wrong = DOCUMENT.replace(b"calm", b"happy")
    made = Guard(schema, None, checking=False)
    assert made.consume(wrong) == len(wrong) - 1
    assert [problem.path for problem in made.problems()] == [("mood",)]


def test_a_guard_becomes_its_twin():
    """It then stands where that has come to."""
    made = guard(text='{"name": ')
    twin = made.fork()
    twin.consume(b'"Ann"')
    made.become(twin)
    assert made.text == b'{"name": "Ann"'


def test_rollback_and_on():
    """Behind a violation it can go on differently, and be taken back to any place."""
    made = guard(text='{"name": "Ann", "age": 7')
    assert made.consume(b"x") == 0
    made.rollback(len(b', "age": 7'))
    assert made.consume(b', "mood": "calm", "age": 8}') == len(b', "mood": "calm", "age": 8}')
    assert made.is_closed()


def test_fits_changes_nothing():
    """Asking whether something fits leaves the guard where it was."""
    made = guard(text='{"name": ')
    assert made.fits(b'"Ann"')
    assert not made.fits(b"12")
    assert made.text == b'{"name": '


def test_fork_goes_its_own_way():
    """A fork and its origin do not see each other's text."""
    made = guard(text='{"age": 1')
    twin = made.fork()
    twin.consume(b"2, ")
    assert (made.text, twin.text) == (b'{"age": 1', b'{"age": 12, ')
    assert guard(text='{"mood": ').fork().consume(b'"happy"') == 1
    assert guard(text='{"mood": ', grammar=False).fork().consume(b'"happy"') == len(b'"happy')


def test_a_number_may_go_on():
    """A number at the root is whole, and is not closed."""
    made = guard({"type": "integer"}, "12")
    assert made.is_complete()
    assert not made.is_closed()


def test_one_way_on():
    """Forced is what the grammar leaves no choice about; without a grammar nothing is known."""
    text = '{"name": "a", "age": 1, "mood": "c'
    assert guard(text=text).forced().startswith(b'alm"')
    assert guard(text=text, grammar=False).forced() == b""
    assert set(guard(text='{"mood": ').options()) == {b'"angry"', b'"calm"'}


def test_missing():
    """The required properties that the open object lacks, in the schema's order."""
    assert guard(text='{"age": 1').missing() == ("name", "mood")


def test_what_the_grammar_alone_says():
    """The validator may refuse what the grammar takes."""
    schema = {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}
    made = guard(schema, '{"a1')
    assert made.is_grammatical(b'"')
    assert not made.fits(b'"')
    assert not guard(text='{"mood": "ang').is_grammatical(b'"')
    assert guard(text="{", grammar=False).is_grammatical(b"]")


def test_the_grammar_stands_where_the_validator_does():
    """What the grammar had taken and the validator refuses, the grammar takes back."""
    schema = {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}
    made = guard(schema, '{"a1')
    assert made.consume(b'xyz": 1}') == 3
    assert made.text == b'{"a1xyz'
    assert made.is_grammatical(b'": 1}')
    assert not made.is_grammatical(b"\n")


POSITIVE = {"type": "number", "minimum": 1}


@pytest.mark.parametrize(
    ("source", "plain", "fits"),
    [
        (b"1e2", b"100", True),
        (b"1e-2", b"0.01", False),  # the grammar refuses what it stands for
        (b"01", b"1", False),  # the validator refuses the spelling
        (b"1e2x", b"100", False),
    ],
)
def test_another_spelling(source, plain, fits):
    """A number in a spelling that the grammar does not know stands in the text as it is spelt; one
    that does not fit leaves nothing."""
    made = guard(POSITIVE)
    assert made.consume(b"1e2") < 3
    made.rollback(len(made.text))
    assert made.consume_as(source, plain) is fits
    assert made.text == (source if fits else b"")
    assert made.is_complete() is fits
    assert made.is_grammatical(b"7") is not fits
    assert fits or made.consume(b"7 ") == 2
    assert not guard(POSITIVE, grammar=False).consume_as(source, plain)


EXPLODES = 'start: "[" ITEM (", " ITEM)* "]"\nITEM: /"[ab]*a[ab]{16}"/\n'
TWO_LETTERS = {"type": "array", "items": {"type": "string", "pattern": "^[ab]*$"}}


def test_a_grammar_that_explodes():
    """The validator goes on alone, and then looks at every value as it closes."""
    grammar = load_grammar(Grammar(EXPLODES, frozenset(), 1))
    made = Guard(admit(TWO_LETTERS, name="s"), grammar)
    text = b'["' + bytes(Random(0).choices(b"ab", k=50_000))
    assert made.consume(text) == len(text)
    assert made.is_grammatical(b"\x00")
    assert made.consume(b'", "c"') == len(b'", "c')
    assert made.consume(b'"]') == 0
    assert grammar.is_broken()
    assert Guard(admit(TWO_LETTERS, name="s"), grammar).consume(b'["c"') == len(b'["c')
    alone = Guard(admit(TWO_LETTERS, name="s"), grammar, checking=False)
    assert alone.consume(b'["c"') == len(b'["c"')


@pytest.mark.parametrize(
    ("text", "grammar", "is_free"),
    [
        ('{"name": "An', True, True),
        ('{"mood": "c', True, False),
        ('{"name": ', True, False),
        ('{"mood": "c', False, True),
    ],
)
def test_a_free_string(text, grammar, is_free):
    """A string is free that may go on with nearly anything; without a grammar each may be."""
    assert guard(text=text, grammar=grammar).is_free() is is_free


def test_what_the_schema_says_anywhere():
    """The guard has the features of its schema, by which repairs find what was meant."""
    assert any(node.schema == PERSON for node in guard().features.nodes)


@pytest.mark.parametrize("size", [7, 4096, 1 << 20])
def test_a_long_document(size):
    """Behind what is matched with the grammar the validator goes on alone; where it refuses does
    not depend on the pieces."""
    row = b'{"name": "Ann", "age": 7, "mood": "calm"}, '
    good = b"[" + row * (MAX_MATCHED // len(row) + 100)
    made = guard({"type": "array", "items": PERSON})
    wrong = good + b'{"mood": "happy", '
    read = 0
    for at in range(0, len(wrong), size):
        piece = wrong[at : at + size]
        taken = made.consume(piece)
        read += taken
        if taken < len(piece):
            break
    assert read == len(good) + len(b'{"mood": "happy')
    assert not made.forced()
    assert made.consume(b'"') == 0
    made.rollback(read - len(good))
    assert made.consume(row[:-2] + b"]") == len(row) - 1
    assert made.is_closed()


BROAD = {"anyOf": [{"type": "array", "maxItems": most} for most in range(300)]}
MANY = {"properties": {f"name{at}": {"type": "integer"} for at in range(8_000)}}
BROAD_TEXTS = [
    (BROAD, b"[" + b"1, " * 303, 898),
    (
        MANY,
        b"{" + b", ".join(b'"name%d": %d' % (at, at) for at in range(300)) + b', "name301": "x',
        -2,
    ),
]


@pytest.mark.parametrize("size", [7, 100, 100_000])
@pytest.mark.parametrize(("schema", "text", "refused_at"), BROAD_TEXTS)
def test_a_broad_schema_is_matched_for_a_while(schema, text, refused_at, size):
    """Then the validator goes on alone, and refuses what it would, in whatever pieces."""
    made = guard(schema)
    read = 0
    for at in range(0, len(text), size):
        piece = text[at : at + size]
        taken = made.consume(piece)
        read += taken
        if taken < len(piece):
            break
    assert read == range(len(text))[refused_at]
    assert not made.options()
