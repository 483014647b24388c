"""What is wrong at a violation."""

import pytest

from strictgate.core.guard.violation_details import allowed, expected_name, explain
from tests.core.guards import PERSON, draft


@pytest.mark.parametrize(
    ("text", "ahead", "path", "kind"),
    [
        ('{"mood": ', b'"happy", ', ("mood",), "Enum"),
        ('{"age": ', b"null}", ("age",), "Type"),
        ('{"age": 1', b"}", (), "Required"),
        ("{", b'"name": 5, ', ("name",), "Type"),
        ("{", b'"nose": 5, ', (), "AdditionalProperties"),
    ],
)
def test_in_the_words_of_the_validator(text, ahead, path, kind):
    """The value is read on until it is whole, and the validator asked about it alone."""
    made = draft(text=text)
    problems = explain(made, ahead, made.guard.schema)
    assert [(each.path, each.kind) for each in problems] == [(path, kind)]
    assert made.text == text.rstrip()


def test_what_is_no_json_is_not_explained():
    """There is nothing to ask the validator about."""
    made = draft(text='{"age": ')
    assert explain(made, b"oops", made.guard.schema) == ()


def test_expected_name():
    """The names of a closed object, or the patterns that they must match; of others nothing."""
    assert expected_name(draft(text='{"na')) == '"name", "age", "mood", "notes"'
    assert expected_name(draft(text='{"name": "')) == ""
    assert expected_name(draft({"type": "object"}, "{")) == ""
    inner = {
        "type": "object",
        "properties": {"a": {}},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"of": {"$ref": "#/$defs/in"}},
        "$defs": {"in": inner},
    }
    assert expected_name(draft(schema, '{"of": {')) == '"a" or a name that matches ^x-'


def test_allowed():
    """The few ways to go on, with what is there of the token."""
    assert set(allowed(draft(text='{"mood": '))) == {'"angry"', '"calm"'}
    assert allowed(draft(text='{"mood": "c')) == ('"calm"',)
    assert allowed(draft(text='{"name": ')) == ()
    names = PERSON["properties"]
    assert set(allowed(draft(text="{"))) == {f'"{name}"' for name in names}
