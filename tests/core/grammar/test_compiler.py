"""A schema as a grammar: limits, recursion, and the real schemas."""

import json
from itertools import islice

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.grammar.compiler import compile_grammar
from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.schema.schema import Formats, admit
from tests.core.grammar.reader import Reader, spellings
from tests.corpora import rows

SUITE = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def nested(levels):
    schema = {"type": "integer"}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


def references(levels):
    """Each level is entered by a reference, so that no text is nested deeply."""
    inner = {f"d{i}": {"items": {"$ref": f"#/$defs/d{i + 1}"}} for i in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**inner, f"d{levels}": {"type": "null"}}}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (False, "no document is valid against it"),
        ({"type": "string", "minLength": 2, "maxLength": 1}, "no document is valid against it"),
        ({"enum": list(range(20_001))}, "it has an enum of more than 20000 values"),
        (references(70), "it goes deeper than 60 levels"),
        (
            {"anyOf": [{"required": [f"a{i}"]} for i in range(1500)]},
            "it takes more than 4000 rules",
        ),
        ({"properties": {"x" * 600 + str(i): {} for i in range(500)}}, "524288 bytes"),
    ],
)
def test_what_cannot_be_had_is_told(source, reason):
    """By counts, so that the answer is always the same."""
    with pytest.raises(NotExpressible, match=reason):
        compile_grammar(admit(source, name="x"))


@pytest.mark.parametrize("source", [True, {}, {"title": "anything"}])
def test_anything(source):
    """What says nothing takes any document."""
    assert Reader(compile_grammar(admit(source, name="x")).text).accepts('{"a":[1,null]}')


def test_a_common_part_entered_twice():
    """A recursion that is met on two ways; each object's rules are entered by one rule only."""
    properties = {"a": {"type": "array", "items": {"$ref": "#/$defs/node"}}}
    node = {"type": "object", "properties": properties, "required": ["a"]}
    grammar = compile_grammar(admit({**node, "$defs": {"node": {**node}}}, name="x"))
    assert Reader(grammar.text).accepts('{"a":[{"a":[]},{"b":1,"a":[]}]}')


def test_same_schema_same_grammar():
    """Nothing in it depends on the order of a set."""
    source = {"allOf": [{"minLength": 1, "pattern": "a"}, {"pattern": "b"}], "enum": ["ab", "ba"]}
    assert len({compile_grammar(admit(source, name="x")).text for _ in range(5)}) == 1


def judged(source, documents, formats=Formats.ASSERT):
    """Check the grammar of `source`, if it has one, against the validator; count the documents."""
    try:
        schema = admit(source, name="x", formats=formats)
        grammar = compile_grammar(schema)
    except (BadRequest, NotExpressible):
        return 0
    reader = Reader(grammar.text)
    for value in documents:
        is_valid = schema.is_valid(value)
        for text in spellings(value):
            accepts = reader.accepts(text)
            assert accepts or not is_valid or "e+" in text, (source, text, reader.taken(text))
            assert is_valid or not accepts or grammar.unsupported_keywords, (source, text)
    return len(documents)


@pytest.mark.parametrize("name", ["maskbench/dev", "schemastore/dev"])
def test_documents_of_real_schemas(name):
    """No valid one is refused; an invalid one only passes by an unsupported keyword. Every 4th."""
    sample = islice(rows(f"{name}.jsonl"), 0, None, 4)
    assert sum(judged(row["schema"], [test["data"] for test in row["tests"]]) for row in sample)


def test_arguments_of_real_functions():
    """The calls that are expected, by the functions' parameters."""
    count = 0
    for row in islice(rows("function_schemas/bfcl_dev.jsonl"), 0, None, 2):
        for function in (tool["function"] for tool in row["tools"]):
            calls = [c["arguments"] for c in row["expected_calls"] if c["name"] == function["name"]]
            count += judged(function["parameters"], calls)
    assert count


def test_documents_of_other_engines_tests():
    """What constrained decoders accept and reject."""
    count = 0
    for row in islice(rows("engine_tests/accept_reject.dev.jsonl"), 0, None, 3):
        if row["json_ok"]:
            count += judged(row["schema"], [json.loads(row["text"])])
    assert count


@pytest.mark.parametrize("draft", SUITE)
def test_the_official_suite(draft):
    """Every fifth of its schemas, with all documents of it."""
    groups = {}
    for row in rows(f"jsts/draft{draft}.jsonl"):
        source = row["schema"]
        if isinstance(source, dict):
            source = {"$schema": SUITE[draft], **source}
        formats = Formats.ASSERT if row["format_test"] else Formats.ANNOTATE
        groups.setdefault((json.dumps(source), formats), []).append(row["data"])
    sample = islice(groups.items(), 0, None, 5)
    assert sum(judged(json.loads(text), values, formats) for (text, formats), values in sample)


def test_no_byte_is_refused_too_early():
    """Beside an engine that holds members to the schema's order, which can only see more."""
    known = {row["id"]: row for row in rows("maskbench/dev.jsonl")}
    count = 0
    for row in islice(rows("maskbench/dev.byte_oracle.jsonl"), 0, None, 4):
        if row["all_positives_accepted"]:
            reader = Reader(compile_grammar(admit(known[row["id"]]["schema"], name="x")).text)
            for each in row["negatives"]:
                text = json.dumps(known[row["id"]]["tests"][each["test"]]["data"])
                if text.isascii() and "\\" not in text and len(text) == each["len"]:
                    assert reader.taken(text) >= each["first_reject"], (row["id"], text)
                    count += 1
    assert count > 100
