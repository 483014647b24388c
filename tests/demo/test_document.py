"""Documents for schemas: valid, deterministic, natural, and made in bounded time."""

from typing import Any

import jsonschema_rs
import pytest
from jsonschema_rs import RegexOptions

from strictgate.demo.document import make_document
from tests.corpora import rows
from tests.demo.client import REVIEW_SCHEMA

LIST = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}
TREE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "left": {"$ref": "#"}, "right": {"$ref": "#"}},
}
ENDLESS = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}


def judge(schema: Any) -> Any:
    return jsonschema_rs.validator_for(
        schema, offline=True, validate_formats=True, pattern_options=RegexOptions()
    )


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"enum": [None, 1]},
        {"const": {"a": [1]}},
        {"type": "integer", "minimum": 10, "multipleOf": 7, "exclusiveMaximum": 21},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "minimum": 1,
         "exclusiveMinimum": True},
        {"type": "string", "minLength": 40, "maxLength": 41},
        {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}(?:-x|-y)?$"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": "array", "items": {"type": "string"}, "minItems": 5, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"const": 1}, {"type": "null"}], "items": False},
        {"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}},
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3},
        {"type": "object", "patternProperties": {"^x_": {"type": "null"}}, "minProperties": 2,
         "additionalProperties": False},
        {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"required": ["a", "b"]}]},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object",
         "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
        {"type": "object", "properties": {"k": {"enum": ["x", "y"]}, "n": {"type": "integer"}},
         "required": ["k"], "if": {"properties": {"k": {"const": "x"}}},
         "then": {"required": ["z"]}},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"],
         "dependentRequired": {"a": ["b"], "b": ["c"]}},
        {"$defs": {"node": {"type": "object", "properties": {"kids": {"type": "array",
         "items": {"$ref": "#/$defs/node"}}}, "required": ["kids"]}}, "$ref": "#/$defs/node"},
        LIST,
        REVIEW_SCHEMA,
    ],
)  # fmt: skip
def test_document_is_valid(schema: Any):
    """Each keyword that real schemas use is met."""
    made = make_document(schema)
    assert judge(schema).is_valid(made), made


def test_document_reads_naturally():
    """Names of properties become texts, numbers are plain, items differ."""
    assert make_document(REVIEW_SCHEMA) == {
        "product_name": "Product name",
        "rating": 4.5,
        "sentiment": "positive",
        "key_features": ["Key feature", "Key feature 2"],
    }


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"default": 7}, 7),
        ({"examples": ["x", 8]}, 8),
        ({"default": "seven"}, 3),
        ({"default": None}, 3),
    ],
)
def test_given_values_are_taken_where_they_fit(given: dict[str, Any], value: int):
    """A default or example is the document, unless it is not valid."""
    assert make_document({"type": "integer"} | given) == value


def test_recursion_ends():
    """A list closes after a few links; one that cannot close gives something, soon."""
    assert judge(LIST).is_valid(make_document(LIST))
    assert make_document(LIST)["next"] is not None
    assert isinstance(make_document(ENDLESS), dict)
    node = {"name": "Name", "left": {}, "right": {}}
    assert make_document(TREE) == {"name": "Name", "left": node, "right": node}
    assert make_document(False) == {}


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("maskbench/dev.jsonl", 0.95),
        ("generated_schemas/schemas.jsonl", 0.97),
        ("doc_schemas/groq_docs.jsonl", 1),
        ("doc_schemas/openai_groq_docs.jsonl", 1),
        ("schemastore/dev.jsonl", 0.95),
    ],
)
def test_real_schemas(name: str, share: float):
    """Nearly every real schema gets a valid document; the rest are adversarial."""
    verdicts = []
    for row in rows(name):
        try:
            validator = judge(row["schema"])
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            continue
        verdicts.append(validator.is_valid(make_document(row["schema"])))
    assert sum(verdicts) >= share * len(verdicts)
