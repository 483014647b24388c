"""OpenAI's rules for `strict: true`."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.schema import openai_strict
from strictgate.core.schema.error_context import function_context
from tests.corpora import rows
from tests.tables import load

CASES = load("strict_rules")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_rules(case):
    """Every violation, with its path, in OpenAI's words."""
    found = [[list(each.path), each.message] for each in openai_strict.violations(case["schema"])]
    assert found == case["violations"]


def test_the_first_violation_is_raised():
    """As OpenAI answers."""
    schema = {"type": "object", "properties": {"x": {"type": "object"}}}
    with pytest.raises(BadRequest) as caught:
        openai_strict.check_strict(schema, name="X", context=function_context(0))
    assert caught.value.message == (
        "Invalid schema for function 'X': In context=(), "
        "'additionalProperties' is required to be supplied and to be false."
    )
    assert caught.value.param == "tools[0].function.parameters"


def test_a_root_of_another_type_is_refused_as_a_whole():
    """Without a place, as OpenAI answers."""
    with pytest.raises(BadRequest) as caught:
        openai_strict.check_strict({"type": "array"}, name="X")
    assert caught.value.message == (
        "Invalid schema for response_format 'X': "
        "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'."
    )


def test_a_good_schema_passes():
    """Nothing is raised."""
    openai_strict.check_strict({"type": "object", "additionalProperties": False}, name="X")


@pytest.mark.parametrize(
    "source", [{"$ref": "#"}, {"$ref": "gone"}, {"required": 5}, {"type": 7}, 5]
)
def test_what_is_no_good_schema_does_not_crash(source):
    """Loops and wrong shapes are other modules' business."""
    assert list(openai_strict.violations(source))


def test_documented_schemas_are_strict():
    """The examples of the guides keep the rules that the guides state."""
    strict = [row for row in rows("doc_schemas/openai_groq_docs.jsonl") if row["strict"]]
    assert strict
    for row in strict:
        assert not list(openai_strict.violations(row["schema"])), row["id"]
