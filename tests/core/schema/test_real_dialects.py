"""Real schemas, and random ones, in every dialect: what it can say of what was allowed still is.

A document is one that the dialect can say if all names in it are names of the compiled schema: an
object that must be closed has no others.
"""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.errors import BadRequest
from strictgate.core.schema import root_wrapper
from strictgate.core.schema.dialect_compiler import compile_schema
from strictgate.core.schema.dialect_parts import NotInDialect
from strictgate.core.schema.dialects import DIALECTS
from strictgate.core.schema.drafts import walk_subschemas
from strictgate.core.schema.null_members import without_null_members
from strictgate.core.schema.schema import admit
from tests.core.schema.dialect_rules import broken_rules, with_nulls
from tests.corpora import rows

SETS = (
    *("maskbench/dev.jsonl", "schemastore/dev.jsonl", "doc_schemas/openai_groq_docs.jsonl"),
    *("generated_schemas/schemas.jsonl", "doc_schemas/groq_docs.jsonl"),
)
LEAST = 150
"""How many of the real schemas a dialect must be able to say, so that the test says something."""


def names(value):
    if isinstance(value, dict):
        return {*value}.union(*map(names, value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


def check(schema, dialect, documents):
    """Check the schema in a dialect; return whether it can be said there."""
    wrapped = not schema.is_object_root
    document = schema.inspected.document
    document = root_wrapper.wrap_root(document) if wrapped else document
    try:
        compiled = compile_schema(document, schema.inspected.draft, dialect)
    except NotInDialect:
        return False
    assert broken_rules(compiled.source, dialect) == []
    validator = jsonschema_rs.Draft202012Validator(compiled.source, offline=True)
    known = {
        name for _, each in walk_subschemas(compiled.source) for name in each.get("properties", ())
    }
    for value in documents:
        asked = {"value": value} if wrapped else value
        if dialect.objects.holds_named_only and not names(asked) <= known:
            continue
        written = with_nulls(compiled.source, asked) if dialect.requires_all else asked
        assert validator.is_valid(written), (compiled.source, written)
        text, _ = without_null_members(json.dumps(written), schema, wrapped=wrapped)
        read_back = json.loads(text)
        assert schema.is_valid(read_back["value"] if wrapped else read_back)
        assert dialect.requires_all or read_back == asked
    return True


def documents(row):
    yield from (test["data"] for test in row.get("tests", ()) if test["valid"])
    judged = zip(row.get("positives", ()), row.get("positives_valid", ()), strict=True)
    yield from (value for value, is_valid in judged if is_valid)


@pytest.mark.parametrize("name", DIALECTS)
def test_real_schemas(name):
    """Every fifth, another fifth for each dialect."""
    all_rows = [row for each in SETS for row in rows(each)]
    said = 0
    for row in all_rows[[*DIALECTS].index(name) % 5 :: 5]:
        try:
            schema = admit(row["schema"], name="x")
        except BadRequest:
            continue
        said += check(schema, DIALECTS[name], documents(row))
    assert said >= LEAST


# --- random ones ---------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "type", "items", "default"])


@st.composite
def strings(draw):
    value = draw(st.text("abc", max_size=4))
    limits = draw(
        st.sampled_from([{}, {"minLength": 0}, {"maxLength": 9}, {"pattern": "^[abc]*$"}])
    )
    return {"type": "string", **limits}, value


@st.composite
def numbers(draw):
    value = draw(st.integers(-9, 9))
    limits = st.sampled_from([{}, {"minimum": -9}, {"exclusiveMaximum": 10}, {"multipleOf": 1}])
    return {"type": draw(st.sampled_from(["integer", "number"])), **draw(limits)}, value


@st.composite
def options(draw):
    values = draw(st.lists(st.sampled_from(["x", "y", 1, None, True]), min_size=1, max_size=3))
    if len(values) == 1 and draw(st.booleans()):
        return {"const": values[0]}, values[0]
    return {"enum": list({repr(each): each for each in values}.values())}, values[0]


@st.composite
def arrays(draw, inner):
    schema, value = draw(inner)
    count = draw(st.integers(0, 3))
    limits = draw(st.sampled_from([{}, {"minItems": 0}, {"maxItems": 3}, {"minItems": count}]))
    if count and draw(st.booleans()):
        places = [schema] * count
        return {"type": "array", "prefixItems": places, "items": False}, [value] * count
    return {"type": "array", "items": schema, **limits}, [value] * count


@st.composite
def objects(draw, inner):
    members = draw(st.dictionaries(NAMES, inner, max_size=4))
    required = [name for name in members if draw(st.booleans())]
    value = {
        name: each[1] for name, each in members.items() if name in required or draw(st.booleans())
    }
    schema = {
        "type": "object",
        "properties": {name: each[0] for name, each in members.items()},
        "required": required,
    }
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.sampled_from([False, True, {"type": "string"}]))
    if draw(st.booleans()) and len(members) > 1:
        return _parted(schema), value
    return schema, value


def _parted(schema):
    """Return the schema as two that must both be met."""
    first, *others = schema["properties"]
    part = {
        "properties": {first: schema["properties"][first]},
        "required": [name for name in schema["required"] if name == first],
    }
    rest = {name: schema["properties"][name] for name in others}
    return {
        "type": "object",
        "properties": rest,
        "required": [name for name in schema["required"] if name != first],
        "allOf": [part],
    }


@st.composite
def unions(draw, inner):
    schema, value = draw(inner)
    other, _ = draw(inner)
    keyword = draw(st.sampled_from(["anyOf", "oneOf"]))
    branches = draw(st.permutations([schema, other]))
    return {keyword: branches, "description": "either"}, value


PAIRS = st.recursive(
    st.one_of(strings(), numbers(), options(), st.just(({"type": "null"}, None))),
    lambda inner: st.one_of(arrays(inner), objects(inner), unions(inner)),
    max_leaves=12,
)


@given(PAIRS, st.sampled_from([*DIALECTS]), st.booleans())
def test_random_schemas(pair, name, refers):
    """Also where a part is referred to."""
    source, value = pair
    if refers:
        source = {"$ref": "#/$defs/R", "$defs": {"R": source}}
    schema = admit(source, name="x")
    check(schema, DIALECTS[name], [value] if schema.is_valid(value) else [])
