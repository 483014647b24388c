"""Validators of a schema: of all of it, of a part, and without some keywords."""

import pytest

from strictgate.core.schema.explanation_cost import schema_shape
from strictgate.core.schema.formats import Formats
from strictgate.core.schema.inspection import inspect_schema
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.validators import ValidUnions, compile_validator, without_keywords

DOCUMENT = {
    "properties": {
        "required": {"type": "integer", "enum": [{"required": 1}, 5]},
        "a": {"anyOf": [{"required": ["b"]}, {"type": "null"}]},
    },
    "required": ["a"],
    "default": {"required": ["x"]},
}


def inspected(document):
    return inspect_schema(document, Limits())


def test_keywords_are_left_out_of_schemas_alone():
    """A property, a value and an example may have the same name."""
    assert without_keywords(DOCUMENT, ("required",)) == {
        "properties": {
            "required": {"type": "integer", "enum": [{"required": 1}, 5]},
            "a": {"anyOf": [{}, {"type": "null"}]},
        },
        "default": {"required": ["x"]},
    }
    assert DOCUMENT["required"] == ["a"], "it is a copy"


@pytest.mark.parametrize("document", [True, {"items": {"required": ["a"]}}])
def test_where_there_is_none_nothing_is_copied(document):
    """The document itself comes back."""
    assert without_keywords(document, ("minItems",)) is document


@pytest.mark.parametrize(("formats", "is_valid"), [("assert", False), ("annotate", True)])
def test_the_options_are_those_of_the_schema(formats, is_valid):
    """Patterns, formats and the draft stay what they are without a keyword."""
    schema = inspected({"required": ["z"], "properties": {"a": {"format": "date"}}})
    document = without_keywords(schema.document, ("required",))
    validator = compile_validator(document, schema, Formats(formats))
    assert validator.is_valid({"a": "2020-01-01"})
    assert validator.is_valid({"a": "soon"}) is is_valid


def test_valid_unions():
    """Only unions are asked about, each by its own validator."""
    schema = inspected(
        {"items": {"anyOf": [{"const": 1}, {"$ref": "#/$defs/t"}]}, "$defs": {"t": {}}}
    )
    unions = ValidUnions(schema, Formats.ASSERT)
    (item,) = (node for node in schema.root.successors if "anyOf" in node.schema)
    assert unions(item, 2)
    assert not unions(schema.root, [2])


PLAIN = {"properties": {"a": {"items": {"type": "string"}}, "b": {"$ref": "#"}}}
SHAPES = [
    (True, False, True),
    (PLAIN, False, True),
    ({"anyOf": [{}]}, True, False),
    ({"allOf": [{"$ref": "#/$defs/t"}] * 2, "$defs": {"t": {"items": {}}}}, False, False),
    ({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}}, False, False),
    ({"unevaluatedProperties": False, "allOf": [{"properties": {"a": {}}}]}, False, False),
]


@pytest.mark.parametrize(("document", "has_unions", "is_plain"), SHAPES)
def test_shapes(document, has_unions, is_plain):
    """What is reached in two ways may be visited twice for the same part."""
    shape = schema_shape(inspected(document))
    assert (shape.has_unions, shape.is_plain) == (has_unions, is_plain)
