"""Which keywords of a schema a refusal names as its cause."""

import pytest

from strictgate.core.wire.refusal import refused_keywords

USED = {
    *("$defs", "$ref", "$schema", "additionalProperties", "allOf", "anyOf", "default", "format"),
    *(
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minimum",
        "not",
        "oneOf",
        "pattern",
    ),
    *("properties", "propertyNames", "required", "title", "type", "uniqueItems"),
}


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("response_format/json_schema/next_step: minItems is not supported", "minItems"),
        ("Unsupported JSON schema fields: {'minItems', 'items'}", "minItems"),
        ("In context=('properties', 'default'), 'format' is not permitted.", "format"),
        ("In context=(), 'default' is not permitted.", "default"),
        (
            "response_format.json_schema is not a valid moonshot flavored json schema, details: "
            "<At path '$defs.A.properties.format': keyword 'default' is not allowed at the same "
            "level as anyOf>",
            "default",
        ),
        ("details: <At path 'root': unsupported keywords: $schema>", "$schema"),
        (
            'Invalid JSON payload received. Unknown name "propertyNames" at '
            "'generation_config.response_schema.properties[0].value': Cannot find field.",
            "propertyNames",
        ),
        ('Grammar error: Unimplemented keys: ["uniqueItems"]', "uniqueItems"),
        (
            "output_config.format.schema: For 'integer' type, properties maximum, minimum are not "
            "supported",
            "maximum minimum",
        ),
        ("Invalid schema: oneOf isn't supported. Use anyOf.", "oneOf"),
        # none of these is a keyword that could be left out, or not the cause
        ("/properties/title/items/anyOf: anyOf disambiguation failed: key-set-exclusion", ""),
        ("In context=(), 'additionalProperties' is required to be supplied and to be false.", ""),
        ("'required' is required to be supplied and to be an array", ""),
        ("The pattern of requests is not allowed", ""),
        ("contains is not supported", ""),
        ("Schema is not supported.\nPlease keep maxLength short.", ""),
        ("", ""),
    ],
)
def test_table(message: str, named: str):
    """Of those that were sent; words of plain English only in quotes; places do not count."""
    assert refused_keywords({"error": {"message": message}}, USED) == {*named.split()}


def test_any_body():
    """A body may be anything."""
    for body in (None, [], 3, "x", {"detail": [{"loc": ["a"], "msg": "maxLength unsupported"}]}):
        assert refused_keywords(body, USED) <= {"maxLength"}
