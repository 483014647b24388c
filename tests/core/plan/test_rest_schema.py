"""The schema of a document that is begun."""

import pytest

from strictgate.core.jsontext.scanner import Scanner
from strictgate.core.plan.rest_schema import rest_schema
from strictgate.core.schema.schema import admit

CITY = {"type": "object", "properties": {"zip": {"type": "integer"}, "name": {"enum": ["Oslo"]}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "home": {"$ref": "#/$defs/city"},
    },
    "required": ["name"],
    "$defs": {"city": CITY},
}
CITY_ORDER = ["zip", "name"]
LIST = {"type": "array", "items": CITY}
ANYTHING = {"type": ["string", "number", "boolean", "null", "object", "array"]}


def rest(text, schema=SCHEMA):
    scanner = Scanner()
    assert scanner.consume(text.encode()) == len(text.encode())
    return rest_schema(schema, scanner.containers, scanner.path)


@pytest.mark.parametrize(
    ("text", "order", "required"),
    [
        ("{", ["name", "age", "tags", "home"], ["name"]),
        ('{"age": 7', ["age", "name", "tags", "home"], ["age", "name"]),
        ('{"age": 7, "na', ["age", "name", "tags", "home"], ["age", "name"]),
        ('{"age": 7, "name": "An', ["age", "name", "tags", "home"], ["age", "name"]),
        ('{"x": [1], "home": {', ["x", "home", "name", "age", "tags"], ["x", "home", "name"]),
    ],
)
def test_what_is_written_comes_first(text, order, required):
    """In its order, and required, which engines put first; names that no schema has as well."""
    made = rest(text)
    assert list(made["properties"]) == order
    assert made["required"] == required


def test_what_is_whole_is_not_judged_again():
    """Its type is enough for the grammar to read it."""
    made = rest('{"age": 7, "x": [{}], "y": null, "z": {"a": 1}, "name": "A')["properties"]
    assert [made[name]["type"] for name in ("age", "x", "y", "z")] == [
        "number",
        "array",
        "null",
        "object",
    ]
    assert made["name"] == {"type": "string"}


def test_the_same_holds_within():
    """An open object has its own order; what its reference points to is put in its place."""
    made = rest('{"home": {"name": "')["properties"]["home"]
    assert list(made["properties"]) == ["name", "zip"]
    assert made["properties"]["name"] == {"enum": ["Oslo"]}
    assert rest('{"new": {"a": ')["properties"]["new"] == ANYTHING


def test_references_still_point_somewhere():
    """The definitions stay where they are, below a root that is itself a reference, too."""
    schema = {"$ref": "#/$defs/city", "$defs": {"city": CITY}}
    made = rest('{"name": "Oslo"', schema)
    assert made["$defs"] == {"city": CITY}
    assert list(made["properties"]) == ["name", "zip"]
    assert admit(made, name="s").is_valid({"name": "Oslo", "zip": 1})


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"anyOf": [CITY, {"type": "array"}]}, '{"zip": 1'),
        ({"type": "array", "items": CITY}, "["),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2"),
        ({"type": "array", "prefixItems": [CITY], "items": CITY}, '[{"zip": 1'),
        ({"type": "array", "items": [CITY]}, '[{"name": "Oslo"'),
        (True, '{"zip": 1'),
        ({"$ref": "#/$defs/none"}, '{"zip": 1'),
        ({"$ref": "#"}, '{"zip": 1'),
    ],
)
def test_what_cannot_be_told_stays(schema, text):
    """Of a schema that is made of several, and of tuples, nothing is put first."""
    assert rest(text, schema) == schema


ITEMS = {"type": "object", "properties": {"all": {"type": "array", "items": CITY}}}


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ('[{"name": "Oslo", "x": 1}', [["name", "x"], ["zip", "name"]]),
        ('[{"name": "Oslo"}, {"name": "Oslo"}, {}, {"zip": 1}, ', [["name"], ["zip"], CITY_ORDER]),
        ('[{"name": "Oslo"}, {"x": 1, "name": "O', [["name"], ["x", "name", "zip"], CITY_ORDER]),
    ],
)
def test_items_that_are_written_have_their_own_order(text, orders):
    """And others may have the schema's."""
    for made in (rest(f'{{"all": {text}', ITEMS)["properties"]["all"], rest(text, LIST)):
        assert [[*each["properties"]] for each in made["items"]["anyOf"]] == orders
        assert made["type"] == "array"
    whole = made["items"]["anyOf"][0]
    assert whole["required"] == [*whole["properties"]]


def test_arrays_of_arrays():
    """An open one within has its items likewise."""
    schema = {"type": "array", "items": LIST}
    made = rest('[[{"zip": 1}], [{"name": "Oslo"}, ', schema)
    inner = made["items"]["anyOf"][0]
    assert [*inner["items"]["anyOf"][0]["properties"]] == ["name"]
    assert made["items"]["anyOf"][1] == LIST
