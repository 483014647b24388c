"""What is refused before anything is compiled, and in which words."""

import json

import pytest

from strictgate.core.errors import BadRequest, SchemaTooComplex
from strictgate.core.schema.inspection import inspect_schema
from strictgate.core.schema.limits import Limits, OverLimit
from strictgate.core.schema.schema import admit
from tests.tables import load

CASES = load("refused_schemas")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_refusals(case):
    """Each names what is wrong and where, in OpenAI's shape."""
    with pytest.raises(BadRequest) as caught:
        admit(case["schema"], name="X")
    assert case["says"] in caught.value.message
    assert caught.value.message.startswith("Invalid schema for response_format 'X': ")
    assert (caught.value.code, caught.value.param) == (case["code"], "response_format")


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [{"$ref": "http://127.0.0.1:9/canary"}], "default": {"$ref": "gone"}},
        {"properties": {"$ref": {"type": "string"}, "$schema": {}, "$id": {}, "pattern": {}}},
        {"const": {"$schema": "nonsense", "pattern": "("}},
        {"unknown": {"$ref": "gone", "pattern": "("}},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$ref": "#/x",
            "pattern": "a(?=b)",
            "x": {},
        },
        {"properties": {"a": {"$schema": "http://example.com/whatever"}}},
        {"$defs": {"Ünï <x>": {"type": "integer"}}, "$ref": "#/$defs/Ünï <x>"},
        {"$id": "My schema", "type": "object"},
        {"maximum": 10**40, "const": 10**30},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"items": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        {"additionalProperties": {"$ref": "#"}, "propertyNames": {"$ref": "#"}},
    ],
    ids=lambda schema: json.dumps(schema)[:50],
)
def test_names_data_and_recursion_are_no_reason_to_refuse(schema):
    """What looks like a keyword but is a name or data is left alone; recursion works."""
    admit(schema, name="x").is_valid({"a": [{}]})


def test_cost_is_limited():
    """A bomb of 59 doublings in a few kilobytes is refused for its cost."""
    defs = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(59)}
    bomb = {"$defs": defs | {"d59": {}}, "$ref": "#/$defs/d0"}
    with pytest.raises(SchemaTooComplex, match=r"a cost of 1e.18.* exceeds limit of 1000000"):
        admit(bomb, name="x")


def test_chains_are_limited():
    """What the validator would recurse over too deeply is refused."""
    defs = {f"d{at}": {"$ref": f"#/$defs/d{at + 1}"} for at in range(50)} | {"d50": {}}
    with pytest.raises(
        OverLimit, match="inside each other, all for one value, exceeds limit of 32"
    ):
        inspect_schema({"$defs": defs, "$ref": "#/$defs/d0"}, Limits())


def test_the_longest_chain_survives_the_deepest_value():
    """As many unions as may stand inside each other, over and over down to level 128."""
    defs = {f"d{at}": {"anyOf": [{"$ref": f"#/$defs/d{at + 1}"}]} for at in range(15)}
    defs["d15"] = {"type": ["object", "null"], "properties": {"a": {"$ref": "#/$defs/d0"}}}
    schema = admit({"$defs": defs, "$ref": "#/$defs/d0"}, name="x")
    good, bad = None, 1
    for _ in range(128):
        good, bad = {"a": good}, {"a": bad}
    assert schema.is_valid(good)
    assert schema.problems(bad)


def test_patterns_are_limited():
    """Many different ones are refused; the same one over and over is not."""
    many = {"anyOf": [{"pattern": f"^a{at}$"} for at in range(11)]}
    with pytest.raises(OverLimit, match="more than 10 patterns exceeds limit of 10"):
        inspect_schema(many, Limits(patterns=10))
    assert (
        len(inspect_schema({"anyOf": [{"pattern": "a"}] * 11}, Limits(patterns=10)).patterns) == 1
    )


COUNTED = [f"^{at}[a-z]{{1,500}}$" for at in range(3)]
"""Patterns of 64 KiB compiled."""


def test_patterns_have_a_budget():
    """What they take compiled is added up; the error names the pattern that passes the budget."""
    many = {"anyOf": [{"pattern": each} for each in COUNTED]}
    assert len(inspect_schema(many, Limits(pattern_bytes=3 << 16)).patterns) == 3
    with pytest.raises(OverLimit) as caught:
        inspect_schema(many, Limits(pattern_bytes=(3 << 16) - 1))
    assert caught.value.path == ("anyOf", 2, "pattern")
    assert "'^2[a-z]{1,500}$' takes too much memory" in caught.value.message
    assert "196607 bytes are allowed, of which the patterns before it take 131072" in str(
        caught.value
    )
    assert "or raise limits.schema_pattern_bytes" in caught.value.message


def test_a_pattern_counts_once():
    """Wherever it stands, as a name too."""
    again = {"patternProperties": {COUNTED[0]: {}}, "anyOf": [{"pattern": COUNTED[0]}] * 5}
    assert len(inspect_schema(again, Limits(pattern_bytes=1 << 16)).patterns) == 1


def test_schema_decides_the_draft_and_is_left_out():
    """Only at the top, and only in what is kept: the caller's own is not touched."""
    given = {"$schema": "http://json-schema.org/draft-07/schema#", "not": {"$schema": "x:y"}}
    found = inspect_schema(given, Limits())
    assert found.draft.label == "7"
    assert found.text == '{"not":{"$schema":"x:y"}}'
    assert "$schema" in given


@pytest.mark.parametrize(
    ("schema", "kib"),
    [
        ({}, 4),
        ({"properties": {f"p{at}": {"type": "string"} for at in range(200)}}, 242),
        ({"enum": [f"value {at}" for at in range(1000)]}, 249),
        ({"description": "d" * 10_000}, 53),
        ({"pattern": "^[a-z]{1,500}$"}, 64 + 5),
        ({"anyOf": [{"pattern": each} for each in COUNTED]}, 3 * 64 + 9),
    ],
)
def test_weights(schema, kib):
    """What is kept of a schema, by its text, its values and its patterns, in KiB."""
    assert inspect_schema(schema, Limits()).weight >> 10 == kib
