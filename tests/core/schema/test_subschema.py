"""The schema for one place of a document."""

import pytest

from strictgate.core.schema.subschema import dereferenced, subschema_at

CITY = {"type": "object", "additionalProperties": {"type": "integer"}}
SCHEMA = {
    "$ref": "#/$defs/person",
    "$defs": {
        "person": {
            "properties": {
                "home": {"$ref": "#/$defs/ci~1ty"},
                "tags": {"items": {"type": "string"}},
                "any": {"anyOf": [CITY]},
            }
        },
        "ci/ty": CITY,
        "loop": {"$ref": "#/$defs/loop"},
    },
}


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ((), SCHEMA["$defs"]["person"]),
        (("home",), CITY),
        (("home", "zip"), {"type": "integer"}),
        (("tags", 3), {"type": "string"}),
        (("other",), None),
        (("any", "x"), None),
        (("tags", 3, "x"), None),
    ],
)
def test_subschema_at(path, schema):
    """Properties, items and what further properties are to be, through references."""
    assert subschema_at(SCHEMA, path) == schema


def test_references_that_lead_nowhere():
    """They end; one to another document is left as it is."""
    assert dereferenced(SCHEMA, {"$ref": "#/$defs/none"}) is None
    assert dereferenced(SCHEMA, {"$ref": "#/$defs/loop"}) == {"$ref": "#/$defs/loop"}
    assert dereferenced(SCHEMA, {"$ref": "x.json"}) == {"$ref": "x.json"}
    assert subschema_at(True, ("a",)) is None
