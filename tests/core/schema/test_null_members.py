"""Documents in which null stands for what is absent, read back."""

import json

import pytest

from strictgate.core.schema.null_members import without_null_members
from strictgate.core.schema.schema import admit

OPTIONAL = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {"type": "integer"},
        "n": {"type": ["integer", "null"]},
        "r": {"type": "string"},
        "l": {"type": "array", "items": {"$ref": "#"}},
        "u": {"anyOf": [{"type": "boolean"}, {"const": "x"}]},
        "e": {"enum": ["x", None]},
    },
    "required": ["r"],
}


def read_back(text, schema=OPTIONAL, *, wrapped=False):
    return without_null_members(text, admit(schema, name="x"), wrapped=wrapped)


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ('{"r": "x", "a": null}', '{"r": "x"}'),
        ('{"a": null , "r": "x"}', '{"r": "x"}'),
        ('{ "a":null,"b":null, "r":"x" ,"u": null }', '{ "r":"x" }'),
        ('{"a": null, "b": null}', "{}"),
        ('{"r": "x", "n": null, "e": null}', '{"r": "x", "n": null, "e": null}'),
        ('{"r": null, "a": "null"}', '{"r": null, "a": "null"}'),
        (
            '{"r":"x","l":[{"r":"y","a":null},{"b":null,"r":"z"}]}',
            '{"r":"x","l":[{"r":"y"},{"r":"z"}]}',
        ),
        ('{"r":"x","l":null}', '{"r":"x"}'),
        ('{"other": null}', '{"other": null}'),
        ("not JSON", "not JSON"),
        ("[null]", "[null]"),
    ],
)
def test_table(text, is_):
    """What need not be there and may not be null goes, with its comma; nothing else changes."""
    assert read_back(text)[0] == is_


def test_where_they_were():
    """Within the document, also where that stands in its wrapper."""
    schema = {"type": "array", "items": OPTIONAL}
    text, paths = read_back('{"value":[{"r":"x","a":null}]}', schema, wrapped=True)
    assert (text, paths) == ('{"value":[{"r":"x"}]}', [(0, "a")])
    assert read_back('[{"r":"x","a":null}]', schema, wrapped=True)[1] == [(0, "a")]


def test_one_branch_that_allows_null_is_enough():
    """Nobody knows which of them is meant."""
    one = {"type": "object", "properties": {"a": {"type": "string"}}}
    other = {"type": "object", "properties": {"a": {"type": "null"}}}
    text = '{"a": null}'
    assert read_back(text, {"anyOf": [one, other]})[0] == text
    assert read_back(text, {"anyOf": [one, one | {"required": ["a"]}]})[0] == "{}"


def test_a_schema_without_a_graph():
    """Then nothing is known of it."""
    assert read_back('{"a": null}', True) == ('{"a": null}', [])


NAMED = {"properties": {"k": {"const": "a"}, "x": {"type": "string"}}, "required": ["k"]}
OPEN = {"properties": {"k": {"const": "b"}}, "required": ["k"]}
ANY = {"properties": {"k": {"const": "b"}, "x": True}, "required": ["k"]}
WHERE = {
    "properties": {"k": {"type": "string"}},
    "if": {"properties": {"k": {"const": "a"}}},
    "then": NAMED,
}


@pytest.mark.parametrize(
    "schema", [{"anyOf": [NAMED, OPEN]}, {"oneOf": [NAMED, ANY]}, WHERE], ids=json.dumps
)
def test_null_that_is_allowed_by_a_branch_that_does_not_speak_of_it(schema):
    """It stays: alone, and beside one that is not allowed."""
    schema = {"type": "object"} | schema
    assert read_back('{"k":"b","x":null}', schema) == ('{"k":"b","x":null}', [])
    assert read_back('{"k":"a","x":null}', schema) == ('{"k":"a"}', [("x",)])
    both = read_back('[{"x":null,"k":"b"}, {"x":null,"k":"a"}]', {"items": schema})
    assert both == ('[{"x":null,"k":"b"}, {"k":"a"}]', [(1, "x")])


@pytest.mark.parametrize("keyword", ["not", "if"])
def test_what_is_only_asked_of_a_value(keyword):
    """It lets nothing be null."""
    test = {"properties": {"a": {}, "b": {}}, "required": ["a", "b"]}
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}},
        keyword: test,
        "then": {},
    }
    assert read_back('{"b":true,"a":null}', schema)[0] == '{"b":true}'
