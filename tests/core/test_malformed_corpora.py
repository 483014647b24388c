"""Malformed JSON that others collected, with what two independent repairers make of it.

Where both agree, so do we, or we refuse: always where the document is open or its brackets do not
pair, for nothing is closed here, else only where tests/data/malformed_exceptions.json says why.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from strictgate.core.guard.judge_text import InvalidText, ValidText, judge_text
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from tests.core.guard.test_judge_text import names, unescaped
from tests.corpora import rows
from tests.tables import load

ANYTHING = admit(True, name="anything")
FILES = ["partial_json", "jsonrepair_js", "langchain", "instructor"]
OPEN = {"truncated_or_unclosed", "mismatched_bracket"}


def exceptions() -> dict[str, str]:
    """Return the reason by the row's id."""
    groups = load("malformed_exceptions")
    return {row: group["reason"] for group in groups for row in group["ids"]}


def agreed(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of which both repairers make the same."""
    for row in rows(f"malformed/{name}.jsonl"):
        if row["mode"] == "parse" and all((row.get("agreement") or {"none": False}).values()):
            yield row


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("level", list(Repair))
def test_no_crash_and_no_invented_name(name: str, level: Repair):
    """Every text has a verdict, and no name comes out that is not in the text."""
    for row in rows(f"malformed/{name}.jsonl"):
        verdict = judge_text(row["input_text"], ANYTHING, level, wrapped=False)
        if isinstance(verdict, ValidText):
            held = unescaped(row["input_text"])
            assert all(unescaped(each) in held for each in names(verdict.value)), row["id"]


@pytest.mark.parametrize("name", FILES)
def test_where_repairers_agree(name: str):
    """The same value as both, or a refusal that has its reason."""
    reasons = exceptions()
    for row in agreed(name):
        verdict = judge_text(row["input_text"], ANYTHING, Repair.SYNTAX, wrapped=False)
        if isinstance(verdict, ValidText):
            assert verdict.value == row["expected_json"], row["id"]
        else:
            assert OPEN & set(row["category"]) or row["id"] in reasons, row["id"]


def test_the_exceptions_are_refused():
    """No exception is listed that is none."""
    refused = {
        row["id"]
        for name in FILES
        for row in agreed(name)
        if isinstance(
            judge_text(row["input_text"], ANYTHING, Repair.SYNTAX, wrapped=False), InvalidText
        )
    }
    assert set(exceptions()) <= refused


@pytest.mark.parametrize("name", FILES)
def test_what_is_partial_is_not_completed(name: str):
    """A text that is to be read as far as it goes is a document only if it is whole."""
    for row in rows(f"malformed/{name}.jsonl"):
        verdict = judge_text(row["input_text"], ANYTHING, Repair.OFF, wrapped=False)
        if row["mode"] == "partial" and isinstance(verdict, ValidText):
            assert json.loads(verdict.text) == verdict.value
            assert verdict.text in row["input_text"]
