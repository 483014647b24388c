"""Types, options and limits of single values."""

import pytest

from strictgate.core.schema.dialect_parts import AllowsNothing, NotInDialect, SchemaParts
from strictgate.core.schema.dialect_values import (
    allowed_types,
    implied_types,
    left_out_places,
    limits,
    option_schemas,
    options,
    takes,
    type_of,
)
from strictgate.core.schema.dialects import DIALECTS
from strictgate.core.schema.drafts import Draft


def parts(*schemas):
    document = {"allOf": list(schemas)}
    return SchemaParts(document, Draft.DRAFT_2020_12).parts(document)


def test_types_are_what_all_allow():
    """An integer is a number; no type at all allows nothing."""
    assert allowed_types(parts({}, {})) is None
    assert allowed_types(parts({"type": ["string", "number"]}, {"type": "integer"})) == ("integer",)
    assert allowed_types(parts({"type": ["null", "integer", "number"]})) == ("number", "null")
    with pytest.raises(AllowsNothing):
        allowed_types(parts({"type": "string"}, {"type": "null"}))


def test_types_by_keywords():
    """What its author has thought of."""
    assert implied_types(parts({"minLength": 1})) == ("string",)
    assert implied_types(parts({"properties": {}}, {"items": {}})) == ("object", "array")
    with pytest.raises(NotInDialect):
        implied_types(parts({"title": "x"}))


def test_options_are_what_all_allow():
    """True is no 1; the type counts, too."""
    assert options(parts({"minimum": 1})) is None
    assert options(parts({"enum": [1, True, "a"]}, {"enum": [True, "a"]})) == [True, "a"]
    assert options(parts({"enum": [1, 2.5, "a"], "type": "integer"})) == [1]
    with pytest.raises(AllowsNothing):
        options(parts({"const": 1}, {"const": 2}))


def test_options_by_dialect():
    """As an enum; as a constant; by type; not at all."""
    said = lambda values, name, is_const=False: option_schemas(  # noqa: E731
        values, DIALECTS[name], is_const=is_const
    )
    assert said([1, "a"], "openai") == [{"type": ["string", "integer"], "enum": [1, "a"]}]
    assert said([1], "openai", is_const=True) == [{"type": "integer", "const": 1}]
    assert said([1], "gemini", is_const=True) == [{"type": "integer"}]
    assert said(["a", 1, None], "moonshot") == [
        {"type": "string", "enum": ["a"]},
        {"type": "integer", "enum": [1]},
        {"type": "null"},
    ]
    assert said([True, None], "cerebras") == [{"type": "boolean", "enum": [True]}, {"type": "null"}]
    assert said([{"a": 1}], "openai") == []
    assert said([{"a": 1}], "free") == [{"enum": [{"a": 1}]}]


def test_the_stricter_limit_holds():
    """Of what the dialect takes; the rest is named."""
    both = parts({"minLength": 1, "pattern": "a"}, {"minLength": 3, "pattern": "b", "maximum": 4})
    assert limits(both, ("string",), DIALECTS["xai"]) == (
        {"minLength": 3, "pattern": "a"},
        {"pattern": "b"},
    )
    assert limits(both, ("string",), DIALECTS["openai"])[1] == {"minLength": 3, "pattern": "b"}


def test_draft_4_bounds():
    """`exclusiveMinimum: true` makes the bound itself one that is not allowed."""
    old = parts({"minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": False})
    assert limits(old, ("number",), DIALECTS["free"])[0] == {"exclusiveMinimum": 1, "maximum": 5}


def test_values_that_a_dialect_takes():
    """Some formats, some bounds, patterns without look-around."""
    openai, anthropic = DIALECTS["openai"], DIALECTS["anthropic"]
    assert takes(openai, "format", "email")
    assert not takes(openai, "format", "uri")
    assert takes(anthropic, "minItems", 1)
    assert not takes(anthropic, "minItems", 2)
    assert takes(openai, "pattern", "^(?:a|b)+$")
    assert not takes(openai, "pattern", "^(?!a)")
    assert not takes(DIALECTS["fireworks"], "pattern", "a")


def test_type_of():
    """A whole number is an integer however it is written."""
    assert [type_of(each) for each in (1, 1.0, 1.5, True, None)] == [
        *("integer", "integer", "number", "boolean", "null")
    ]


def test_where_what_is_left_out_stands():
    """Where a keyword is kept with another value it is not left out; one that is written otherwise
    is named itself."""
    schema = {
        "properties": {
            "a": {"type": "array", "minItems": 1},
            "b/c": {"type": "array", "minItems": 2, "not": {}},
        }
    }
    left_out = ("minItems", "not", "prefixItems")
    assert left_out_places(schema, left_out, DIALECTS["anthropic"]) == (
        *("/properties/b~1c/minItems", "/properties/b~1c/not"),
        "prefixItems",
    )
