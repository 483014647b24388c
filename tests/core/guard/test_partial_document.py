"""A document as far as it has come."""

import pytest

from strictgate.core.repair_steps import Completion, Repair
from tests.core.guards import PERSON, draft


@pytest.mark.parametrize(
    ("text", "ahead", "completed"),
    [
        ('{"name": "a", "age": 1, "mood": "c', b"", '{"name": "a", "age": 1, "mood": "calm"'),
        ('{"name": "a", "mood": "calm"', b"}", '{"name": "a", "mood": "calm", "age":'),
        ("{", b"", '{"name": "'),
        ('{"name": "a"', b" ]", '{"name": "a", "age":'),
        ('{"notes": ["a"', b"}", '{"notes": ["a"], "name": "'),
        (
            '{"name": "a", "age": 1, "mood": "calm", "notes": ["a"',
            b" }",
            '{"name": "a", "age": 1, "mood": "calm", "notes": ["a"]}',
        ),
        ('{"name": "a", ', b"oops", '{"name": "a", "'),
        ('{"name": "a", "mood": "calm", ', b'"n', '{"name": "a", "mood": "calm", "'),
        (
            '{"name": "a", "age": 1, "mood": "calm", "',
            b'x": 1',
            '{"name": "a", "age": 1, "mood": "calm", "',
        ),
        ('{"name": "a", "age": 1, "mood": "calm", ', b"", '{"name": "a", "age": 1, "mood": "calm"'),
    ],
)
def test_complete(text, ahead, completed):
    """What there is one way for is written; a required property, where the object was ended."""
    made = draft(text=text)
    made.complete(ahead)
    assert made.text == completed


def test_whole_where_one_way_is_left():
    """A one-value enum and the brackets behind it need no asking."""
    schema = PERSON | {"properties": {"mood": {"enum": ["angry"]}}, "required": ["mood"]}
    made = draft(schema, '{"mood"')
    made.complete(b"= happy")
    assert made.text == '{"mood":"angry"}'
    assert made.is_whole
    assert [(step.name, step.path) for step in made.steps] == [(Completion.FORCED, "/mood")]


def test_nothing_is_closed_over_what_the_model_said():
    """A further property is not overruled by a bracket; at the end of the text it is written."""
    schema = PERSON | {"properties": {"mood": {"enum": ["angry", "calm"]}}, "required": ["mood"]}
    made = draft(schema, '{"mood": "calm"')
    made.complete(b', "note": 1}')
    assert made.text == '{"mood": "calm"'
    made.complete(b"")
    assert made.text == '{"mood": "calm"}'


def test_off_completes_nothing():
    """At level off the document is the model's, to the byte."""
    made = draft(text='{"name": "a", "age": 1, "mood": "c', level=Repair.OFF)
    made.complete(b"")
    assert made.text.endswith('"c')


def test_required_in_open_objects():
    """An object that takes any name is told which it lacks."""
    made = draft({"type": "object", "required": ["a", "b"]}, '{"x": 1')
    made.complete(b"}")
    assert made.text == '{"x": 1, "a":'
    assert [(step.name, step.path) for step in made.steps] == [(Completion.NAMED, "/a")]


def test_release():
    """Each byte is given once."""
    made = draft(text='{"name": "Ann", ')
    assert made.release(made.final()) == '{"name": "Ann"'
    assert made.release(made.final()) == ""
    assert made.released == len('{"name": "Ann"')


def test_dropped_token():
    """An unfinished token is taken back, but not from the caller."""
    made = draft(text='{"mood": "ca')
    made.drop_token()
    assert made.text == '{"mood":'
    made = draft(text='{"mood": "ca')
    made.released = 11
    made.drop_token()
    assert made.text == '{"mood": "ca'


def test_anew():
    """A new draft of the same document is empty."""
    made = draft(text="{")
    assert len(made.anew()) == 0
    assert len(made) == 1


@pytest.mark.parametrize(
    ("text", "ahead", "completed"),
    [
        (
            '{"name": "a", "mood": "calm", "age": 1',
            b" 000}",
            '{"name": "a", "mood": "calm", "age": ',
        ),
        ('{"age": 3 ', b"or 4}", '{"age": '),
        ('{"name": "x" ', b'+ "y"}', '{"name": '),
        ('{"name": "x"', b".repeat(3)}", '{"name": '),
        ('{"age": 3', b" USD, ", '{"age": 3'),
        ('{"mood": "an', b'xious"}', '{"mood": "an'),
    ],
)
def test_what_the_model_said_is_not_made_into_something_else(text, ahead, completed):
    """A value with something behind it is taken back; a word is not finished as another one."""
    made = draft(text=text)
    made.complete(ahead)
    assert made.guard.text.decode().startswith(completed)
    assert "calm" not in made.guard.text.decode()[len(completed) :]
    assert not made.is_whole


OPEN = {"type": "object", "properties": {"a": {}, "b": {"type": "object"}}}


@pytest.mark.parametrize(
    ("text", "at", "names", "opened", "path"),
    [
        ('{"a": 1}', 7, ("b",), '{"a": 1, "b":', "/b"),
        ('{\n  "a": 1\n}', 10, ("b",), '{\n  "a": 1,\n  "b":', "/b"),
        ('{"a": 1, "x": 2}', 7, ("b", "x"), '{"a": 1, "b": {"x":', "/b"),
        ('{"x": 2}', 1, ("b", "x"), '{"b": {"x":', "/b"),
        ('{"a": [1, 2]}', 11, (None,), '{"a": [1, 2,', "/a/2"),
    ],
)
def test_a_member_is_opened_in_what_is_whole(text, at, names, opened, path):
    """Behind the last one, or in the place of others; in the layout that it has."""
    made = draft(OPEN, text)
    assert made.reopen(at, *names)
    assert made.text == opened
    assert [(step.name, step.path) for step in made.steps] == [(Completion.TOLD, path)]


def test_not_what_does_not_fit():
    """A name that is there already, or what the caller has behind the place."""
    made = draft(OPEN, '{"a": 1}')
    assert not made.reopen(7, "a")
    made = draft(OPEN, '{"a": 1}')
    made.released = 8
    assert not made.reopen(7, "b")
    assert made.text == '{"a": 1}'
