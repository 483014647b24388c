"""Schemas in the dialects of hosts; the table dialects.json has the cases."""

import pytest

from strictgate.core.schema.dialect_compiler import compile_schema
from strictgate.core.schema.dialect_parts import NotInDialect
from strictgate.core.schema.dialects import DIALECTS
from strictgate.core.schema.schema import admit
from tests.tables import label, load


def compiled(source, dialect, **options):
    inspected = admit(source, name="x").inspected
    return compile_schema(inspected.document, inspected.draft, DIALECTS[dialect], **options)


@pytest.mark.parametrize("row", load("dialects"), ids=label)
def test_table(row):
    """What is sent, what is left out, and why a dialect cannot say a schema."""
    if "reason" in row:
        with pytest.raises(NotInDialect, match=row["reason"]):
            compiled(row["schema"], row["dialect"])
        return
    found = compiled(row["schema"], row["dialect"])
    assert found.source == row["is"]
    assert list(found.left_out) == row.get("left_out", [])
    assert found.has_nulls is row.get("nulls", False)


def test_the_order_of_properties_stays():
    """Models write in the order of the schema."""
    names = ["z", "a", "m"]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    for dialect in DIALECTS:
        assert list(compiled(schema, dialect).source["properties"]) == names


def test_the_caller_s_schema_stays_as_it_is():
    """A copy is compiled."""
    source = {"type": "object", "properties": {"a": {"const": 1, "minLength": 3}}}
    before = repr(source)
    for dialect in DIALECTS:
        compiled(source, dialect)
    assert repr(source) == before


def test_what_blows_up_is_given_up():
    """References in place of each other double with each level."""
    definitions = {
        f"d{at}": {
            "type": "object",
            "properties": {name: {"$ref": f"#/$defs/d{at + 1}"} for name in "ab"},
        }
        for at in range(14)
    }
    definitions["d14"] = {"type": "string"}
    source = {"type": "object", "$defs": definitions, "properties": {"r": {"$ref": "#/$defs/d0"}}}
    assert compiled(source, "fireworks").source["$defs"].keys() == definitions.keys()
    with pytest.raises(NotInDialect, match="so many schemas"):
        compiled(source, "gemini")


def test_without_a_keyword():
    """What a host refuses by name is left out, or put otherwise."""
    source = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}, "b": {"type": "string", "format": "uri"}},
        "additionalProperties": False,
        "$defs": {"A": {"type": "integer", "minimum": 3}},
    }
    inspected = admit(source, name="x").inspected
    dialect = DIALECTS["free"]
    for keyword in ("minimum", "format", "$ref", "additionalProperties"):
        dialect = dialect.without(keyword)
    found = compile_schema(inspected.document, inspected.draft, dialect)
    assert found.source == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
    }
    assert found.left_out == ("format", "minimum")
