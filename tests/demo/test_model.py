"""The model without its network: going on with every beginning, and mistakes at a rate."""

import json
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

from strictgate.core.jsontext.reader import parse_json, write_json
from strictgate.demo.document import make_document
from strictgate.demo.error_rates import ErrorRates, RandomSeed
from strictgate.demo.model import WrittenText, answer_text
from tests.corpora import rows
from tests.demo.client import REVIEW_SCHEMA, THREAD_SCHEMA
from tests.demo.test_document import judge

ORDER = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["cash", "card"]},
        "note": {"type": "string", "default": "tab\there, \"quote\", é, 😀 and \\"},
        "lines": {"type": "array", "items": {
            "type": "object",
            "properties": {"count": {"type": "integer"}, "unit_price": {"type": "number"},
                           "paid": {"type": "boolean"}, "refund": {"type": "null"}},
            "required": ["count", "unit_price", "paid", "refund"]}},
    },
    "required": ["kind", "note", "lines"],
    "additionalProperties": False,
    "allOf": [{"if": {"properties": {"kind": {"const": "card"}}},
               "then": {"properties": {"lines": {"maxItems": 1}}}}],
}  # fmt: skip
SCHEMAS = (THREAD_SCHEMA, REVIEW_SCHEMA, ORDER, {"type": "array", "items": {"type": "number"}},
           {"const": -1.5e-7}, {"type": "string"}, {"const": ""}, True)  # fmt: skip
OFTEN = ErrorRates(rate=0.4)


def full(
    schema: Any, rates: ErrorRates | None = None, seed: RandomSeed | None = None
) -> WrittenText:
    return answer_text(schema, make_document(schema), "", rates, seed)


def rest(schema: Any, prefix: str) -> str:
    return answer_text(schema, make_document(schema), prefix).text


@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_cut_point(schema: Any, spaced: bool):
    """Whatever the cut, beginning and continuation are the document that was meant."""
    rates = ErrorRates(spaced=spaced)
    made = make_document(schema)
    whole = answer_text(schema, made, "", rates).text
    assert parse_json(whole) == made
    for cut in range(len(whole) + 1):
        assert whole[:cut] + answer_text(schema, made, whole[:cut], rates).text == whole


@pytest.mark.parametrize(
    ("name", "step"), [("maskbench/dev.jsonl", 9), ("generated_schemas/schemas.jsonl", 3)]
)
def test_every_cut_point_of_real_documents(name: str, step: int):
    """The same for real schemas."""
    for row in rows(name)[::step]:
        made = make_document(row["schema"])
        whole = write_json(made)
        for cut in range(min(len(whole), 150)):
            told = whole[:cut] + answer_text(row["schema"], made, whole[:cut]).text
            assert told == whole, (row["id"], cut)


@pytest.mark.parametrize(
    ("schema", "prefix", "end"),
    [
        (REVIEW_SCHEMA, '{"sentiment":"neu', 'tral","product_name":"Product name","rating":4.5,'
         '"key_features":["Key feature","Key feature 2"]}'),
        (REVIEW_SCHEMA, '{"product_name":"Lamp', '","rating":4.5,"sentiment":"positive",'
         '"key_features":["Key feature","Key feature 2"]}'),
        (REVIEW_SCHEMA, '{"rating":3,"sentiment":"negative","product_name":"x","key_features":[',
         '"Key feature","Key feature 2"]}'),
        ({"type": "array", "items": {"enum": [1, 2]}}, "[2,1,1,", "2]"),
        ({"anyOf": [{"properties": {"k": {"const": "a"}}, "required": ["k", "x"]},
                    {"properties": {"k": {"const": "b"}}, "required": ["k", "y"]}]},
         '{"k":"b', '","y":"Y"}'),
        ({}, '{"k', 'ey1":"Key1"}'),
        ({"anyOf": [{"properties": {"k": {"const": "a"}}, "required": ["k", "x"]},
                    {"properties": {"k": {"const": "b"}}, "required": ["k", "y"]}]},
         '{"k":"b"', ',"y":"Y"}'),
        ({"const": "é"}, '"\\u00E', '9"'),
        ({}, '{"quite', '":"Quite"}'),
        ({"type": "integer"}, "-", "0"),
        (REVIEW_SCHEMA, '{"', 'product_name":"Product name","rating":4.5,"sentiment":"positive",'
         '"key_features":["Key feature","Key feature 2"]}'),
    ],
)  # fmt: skip
def test_other_beginnings(schema: Any, prefix: str, end: str):
    """What differs from the document that was meant is led to a valid end."""
    assert rest(schema, prefix) == end
    assert judge(schema).is_valid(json.loads(prefix + end))


