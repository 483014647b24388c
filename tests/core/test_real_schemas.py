"""Real schemas, with real documents that are valid and real ones that are not.

Exceptions are data, each with its reason, and an exception that is none any more fails.
"""

import jsonschema
import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import admit, describe
from tests.corpora import rows
from tests.tables import load

EXCEPTIONS = load("real_schema_exceptions")
REFUSED = {(key, each["code"]) for each in EXCEPTIONS["refused"] for key in each["ids"]}
WITH_INVALID = (
    "maskbench/dev.jsonl",
    "schemastore/dev.jsonl",
    "doc_schemas/openai_groq_docs.jsonl",
)
WITH_DOCUMENTS = (*WITH_INVALID, "schemastore/declared_draft04_uses_newer_keywords.jsonl")
SETS = (*WITH_DOCUMENTS, "generated_schemas/schemas.jsonl", "doc_schemas/groq_docs.jsonl")


def attempt(source):
    """Return the schema, or the code of its refusal."""
    try:
        return admit(source, name="x"), None
    except BadRequest as refusal:
        return None, refusal.code


def admitted(name):
    """Yield rows and their schemas; a refusal must be a reviewed one."""
    for row in rows(name):
        schema, code = attempt(row["schema"])
        if schema is None:
            assert (row["id"], code) in REFUSED, row["id"]
        else:
            assert row["id"] not in {key for key, _ in REFUSED}, row["id"]
            yield row, schema


def documents(row):
    """Yield documents and whether they are valid."""
    yield from ((test["data"], test["valid"]) for test in row.get("tests", ()))
    yield from zip(row.get("positives", ()), row.get("positives_valid", ()), strict=True)


@pytest.mark.parametrize("name", WITH_DOCUMENTS)
def test_documents_are_judged_right(name):
    """Admitted, positives accepted, negatives refused with an explanation."""
    verdicts = set()
    for row, schema in admitted(name):
        for value, is_valid in documents(row):
            assert schema.is_valid(value) is is_valid, row["id"]
            found = schema.problems(value)
            assert bool(found) is not is_valid
            assert all(problem.kind != "Unexplained" for problem in found), row["id"]
            verdicts.add(is_valid)
    assert verdicts == ({True, False} if name in WITH_INVALID else {True})


@pytest.mark.parametrize("name", WITH_INVALID[:2])
def test_the_second_oracle_agrees(name):
    """The package `jsonschema`, formats asserted, gives the same verdict."""
    for row, schema in admitted(name):
        default = jsonschema.Draft202012Validator
        oracle = jsonschema.validators.validator_for(row["schema"], default=default)(
            row["schema"], format_checker=jsonschema.FormatChecker()
        )
        for value, _ in documents(row):
            assert oracle.is_valid(value) is schema.is_valid(value), row["id"]


@pytest.mark.parametrize("name", SETS)
def test_no_limit_is_near(name):
    """Real schemas stay well below the limits on their size and cost."""
    for row, schema in admitted(name):
        found = describe(schema)
        assert found.nodes <= Limits().nodes / 2, row["id"]
        assert found.cost <= Limits().cost / 2, row["id"]


@pytest.mark.parametrize("name", WITH_INVALID)
def test_problems_lead_into_the_value(name):
    """What is invalid has problems, and the path of each leads to a part of the document."""
    for row, schema in admitted(name):
        for value in (value for value, is_valid in documents(row) if not is_valid):
            found = schema.problems(value)
            assert found, row["id"]
            assert all(leads_into(value, problem.path) for problem in found), row["id"]


def leads_into(value, path):
    """Whether `path` is the place of something in `value`."""
    for step in path:
        steps = value if isinstance(value, dict) else range(len(value))
        if step not in steps:
            return False
        value = value[step]
    return True


def test_functions_take_the_calls_that_are_expected():
    """Parameters of tools, and the arguments of the right calls."""
    for row in rows("function_schemas/bfcl_dev.jsonl"):
        tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in row["tools"]}
        for call in row["expected_calls"]:
            schema = admit(tools[call["name"]], name="x")
            assert schema.is_valid(call["arguments"]), row["id"]
