"""A wide schema in parts."""

import pytest

from strictgate.core.plan.splitting import split_schema

WORD = {"type": "string"}


def wide(*names, **more):
    """An object of words, all of them required."""
    properties = dict.fromkeys(names, WORD)
    return {"type": "object", "properties": properties, "required": [*names]} | more


LETTERS = wide(*"abcdefg")


def test_parts():
    """As many properties at a time as fit, in their order; each part is closed, and requires its
    own alone."""
    parts = split_schema(LETTERS, 3)
    assert [[path[0] for path in part.paths] for part in parts] == [[*"abc"], [*"def"], ["g"]]
    assert parts[0].source == wide(*"abc", additionalProperties=False)


def test_optional_properties():
    """They stay optional."""
    first, second = split_schema({**LETTERS, "required": ["b", "f"]}, 4)
    assert (first.source["required"], second.source["required"]) == (["b"], ["f"])


def test_a_wide_object_inside():
    """It is divided, too, if it must be there: each part has its way from the root."""
    schema = {
        "type": "object",
        "properties": {"x": WORD, "deep": {"$ref": "#/$defs/Deep"}, "y": WORD},
        "required": ["x", "deep", "y"],
        "$defs": {"Deep": LETTERS},
    }
    parts = split_schema(schema, 4)
    assert [part.paths for part in parts] == [
        (("x",), ("deep", "a"), ("deep", "b"), ("deep", "c")),
        (("deep", "d"), ("deep", "e"), ("deep", "f"), ("deep", "g")),
        (("y",),),
    ]
    deep = parts[1].source["properties"]["deep"]
    assert deep == wide(*"defg", additionalProperties=False)
    assert parts[1].source["required"] == ["deep"]
    assert all(part.source["$defs"] == schema["$defs"] for part in parts)
    optional = {**schema, "required": ["x", "y"]}
    assert [part.paths for part in split_schema(optional, 4)] == [
        (("x",),),
        (("deep",),),
        (("y",),),
    ]


@pytest.mark.parametrize(
    "schema",
    [
        wide(*"abc"),
        {"type": "array", "items": LETTERS},
        {"anyOf": [LETTERS]},
        LETTERS | {"minProperties": 2},
        LETTERS | {"type": ["object", "null"]},
        LETTERS | {"additionalProperties": WORD},
        LETTERS | {"properties": LETTERS["properties"] | {"z": {"$ref": "#/properties/a"}}},
        LETTERS | {"properties": LETTERS["properties"] | {"z": {"$ref": "#"}}},
        LETTERS | {"properties": LETTERS["properties"] | {"z": {"$id": "urn:z"}}},
        {"type": "object", "properties": {"one": {"type": "array", "items": LETTERS}}},
        True,
    ],
)
def test_what_is_not_divided(schema):
    """What is small, is no plain object, or has references that a part would not have."""
    assert split_schema(schema, 4) == ()


def test_recursion():
    """A recursive reference counts once."""
    node = wide(*"abc")
    node["properties"] = {**node["properties"], "next": {"$ref": "#/$defs/Node"}}
    schema = LETTERS | {"$defs": {"Node": node}}
    schema["properties"] = {**LETTERS["properties"], "node": {"$ref": "#/$defs/Node"}}
    assert [len(part.paths) for part in split_schema(schema, 4)] == [4, 3, 1]