def test_beginnings_of_other_documents():
    """Beginnings of other valid documents are led to a valid end too, but for a few."""
    verdicts = []
    for row in rows("maskbench/dev.jsonl")[::3]:
        try:
            validator = judge(row["schema"])
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            continue
        for test in row["tests"][:2]:
            if test["valid"] and validator.is_valid(test["data"]):
                text = write_json(test["data"])
                prefix = text[: len(text) * 2 // 3]
                value = parse_json(prefix + rest(row["schema"], prefix))
                verdicts.append(validator.is_valid(value))
    assert sum(verdicts) >= 0.98 * len(verdicts) > 0


def test_what_is_no_beginning():
    """With what begins no JSON, the document is given from the start."""
    written = answer_text(THREAD_SCHEMA, {"choice": "angry"}, "Well")
    assert written == WrittenText('{"choice":"angry"}')
    assert answer_text(THREAD_SCHEMA, {"choice": "angry"}, '{"ch').is_continuation


# --- mistakes ----------------------------------------------------------------------------------


def seeds(count: int, *, feedback: bool = False) -> list[RandomSeed]:
    return [RandomSeed("s", str(call), feedback) for call in range(count)]


def test_same_sample_same_text():
    """Nothing but the seed decides."""
    seed = RandomSeed("s", "1")
    assert full(ORDER, OFTEN, seed) == full(ORDER, OFTEN, seed)
    assert len({full(ORDER, OFTEN, each).text for each in seeds(20)}) > 10


def test_kinds_of_mistakes():
    """All kinds come about; without a rate, none does."""
    texts = [full(ORDER, OFTEN, each).text for each in seeds(300)]
    marks = ('"CARD"', ' USD"', " USD", '"3"', '"3,', "None", "True", '"yes"', "my_", "unitPrice",
             ",}", ",]", "confidence_note", '"N/A"', '"other"')  # fmt: skip
    missing = [mark for mark in marks if not any(mark in text for text in texts)]
    assert missing == [' USD"', '"3,']
    assert any('"kind"' not in text for text in texts)
    assert {full(ORDER, ErrorRates(), each).text for each in seeds(20)} == {full(ORDER).text}


def test_rate():
    """About as many values are wrong as the rate says."""
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 1000}
    written = full(schema, ErrorRates(rate=0.05), RandomSeed("s"))
    assert 30 < len(written.errors) < 75


def test_slips_know_what_was_right():
    """With each mistake put right, the text is what was meant."""
    for seed in seeds(300):
        written = full(ORDER, OFTEN, seed)
        text = written.text
        for slip in reversed(written.errors):
            text = text[: slip.start] + slip.right_text + text[slip.end :]
        assert _without_ends(text) == _without_ends(full(ORDER).text)


def _without_ends(text: str) -> str:
    """What was left out next to a mistake may stand with or without its comma."""
    return text.replace(",", "")


def test_sticky_mistakes():
    """A sticky mistake is made on every call, also by a continuation; feedback breaks most."""
    rates = ErrorRates(rate=1, sticky=1)
    told = {full(THREAD_SCHEMA, rates, each).text for each in seeds(10)}
    assert len(told) == 1
    again = [full(THREAD_SCHEMA, rates, each).text in told for each in seeds(200, feedback=True)]
    assert 1 < sum(again) < 100
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    for seed in map(str, range(20)):
        got = answer_text(schema, {"a": 3}, '{"a":', rates, RandomSeed(seed)).text
        assert (
            got == answer_text(schema, {"a": 3}, '{"a":', rates, RandomSeed(seed, "2")).text != "3}"
        )


def test_half_of_the_mistakes_stick():
    """Between two calls, about half of the mistakes are the same."""
    drawn = Counter(
        path
        for seed in seeds(2)
        for path in _wrong_items(answer_text({}, [7] * 1000, "", ErrorRates(0.2, 0.5), seed))
    )
    both = sum(count == 2 for count in drawn.values())
    assert 60 < both < 160


def _wrong_items(written: WrittenText) -> list[int]:
    items = written.text.strip("[],").split(",")
    return [index for index, item in enumerate(items) if item != "7"]


def test_weak_models():
    """Talk, ends in the middle, newlines and fresh starts come about as often as they should."""
    rates = ErrorRates(0, 0, wraps=0.3, restarts=0.5, truncates=0.1, blanks=0.1)
    written = [full(REVIEW_SCHEMA, rates, each) for each in seeds(300)]
    assert 50 < sum(not each.text.startswith("{") for each in written) < 130
    assert 20 < sum(each.finish_reason == "length" for each in written) < 100
    assert any(each.text.endswith("\n" * 600) for each in written)
    made = make_document(REVIEW_SCHEMA)
    again = [answer_text(REVIEW_SCHEMA, made, '{"product', rates, each) for each in seeds(100)]
    assert 25 < sum(each.is_continuation for each in again) < 75
