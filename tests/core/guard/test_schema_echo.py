"""Copies of the schema in place of a document."""

import pytest

from strictgate.core.guard.schema_echo import is_schema_echo

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "title": "A person",
    "properties": {"name": {"type": "string"}, "title": {"type": "string"}},
    "required": ["name"],
}


@pytest.mark.parametrize(
    ("document", "is_echo"),
    [
        ({"type": "object"}, True),
        ({"$schema": SCHEMA["$schema"]}, True),
        ({"properties": {"name": {}}}, True),
        ({"properties": {}, "x": 1}, True),
        ({"required": ["name"]}, True),
        ({"type": "person"}, False),  # a member of the document's own
        ({"properties": 7}, False),
        ({"title": "A person"}, False),  # a property of the schema's
        ({"type": "object", "name": "Ann"}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_is_schema_echo(document, is_echo):
    """Keywords of the schema with its own values, and none of its properties."""
    assert is_schema_echo(SCHEMA, document) is is_echo


def test_a_choice_of_schemas():
    """It shows as soon as its list is open."""
    schema = {"oneOf": [{"type": "string"}, {"type": "object"}]}
    assert is_schema_echo(schema, {"oneOf": []})
    assert not is_schema_echo(schema, {"oneOf": "x"})
    assert not is_schema_echo(schema, {"anyOf": []})


def test_a_copy_with_mistakes():
    """A text of some length that goes astray, and properties in a list."""
    schema = {"description": "Various fields that are kept for old clients.", "properties": {}}
    assert is_schema_echo(schema, {"description": "Various fields that are kept in mind."})
    assert not is_schema_echo(schema, {"description": "Various fields, one of them kept."})
    assert not is_schema_echo(schema, {"description": "Various fields"})
    assert is_schema_echo(schema, {"properties": [{}]})


def test_what_the_schema_names_is_a_document():
    """A schema of schemas: nothing of it is a copy."""
    schema = {"type": "object", "properties": {"type": {}, "properties": {"type": "object"}}}
    assert not is_schema_echo(schema, {"type": "object"})
    assert not is_schema_echo(True, {"type": "object"})
