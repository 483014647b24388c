"""All that applies to one value, as a list."""

import pytest

from strictgate.core.schema.dialect_parts import AllowsNothing, NotInDialect, SchemaParts
from strictgate.core.schema.drafts import Draft

NEWEST = Draft.DRAFT_2020_12


def test_references_and_allof_are_followed():
    """In place, and each schema without what leads to others."""
    document = {
        "allOf": [{"$ref": "#/$defs/A", "minimum": 1}, True],
        "$defs": {"A": {"allOf": [{"maximum": 9}], "oneOf": [{}, {}]}},
    }
    found = SchemaParts(document, NEWEST).parts(document)
    said = [part.keywords for part in found]
    assert said == [{"$defs": document["$defs"]}, {"minimum": 1}, {}, {"maximum": 9}]
    assert [len(union) for part in found for union in part.unions] == [2]
    assert [part.constrains for part in found] == [False, True, False, True]


def test_a_mere_reference_hides_what_is_beside_it():
    """As up to draft 7."""
    document = {
        "properties": {"a": {"$ref": "#/definitions/A", "minimum": 1}},
        "definitions": {"A": {"maximum": 9}},
    }
    for draft, count in ((Draft.DRAFT_7, 1), (NEWEST, 2)):
        parts = SchemaParts(document, draft)
        member = document["properties"]["a"]
        assert len(parts.parts(member)) == count
        assert (parts.lone_target(member) is not None) == (count == 1)


def test_what_describes_does_not_count():
    """A reference is alone beside its description."""
    document = {"properties": {"a": {"$ref": "#", "description": "d"}}}
    target = SchemaParts(document, NEWEST).lone_target(document["properties"]["a"])
    assert target is not None
    assert target.schema is document


def test_what_no_dialect_has():
    """Nothing is valid; a reference that depends on the way there."""
    document = {
        "$dynamicAnchor": "x",
        "allOf": [{"$dynamicRef": "#x"}],
        "items": {"allOf": [False]},
    }
    parts = SchemaParts(document, NEWEST)
    with pytest.raises(NotInDialect):
        parts.parts(document)
    with pytest.raises(AllowsNothing):
        parts.parts(document["items"])


def test_names_under_a_condition():
    """And patterns of names, but for extensions."""
    document = {
        "then": {"properties": {"a": {}}},
        "dependentSchemas": {"b": {"properties": {"c": {}}}},
        "patternProperties": {"^x-": {}, "^s": {}},
    }
    (part,) = SchemaParts(document, NEWEST).parts(document)
    assert [*part.hidden_names()] == ["a", "c"]
    assert part.patterns == ("^s",)
