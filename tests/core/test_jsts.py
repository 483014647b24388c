"""The official JSON Schema Test Suite, and the package `jsonschema` as a second oracle.

All required tests of drafts 4 to 2020-12; `format` is an annotation there. Exceptions are data,
each with its reason, and an exception that is none any more fails.
"""

import json
import re

import jsonschema
import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.schema.schema import Formats, admit
from tests.corpora import rows
from tests.tables import load

EXCEPTIONS = load("jsts_exceptions")
DRAFTS = {
    "4": ("http://json-schema.org/draft-04/schema#", jsonschema.Draft4Validator),
    "6": ("http://json-schema.org/draft-06/schema#", jsonschema.Draft6Validator),
    "7": ("http://json-schema.org/draft-07/schema#", jsonschema.Draft7Validator),
    "2019-09": ("https://json-schema.org/draft/2019-09/schema", jsonschema.Draft201909Validator),
    "2020-12": ("https://json-schema.org/draft/2020-12/schema", jsonschema.Draft202012Validator),
}


def attempt(source, formats):
    """Return the schema, or the code of its refusal."""
    try:
        return admit(source, name="x", formats=formats), None
    except BadRequest as refusal:
        return None, refusal.code


def judged(draft, *, optional=False):
    """Yield the rows whose schemas are admitted, with the schema."""
    for row in rows(f"jsts/draft{draft}.jsonl"):
        source = row["schema"]
        if isinstance(source, dict):
            source = {"$schema": DRAFTS[draft][0], **source}
        if row["optional"] is not optional:
            continue
        formats = Formats.ASSERT if row["format_test"] else Formats.ANNOTATE
        schema, code = attempt(source, formats)
        if schema is not None:
            yield row, source, schema
        else:
            assert code in EXCEPTIONS["refused"]["codes"], row
            assert EXCEPTIONS["refused"]["mentions"] in json.dumps(row["schema"]), row


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_verdict_is_the_suite_s(draft):
    """Every required test that is not refused as remote."""
    wrong = {
        (draft, row["group"], row["description"])
        for row, _, schema in judged(draft)
        if schema.is_valid(row["data"]) is not row["valid"]
    }
    assert wrong == {tuple(each) for each in EXCEPTIONS["verdicts"] if each[0] == draft}


@pytest.mark.parametrize("draft", DRAFTS)
def test_only_remote_documents_are_refused(draft):
    """No more than the tests that need the suite's server."""
    required = [row for row in rows(f"jsts/draft{draft}.jsonl") if not row["optional"]]
    admitted = sum(1 for _ in judged(draft))
    remote = sum(EXCEPTIONS["refused"]["mentions"] in json.dumps(row["schema"]) for row in required)
    assert len(required) - remote <= admitted <= len(required)


@pytest.mark.parametrize("draft", DRAFTS)
def test_problems_agree_with_the_verdict(draft):
    """What is invalid has problems with words, what is valid has none."""
    for row, _, schema in judged(draft):
        found = schema.problems(row["data"])
        assert bool(found) is not schema.is_valid(row["data"]), row
        assert all(each.sentence for each in found)


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_second_oracle_agrees(draft):
    """The package `jsonschema` gives the same verdict, bar where it is known to differ.

    An older edition of the suite lacks some of the groups in which it does.
    """
    groups, differs = set(), set()
    for row, source, schema in judged(draft):
        groups.add(row["group"])
        try:
            verdict = DRAFTS[draft][1](source).is_valid(row["data"])
        except re.error:
            verdict = None
        if verdict is not schema.is_valid(row["data"]):
            differs.add(row["group"])
    known = {each["group"] for each in EXCEPTIONS["jsonschema"] if each["draft"] == draft}
    assert differs == known & groups


@pytest.mark.parametrize("draft", DRAFTS)
def test_optional_tests_agree_too(draft):
    """Formats asserted where the test is about them."""
    wrong = [
        (row["group"], row["description"])
        for row, _, schema in judged(draft, optional=True)
        if schema.is_valid(row["data"]) is not row["valid"]
    ]
    assert not wrong
