"""Both engines in step."""

import pytest

from strictgate.core.guard.guard import Guard
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
