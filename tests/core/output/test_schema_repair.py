"""Mends by schema; the tables repair/*.json, run in test_judge.py, have the cases."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext.reader import parse_json
from strictgate.core.output.schema_repair import repair_to_schema
from strictgate.core.repair_steps import LenientRepair, Repair
from strictgate.core.schema.schema import admit
from tests.core.output.test_validate_text import REVIEW, SCHEMAS, names, values


def test_a_valid_document_is_left_alone():
    """Where the schema has no problem, there is nothing to do."""
    mended = repair_to_schema('{ "name":"5" }', {"name": "5"}, REVIEW, Repair.LENIENT)
    assert mended is not None
    assert (mended.text, mended.steps) == ('{ "name":"5" }', ())


def test_everything_else_keeps_the_models_characters():
    """Spacing, order, escapes and the spelling of numbers outside the mend stay."""
    text = '{"rating" :"4.50",\n  "tags": [ "g\\u006fod","BAD" ], "name":"\\/"}'
    mended = repair_to_schema(text, parse_json(text), REVIEW, Repair.LOSSLESS)
    assert mended is not None
    assert mended.text == '{"rating" :4.50,\n  "tags": [ "g\\u006fod","bad" ], "name":"\\/"}'


def test_many_problems_are_mended_in_one_round():
    """More problems than a report would list are no obstacle."""
    schema = admit({"type": "array", "items": {"type": "integer"}}, name="x")
    value = [str(number) for number in range(900)]
    mended = repair_to_schema(json.dumps(value), value, schema, Repair.LOSSLESS)
    assert mended is not None
    assert mended.value == list(range(900))
    assert len(mended.steps) == 900


def test_rivals_in_great_number_are_left_alone():
    """Where proposals cannot all be tried, none of two is taken on trust."""
    item = {"anyOf": [{"const": "a"}, {"const": "A"}]}
    schema = admit({"type": "array", "items": item}, name="x")
    value = [" a"] * 100
    assert repair_to_schema(json.dumps(value), value, schema, Repair.LENIENT) is None


@given(values, st.sampled_from(SCHEMAS), st.sampled_from([Repair.LOSSLESS, Repair.LENIENT]))
def test_what_is_mended_is_valid_and_has_no_new_names(value: Any, schema: Any, level: Repair):
    """Whatever the value, a mended one is valid, and its names differ in case and blanks alone."""
    mended = repair_to_schema(json.dumps(value), value, schema, level)
    if mended is not None:
        assert schema.is_valid(mended.value)
        assert parse_json(mended.text) == mended.value
        held = json.dumps(value, ensure_ascii=False).lower()
        assert all(
            json.dumps(name.lower(), ensure_ascii=False)[1:-1] in held
            for name in names(mended.value)
        )
        lossless = not any(step.name == LenientRepair.DROPPED for step in mended.steps)
        assert level is Repair.LENIENT or lossless
